package screen

import (
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"shardeck/shared/api"
	"shardeck/tui/answer"
	"shardeck/tui/widget"
)

// The bounds of a result that the console holds.
const (
	// ResultRows is how many rows are asked for.
	ResultRows = 1000
	// ResultBytes bounds the rows' text.
	ResultBytes = 16 << 20
	// cellBytes bounds what is kept of one value.
	cellBytes = 1000
)

// Result is what became of a statement. It is not changed once made.
type Result struct {
	SQL     string
	Columns []ResultColumn
	Rows    [][]answer.Cell // cleaned
	Plan    []answer.Line   // cleaned; of a statement that was explained
	Err     error           // then there may be rows that came before it

	Affected  *int64 // of a write
	Done      string // of another statement: what it did
	Truncated string // why not all rows are here, "" when they are
	Route     *api.Route
	Shards    []api.ShardResult
	Partial   []api.Problem
	MS        float64       // at the master, 0 when it did not say
	Took      time.Duration // as seen from here

	fault int // the byte of SQL that is at fault, -1 for none
}

// ResultColumn is a column of a result.
type ResultColumn struct {
	Name, Type string // cleaned
	Right      bool   // its values are numbers
	width      int    // of its widest cell, head and type included
}

// NewResult returns a result without an answer yet.
func NewResult(sql string, took time.Duration) *Result {
	return &Result{SQL: sql, Took: took, fault: -1}
}

// Failed adds why there is no answer, or no more of it.
func (r *Result) Failed(err error) *Result {
	r.Err = err
	if p := api.AsProblem(err); p != nil && p.Offset != nil && p.Field == "sql" {
		r.fault = min(max(*p.Offset, 0), len(r.SQL))
	}
	return r
}

// canceled says whether there is no answer because somebody ended the statement.
func (r *Result) canceled() bool { return r.Err != nil && api.CodeOf(r.Err) == api.CodeCanceled }

// Head adds the columns.
func (r *Result) Head(columns []api.Column) *Result {
	for _, c := range columns {
		col := ResultColumn{Name: widget.Clean(answer.Name(c)), Type: widget.Clean(strings.ToLower(c.Type)), Right: answer.Numeric(c)}
		col.width = max(widget.Width(col.Name), widget.Width(col.Type), 1)
		r.Columns = append(r.Columns, col)
	}
	return r
}

// Row adds a row, a JSON array.
func (r *Result) Row(row jsontext.Value) {
	cells := answer.Cells(row, cellBytes)
	for i := range cells {
		cells[i].Text = widget.Clean(cells[i].Text)
		if i < len(r.Columns) {
			r.Columns[i].width = max(r.Columns[i].width, widget.Width(cells[i].Text))
		}
	}
	r.Rows = append(r.Rows, cells)
}

// End adds what is known at the end of the rows.
func (r *Result) End(e *api.EndInfo) *Result {
	r.Route, r.Shards, r.Partial = e.Route, e.Shards, e.Partial
	if e.Query != nil {
		r.MS = e.Query.MS
		if e.Query.Truncated {
			r.Truncated = "there are more"
		}
	}
	return r
}

// Answer adds the answer to a statement that gives no stream of rows.
func (r *Result) Answer(a *api.SQLResponse) *Result {
	r.End(&api.EndInfo{Route: &a.Route, Shards: a.Shards, Partial: a.Partial, Query: a.Query})
	r.Affected = a.RowsAffected
	switch {
	case a.Explain != nil:
		r.explained(a.Explain)
	case a.Definition != nil:
		r.defined(a.Definition)
	case r.Affected == nil:
		r.Done = "done"
	}
	return r
}

// explained takes a plan.
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
	r.Head([]api.Column{{Name: "column"}, {Name: "type"}, {Name: "null"}, {Name: "default"}})
	for _, c := range def.Columns {
		null := "NOT NULL"
		if c.Nullable {
			null = "NULL"
		}
		cells := []answer.Cell{{Text: c.Name}, {Text: c.Type}, {Text: null}, {Text: c.Default}}
		for i := range cells {
			cells[i].Text = widget.Clean(cells[i].Text)
			r.Columns[i].width = max(r.Columns[i].width, widget.Width(cells[i].Text))
		}
		r.Rows = append(r.Rows, cells)
	}
}
