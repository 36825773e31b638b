package planner

import (
	"shardeck/master/bind"
	"shardeck/master/plan"
	"shardeck/master/tsql"
	"shardeck/shared/api"
	"shardeck/shared/mssqlerr"
	"shardeck/shared/sqltypes"
)

// A subquery that refers to no column around it is run beforehand, and its result is bound as
// constants, which may even select the shards. One that does is nested in the query around it, if
// each shard has all the rows that it needs: those with the shard key of the row around it, or
// those of tables that every shard has whole.

// subquery binds a nested query. The result is nil for a combination of queries, which has no
// columns of the query around it.
func (s *statement) subquery(q tsql.Query) (*statement, error) {
	sel, ok := q.(*tsql.Select)
	if !ok {
		return nil, nil
	}
	child := s.block(s, s.ctes)
	return child, child.bind(sel)
}

// one rejects a subquery of several columns.
func (s *statement) one(q tsql.Query, columns int) error {
	if columns == 1 {
		return nil
	}
	p := s.b.Problem(api.CodeInvalidField, q.Pos(), "the subquery selects %d columns, where one is needed", columns)
	return p.Hinted("select one column; EXISTS takes any number").Numbered(mssqlerr.SubqueryColumns)
}

// Scalar implements bind.Nested.
func (s *statement) Scalar(e *tsql.Subquery) (*plan.Expr, error) {
	child, err := s.subquery(e.Query)
	if err != nil {
		return nil, err
	}
	if child == nil || !child.b.Correlated {
		return s.scalarStep(e)
	}
	if err := s.one(e.Query, len(child.outputs)); err != nil {
		return nil, err
	}
	q, err := child.correlated(e.At)
	if err != nil {
		return nil, err
	}
	x := child.outputs[0].Expr
	return &plan.Expr{Op: plan.SubqueryExpr, Type: x.Type, Binary: x.Binary, Query: q}, nil
}

func (s *statement) scalarStep(e *tsql.Subquery) (*plan.Expr, error) {
	two := int64(2) // rows: the second is an error
	r, err := s.run(e.Query, s.ctes, &two)
	if err != nil {
		return nil, err
	}
	if err := s.one(e.Query, len(r.columns)); err != nil {
		return nil, err
	}
	c := r.columns[0]
	switch {
	case r.skipped:
		return &plan.Expr{Op: plan.StepExpr, Type: c.Type, Binary: c.Binary, Field: r.number}, nil
	case len(r.rows) > 1:
		return nil, s.b.ValueError(sqltypes.SeveralRows(), e.At)
	case len(r.rows) == 0:
		return &plan.Expr{Op: plan.ValueExpr, Type: c.Type, Binary: c.Binary}, nil
	}
	return &plan.Expr{Op: plan.ValueExpr, Type: c.Type, Binary: c.Binary, Value: r.rows[0][0]}, nil
}

// Exists implements bind.Nested.
func (s *statement) Exists(e *tsql.Exists, not bool) (*plan.Expr, error) {
	child, err := s.subquery(e.Query)
	if err != nil {
		return nil, err
	}
	if child != nil && child.b.Correlated {
		q, err := child.correlated(e.At)
		if err != nil {
			return nil, err
		}
		return &plan.Expr{Op: plan.ExistsExpr, Query: q, Negated: not}, nil
	}
	one := int64(1)
	r, err := s.run(e.Query, s.ctes, &one)
	switch {
	case err != nil:
		return nil, err
	case r.skipped:
		op := plan.NeExpr
		if not {
			op = plan.EqExpr
		}
		step := &plan.Expr{Op: plan.StepExpr, Type: sqltypes.IntType, Field: r.number}
		return plan.Comparison(op, step, &plan.Expr{Op: plan.ValueExpr, Type: sqltypes.IntType, Value: sqltypes.Int64(0)}), nil
	case len(r.rows) > 0 != not:
		return plan.True, nil
	}
	return plan.False, nil
}

// In implements bind.Nested.
func (s *statement) In(b *bind.Binder, x *plan.Expr, e *tsql.In, not bool) (*plan.Expr, error) {
	child, err := s.subquery(e.Query)
	if err != nil {
		return nil, err
	}
	if child != nil {
		if err := s.one(e.Query, len(child.outputs)); err != nil {
			return nil, err
		}
		y := child.outputs[0].Expr
		var q *plan.Query
		switch {
		case s.together(child, x, y) && (child.b.Correlated || !s.b.Aggregated):
			q, err = child.nest()
		case child.b.Correlated:
			q, err = child.correlated(e.At)
		}
		if err != nil {
			return nil, err
		}
		if q != nil {
			return inSet(b, x, y, q, e.At, not)
		}
	}
	r, err := s.run(e.Query, s.ctes, nil)
	if err != nil {
		return nil, err
	}
	if err := s.one(e.Query, len(r.columns)); err != nil {
		return nil, err
	}
	c := r.columns[0]
	if r.skipped {
		if _, _, err := b.SameClass(x, &plan.Expr{Op: plan.StepExpr, Type: c.Type}, e.At); err != nil {
			return nil, err
		}
		return &plan.Expr{Op: plan.InSetExpr, Args: []*plan.Expr{x}, Field: r.number, Negated: not, Binary: x.Binary || c.Binary}, nil
	}
	values := make([]*plan.Expr, len(r.rows))
	for i, row := range r.rows {
		values[i] = &plan.Expr{Op: plan.ValueExpr, Type: c.Type, Binary: c.Binary, Value: row[0]}
	}
	return b.InValues(x, values, not, e.At)
}

