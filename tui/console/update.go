package console

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"

	"shardeck/shared/api"
	"shardeck/tui/answer"
	"shardeck/tui/cluster"
	"shardeck/tui/screen"
	"shardeck/tui/theme"
	"shardeck/tui/widget"
)

// Init starts the clock, which triggers the polls.
func (m *model) Init() tea.Cmd { return tick(0) }

// Update handles one message. It never blocks.
func (m *model) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	m.now = m.opts.Now()
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		m.width, m.height = msg.Width, msg.Height
		m.updateQuery(screen.Resized{Width: m.width, Height: m.height})
	case tea.ResumeMsg:
		m.due = m.now
	case tea.KeyMsg:
		return m, m.press(msg)
	case tickMsg:
		return m, tea.Batch(m.refreshDialog(), m.pollIfDue(), m.surveyIfDue(), tick(m.tickLength()))
	case polledMsg:
		m.polled(msg)
	case countedMsg:
		m.counted(msg)
	case securedMsg:
		if m.security.ends(msg.id) {
			m.secured(msg)
			return m, m.send(screen.SecurityEnded{At: m.now, Answer: msg.answer, Err: msg.err})
		}
	case identifiedMsg:
		m.identified(msg)
	case checkedMsg:
		return m, m.checked(msg)
	case failedOverMsg:
		if m.failover.ends(msg.id) {
			m.failedOver(msg)
			return m, m.send(screen.FailoverEnded{At: m.now, Answer: msg.answer, Err: msg.err})
		}
	case actedMsg:
		m.acted(msg)
	case queriedMsg:
		if m.querying.ends(msg.id) {
			m.updateQuery(screen.QueryEnded{At: m.now, Result: msg.result})
		}
	case historyLoadedMsg:
		m.updateQuery(screen.HistoryLoaded{Statements: msg.statements})
	case historyFailedMsg:
		m.note(api.LevelWarn, "statements are not saved: "+msg.err.Error())
	}
	return m, nil
}

func (m *model) tickLength() time.Duration {
	if m.watching() {
		return tickUrgent
	}
	return tickEvery
}

// press handles a key: Ctrl-C, Ctrl-Z and Ctrl-L first, then the dialog on top, then the dashboard.
func (m *model) press(msg tea.KeyMsg) tea.Cmd {
	query, writing := m.top().(*screen.Query)
	if msg.Paste { // pasted text is not a series of commands
		if writing {
			return m.send(screen.Pasted{Text: string(msg.Runes)})
		}
		return nil
	}
	if key.Matches(msg, m.keys.interrupt) && !(writing && query.Running()) {
		return tea.Quit
	}
	if key.Matches(msg, m.keys.suspend) {
		return tea.Suspend
	}
	if key.Matches(msg, m.keys.repaint) {
		return tea.ClearScreen
	}
	if m.top() != nil {
		return m.send(screen.Key{Name: msg.String(), Text: typed(msg), At: m.now})
	}
	for i, b := range m.keys.actions {
		if key.Matches(msg, b) {
			return m.askAction(i)
		}
	}
	return m.dashboardKey(msg)
}

// typed is the text that a key press enters, "" if it is not a character.
func typed(msg tea.KeyMsg) string {
	if msg.Alt || msg.Type != tea.KeyRunes && msg.Type != tea.KeySpace {
		return ""
	}
	return string(msg.Runes)
}

func (m *model) dashboardKey(msg tea.KeyMsg) tea.Cmd {
	workers := 0
	if m.state.Meta != nil {
		workers = len(m.state.Meta.Workers)
	}
	k := &m.keys
	switch {
	case key.Matches(msg, k.quit):
		return tea.Quit
	case key.Matches(msg, k.help):
		m.push(screen.NewHelp(k.groups(m.opts.Actions)))
	case key.Matches(msg, k.count):
		return m.startCount()
	case key.Matches(msg, k.query):
		return m.openQuery()
	case key.Matches(msg, k.security):
		return m.startSecurity()
	case key.Matches(msg, k.failover):
		return m.openFailover()
	case key.Matches(msg, k.table):
		m.push(screen.NewTables(m.view()))
	case key.Matches(msg, k.refresh):
		m.due = m.now
		m.say("refreshing")
		// Repaint too: another program may have written over the screen.
		return tea.Batch(tea.ClearScreen, m.pollIfDueEvenPaused())
	case key.Matches(msg, k.pause):
		m.paused = !m.paused
		m.due = m.now
	case key.Matches(msg, k.theme):
		m.nextTheme()
	case key.Matches(msg, k.up):
		m.dash.Scroll(-1, workers)
	case key.Matches(msg, k.down):
		m.dash.Scroll(1, workers)
	}
	return nil
}

func (m *model) push(s screen.Screen) { m.stack = append(m.stack, s) }

// say shows a short note in the footer for a few seconds.
func (m *model) say(text string) { m.flash, m.flashUntil = text, m.now.Add(flashFor) }

func (m *model) nextTheme() {
	t, err := theme.New(theme.Next(m.theme.Name()), m.themeOptions)
	if err != nil {
		m.say(err.Error())
		return
	}
	m.theme = t
	m.say("theme " + t.Name())
}

