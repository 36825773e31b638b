package screen

import (
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"shardeck/shared/api"
	"shardeck/tui/answer"
	"shardeck/tui/widget"
)

// The bounds of a result in the console.
const (
	// ResultRows is the maximum number of rows requested.
	ResultRows = 1000
	// ResultBytes bounds the total text of the rows.
	ResultBytes = 16 << 20
	// cellBytes bounds the text of one value.
	cellBytes = 1000
)

// Result is the outcome of a statement. It is immutable once complete.
type Result struct {
	SQL     string
	Columns []ResultColumn
	Rows    [][]answer.Cell // cleaned
	Plan    []answer.Line   // cleaned; if the statement was explained
	Err     error           // rows may have arrived before it

	Affected  *int64 // rows affected by a write
	Done      string // what a statement other than SELECT and row writes did
	Note      string // which master failed before another answered, "" if none did
	Truncated string // why rows are missing, "" if none are
	Route     *api.Route
	Shards    []api.ShardResult
	Partial   []api.Problem
	MS        float64       // time at the master, 0 if unknown
	Took      time.Duration // time as seen by the console

	fault int // byte offset of the error in SQL, -1 for none
}

// ResultColumn is a column of a result.
type ResultColumn struct {
	Name, Type string // cleaned
	Right      bool   // right-aligned: its values are numbers
	width      int    // of its widest cell, including name and type
}

// NewResult returns an empty result.
func NewResult(sql string, took time.Duration) *Result {
	return &Result{SQL: sql, Took: took, fault: -1}
}

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

// End adds the information that follows the last row.
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

// Answer adds the answer to a statement that does not return a stream of rows.
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
