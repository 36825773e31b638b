package console

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"shardeck/shared/api"
	"shardeck/shared/client"
	"shardeck/tui/recording"
	"shardeck/tui/screen"
)

// replayer is the clock of a console that shows a recording, and what it has shown.
type replayer struct {
	player *recording.Player
	wall   func() time.Time
	at     time.Duration // the place in the recording
	read   time.Time     // when that was worked out, by the wall's clock
	speed  int           // an index of speeds
	paused bool

	checks    []recording.Check    // shown by the place for security
	running   *recording.Running   // shown by the place for running statements
	failovers *recording.Failovers // shown by the place for failovers
}

// speeds are those at which a recording can be replayed.
var speeds = [...]float64{0.5, 1, 2, 5, 10, 60}

const realTime = 1 // of speeds

// newReplayer returns the replayer of a recording, and sets the console's clock to it; nil without one.
func newReplayer(o *Options) *replayer {
	if o.Replay == nil {
		return nil
	}
	r := &replayer{player: recording.NewPlayer(o.Replay), wall: o.Now, read: o.Now(), speed: realTime}
	o.Now = r.now
	return r
}

// now advances the recording by the time that has passed, and returns its clock.
func (r *replayer) now() time.Time {
	wall := r.wall()
	if passed := wall.Sub(r.read); !r.paused && passed > 0 {
		r.seek(r.at + time.Duration(float64(passed)*speeds[r.speed]))
	}
	r.read = wall
	return r.clock()
}

func (r *replayer) clock() time.Time {
	return r.recording().Header.Start.Add(r.at).In(r.read.Location())
}

func (r *replayer) recording() *recording.Recording { return r.player.Recording() }

// seek goes to a time since the start. At the end it stops.
func (r *replayer) seek(to time.Duration) {
	end := r.recording().Length()
	r.at = min(max(to, 0), end)
	r.paused = r.paused || to >= end
}

// shows is what screens say of the replay.
func (r *replayer) shows() *screen.Replay {
	rec := r.recording()
	s := &screen.Replay{At: r.at, Length: rec.Length(), Speed: speeds[r.speed], Paused: r.paused}
	if r.at >= rec.Length() {
		switch {
		case rec.Cut || rec.Ended() == "":
			s.End = "cut short"
		case rec.Ended() == recording.Limited:
			s.End = "its limit"
		default:
			s.End = "end"
		}
	}
	return s
}

// wall is the time of the user, who does not live in a recording.
func (m *model) wall() time.Time {
	if m.replay != nil {
		return m.replay.wall()
	}
	return m.now
}

// replayed is a tick of a console that shows a recording.
func (m *model) replayed() tea.Cmd {
	m.now = m.opts.Now()
	m.showMoment()
	return m.renew()
}

// showMoment makes the console know what it knew at this time of the recording.
func (m *model) showMoment() {
	r := m.replay
	k := r.player.Seek(r.at)
	m.state, m.events, m.opts.Interval = k.State, k.Events, k.Interval
	if !m.chosen {
		m.db, m.table = k.DB, k.Table
	}
	m.count = screen.Count{}
	if c := &k.Counted; !m.chosen || c.DB == m.db && c.Table == m.table {
		m.count = screen.Count{DB: c.DB, Table: c.Table, Running: c.Running, From: m.local(c.From), Answer: c.Answer, At: m.local(c.At), Err: c.Err}
	}
	if k.Running != r.running {
		r.running = k.Running
		m.showRunning(k.Running)
	}
	if k.Failovers != r.failovers {
		r.failovers = k.Failovers
		m.showFailovers(k.Failovers)
	}
	m.showChecks(k.Checks)
}

// local is a time of the recording in the zone of the clock.
func (m *model) local(t time.Time) time.Time { return t.In(m.now.Location()) }

func (m *model) showRunning(k *recording.Running) {
	if k == nil {
		m.renewPlace(screen.RunningPlace)
		return
	}
	l := screen.RunningListed{At: m.local(k.At)}
	for i := range k.Lists {
		l.Lists = append(l.Lists, screen.MasterQueries{Master: k.Lists[i].Master, Queries: k.Lists[i].Queries, Err: k.Lists[i].Err.Err()})
	}
	m.places[screen.RunningPlace].Update(l)
}

func (m *model) showFailovers(k *recording.Failovers) {
	if k == nil {
		m.renewPlace(screen.FailoverPlace)
		return
	}
	m.places[screen.FailoverPlace].Update(screen.FailoversListed{At: m.local(k.At), Failovers: k.Failovers,
		DryRun: screen.FailoverDryRun{Target: k.Target, Answer: k.Answer, Err: k.Err.Err()}})
}

// showChecks tells the place for security of the checks that it does not show yet. If it shows others,
// because the user went back, it begins anew.
func (m *model) showChecks(all []recording.Check) {
	r := m.replay
	if n := len(r.checks); n > len(all) || !slices.Equal(r.checks, all[:n]) {
		m.renewPlace(screen.SecurityPlace)
		r.checks = nil
	}
	for _, c := range all[len(r.checks):] {
		if c.Of.Started() {
			m.places[screen.SecurityPlace].Update(screen.SecurityStarted{At: m.local(c.At)})
			continue
		}
		m.places[screen.SecurityPlace].Update(screen.SecurityEnded{At: m.local(c.At), Answer: c.Of.Answer, Err: c.Of.Err.Err()})
	}
	r.checks = all
}

