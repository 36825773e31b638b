package console

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"shardeck/shared/api"
	"shardeck/tui/screen"
)

// QueryTimeout is how long the console waits for a statement: longer than a master
// lets one run.
const QueryTimeout = time.Hour

// The messages of the Query screen's commands.
type (
	queriedMsg struct {
		id     uint64
		result *screen.Result
	}
	recalledMsg      struct{ statements []string }
	historyFailedMsg struct{ err error }
)

// openQuery shows the Query screen as it was left, with something to run in it.
func (m *model) openQuery() tea.Cmd {
	m.query = m.query.Suggest(m.sample())
	m.push(m.query)
	m.tellQuery(screen.Resized{Width: m.width, Height: m.height})
	if m.recalled || m.opts.HistoryFile == "" {
		return nil
	}
	m.recalled = true
	return recallCmd(m.opts.HistoryFile)
}

// sample is a statement on the chosen table, "" while there is none.
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

// quoteName writes a name as T-SQL wants it: in brackets where it must be.
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

// tellQuery gives the Query screen a message, wherever in the stack it is, or whether at all.
func (m *model) tellQuery(msg any) {
	next, _ := m.query.Update(msg)
	q, ok := next.(*screen.Query)
	if !ok {
		return
	}
	for i, s := range m.stack {
		if _, ok := s.(*screen.Query); ok {
			m.stack[i] = q
		}
	}
	m.query = q
}

// runQuery sends a statement to the master that the console talks to.
func (m *model) runQuery(in screen.RunQuery) tea.Cmd {
	ctx, id := m.asking.begin(m.ctx, QueryTimeout)
	most := int64(screen.ResultRows)
	req := &api.SQLRequest{DB: m.db, SQL: in.SQL, Explain: in.Explain, MaxRows: &most}
	ask := queryCmd(ctx, id, m.client(m.asked()), req, m.opts.Now)
	if in.Explain || m.opts.HistoryFile == "" {
		return ask
	}
	return tea.Batch(ask, keepCmd(m.opts.HistoryFile, in.SQL))
}

func queryCmd(ctx context.Context, id uint64, c Master, req *api.SQLRequest, now func() time.Time) tea.Cmd {
	return func() tea.Msg { return queriedMsg{id: id, result: runStatement(ctx, c, req, now)} }
}

// runStatement runs a statement and gathers what a screen can show of its answer.
func runStatement(ctx context.Context, c Master, req *api.SQLRequest, now func() time.Time) *screen.Result {
	began := now()
	made := func() *screen.Result { return screen.NewResult(req.SQL, now().Sub(began)) }
	switch {
	case req.DB == "":
		return made().Failed(api.NewProblem(api.CodeUnknownDatabase, "no database is known yet").
			Hinted("create one with POST /create-db, or wait until a master has told of one"))
	case !req.IsSelect() || req.Explain:
		if req.Explain {
			req.MaxRows = nil // a plan has no bound that its statement does not have
		}
		resp, err := c.Query(ctx, req)
		if err != nil {
			return made().Failed(err)
		}
		return made().Answer(resp)
	}
	rows, err := c.QueryStream(ctx, req)
	if err != nil {
		return made().Failed(err)
	}
	defer rows.Close()
	r := screen.NewResult(req.SQL, 0).Head(rows.Head().Columns)
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
				r.Truncated = "this screen holds no more; see shardeck query"
				break
			}
			r.Row(bytes.TrimSuffix(line, []byte("\n")))
		}
		if r.Truncated != "" {
			break // the deferred Close ends it at the master too
		}
	}
	r.Took = now().Sub(began)
	return r
}
