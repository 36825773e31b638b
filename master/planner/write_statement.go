package planner

import (
	"errors"
	"fmt"

	"shardeck/master/bind"
	"shardeck/master/plan"
	"shardeck/master/tsql"
	"shardeck/shared/api"
	"shardeck/shared/mssqlerr"
	"shardeck/shared/sqltypes"
)

// insert plans INSERT with the same code as [Insert].
func (s *statement) insert(st *tsql.Insert) (*plan.Plan, error) {
	t, err := s.written(&st.Table)
	if err != nil {
		return nil, err
	}
	s.b.Scope, s.b.Clause = nil, "VALUES"
	columns, err := s.insertColumns(t, st)
	if err != nil {
		return nil, err
	}
	in := newInserter(t, s.m)
	if in.output, in.header, err = s.output(t, st.Output); err != nil {
		return nil, err
	}
	in.values = make([]sqltypes.Value, len(t.Columns))
	if st.Query != nil {
		return s.insertQuery(in, st, columns)
	}
	for i, row := range st.Rows {
		if len(row) != len(columns) {
			return nil, s.rowLength(st, i, len(columns))
		}
		in.at = st.At
		for j, x := range row {
			if x == nil {
				continue // DEFAULT is the same as omitting the column
			}
			c := columns[j]
			if in.values[c], err = s.assigned(&t.Columns[c], x, i); err != nil {
				return nil, err
			}
			in.given[c] = i + 1
			in.at = x.Pos()
		}
		if p := in.place(i); p != nil {
			return nil, p
		}
	}
	return in.plan(len(st.Rows)), nil
}

// insertQuery plans an INSERT of the rows that a query has returned, which is run beforehand.
func (s *statement) insertQuery(in *inserter, st *tsql.Insert, columns []int) (*plan.Plan, error) {
	r, err := s.run(st.Query, s.ctes, nil)
	if step, ok := errors.AsType[*Step](err); ok && step.query == tsql.Query(st.Query) && len(step.columns) != len(columns) {
		return nil, s.selectLength(st, len(step.columns), len(columns)) // before it is run
	}
	if err != nil {
		return nil, err
	}
	in.at = st.Query.Pos()
	if r.skipped {
		p := in.plan(0)
		if in.t.Replicated {
			return p, nil
		}
		p.Route = api.Route{Kind: api.RouteSubset, Shards: []int{}, Why: fmt.Sprintf("each row that step %d returns is placed by itself, like one of VALUES", r.number)}
		return p, nil
	}
	for i, row := range r.rows {
		for j, c := range columns {
			col := &in.t.Columns[c]
			if in.values[c], err = sqltypes.Convert(row[j], r.columns[j].Type, col.Type); err != nil {
				p := *api.AsProblem(s.b.ValueError(err, in.at))
				p.Row, p.Column = &i, col.Name
				return nil, &p
			}
			in.given[c] = i + 1
		}
		if p := in.place(i); p != nil {
			return nil, p
		}
	}
	p := in.plan(len(r.rows))
	if len(r.rows) == 0 {
		p.Fragments, p.Route = nil, api.Route{Kind: api.RouteNone, Shards: []int{}, Why: "the query returns no rows"}
	}
	return p, nil
}

// selectLength refuses a query that selects n columns for want of the table.
func (s *statement) selectLength(st *tsql.Insert, n, want int) error {
	number := mssqlerr.MoreSelected
	switch {
	case len(st.Columns) == 0:
		number = mssqlerr.ValueCount
	case n < want:
		number = mssqlerr.FewerSelected
	}
	p := s.b.Problem(api.CodeSyntax, st.Query.Pos(), "the query selects %d columns for %d columns of the INSERT", n, want)
	return p.Hinted("select one value for each column").Numbered(number)
}

// insertColumns returns the columns that each row provides values for.
func (s *statement) insertColumns(t *bind.Table, st *tsql.Insert) ([]int, error) {
	if len(st.Columns) == 0 {
		all := make([]int, len(t.Columns))
		for i := range all {
			all[i] = i
		}
		return all, nil
	}
	columns := make([]int, len(st.Columns))
	var seen [maxColumns]bool
	for i := range st.Columns {
		c, err := s.target(t, &st.Columns[i], &seen)
		if err != nil {
			return nil, err
		}
		columns[i] = c
	}
	return columns, nil
}

// target returns the column that is assigned to, and rejects duplicates.
func (s *statement) target(t *bind.Table, name *tsql.Name, seen *[maxColumns]bool) (int, error) {
	c, p := t.Column(bind.StatementField, name.Name)
	if p != nil {
		p = p.Numbered(mssqlerr.UnknownColumn)
		p.Offset = &name.At
		return 0, p
	}
	if seen[c] {
		p := s.b.Problem(api.CodeInvalidField, name.At, "column %s is specified twice", t.Columns[c].Name)
		return 0, p.Hinted("name each column once").Numbered(mssqlerr.DuplicateColumn)
	}
	seen[c] = true
	return c, nil
}

