package console

import (
	"context"
	"sync"
	"time"

	"github.com/charmbracelet/bubbles/spinner"

	"shardeck/shared/api"
	"shardeck/tui/cluster"
	"shardeck/tui/recording"
	"shardeck/tui/screen"
	"shardeck/tui/theme"
)

// The console's timing.
const (
	tickEvery   = 200 * time.Millisecond // how often the ages on the screen advance
	tickLively  = 100 * time.Millisecond // while requests are shown on their way
	tickUrgent  = 40 * time.Millisecond  // during a failover
	flashFor    = 3 * time.Second
	noticeFor   = 30 * time.Second
	eventsKept  = recording.EventsKept
	urgentPause = 50 * time.Millisecond
)

// model is the console's only tea.Model. Only the program's event loop uses it.
type model struct {
	ctx     context.Context // for the commands; cancelled when the program ends
	opts    Options
	clients map[string]Master
	sql     Statements

	width, height int
	theme         *theme.Theme
	themeOptions  theme.Options
	themeToSave   string // the theme that the user chose last, "" if none
	themeChosen   bool   // the user chose it, so it does not follow the terminal

	now           time.Time
	state         cluster.State
	stack         []screen.Screen // the dashboard, then what is shown over it; the last one has the focus
	events        []cluster.Event
	earlier       []cluster.Event // of earlier sessions, from the file
	unsaved       []cluster.Event // not in the file yet
	eventsLoaded  bool            // the file has been read, or is being read
	eventsFailing bool            // the last attempt to save events failed
	saveEventsAt  time.Time       // not before
	savingEvents  *sync.Mutex     // held while events are saved
	started       time.Time
	db, table     string
	chosen        bool // the user chose the table, so it is not replaced by another
	missing       bool // the chosen table does not exist, which has been said
	paused        bool
	pace          cluster.Pace

	poll        request             // at most one at a time
	trafficking map[string]*request // for the counters of each master
	trafficDue  time.Time
	due         time.Time
	count       screen.Count
	counting    request
	security    request
	failover    request
	checking    request   // a dry run of a failover
	surveyed    time.Time // when the masters that are not polled were last asked for their cluster
	querying    request   // statements
	asking      request   // what writes would do
	linting     request   // the statement that is being written
	copying     request
	copyWhat    string // what is being copied
	exporting   request
	saving      *sync.Mutex // held while a line of the history is written
	query       *screen.Query
	places      []screen.Screen // by their numbers; they keep their state while others are shown
	recalled    bool            // the history file has been requested
	acting      []bool          // by action: whether it is running
	drills      *screen.Drills  // once it has been opened
	drilling    request

	guide   *guide    // the guided tour; nil if there is none
	pressed []pressed // the keys that an audience sees

	signalled cluster.Verdict // what the terminal was told last

	replay        *replayer // what is replayed, nil for a cluster
	firstInterval time.Duration
	recordDue     time.Time

	flash      string
	flashUntil time.Time
	quitUntil  time.Time // until then another Ctrl-C quits
	refused    error     // why the console cannot go on, such as a table that does not exist
}

// newModel returns the model before its first message.
func newModel(ctx context.Context, o Options, t *theme.Theme, to theme.Options) *model {
	replay := newReplayer(&o)
	now := o.Now()
	m := &model{
		replay: replay, firstInterval: o.Interval,
		ctx: ctx, opts: o, clients: map[string]Master{}, sql: o.DialAll(o.Masters),
		theme: t, themeOptions: to, now: now, started: now,
		state: cluster.New(o.Masters, now).Every(o.Interval), stack: []screen.Screen{&screen.Dashboard{}},
		db: o.DB, table: o.Table,
		pace:   cluster.Pace{Normal: o.Interval, Urgent: urgentPause, Idle: o.Interval},
		acting: make([]bool, len(o.Actions)),
		query: screen.NewQuery(screen.QueryOptions{Statements: o.Statements, Vim: o.Keys.Vim, YesWrites: o.Keys.YesWrites,
			Run: screen.RunOptions{MaxRows: screen.DefaultMaxRows}}),
		saving: new(sync.Mutex), savingEvents: new(sync.Mutex), guide: newGuide(&o), trafficking: map[string]*request{}, places: screen.NewPlaces(),
	}
	for _, text := range o.Events {
		m.note(api.LevelInfo, text)
	}
	if o.First != nil {
		m.polled(*o.First)
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
	m.events = append(m.events, m.forAudience(events)...)
	if m.opts.EventFile != "" {
		m.unsaved = append(m.unsaved, events...)
		m.unsaved = m.unsaved[max(len(m.unsaved)-eventsKept, 0):] // no master has answered for long
	}
	if over := len(m.events) - eventsKept; over > 0 {
		m.events = append([]cluster.Event(nil), m.events[over:]...)
	}
}

func (m *model) note(level api.Level, text string) {
	m.happened(cluster.Event{At: m.now, Level: level, Shard: -1, Text: text})
}

// did logs something that the user asked for.
func (m *model) did(level api.Level, text string) {
	m.happened(cluster.Event{At: m.now, Level: level, Shard: -1, Text: text, Source: m.opts.user()})
}

// happened logs an event that does not follow from a poll.
func (m *model) happened(e cluster.Event) {
	if m.replay != nil {
		return // what the recorded session logged is in the recording
	}
	m.record(recording.Entry{Event: recording.EventOf(&e)})
	m.log(e)
}

// view returns the data that screens may show.
func (m *model) view() *screen.View {
	v := &screen.View{
		Now: m.now, State: m.state, DB: m.db, Table: m.table, Count: m.count,
		Events: m.events, Paused: m.paused, Interval: m.opts.Interval, Busy: busy(m.now), HasLogs: m.opts.Log != nil, HasDrills: m.opts.Drills != nil, Bindings: m.opts.Bindings, Profile: m.opts.Profile, Earlier: m.earlier, EventFile: m.opts.EventFile,
	}
	for i := range m.opts.Actions {
		a := &m.opts.Actions[i]
		v.Actions = append(v.Actions, screen.Action{Key: a.Key, Label: m.actionLabel(i), Help: a.Help, Urgent: a.Urgent != nil && a.Urgent()})
	}
	if m.replay != nil {
		v.Replay = m.replay.shows()
	}
	if m.now.Sub(m.started) < noticeFor {
		v.Notes = append(v.Notes, m.opts.Notices...)
	}
	v.Presenter = m.presenter()
	if m.guide != nil {
		v.Tour = m.tourBar(v)
	}
	if m.flash != "" && m.wall().Before(m.flashUntil) {
		v.Notes = append(v.Notes, m.flash)
	}
	return v
}

// busy is the frame of a spinner at a time.
func busy(now time.Time) string {
	frames := spinner.Line.Frames
	return frames[int(now.UnixMilli()/tickEvery.Milliseconds())%len(frames)]
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

// View draws the frame.
func (m *model) View() string {
	if m.width <= 0 || m.height <= 0 {
		return ""
	}
	return screen.Render(m.theme, m.width, m.height, m.view(), m.stack...)
}

// top returns the screen that has the focus.
func (m *model) top() screen.Screen { return m.stack[len(m.stack)-1] }

// watching reports whether a failover is watched, so that polls are as frequent as possible.
func (m *model) watching() bool {
	f, ok := m.top().(*screen.Failover)
	return ok && f.Watching(&m.state)
}
