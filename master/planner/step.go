package planner

import (
	"shardeck/master/bind"
	"shardeck/master/plan"
	"shardeck/master/tsql"
	"shardeck/shared/sqltypes"
)

// Step is a query nested in a statement that has to be run before the statement can be planned.
type Step struct {
	// Number counts the steps of the statement from 1, in the order in which they are run.
	Number int
	Plan   *plan.Plan

	query   tsql.Query
	columns []bind.DerivedColumn
}

// Error makes a step end the attempt at planning that met it. [Statement] returns it as a result.
func (s *Step) Error() string { return "a part of the statement has to be run first" }

// Types returns the types of the columns of the step's rows.
func (s *Step) Types() []sqltypes.Type {
	types := make([]sqltypes.Type, len(s.columns))
	for i, c := range s.columns {
		types[i] = c.Type
	}
	return types
}

// Results are what the steps of one statement returned. The zero Results are those of no steps.
type Results struct{ of map[tsql.Query]*result }

// result is what a step returned.
type result struct {
	number  int
	columns []bind.DerivedColumn
	rows    [][]sqltypes.Value
	// skipped means that the statement is only explained, so that the rows are not known.
	skipped bool
}

// Set adds the rows of a step. They must have the types of the step's columns, and must not change.
func (r *Results) Set(s *Step, rows [][]sqltypes.Value) {
	r.add(s, &result{number: s.Number, columns: s.columns, rows: rows})
}

// Skip plans the rest of the statement without the rows of a step, to explain it.
func (r *Results) Skip(s *Step) {
	r.add(s, &result{number: s.Number, columns: s.columns, skipped: true})
}

func (r *Results) add(s *Step, res *result) {
	if r.of == nil {
		r.of = map[tsql.Query]*result{}
	}
	r.of[s.query] = res
}

// run returns the rows of a query that is run beforehand, or fails with the [Step] that does so. At
// most that many of its rows are needed; nil means all.
func (s *statement) run(q tsql.Query, ctes []tsql.CommonTable, most *int64) (*result, error) {
	number := 1
	if s.o.Results != nil {
		if r := s.o.Results.of[q]; r != nil {
			return r, nil
		}
		number += len(s.o.Results.of)
	}
	child := s.block(nil, ctes)
	child.most = most
	p, err := child.query(q)
	if err != nil {
		return nil, err
	}
	return nil, &Step{Number: number, Plan: p, query: q, columns: child.columns()}
}

// columns describes the columns of a query that has been bound, as those of a derived table.
func (s *statement) columns() []bind.DerivedColumn {
	columns := make([]bind.DerivedColumn, len(s.outputs))
	for i := range s.outputs {
		o := &s.outputs[i]
		c := bind.DerivedColumn{Type: o.Expr.Type, Binary: o.Expr.Binary, Nullable: !o.Expr.IsConst() || o.Expr.IsNull()}
		if !o.unnamed {
			c.Name = o.Name
		}
		if s.b.Scope.Owns(o.Expr) {
			c.Nullable, c.Key = s.b.Scope.Nullable(o.Expr), s.b.Scope.IsKey(o.Expr)
		}
		columns[i] = c
	}
	return columns
}
