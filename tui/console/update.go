package console

import (
	"context"
	"fmt"
	"slices"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"shardeck/shared/api"
	"shardeck/tui/answer"
	"shardeck/tui/cluster"
	"shardeck/tui/keymap"
	"shardeck/tui/recording"
	"shardeck/tui/screen"
	"shardeck/tui/terminal"
	"shardeck/tui/theme"
	"shardeck/tui/widget"
)

// Init starts the clock, which triggers the polls.
func (m *model) Init() tea.Cmd { return tick(0) }

// Update handles one message. It never blocks.
func (m *model) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	m.now = m.opts.Now()
	if m.replay != nil {
		m.showMoment()
	}
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		m.width, m.height = msg.Width, msg.Height
	case keymap.Key, keymap.Typed, keymap.Paste:
		return m, m.keyboard(msg)
	case terminal.PasteTooLong, terminal.Background, terminal.Resumed, terminal.CannotSuspend, terminal.Copied, terminal.Edited:
		return m, m.fromTerminal(msg)
	case tickMsg:
		return m, tea.Batch(m.onTick(), tick(m.tickLength()))
	case answerMsg:
		return m, m.answered(msg)
	case identifiedMsg:
		m.identified(msg)
	case actedMsg:
		m.acted(msg)
	case historyLoadedMsg:
		m.query.Update(screen.HistoryLoaded{Entries: msg.entries})
	case eventsLoadedMsg:
		m.earlier = m.forAudience(msg.events)
	case eventsFailedMsg:
		m.eventsNotSaved(msg)
	case eventsSavedMsg:
		m.eventsAreSaved()
	case recordFailedMsg:
		m.note(api.LevelWarn, "recording: "+msg.err.Error())
	case historyFailedMsg:
		m.note(api.LevelWarn, "statements are not saved: "+msg.err.Error())
	case fileMsg:
		return m, m.filed(msg)
	}
	return m, nil
}

// onTick starts what is due.
func (m *model) onTick() tea.Cmd {
	if m.replay != nil {
		return m.replayed()
	}
	return tea.Batch(m.refreshDialog(), m.pollIfDue(), m.surveyIfDue(), m.checkText(), m.askTraffic(), m.renew(), m.guideTour(), m.keepEvents(), m.keepRecording(), m.signal())
}

func (m *model) tickLength() time.Duration {
	switch {
	case m.watching():
		return tickUrgent
	case screen.Lively(m.top()) && !m.paused:
		return tickLively
	}
	return tickEvery
}

func (m *model) push(s screen.Screen) { m.stack = append(m.stack, s) }

// say shows a short note in the footer for a few seconds.
func (m *model) say(text string) { m.flash, m.flashUntil = text, m.wall().Add(flashFor) }

func (m *model) setTheme(name string) {
	t, err := theme.New(name, m.themeOptions)
	if err != nil {
		m.say(err.Error())
		return
	}
	m.theme, m.themeChosen = t, true
	m.say("theme " + t.Name())
	m.themeToSave = t.Name()
}

// work does something in the background for the screen that asks for it, beside whatever else is
// being done for one. The screen itself ends what it no longer waits for.
func (m *model) work(in screen.Work) tea.Cmd {
	if in.What != "" {
		m.say(in.What)
	}
	return begin(m, new(request), QueryTimeout, in.Run, func(m *model, then func() screen.Intent) tea.Cmd { return m.act(then()) })
}

// remove takes a screen off the stack, wherever it is.
func (m *model) remove(s screen.Screen) {
	m.stack = slices.DeleteFunc(m.stack, func(o screen.Screen) bool { return o == s })
}

// quit ends the program, after the question if there is one.
func (m *model) quit() tea.Cmd {
	if m.opts.QuitQuestion == "" {
		return tea.Quit
	}
	m.push(screen.NewConfirm(m.now, "Quit", m.opts.QuitQuestion, "quit", screen.QuitNow{}))
	return nil
}

// pop takes the top screen off the stack, and abandons what it waits for. The dashboard stays.
func (m *model) pop() {
	switch m.top().(type) {
	case *screen.Dashboard:
		return
	case *screen.Security:
		m.security.drop()
	case *screen.Failover:
		m.checking.drop()
	}
	m.stack = m.stack[:len(m.stack)-1]
}

func (m *model) choose(db, table string) {
	if db != m.db || table != m.table {
		m.counting.drop()
		m.count = screen.Count{}
	}
	m.db, m.table, m.chosen, m.missing = db, table, true, false
}

// pollIfDue starts a poll if one is due and none is in flight.
func (m *model) pollIfDue() tea.Cmd {
	if m.paused && !m.watching() {
		return nil
	}
	return m.pollIfDueEvenPaused()
}

func (m *model) pollIfDueEvenPaused() tea.Cmd {
	if m.poll.active || m.now.Before(m.due) {
		return nil
	}
	master := m.state.Next(m.now)
	if master == "" {
		m.due = m.now.Add(m.pace.Idle)
		return nil
	}
	c, now := m.client(master), m.opts.Now
	return begin(m, &m.poll, PollTimeout, func(ctx context.Context) cluster.Observation {
		return cluster.Poll(ctx, c, master, now)
	}, (*model).polled)
}