// together reports whether each shard can decide alone if x is among the values y of the child: all
// rows of the child with the value x are on the same shard as x, because both are shard keys, or
// every shard has all of its rows.
func (s *statement) together(child *statement, x, y *plan.Expr) bool {
	if !child.isLocal() || len(child.sources) == 0 || s.readsNothing() {
		return false
	}
	if !child.spread() {
		return true
	}
	isKey := s.b.Scope.IsKey(x) || s.b.Scope.IsKeyAround(x)
	return isKey && child.separates(y) && hashEqually(x, y)
}

// readsNothing reports whether no table is in scope, so that the master computes the expressions.
func (s *statement) readsNothing() bool {
	return s.outer == nil && (s.b.Scope == nil || len(s.b.Scope.Tables) == 0)
}

// inSet returns x [NOT] IN (q), where q selects y. The two are compared in their common type.
func inSet(b *bind.Binder, x, y *plan.Expr, q *plan.Query, at int, not bool) (*plan.Expr, error) {
	selected := &q.Output[0]
	l, r, err := b.SameClass(x, selected.Expr, at)
	if err != nil {
		return nil, err
	}
	selected.Expr = r
	return &plan.Expr{Op: plan.InSetExpr, Args: []*plan.Expr{l}, Query: q, Negated: not, Binary: x.Binary || y.Binary}, nil
}

// correlated returns a query that refers to columns of the one around it, to be nested there.
func (s *statement) correlated(at int) (*plan.Query, error) {
	if !s.answersAlone() {
		p := s.b.Problem(api.CodeUnsupported, at, "this subquery needs, for one row of the query around it, rows that may be on other shards")
		t := s.b.Scope.Tables[0]
		if t.Key < 0 {
			return nil, p.Hinted("join the table by its shard key, or create it as one that is replicated: WITH (DISTRIBUTION = REPLICATE)")
		}
		return nil, p.Hinted("require equal shard keys in its WHERE, as in %s.%s = outer.key, or make it independent of the query around it", s.b.Scope.Sources[0].Name, t.KeyName())
	}
	q, err := s.nest()
	if err == nil && q == nil {
		err = s.b.Problem(api.CodeUnsupported, at, "this subquery refers to the query around it, and has WITH TIES or an aggregate that only the master computes").
			Hinted("write it without, or make it independent of the query around it")
	}
	return q, err
}

// answersAlone reports whether a shard has all rows that the query needs for a row around it.
func (s *statement) answersAlone() bool {
	if !s.spread() || isNever(s.filter.where) {
		return true
	}
	if s.filter.where == nil {
		return false
	}
	sc := s.b.Scope
	for _, term := range conjuncts(s.filter.where) {
		if term.Op != plan.EqExpr {
			continue
		}
		l, r := unconverted(term.Args[0]), unconverted(term.Args[1])
		if sc.IsKey(r) {
			l, r = r, l
		}
		if sc.IsKey(l) && sc.IsKeyAround(r) && hashEqually(l, r) {
			return true
		}
	}
	return false
}

// nest returns the query as one that a shard computes whole within another. It returns nil if the
// query needs the master.
func (s *statement) nest() (*plan.Query, error) {
	if s.ties || s.hasWindows() && !s.pushesWindows() {
		return nil, nil
	}
	q := &plan.Query{Where: s.filter.where, From: s.planSources(), Limit: s.limit, Offset: s.offset, Distinct: s.selects.Distinct}
	if s.isGrouped() {
		return s.nestGroups(q)
	}
	if q.Distinct {
		if err := s.checkDistinct(); err != nil {
			return nil, err
		}
	}
	for i := range s.outputs {
		q.Output = append(q.Output, s.outputs[i].Output)
	}
	for _, o := range s.order {
		q.OrderBy = append(q.OrderBy, plan.SortKey{Expr: o.x, Desc: o.desc})
	}
	return q, nil
}