func (s *statement) rowLength(st *tsql.Insert, row, want int) error {
	number, at := mssqlerr.MoreValues, st.At
	switch n := len(st.Rows[row]); {
	case len(st.Columns) == 0:
		number = mssqlerr.ValueCount
	case n < want:
		number = mssqlerr.FewerValues
	}
	for _, x := range st.Rows[row] {
		if x != nil {
			at = x.Pos()
			break
		}
	}
	p := s.b.Problem(api.CodeSyntax, at, "the row has %d values for %d columns", len(st.Rows[row]), want)
	p.Row = &row
	return p.Hinted("write one value for each column; DEFAULT counts as a value").Numbered(number)
}

// assigned binds the constant for a column of row i and converts it as an assignment does.
func (s *statement) assigned(col *bind.TableColumn, e tsql.Expr, i int) (sqltypes.Value, error) {
	x, err := s.b.Value(e)
	if err == nil && !x.IsConst() {
		err = s.b.Problem(api.CodeUnsupported, e.Pos(), "VALUES requires constants").Hinted("compute the value before sending it")
	}
	if err == nil {
		var v sqltypes.Value
		if v, err = sqltypes.Convert(x.Value, x.Type, col.Type); err == nil {
			return v, nil
		}
		err = s.b.ValueError(err, e.Pos())
	}
	p := *api.AsProblem(err)
	p.Row, p.Column = &i, col.Name
	return sqltypes.Value{}, &p
}

// update plans UPDATE with the same code as [Update]; values may be computed from the
// row's columns.
func (s *statement) update(st *tsql.Update) (*plan.Plan, error) {
	t, err := s.written(&st.Table)
	if err != nil {
		return nil, err
	}
	f, err := s.writeFilter(t, "UPDATE", st.At, st.Where)
	if err != nil {
		return nil, err
	}
	p := newPlan(t, plan.OpUpdate, f.route)
	p.Copies = t.Replicated
	p.Write = &plan.Write{Where: f.where}
	s.b.Clause = "SET"
	var seen [maxColumns]bool
	for i := range st.Set {
		a := &st.Set[i]
		c, err := s.target(t, &a.Column, &seen)
		if err != nil {
			return nil, err
		}
		if c == t.Key {
			p := keyImmutable(t).At(bind.StatementField)
			p.Offset = &a.Column.At
			return nil, p
		}
		x := &plan.Expr{Op: plan.ValueExpr, Type: t.Columns[c].Type, Value: t.Columns[c].Default}
		if a.X != nil {
			if x, err = s.b.Value(a.X); err != nil {
				return nil, err
			}
		}
		if err := set(p, t, c, x); err != nil {
			prob := s.b.ValueError(err, a.Column.At)
			if a.X != nil {
				prob = s.b.ValueError(err, a.X.Pos())
			}
			return nil, prob
		}
	}
	return p, nil
}

// delete plans DELETE with the same code as [Delete].
func (s *statement) delete(st *tsql.Delete) (*plan.Plan, error) {
	t, err := s.written(&st.Table)
	if err != nil {
		return nil, err
	}
	f, err := s.writeFilter(t, "DELETE", st.At, st.Where)
	if err != nil {
		return nil, err
	}
	p := newPlan(t, plan.OpDelete, f.route)
	p.Copies = t.Replicated
	p.Write = &plan.Write{Where: f.where}
	return p, nil
}

// truncate plans TRUNCATE TABLE as a DELETE of all rows, which needs no all_shards: the words say so.
func (s *statement) truncate(st *tsql.Truncate) (*plan.Plan, error) {
	t, err := s.written(&st.Table)
	if err != nil {
		return nil, err
	}
	r := scatter(s.m, "a table is truncated on every shard")
	if t.Replicated {
		r = allCopies(t, s.m)
	}
	p := newPlan(t, plan.OpDelete, r)
	p.Copies, p.Write = t.Replicated, &plan.Write{}
	return p, nil
}

// writeFilter is filter for statements that must not touch every shard unless all_shards is set.
func (s *statement) writeFilter(t *bind.Table, verb string, at int, where tsql.Expr) (filter, error) {
	f, err := s.condition(where)
	if err == nil && f.route.Kind == api.RouteCopy {
		f.route = allCopies(t, s.m)
		return f, nil
	}
	if err != nil || s.o.AllShards || f.route.Kind != api.RouteScatter {
		return f, err
	}
	p := s.b.Problem(api.CodeShardKeyRequired, at, "this %s would touch every shard: %s", verb, f.route.Why)
	if t.Key < 0 {
		return f, p.Hinted("send all_shards: true if that is intended")
	}
	return f, p.Hinted("add a condition with %s = ... or %s IN (...), or send all_shards: true if that is intended", t.KeyName(), t.KeyName())
}
