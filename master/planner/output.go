package planner

import (
	"slices"

	"shardeck/master/bind"
	"shardeck/master/plan"
	"shardeck/master/tsql"
	"shardeck/shared/api"
)

// The master computes the OUTPUT of an INSERT from the rows that it sends: they have the columns' types
// and their defaults, and the shards store them as they are. So the clause may be used however many
// shards the rows go to.

// output binds the OUTPUT of an INSERT into t: the values of the answer's columns over the fields of
// an inserted row, and the columns. It returns nil for an empty list.
func (s *statement) output(t *bind.Table, items []tsql.SelectItem) ([]*plan.Expr, []api.Column, error) {
	if len(items) == 0 {
		return nil, nil, nil
	}
	q := s.block(nil, nil)
	q.b.Nested, q.b.Clause = nil, "OUTPUT"
	q.b.Scope = bind.NewScope(t, "inserted")
	q.b.Scope.Qualified = true
	if err := q.list(items); err != nil {
		return nil, nil, err
	}
	values := make([]*plan.Expr, len(q.outputs))
	for i := range q.outputs {
		values[i] = inserted(t, q.outputs[i].Expr)
	}
	return values, q.header, nil
}

// inserted returns e with the columns of t replaced by the fields of an inserted row.
func inserted(t *bind.Table, e *plan.Expr) *plan.Expr {
	if e.Op == plan.ColumnExpr {
		i := slices.IndexFunc(t.Columns, func(c bind.TableColumn) bool { return c.Expr.Column == e.Column })
		return &plan.Expr{Op: plan.FieldExpr, Type: e.Type, Field: i, Binary: e.Binary}
	}
	if len(e.Args) == 0 {
		return e
	}
	c := *e
	c.Args = make([]*plan.Expr, len(e.Args))
	for i, a := range e.Args {
		c.Args[i] = inserted(t, a)
	}
	return &c
}
