package console

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strconv"
	"strings"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"shardeck/shared/api"
	"shardeck/shared/client"
	"shardeck/tui/cluster"
	"shardeck/tui/screen"
)

// QueryTimeout is how long the console waits for a statement: longer than a master
// allows one to run.
const QueryTimeout = time.Hour

// The messages of the Query screen's commands.
type (
	historyLoadedMsg struct{ statements []string }
	historyFailedMsg struct{ err error }
)

// openQuery shows the Query screen as it was left, with a sample statement if it is empty.
func (m *model) openQuery() tea.Cmd {
	m.chosen = m.chosen || m.table != "" // from now on it does not change by itself
	m.query.Suggest(m.sample())
	m.push(m.query)
	if m.recalled || m.opts.HistoryFile == "" {
		return nil
	}
	m.recalled = true
	return loadHistoryCmd(m.opts.HistoryFile)
}

// sample is a statement on the chosen table, "" if there is none.
func (m *model) sample() string {
	t := m.state.Table(m.db, m.table)
	if t == nil {
		return ""
	}
	text := "SELECT TOP (20) *\nFROM " + quoteName(t.Name)
	if k := t.Definition.ShardKey; k != "" {
		text += "\nORDER BY " + quoteName(k)
	}
	return text
}

// quoteName returns a name as T-SQL requires it, in brackets if necessary.
func quoteName(name string) string {
	for i, r := range name {
		switch {
		case r == '_', r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', i > 0 && r >= '0' && r <= '9':
		default:
			return "[" + strings.ReplaceAll(name, "]", "]]") + "]"
		}
	}
	return name
}

// runQuery runs a statement, on the current master first.
func (m *model) runQuery(in screen.RunQuery) tea.Cmd {
	maxRows := int64(screen.ResultRows)
	req := &api.SQLRequest{DB: m.db, SQL: in.SQL, Explain: in.Explain, MaxRows: &maxRows}
	m.sql.Prefer(m.currentMaster())
	c, now := m.sql, m.opts.Now
	ask := begin(m, &m.querying, QueryTimeout, func(ctx context.Context) *screen.Result {
		return runStatement(ctx, c, req, now)
	}, func(m *model, r *screen.Result) tea.Cmd {
		return m.act(m.query.Update(screen.QueryEnded{At: m.now, Result: r}))
	})
	if in.Explain || m.opts.HistoryFile == "" {
		return ask
	}
	return tea.Batch(ask, saveCmd(m.opts.HistoryFile, in.SQL))
}

// runStatement runs a statement and collects as much of its answer as a screen can show.
func runStatement(ctx context.Context, c Statements, req *api.SQLRequest, now func() time.Time) *screen.Result {
	began := now()
	var failed []client.Attempt
	ctx = client.WithAttempts(ctx, func(a client.Attempt) { failed = append(failed, a) })
	result := func() *screen.Result {
		r := screen.NewResult(req.SQL, now().Sub(began))
		r.Note = attemptsNote(failed)
		return r
	}
	switch {
	case req.DB == "":
		return result().Failed(api.NewProblem(api.CodeUnknownDatabase, "there is no database yet").
			Hinted("create one with POST /create-db of a master (see the README), or wait until a master reports one"))
	case !req.IsSelect() || req.Explain:
		if req.Explain {
			req.MaxRows = nil // the plan must be that of the statement as written
		}
		resp, err := c.Query(ctx, req)
		if err != nil {
			return result().Failed(err)
		}
		return result().Answer(resp)
	}
	rows, err := c.QueryStream(ctx, req)
	if err != nil {
		return result().Failed(err)
	}
	defer rows.Close()
	r := result().Head(rows.Head().Columns)
	size := 0
	for {
		block, err := rows.NextBlock()
		if errors.Is(err, io.EOF) {
			r.End(rows.End())
			break
		}
		if err != nil {
			r.Failed(err)
			break
		}
		for line := range bytes.Lines(block) {
			if size += len(line); size > screen.ResultBytes || len(r.Rows) >= screen.ResultRows {
				r.Truncated = "this screen can hold no more; use shardeck query"
				break
			}
			r.Row(bytes.TrimSuffix(line, []byte("\n")))
		}
		if r.Truncated != "" {
			break // the deferred Close cancels it at the master too
		}
	}
	r.Took = now().Sub(began)
	return r
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