// renewPlace replaces a place by one that knows nothing.
func (m *model) renewPlace(p screen.Place) {
	old, anew := m.places[p], screen.NewPlaces()[p]
	m.places[p] = anew
	for i, s := range m.stack {
		if s == old {
			m.stack[i] = anew
		}
	}
}

// actOnReplay carries out what concerns the replay, and keeps from the masters what would be for
// them. done is false for everything else.
func (m *model) actOnReplay(in screen.Intent) (cmd tea.Cmd, done bool) {
	r := m.replay
	switch in := in.(type) {
	case screen.TogglePause:
		if r.paused && r.at >= r.recording().Length() {
			r.at = 0
		}
		r.paused = !r.paused
	case screen.Seek:
		// At the end it has stopped by itself; whoever goes back wants to see what follows.
		r.paused = r.paused && r.at < r.recording().Length()
		r.seek(r.at + in.By)
	case screen.SeekStart:
		r.paused = r.paused && r.at < r.recording().Length()
		r.seek(0)
	case screen.SeekEnd:
		r.seek(r.recording().Length())
	case screen.ChangeSpeed:
		r.speed = min(max(r.speed+in.By, 0), len(speeds)-1)
		m.say(fmt.Sprintf("speed %gx", speeds[r.speed]))
	case screen.RefreshNow:
		return tea.ClearScreen, true
	case screen.ListRunning, screen.ListFailovers, screen.ReadLog, screen.ListProcesses: // screens ask for it by themselves
		m.notRecorded(in)
		return nil, true
	case screen.StartCount, screen.OpenQuery, screen.OpenSecurity, screen.CheckSecurity, screen.OpenFailover, screen.CheckFailover,
		screen.StartFailover, screen.SetInterval, screen.AskAction, screen.RunAction, screen.CancelRunning, screen.OpenStatement,
		screen.ToQuery, screen.RunQueries, screen.SaveHistory, screen.MarkFavourite, screen.EditOutside,
		screen.OpenDrills, screen.RunDrill, screen.CancelDrill, screen.ActOnProcess:
		m.say(screen.IsRecording)
	default:
		return nil, false
	}
	m.now = m.opts.Now()
	m.showMoment()
	return nil, true
}

// notRecorded answers what a screen asks for by itself, if the session has not asked for it until now.
func (m *model) notRecorded(in screen.Intent) {
	none := errors.New("the recorded session had not asked for it yet")
	switch in := in.(type) {
	case screen.ListRunning:
		if m.replay.running == nil {
			l := screen.RunningListed{At: m.now}
			for _, u := range m.configured() {
				l.Lists = append(l.Lists, screen.MasterQueries{Master: u, Err: none})
			}
			m.places[screen.RunningPlace].Update(l)
		}
	case screen.ListFailovers:
		if m.replay.failovers == nil {
			m.places[screen.FailoverPlace].Update(screen.FailoversListed{At: m.now, DryRun: screen.FailoverDryRun{Target: in.Target, Err: none}})
		}
	}
}

// fromRecording completes the options of a console without a cluster.
func (o *Options) fromRecording() {
	h := &o.Replay.Header
	o.Masters, o.Interval, o.DB, o.Table = h.Masters, time.Duration(h.Interval)*time.Millisecond, "", ""
	o.Actions, o.Events, o.Log, o.Unreached, o.Recorder = nil, nil, nil, nil, nil
	o.Drills, o.Guide, o.First, o.Notices = nil, nil, nil, nil
	o.EventFile, o.HistoryFile, o.QuitQuestion, o.Signals, o.Profile = "", "", "", Signals{}, screen.Profile{}
	if o.Dial == nil {
		o.Dial = func(string) Master { return offline{} }
	}
	if o.DialAll == nil {
		o.DialAll = func([]string) Statements { return offline{} }
	}
}

// offline is the masters of a recording: nothing is sent to anybody, whoever would ask.
type offline struct{}

func (offline) problem() error { return api.NewProblem(api.CodeForbidden, screen.IsRecording) }

func (o offline) Metadata(context.Context) (*api.Metadata, error) { return nil, o.problem() }

func (o offline) Count(context.Context, *api.MapReduceCountRequest, ...client.CallOption) (*api.MapReduceCountResponse, error) {
	return nil, o.problem()
}

func (o offline) SecurityCheck(context.Context, ...client.CallOption) (*api.SecurityCheckResponse, error) {
	return nil, o.problem()
}

func (o offline) Traffic(context.Context, uint64) (*api.TrafficReport, error) {
	return nil, o.problem()
}

func (o offline) Failovers(context.Context) (*api.FailoversResponse, error) { return nil, o.problem() }

func (o offline) Queries(context.Context) (*api.QueriesResponse, error) { return nil, o.problem() }

func (o offline) CancelQuery(context.Context, string) error { return o.problem() }

func (o offline) Failover(context.Context, *api.FailoverRequest, ...client.CallOption) (*api.FailoverResponse, error) {
	return nil, o.problem()
}

func (o offline) Running(context.Context, string) (*api.RunningQuery, error) { return nil, o.problem() }

func (o offline) Query(context.Context, *api.SQLRequest, ...client.CallOption) (*api.SQLResponse, error) {
	return nil, o.problem()
}

func (o offline) QueryStream(context.Context, *api.SQLRequest, ...client.CallOption) (*client.RowStream, error) {
	return nil, o.problem()
}

func (offline) Prefer(string) {}
func (offline) Close()        {}