// nestGroups returns the query as two: q computes the groups, and the one around it what is selected
// of them.
func (s *statement) nestGroups(q *plan.Query) (*plan.Query, error) {
	number := s.numbers
	s.numbers++
	g := &grouper{b: &s.b, keys: s.keys, whole: true}
	outer := &plan.Query{Limit: q.Limit, Offset: q.Offset, Distinct: q.Distinct}
	q.Limit, q.Offset, q.Distinct = nil, 0, false
	var lifted []*plan.Expr
	lift := func(x *plan.Expr, number int, uses []bind.Use) error {
		x, err := g.lift(x, number, uses)
		lifted = append(lifted, x)
		return err
	}
	for i := range s.outputs {
		if err := lift(s.outputs[i].Expr, mssqlerr.SelectNotGrouped, s.outputs[i].uses); err != nil {
			return nil, err
		}
	}
	for _, o := range s.order {
		if err := lift(o.x, mssqlerr.OrderByNotGrouped, o.uses); err != nil {
			return nil, err
		}
	}
	if s.having != nil {
		if err := lift(s.having, mssqlerr.HavingNotGrouped, s.havingUses); err != nil {
			return nil, err
		}
	}
	if outer.Distinct {
		if err := s.checkDistinct(); err != nil {
			return nil, err
		}
	}
	if len(g.keys)+len(g.found) == 0 {
		if err := lift(&plan.Expr{Op: plan.CountExpr, Type: sqltypes.BigIntType}, mssqlerr.SelectNotGrouped, nil); err != nil {
			return nil, err
		}
	}
	fields := make([]*plan.Expr, 0, len(g.keys)+len(g.found))
	for i, k := range g.keys {
		q.GroupBy = append(q.GroupBy, k)
		q.Output = append(q.Output, plan.Output{Name: outputName("key", i), Expr: k})
		fields = append(fields, derivedColumn(number, i, k))
	}
	for i, a := range g.partials {
		q.Output = append(q.Output, plan.Output{Name: outputName("partial", i), Expr: a})
	}
	for _, f := range g.found {
		if f.in != inPartials {
			return nil, nil // DISTINCT, but for COUNT
		}
		x := derivedColumn(number, len(g.keys)+f.Column, g.partials[f.Column])
		if x.Type != f.Result {
			x = &plan.Expr{Op: plan.ConvertExpr, Type: f.Result, Args: []*plan.Expr{x}, Binary: x.Binary}
		}
		fields = append(fields, x)
	}
	outer.From = []plan.Source{{Number: number, Query: q}}
	for i := range s.outputs {
		outer.Output = append(outer.Output, plan.Output{Name: s.outputs[i].Name, Expr: withFields(lifted[i], fields)})
	}
	for i, o := range s.order {
		outer.OrderBy = append(outer.OrderBy, plan.SortKey{Expr: withFields(lifted[len(s.outputs)+i], fields), Desc: o.desc})
	}
	if s.having != nil {
		outer.Where = withFields(lifted[len(s.outputs)+len(s.order)], fields)
	}
	return outer, nil
}

// derivedColumn is column i of the nested query with that number, which selects x.
func derivedColumn(number, i int, x *plan.Expr) *plan.Expr {
	return &plan.Expr{Op: plan.ColumnExpr, Type: x.Type, Source: number, Column: plan.DerivedName(i), Binary: x.Binary && x.Type.Kind.IsString(), Derived: true}
}

// withFields returns e with the fields of a group replaced.
func withFields(e *plan.Expr, fields []*plan.Expr) *plan.Expr {
	if e.Op == plan.FieldExpr {
		return fields[e.Field]
	}
	if len(e.Args) == 0 {
		return e
	}
	c := *e
	c.Args = make([]*plan.Expr, len(e.Args))
	for i, a := range e.Args {
		c.Args[i] = withFields(a, fields)
	}
	return &c
}

// constant plans a query without FROM. The master computes its one row.
func (s *statement) constant() error {
	p := s.plan
	p.Final = &plan.Final{Having: s.filter.where}
	for i := range s.outputs {
		p.Final.Output = append(p.Final.Output, s.outputs[i].Expr)
	}
	p.Limit, p.Offset = s.limit, s.offset
	return nil
}

// oneRow gives a query without FROM that aggregates the row that it has to read.
func (s *statement) oneRow() {
	r := copyRoute(bind.NewDerived(s.db, "", nil, true), s.m)
	r.Why = "no table is read: any shard can compute the answer"
	s.plan.Route, s.plan.Fragments = r, fragments(&r)
	row := &plan.Rows{Types: []sqltypes.Type{sqltypes.IntType}, Values: [][]sqltypes.Value{{sqltypes.Int64(1)}}}
	s.plan.Query.From = []plan.Source{{Number: s.numbers, Rows: row}}
	s.numbers++
}