// send passes a message to the dialog on top and acts on its intent. Answers are for
// the dialog that sent the request, the only one that can be open then.
func (m *model) send(msg any) tea.Cmd {
	if len(m.stack) == 0 {
		return nil
	}
	next, intent := m.top().Update(msg)
	m.stack[len(m.stack)-1] = next
	if q, ok := next.(*screen.Query); ok {
		m.query = q
	}
	switch in := intent.(type) {
	case screen.Close:
		m.pop()
	case screen.Choose:
		m.pop()
		m.choose(in.DB, in.Table)
	case screen.CheckFailover:
		return m.checkFailover(in.Target)
	case screen.StartFailover:
		return m.startFailover(in)
	case screen.CheckSecurity:
		return m.runSecurity()
	case screen.RunQuery:
		return m.runQuery(in)
	case screen.CancelQuery:
		m.querying.interrupt()
	case screen.ShowHelp:
		m.push(screen.NewQueryHelp(queryGroups(m.opts.HistoryFile)))
	case screen.PickTable:
		m.push(screen.NewTables(m.view()))
	case screen.RunAction:
		m.pop()
		for i, a := range m.opts.Actions {
			if a.Key == in.Key {
				return m.runAction(i)
			}
		}
	}
	return nil
}

func (m *model) pop() {
	if _, ok := m.top().(*screen.Security); ok {
		m.security.drop() // its answer is no longer needed
	}
	if _, ok := m.top().(*screen.Failover); ok {
		m.checking.drop()
	}
	m.stack = m.stack[:len(m.stack)-1]
}

func (m *model) choose(db, table string) {
	if db != m.db || table != m.table {
		m.counting.drop()
		m.count = screen.Count{}
	}
	m.db, m.table, m.chosen = db, table, true
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
	ctx, id := m.poll.begin(m.ctx, PollTimeout)
	return pollCmd(ctx, id, m.client(master), master, m.opts.Now)
}

func (m *model) polled(msg polledMsg) {
	if !m.poll.ends(msg.id) {
		return
	}
	var events []cluster.Event
	m.state, events = m.state.Apply(msg.o)
	m.log(events...)
	m.due = m.now.Add(m.pace.Wait(&m.state, m.watching()))
	if m.chosen {
		return
	}
	// Until the user chooses a table, the one with most rows is shown, and kept while it exists.
	if m.state.Table(m.db, m.table) == nil {
		m.db, m.table = m.state.FirstTable()
	}
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
	ctx, id := m.counting.begin(m.ctx, CountTimeout)
	return countCmd(ctx, id, m.client(m.currentMaster()), m.db, m.table)
}

// currentMaster is the master to send requests to.
func (m *model) currentMaster() string {
	if m.state.Current != "" {
		return m.state.Current
	}
	return m.state.Next(m.now)
}

func (m *model) counted(msg countedMsg) {
	if !m.counting.ends(msg.id) {
		return
	}
	m.count.Running, m.count.Err = false, msg.err
	if msg.err != nil {
		m.note(api.LevelError, "count of "+m.count.DB+"."+m.count.Table+" failed: "+cluster.Explain(msg.err))
		return
	}
	m.count.Answer, m.count.At = msg.answer, m.now
	level, text := api.LevelInfo, fmt.Sprintf("counted %s rows in %s.%s in %s", widget.Thousands(msg.answer.Total),
		m.count.DB, m.count.Table, widget.Millis(msg.answer.MapMS+msg.answer.ReduceMS))
	if missing := len(msg.answer.Partial); missing > 0 {
		level, text = api.LevelWarn, fmt.Sprintf("%s, without %d of %d shards", text, missing, missing+len(msg.answer.Shards))
	}
	m.note(level, text)
}

func (m *model) startSecurity() tea.Cmd {
	m.push(screen.NewSecurity(m.now))
	return m.runSecurity()
}

func (m *model) runSecurity() tea.Cmd {
	ctx, id := m.security.begin(m.ctx, SecurityTimeout)
	return securityCmd(ctx, id, m.client(m.currentMaster()))
}

func (m *model) secured(msg securedMsg) {
	switch {
	case msg.err != nil:
		m.note(api.LevelError, "security check failed: "+cluster.Explain(msg.err))
	case msg.answer.OK:
		m.note(api.LevelGood, fmt.Sprintf("security check: all %d probes passed", len(msg.answer.Probes)))
	default:
		level, sum := api.LevelError, answer.SecurityOf(msg.answer)
		if sum.Incomplete() {
			level = api.LevelWarn
		}
		m.note(level, "security check "+sum.String())
	}
}

func (m *model) askAction(i int) tea.Cmd {
	a := &m.opts.Actions[i]
	if m.acting[i] {
		return nil
	}
	if a.Refuse != nil {
		if why := a.Refuse(&m.state); why != "" {
			m.note(api.LevelWarn, why)
			return nil
		}
	}
	if a.Confirm == "" {
		return m.runAction(i)
	}
	m.push(screen.NewConfirm(m.now, a.Key, a.Help, a.Confirm, a.Label))
	return nil
}

func (m *model) runAction(i int) tea.Cmd {
	m.acting[i] = true
	return actionCmd(m.ctx, i, m.opts.Actions[i].Run)
}

func (m *model) acted(msg actedMsg) {
	m.acting[msg.action] = false
	m.due = m.now
	label := m.opts.Actions[msg.action].Label
	switch {
	case errors.Is(msg.err, context.Canceled):
	case msg.err != nil:
		m.note(api.LevelError, label+" failed: "+cluster.Explain(msg.err))
	case msg.said != "":
		m.note(api.LevelInfo, msg.said)
	}
}
