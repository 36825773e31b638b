package console

import (
	"context"
	"time"

	"shardeck/shared/api"
	"shardeck/tui/cluster"
	"shardeck/tui/screen"
	"shardeck/tui/theme"
)

// The console's timing.
const (
	tickEvery   = 200 * time.Millisecond // how often the ages on the screen advance
	tickUrgent  = 40 * time.Millisecond  // during a failover
	flashFor    = 3 * time.Second
	eventsKept  = 500
	urgentPause = 50 * time.Millisecond
)

// model is the console's only tea.Model. Only the program's event loop uses it.
type model struct {
	ctx     context.Context // for the commands; cancelled when the program ends
	opts    Options
	keys    keyMap
	clients map[string]Master
	sql     Statements

	width, height int
	theme         *theme.Theme
	themeOptions  theme.Options

	now       time.Time
	state     cluster.State
	dash      screen.Dashboard
	stack     []screen.Screen // dialogs; the last one has the focus
	events    []cluster.Event
	db, table string
	chosen    bool // the user chose the table, so it is not replaced by another
	paused    bool
	pace      cluster.Pace

	poll     request // at most one at a time
	due      time.Time
	count    screen.Count
	counting request
	security request
	failover request
	checking request   // a dry run of a failover
	surveyed time.Time // when the masters that are not polled were last asked for their cluster
	querying request   // a statement
	query    *screen.Query
	recalled bool   // the history file has been requested
	acting   []bool // by action: whether it is running

	flash      string
	flashUntil time.Time
}

// request tracks the latest request of one kind. Answers to earlier ones are dropped.
type request struct {
	id     uint64
	active bool
	cancel context.CancelFunc
}

// begin starts a new request and abandons the one before.
func (r *request) begin(parent context.Context, timeout time.Duration) (context.Context, uint64) {
	r.drop()
	ctx, cancel := context.WithTimeout(parent, timeout)
	r.id++
	r.active, r.cancel = true, cancel
	return ctx, r.id
}

// ends reports whether an answer belongs to the latest request, and if so completes it.
func (r *request) ends(id uint64) bool {
	if !r.active || r.id != id {
		return false
	}
	r.drop()
	return true
}

// interrupt cancels the request but still waits for its answer, which says so.
func (r *request) interrupt() {
	if r.cancel != nil {
		r.cancel()
	}
}

// drop abandons the request; if an answer still arrives, it is stale.
func (r *request) drop() {
	if r.cancel != nil {
		r.cancel()
	}
	r.active, r.cancel = false, nil
}

// newModel returns the model before its first message.
func newModel(ctx context.Context, o Options, t *theme.Theme, to theme.Options) *model {
	now := o.Now()
	m := &model{
		ctx: ctx, opts: o, keys: newKeyMap(o.Actions), clients: map[string]Master{}, sql: o.DialAll(o.Masters),
		theme: t, themeOptions: to, now: now,
		state: cluster.New(o.Masters, now),
		db:    o.DB, table: o.Table, chosen: o.Table != "",
		pace:   cluster.Pace{Normal: o.Interval, Urgent: urgentPause, Idle: o.Interval},
		acting: make([]bool, len(o.Actions)),
		query:  screen.NewQuery(o.Statements),
	}
	for _, text := range o.Events {
		m.note(api.LevelInfo, text)
	}
	return m
}

// client returns the cached client of a master.
func (m *model) client(u string) Master {
	c, ok := m.clients[u]
	if !ok {
		c = m.opts.Dial(u)
		m.clients[u] = c
	}
	return c
}

// log adds events and drops the oldest if there are too many.
func (m *model) log(events ...cluster.Event) {
	m.events = append(m.events, events...)
	if over := len(m.events) - eventsKept; over > 0 {
		m.events = append([]cluster.Event(nil), m.events[over:]...)
	}
}

func (m *model) note(level api.Level, text string) {
	m.log(cluster.Event{At: m.now, Level: level, Shard: -1, Text: text})
}

// view returns the data that screens may show.
func (m *model) view() *screen.View {
	v := &screen.View{
		Now: m.now, State: m.state, DB: m.db, Table: m.table, Count: m.count,
		Events: m.events, Paused: m.paused, Keys: m.keys.footer(m.actionLabel, m.actionUrgent),
	}
	if m.flash != "" && m.now.Before(m.flashUntil) {
		v.Notes = append(v.Notes, m.flash)
	}
	return v
}

// actionLabel is an action's current label in the footer.
func (m *model) actionLabel(i int) string {
	a := &m.opts.Actions[i]
	if m.acting[i] {
		return a.Label + " …"
	}
	if a.Status != nil {
		if s := a.Status(); s != "" {
			return s
		}
	}
	return a.Label
}

func (m *model) actionUrgent(i int) bool {
	a := &m.opts.Actions[i]
	return a.Urgent != nil && a.Urgent()
}

// View draws the frame.
func (m *model) View() string {
	if m.width <= 0 || m.height <= 0 {
		return ""
	}
	return screen.Render(m.theme, m.width, m.height, m.view(), &m.dash, m.stack...)
}

// top returns the dialog that has the focus, nil for the dashboard.
func (m *model) top() screen.Screen {
	if len(m.stack) == 0 {
		return nil
	}
	return m.stack[len(m.stack)-1]
}

// watching reports whether a failover is watched, so that polls are as frequent as possible.
func (m *model) watching() bool {
	f, ok := m.top().(*screen.Failover)
	return ok && f.Watching(&m.state)
}
