package console

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"io"
	"slices"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"shardeck/shared/api"
	"shardeck/shared/client"
	"shardeck/tui/rowstore"
	"shardeck/tui/screen"
	"shardeck/tui/statement"
)

// runner runs statements one after the other.
type runner struct {
	c   Statements
	db  string
	now func() time.Time
	in  screen.RunQueries
}

// run runs the statements until one fails, and emits the messages of the Query screen.
func (r *runner) run(ctx context.Context, emit func(any)) {
	for i, p := range r.in.Pieces {
		for range max(p.Repeat, 1) {
			id := newID()
			stop := followProgress(ctx, r.c, id, func(p *api.RunningQuery) {
				emit(screen.QueryProgress{At: r.now(), Running: p})
			})
			result := r.one(ctx, i, id, emit)
			stop()
			emit(screen.QueryEnded{At: r.now(), Piece: i, Result: result})
			if result.Err != nil {
				return
			}
		}
	}
}

// request is the request for a statement.
func (r *runner) request(sql string) *api.SQLRequest {
	o := &r.in.Options
	req := &api.SQLRequest{DB: r.db, SQL: sql, Explain: r.in.Explain, AllShards: o.AllShards, AllowPartial: o.AllowPartial,
		TimeoutMS: o.Timeout.Milliseconds()}
	used := statement.Params(sql) // a master refuses others
	for _, p := range o.Params {
		if slices.Contains(used, p.Name) {
			req.Params = append(req.Params, api.Member[jsontext.Value]{Name: p.Name, Value: p.Value})
		}
	}
	if o.MaxRows > 0 {
		req.MaxRows = &o.MaxRows
	}
	return req
}

// one runs one statement as a request with that ID, and returns its outcome. Its rows are in the
// result's store, also those that arrived before it failed.
func (r *runner) one(ctx context.Context, piece int, requestID string, emit func(any)) *screen.Result {
	p := r.in.Pieces[piece]
	began := r.now()
	ctx, failed := attempts(ctx)
	result := screen.NewResult(p.SQL)
	result.At, result.Line, result.DB = p.At, p.Line, r.db
	finish := func(err error) *screen.Result {
		final := *result // the screen may hold the other one
		final.Took = r.now().Sub(began)
		if note := attemptsNote(*failed); note != "" {
			final.Note = note
		}
		if err != nil {
			final.Failed(err)
		}
		return &final
	}
	if r.db == "" {
		return finish(noDatabase())
	}
	req := r.request(p.SQL)
	if !req.IsSelect() || req.Explain {
		if req.Explain {
			req.MaxRows = nil // the plan must be that of the statement as written
		}
		resp, err := r.c.Query(ctx, req, client.RequestID(requestID))
		if err == nil {
			result.Answer(resp)
		}
		return finish(err)
	}
	rows, err := r.c.QueryStream(ctx, req, client.RequestID(requestID))
	if err != nil {
		return finish(err)
	}
	defer rows.Close()
	store := rowstore.New(rowstore.Options{})
	result.Head(rows.Head().Columns, store)
	shown := *result
	emit(screen.QueryHead{Piece: piece, Result: &shown})
	for {
		block, err := rows.NextBlock()
		if errors.Is(err, io.EOF) {
			result.End(rows.End())
			return finish(nil)
		}
		if err != nil {
			return finish(err)
		}
		for line := range bytes.Lines(block) {
			if err := store.Append(bytes.TrimSuffix(line, []byte("\n"))); err != nil {
				result.Truncated = err.Error()
				return finish(nil) // the deferred Close cancels it at the master too
			}
		}
	}
}

func noDatabase() *api.Problem {
	return api.NewProblem(api.CodeUnknownDatabase, "there is no database yet").
		Hinted("create one with POST /create-db of a master (see the README), or wait until a master reports one")
}

// newID returns an identifier for a statement in the history, or for a request.
func newID() string {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}

// writeChecks is what was found out about writes before they run.
type writeChecks struct {
	checks  []screen.WriteCheck
	refused *screen.Result // the statement that a master refuses; nil if none is
	piece   int
}

// checkWrites asks for the plan of each write, and how many rows it would change where that can be
// counted. A count that fails is left out: the question does not depend on it.
func checkWrites(ctx context.Context, c Statements, db string, in screen.RunQueries, now func() time.Time) writeChecks {
	var w writeChecks
	r := runner{c: c, db: db, now: now, in: in}
	r.in.Explain = true
	for i, p := range in.Pieces {
		if p.Kind == statement.Read {
			continue
		}
		check := screen.WriteCheck{Piece: p, Rows: -1}
		if p.Kind != statement.Definition {
			plan := r.one(ctx, i, newID(), func(any) {})
			if plan.Err != nil {
				w.refused, w.piece = plan, i
				return w
			}
			check.Route = plan.Route
		}
		check.Rows = r.count(ctx, p.SQL)
		w.checks = append(w.checks, check)
	}
	return w
}

// count is how many rows a write would change now, -1 if that cannot be told.
func (r *runner) count(ctx context.Context, sql string) int64 {
	if n, ok := statement.InsertedRows(sql); ok {
		return int64(n)
	}
	counting, ok := statement.Counting(sql)
	if !ok {
		return -1
	}
	req := r.request(counting)
	req.Explain, req.AllowPartial = false, false // a part of the rows would be a wrong number
	rows, err := r.c.QueryStream(ctx, req)
	if err != nil {
		return -1
	}
	defer rows.Close()
	n, err := singleNumber(rows)
	if err != nil {
		return -1
	}
	return n
}

// singleNumber returns the only value of the only row.
func singleNumber(rows *client.RowStream) (int64, error) {
	n := int64(-1)
	for {
		block, err := rows.NextBlock()
		if errors.Is(err, io.EOF) {
			return n, nil
		}
		if err != nil {
			return -1, err
		}
		var row []int64
		if err := json.Unmarshal(bytes.TrimSpace(block), &row); err != nil || len(row) != 1 {
			return -1, errors.Join(err, errors.New("not a count"))
		}
		n = row[0]
	}
}
