package console

import (
	"context"
	"fmt"
	"strconv"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"shardeck/shared/api"
	"shardeck/shared/client"
	"shardeck/tui/cluster"
	"shardeck/tui/history"
	"shardeck/tui/keymap"
	"shardeck/tui/screen"
)

// QueryTimeout is how long the console waits for a statement: longer than a master
// allows one to run.
const QueryTimeout = time.Hour

// openQuery shows the Query screen as it was left, with a sample statement if it is empty.
func (m *model) openQuery() tea.Cmd {
	m.chosen = m.chosen || m.table != "" // from now on it does not change by itself
	m.query.Suggest(m.sample())
	m.push(m.query)
	if m.recalled || m.opts.HistoryFile == "" {
		return nil
	}
	m.recalled = true
	return m.loadHistory()
}

// sample is a statement on the chosen table, "" if there is none.
func (m *model) sample() string {
	t := m.state.Table(m.db, m.table)
	if t == nil {
		return ""
	}
	return screen.SampleOf(t)
}

// openStatement shows a statement on the Query screen, and runs it if that is asked for.
func (m *model) openStatement(in screen.OpenStatement) tea.Cmd {
	if in.DB != "" && (in.DB != m.db || in.Table != "" && in.Table != m.table) {
		m.choose(in.DB, in.Table)
	}
	open := m.openQuery()
	if m.query.Running() {
		return tea.Batch(open, m.act(keymap.Say{Text: "a statement is running; Esc cancels it"}))
	}
	take := m.act(m.query.Take(in.SQL))
	m.commands() // the screen takes over the chosen database
	if !in.Run {
		return tea.Batch(open, take)
	}
	return tea.Batch(open, take, m.act(m.query.RunAll()))
}

// runQueries runs statements, on the current master first, after the question about writes if one
// is to be asked.
func (m *model) runQueries(in screen.RunQueries) tea.Cmd {
	if m.querying.active || m.asking.active {
		m.say("a statement is running")
		return nil
	}
	if in.DB == "" {
		in.DB = m.db
	}
	if in.DB == "" && m.state.Meta == nil {
		why := "no master has answered yet"
		if m.state.Err != nil {
			why = "no master answers: " + cluster.Reason(m.state.Err)
		}
		m.say(why + "; nothing was sent")
		return nil
	}
	if in.Ask {
		return m.askWrites(in)
	}
	var entries []history.Entry
	saves := []tea.Cmd{}
	if !in.Explain {
		for _, p := range in.Pieces {
			e := history.Entry{ID: newID(), SQL: p.SQL, DB: in.DB, Cluster: m.clusterID(), At: m.now, Rows: -1}
			entries = append(entries, e)
			saves = append(saves, m.saveHistory(history.Started(&e)))
		}
	}
	m.query.Update(screen.QueriesStarted{At: m.now, Run: in, Entries: entries})
	m.sql.Prefer(m.currentMaster())
	r := runner{c: m.sql, db: in.DB, now: m.opts.Now, in: in}
	run := beginStream(m, &m.querying, QueryTimeout, r.run,
		func(m *model, msg any) tea.Cmd {
			m.sawStatement(msg)
			return m.act(m.query.Update(msg))
		},
		func(m *model) tea.Cmd { return m.act(m.query.Update(screen.QueriesDone{At: m.now})) })
	return tea.Batch(append(saves, run)...)
}

// clusterID identifies the cluster, "" if it is not known yet.
func (m *model) clusterID() string {
	if m.state.Meta == nil {
		return ""
	}
	return m.state.Meta.Master.Cluster
}

// askWrites finds out what the writes would do, and asks whether to run them. One that is refused
// is shown as if it had been run: nothing was.
func (m *model) askWrites(in screen.RunQueries) tea.Cmd {
	m.sql.Prefer(m.currentMaster())
	m.query.Update(screen.WritesChecked{Begun: true, Run: in})
	c, now := m.sql, m.opts.Now
	return begin(m, &m.asking, CheckTimeout, func(ctx context.Context) writeChecks {
		return checkWrites(ctx, c, in.DB, in, now)
	}, func(m *model, w writeChecks) tea.Cmd {
		m.query.Update(screen.WritesChecked{})
		if w.refused != nil {
			return m.refusedWrite(in, w)
		}
		in.Ask = false
		m.push(screen.NewQuestion(m.now, "Run this?", screen.Question(w.checks, in.DB), "run", in))
		return nil
	})
}

// refusedWrite shows and remembers a write that a master refuses: none of the statements was sent.
func (m *model) refusedWrite(in screen.RunQueries, w writeChecks) tea.Cmd {
	w.refused.Note = "nothing was sent"
	if n := len(in.Pieces); n > 1 {
		w.refused.Note = fmt.Sprintf("statement %d of %d; nothing was sent", w.piece+1, n)
	}
	in.Pieces = in.Pieces[w.piece : w.piece+1]
	e := history.Entry{ID: newID(), SQL: in.Pieces[0].SQL, DB: in.DB, Cluster: m.clusterID(), At: m.now, Rows: -1}
	m.query.Update(screen.QueriesStarted{At: m.now, Run: in, Entries: []history.Entry{e}})
	ended := m.query.Update(screen.QueryEnded{At: m.now, Result: w.refused})
	m.query.Update(screen.QueriesDone{At: m.now})
	return tea.Batch(m.saveHistory(history.Started(&e)), m.act(ended))
}

// checkText has the statement that is being written checked, while the Query screen is shown and a
// master answers.
func (m *model) checkText() tea.Cmd {
	if m.top() != screen.Screen(m.query) || m.state.Link != cluster.Live || m.db == "" || m.linting.active {
		return nil
	}
	in, ok := m.query.Check(m.now).(screen.CheckText)
	if !ok {
		return nil
	}
	r := runner{c: m.sql, db: m.db, now: m.opts.Now, in: screen.RunQueries{Pieces: []screen.Piece{in.Piece}, Explain: true, Options: in.Options}}
	return begin(m, &m.linting, CheckTimeout, func(ctx context.Context) *screen.Result {
		return r.one(ctx, 0, newID(), func(any) {})
	}, func(m *model, result *screen.Result) tea.Cmd {
		return m.act(m.query.Update(screen.TextChecked{Piece: in.Piece, Revision: in.Revision, Problem: api.AsProblem(result.Err)}))
	})
}

// attempts collects the masters that failed before another answered.
func attempts(ctx context.Context) (context.Context, *[]client.Attempt) {
	failed := new([]client.Attempt)
	return client.WithAttempts(ctx, func(a client.Attempt) { *failed = append(*failed, a) }), failed
}

// attemptsNote says which master failed before another one, or the same one, answered; "" if none did.
func attemptsNote(failed []client.Attempt) string {
	if len(failed) == 0 || failed[len(failed)-1].Next == "" {
		return ""
	}
	why := cluster.Reason(failed[0].Err)
	if api.CodeOf(failed[0].Err) == api.CodeOutcomeUnknown {
		why = "its answer was lost"
	}
	used, first := failed[len(failed)-1].Next, failed[0].Master
	if used == first {
		return "answered at attempt " + strconv.Itoa(len(failed)+1) + ": " + why
	}
	return "used " + cluster.Host(used) + "; " + cluster.Host(first) + ": " + why
}