func (m *model) polled(o cluster.Observation) tea.Cmd {
	m.record(recording.Entry{Poll: recording.PollOf(o)})
	var events []cluster.Event
	m.state, events = m.state.Apply(o)
	m.log(events...)
	m.due = m.now.Add(m.pace.Wait(&m.state, m.watching()))
	return m.checkTable()
}

// checkTable keeps the chosen table, also if it goes away, which is said. Until the user has chosen
// one, the table with most rows is shown, and kept while it exists.
func (m *model) checkTable() tea.Cmd {
	if m.state.Meta == nil {
		return nil
	}
	if !m.chosen && (m.opts.DB != "" || m.opts.Table != "") {
		if m.db, m.table, m.refused = m.state.FindTable(m.opts.DB, m.opts.Table); m.refused != nil {
			return tea.Quit
		}
		m.chosen = true
	}
	exists := m.state.Table(m.db, m.table) != nil
	switch {
	case !m.chosen && !exists:
		m.db, m.table = m.state.FirstTable()
	case m.chosen && !exists && !m.missing && m.table != "":
		m.note(api.LevelWarn, m.db+"."+m.table+" no longer exists; it stays chosen until you choose another with t")
		m.missing = true
	case exists:
		m.missing = false
	}
	return nil
}

func (m *model) startCount() tea.Cmd {
	if m.table == "" {
		m.say("there is no table to count")
		return nil
	}
	if m.counting.active {
		m.say("still counting")
		return nil
	}
	m.count.Running, m.count.From, m.count.DB, m.count.Table = true, m.now, m.db, m.table
	m.record(recording.Entry{Count: &recording.Count{DB: m.db, Table: m.table}})
	c, db, table := m.client(m.currentMaster()), m.db, m.table
	return begin(m, &m.counting, CountTimeout, call(func(ctx context.Context) (*api.MapReduceCountResponse, error) {
		// A partial count, marked as such, is more useful than an error.
		return c.Count(ctx, &api.MapReduceCountRequest{DB: db, Table: table, AllowPartial: true})
	}), (*model).counted)
}

// currentMaster is the master to send requests to.
func (m *model) currentMaster() string {
	if m.state.Current != "" {
		return m.state.Current
	}
	return m.state.Next(m.now)
}

func (m *model) counted(r reply[*api.MapReduceCountResponse]) tea.Cmd {
	m.count.Running, m.count.Err = false, r.err
	m.record(recording.Entry{Count: &recording.Count{DB: m.count.DB, Table: m.count.Table, Answer: answerOf(r), Err: recording.FaultOf(r.err)}})
	if r.err != nil {
		m.did(api.LevelError, "count of "+m.count.DB+"."+m.count.Table+" failed: "+cluster.Explain(r.err))
		return nil
	}
	m.count.Answer, m.count.At = r.value, m.now
	level, text := api.LevelInfo, fmt.Sprintf("counted %s rows in %s.%s in %s", widget.Thousands(r.value.Total),
		m.count.DB, m.count.Table, widget.Millis(r.value.MapMS+r.value.ReduceMS))
	if missing := len(r.value.Partial); missing > 0 {
		level, text = api.LevelWarn, fmt.Sprintf("%s, without %d of %d shards", text, missing, missing+len(r.value.Shards))
	}
	m.did(level, text)
	return nil
}

func (m *model) startSecurity() tea.Cmd {
	m.push(screen.NewSecurity(m.now))
	return m.runSecurity()
}

func (m *model) runSecurity() tea.Cmd {
	m.record(recording.Entry{Security: &recording.Security{}})
	m.places[screen.SecurityPlace].Update(screen.SecurityStarted{At: m.now})
	c := m.client(m.currentMaster())
	return begin(m, &m.security, SecurityTimeout, call(func(ctx context.Context) (*api.SecurityCheckResponse, error) {
		return c.SecurityCheck(ctx)
	}), (*model).secured)
}

func (m *model) secured(r reply[*api.SecurityCheckResponse]) tea.Cmd {
	m.record(recording.Entry{Security: &recording.Security{Answer: answerOf(r), Err: recording.FaultOf(r.err)}})
	m.sawSecurity(r)
	switch {
	case r.err != nil:
		m.did(api.LevelError, "security check failed: "+cluster.Explain(r.err))
	case r.value.OK:
		m.did(api.LevelGood, fmt.Sprintf("security check: all %d probes passed", len(r.value.Probes)))
	default:
		level, sum := api.LevelError, answer.SecurityOf(r.value)
		if sum.Incomplete() {
			level = api.LevelWarn
		}
		m.did(level, "security check "+sum.String())
	}
	ended := screen.SecurityEnded{At: m.now, Answer: r.value, Err: r.err}
	kept := m.act(m.places[screen.SecurityPlace].Update(ended))
	return tea.Batch(kept, m.tell(func(s screen.Screen) bool { _, ok := s.(*screen.Security); return ok }, ended))
}

// tell passes a message to the screen for which is holds, wherever it is on the stack.
func (m *model) tell(is func(screen.Screen) bool, msg any) tea.Cmd {
	for _, s := range m.stack {
		if is(s) {
			return m.act(s.Update(msg))
		}
	}
	return nil
}
