package screen

import (
	"fmt"
	"strings"
	"time"

	"github.com/go-json-experiment/json"

	"shardeck/shared/api"
	"shardeck/tui/answer"
	"shardeck/tui/grid"
	"shardeck/tui/widget"
)

// Result is the outcome of a statement. Its maker completes it before the screen gets it; only
// Rows may still grow, while the statement runs.
type Result struct {
	SQL     string
	DB      string // the database that it ran in
	At      int    // the offset of SQL in the text that it was run from
	Line    int    // and its line, from 1; 0 if it is not in the text
	Columns []api.Column
	Rows    Rows          // nil if the statement returns no rows
	Plan    []answer.Line // cleaned; if the statement was explained
	Err     error         // rows may have arrived before it

	Affected  *int64 // rows affected by a write
	Done      string // what a statement other than SELECT and row writes did
	Note      string // which master failed before another answered, or what has no effect; "" if nothing
	Truncated string // why rows are missing, "" if none are
	Route     *api.Route
	Shards    []api.ShardResult
	Partial   []api.Problem
	MS        float64       // time at the master, 0 if unknown
	Took      time.Duration // time as seen by the console

	fault int // byte offset of the error in SQL, -1 for none
}

// Rows holds the rows of a result, as JSON arrays. They may be read while more arrive.
type Rows interface {
	grid.Lines
	Close() error
}

// lines is a few rows in memory.
type lines [][]byte

func (l lines) Len() int                  { return len(l) }
func (l lines) Row(i int) ([]byte, error) { return l[i], nil }
func (l lines) Close() error              { return nil }

// NewResult returns an empty result.
func NewResult(sql string) *Result { return &Result{SQL: sql, fault: -1} }

// Failed sets the error that ended the statement.
func (r *Result) Failed(err error) *Result {
	r.Err = err
	if p := api.AsProblem(err); p != nil && p.Offset != nil && p.Field == "sql" {
		r.fault = answer.FaultAt(r.SQL, *p.Offset)
	}
	return r
}

// canceled reports whether the statement was cancelled.
func (r *Result) canceled() bool { return r.Err != nil && api.CodeOf(r.Err) == api.CodeCanceled }

// Refused reports whether the statement failed before it did anything, as one with a syntax error.
func (r *Result) Refused() bool {
	p := api.AsProblem(r.Err)
	return p != nil && p.Status >= 400 && p.Status < 500 && !r.canceled()
}

// Len is the number of rows so far.
func (r *Result) Len() int {
	if r.Rows == nil {
		return 0
	}
	return r.Rows.Len()
}

// Head adds the columns, and where the rows are kept.
func (r *Result) Head(columns []api.Column, rows Rows) *Result {
	r.Columns, r.Rows = columns, rows
	return r
}

// End adds the information that follows the last row.
func (r *Result) End(e *api.EndInfo) *Result {
	r.Route, r.Shards, r.Partial = e.Route, e.Shards, e.Partial
	if e.Query != nil {
		r.MS = e.Query.MS
		if e.Query.Truncated {
			r.Truncated = "there are more"
		}
		r.Note = widget.Clean(strings.Join(e.Query.Notes, "; "))
	}
	return r
}

// Answer adds the answer to a statement that does not return a stream of rows.
func (r *Result) Answer(a *api.SQLResponse) *Result {
	r.End(&api.EndInfo{Route: &a.Route, Shards: a.Shards, Partial: a.Partial, Query: a.Query})
	r.Affected = a.RowsAffected
	switch {
	case a.Results != nil:
		return r.last(a.Results)
	case a.Columns != nil && a.Explain == nil:
		var rows lines
		for _, row := range a.Rows {
			rows = append(rows, row)
		}
		r.Head(a.Columns, rows)
	case a.Explain != nil:
		r.explained(a.Explain)
	case a.Definition != nil:
		r.defined(a.Definition)
	case r.Affected == nil:
		r.Done = "done"
	}
	return r
}

// last shows the last of several results that has rows, or else the last.
func (r *Result) last(results []api.SQLResponse) *Result {
	if len(results) == 0 {
		r.Done = "done"
		return r
	}
	shown := len(results) - 1
	for i := range results {
		if results[i].Columns != nil {
			shown = i
		}
	}
	r.Answer(&results[shown])
	if n := len(results); n > 1 {
		r.Note = fmt.Sprintf("result %d of %d", shown+1, n)
	}
	return r
}

// explained adds a plan.
func (r *Result) explained(e *api.Explain) {
	r.Plan = answer.Plan(e)
	for i := range r.Plan {
		r.Plan[i].Text = widget.Clean(r.Plan[i].Text)
	}
	if route := answer.PlanRoute(e); route != nil {
		r.Route = route
	}
}

// defined shows a new table as rows.
func (r *Result) defined(def *api.TableDef) {
	r.Done = "created " + widget.Clean(def.Name)
	var rows lines
	for _, c := range def.Columns {
		null := "NOT NULL"
		if c.Nullable {
			null = "NULL"
		}
		row, err := json.Marshal([]string{c.Name, c.Type, null, c.Default})
		if err != nil {
			continue // strings always can be encoded
		}
		rows = append(rows, row)
	}
	r.Head([]api.Column{{Name: "column"}, {Name: "type"}, {Name: "null"}, {Name: "default"}}, rows)
}

// close frees the rows.
func (r *Result) close() {
	if r != nil && r.Rows != nil {
		_ = r.Rows.Close() // only removes a temporary file
	}
}

// outcome is how the statement ended, as the history keeps it.
func (r *Result) outcome() string {
	if r.Err == nil {
		return "ok"
	}
	return string(api.CodeOf(r.Err))
}

// output is a result as a tab shows it: with its grid.
type output struct {
	*Result
	piece   int
	streams bool       // its rows are still arriving
	grid    *grid.Grid // nil without rows
	lower   lower      // what is shown in place of the rows, nil for them
}

func newOutput(piece int, r *Result, keys int) *output {
	o := &output{Result: r, piece: piece}
	if r.Rows != nil {
		o.grid = grid.New(grid.NewResult(r.Columns, r.Rows), keys)
	}
	return o
}
