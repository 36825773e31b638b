package console

import (
	"context"
	"time"

	"shardeck/shared/api"
	"shardeck/tui/cluster"
	"shardeck/tui/screen"
	"shardeck/tui/theme"
)

// The console's own pace.
const (
	tickEvery   = 200 * time.Millisecond // the ages on the screen move this often
	tickUrgent  = 40 * time.Millisecond  // while a failover is watched
	flashFor    = 3 * time.Second
	eventsKept  = 500
	urgentPause = 50 * time.Millisecond
)

// model is the console's only tea.Model. It is used by the program's one loop.
type model struct {
	ctx     context.Context // of the commands; cancelled when the program ends
	opts    Options
	keys    keyMap
	clients map[string]Master

	width, height int
	theme         *theme.Theme
	themeOptions  theme.Options

	now       time.Time
	state     cluster.State
	dash      screen.Dashboard
	stack     []screen.Screen // dialogs; the last one has the keys
	events    []cluster.Event
	db, table string
	chosen    bool // the table was asked for, so it is not changed for another
	paused    bool
	pace      cluster.Pace

	poll     request // at most one at a time
	due      time.Time
	count    screen.Count
	counting request
	security request
	failover request
	asking   request // a statement
	query    *screen.Query
	recalled bool   // the statements of earlier sessions were asked for
	acting   []bool // by action: it runs

	flash      string
	flashUntil time.Time
}

// request is the latest of a kind of request. Answers to earlier ones are dropped.
type request struct {
	id     uint64
	active bool
	cancel context.CancelFunc
}

// begin makes a new request of the kind, whatever became of the one before.
func (r *request) begin(parent context.Context, timeout time.Duration) (context.Context, uint64) {
	r.drop()
	ctx, cancel := context.WithTimeout(parent, timeout)
	r.id++
	r.active, r.cancel = true, cancel
	return ctx, r.id
}

// ends says whether an answer is to the latest request, which then is over.
func (r *request) ends(id uint64) bool {
	if !r.active || r.id != id {
		return false
	}
	r.drop()
	return true
}

// stop has the request end; its answer, which says so, is still awaited.
func (r *request) stop() {
	if r.cancel != nil {
		r.cancel()
	}
}

// drop gives the request up; its answer, if one still comes, is stale.
func (r *request) drop() {
	if r.cancel != nil {
		r.cancel()
	}
	r.active, r.cancel = false, nil
}

// newModel returns the console before its first message.
func newModel(ctx context.Context, o Options, t *theme.Theme, to theme.Options) *model {
	now := o.Now()
	m := &model{
		ctx: ctx, opts: o, keys: newKeyMap(o.Actions), clients: map[string]Master{},
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

// client returns the client of a master, which is made once.
func (m *model) client(u string) Master {
	c, ok := m.clients[u]
	if !ok {
		c = m.opts.Dial(u)
		m.clients[u] = c
	}
	return c
}

// log adds events; the oldest go when there are too many.
func (m *model) log(events ...cluster.Event) {
	m.events = append(m.events, events...)
	if over := len(m.events) - eventsKept; over > 0 {
		m.events = append([]cluster.Event(nil), m.events[over:]...)
	}
}

func (m *model) note(level api.Level, text string) {
	m.log(cluster.Event{At: m.now, Level: level, Shard: -1, Text: text})
}

// view is what the screens may see now.
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

// actionLabel is what the footer says of an action now.
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

// top returns the dialog that has the keys, nil for the dashboard.
func (m *model) top() screen.Screen {
	if len(m.stack) == 0 {
		return nil
	}
	return m.stack[len(m.stack)-1]
}

// watching says whether polls are to be as frequent as they can.
func (m *model) watching() bool {
	f, ok := m.top().(*screen.Failover)
	return ok && f.Watching(&m.state)
}
