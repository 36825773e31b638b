package planner

import (
	"slices"
	"strconv"

	"shardeck/master/bind"
	"shardeck/master/plan"
	"shardeck/master/tsql"
	"shardeck/shared/api"
	"shardeck/shared/mssqlerr"
	"shardeck/shared/sqltypes"
)

// A combination of queries by set operators is one query for each shard: the rows of all of them
// by UNION ALL. Without other operators that is the answer. Otherwise each row says which of the
// queries it is from, the shards sort, and the master decides for each group of equal rows in the
// merged order whether one belongs to the answer: it holds one row at a time, however many there
// are. A query whose rows no shard can compute alone, such as one with groups or TOP, is run
// beforehand. See [plan.Set].

// combination is what set operators combine.
type combination struct {
	leaves []*leaf
	set    *plan.Set // nil for UNION ALL alone
}

// leaf is one of the queries.
type leaf struct {
	query tsql.Query
	plan.Leaf
	keys    keySet // of its rows, unless every shard computes them
	columns []bind.DerivedColumn
}

// combine plans queries combined by set operators. Names are those of the first one.
func (s *statement) combine(q *tsql.SetQuery) error {
	c := &combination{}
	if q.Op == tsql.UnionAll {
		c.chain(q)
	} else {
		c.set = c.tree(q)
	}
	for _, l := range c.leaves {
		if err := s.bindLeaf(l, c.set != nil); err != nil {
			return err
		}
		if n, want := len(l.columns), len(c.leaves[0].columns); n != want {
			p := s.b.Problem(api.CodeInvalidField, l.query.Pos(), "the queries of %s have different numbers of columns: %d and %d", q.Op, want, n)
			return p.Hinted("select as many columns in each").Numbered(mssqlerr.SetOperands)
		}
	}
	number := s.numbers
	s.numbers++
	columns, err := s.commonColumns(c)
	if err != nil {
		return err
	}
	union := c.union()
	once := !slices.ContainsFunc(union, func(l plan.Leaf) bool { return !l.Once })
	t := bind.NewDerived(s.db, "the result of "+q.Op.String(), columns, once)
	s.b.Scope = &bind.Scope{First: number}
	s.b.Scope.Add(t, t.Name, false)
	s.sources = []source{{Source: plan.Source{Number: number, Union: union}, ref: &tsql.TableRef{}, keys: keySet{all: true}, required: true}}
	for i, x := range s.b.Scope.Sources[0].Columns {
		o := &c.leaves[0].columns[i]
		name := o.Name
		if name == "" {
			name = "column" + strconv.Itoa(i+1)
		}
		s.outputs = append(s.outputs, output{Output: plan.Output{Name: name, Expr: x}, at: q.At, unnamed: o.Name == ""})
		s.header = append(s.header, api.Column{Name: name, Type: x.Type.String()})
	}
	s.selects = &tsql.Select{At: q.Pos(), Ordering: q.Ordering}
	s.filter = filter{keys: c.keys()}
	s.filter.route = s.routeOf(s.filter.keys, false)
	if err := s.orderCombined(q.OrderBy); err != nil {
		return err
	}
	s.set = c.set
	return s.window(s.selects)
}

// chain collects the queries of a chain of UNION ALL. Other operators within it yield sets of their
// own, which are run beforehand.
func (c *combination) chain(q tsql.Query) {
	if set, ok := q.(*tsql.SetQuery); ok && set.Op == tsql.UnionAll {
		c.chain(set.L)
		c.chain(set.R)
		return
	}
	c.leaves = append(c.leaves, &leaf{query: q})
}

// tree collects the queries of a tree of operators. Within one that removes duplicates, UNION ALL is
// UNION.
func (c *combination) tree(q tsql.Query) *plan.Set {
	if set, ok := q.(*tsql.SetQuery); ok {
		op := set.Op
		if op == tsql.UnionAll {
			op = tsql.Union
		}
		return &plan.Set{Op: op.String(), L: c.tree(set.L), R: c.tree(set.R)}
	}
	c.leaves = append(c.leaves, &leaf{query: q})
	return &plan.Set{Leaf: len(c.leaves) - 1}
}

// bindLeaf makes a query one of each shard's, or gets its rows if it has to be run beforehand. In a set
// its DISTINCT has no effect.
func (s *statement) bindLeaf(l *leaf, set bool) error {
	if sel, ok := l.query.(*tsql.Select); ok {
		if set && sel.Distinct && sel.Top == nil {
			all := *sel
			all.Distinct = false
			sel = &all
		}
		child := s.block(nil, s.ctes)
		if err := child.bind(sel); err != nil {
			return err
		}
		if child.isLocal() {
			q, err := child.nest()
			if err != nil {
				return err
			}
			if q != nil {
				l.Query, l.Once, l.keys, l.columns = q, !child.spread(), child.filter.keys, child.columns()
				return nil
			}
		}
	}
	r, err := s.run(l.query, s.ctes, nil)
	if err != nil {
		return err
	}
	rows := &plan.Rows{Values: r.rows, Step: r.number}
	l.Query = &plan.Query{From: []plan.Source{{Number: s.numbers, Rows: rows}}}
	l.Once, l.columns = true, r.columns
	for i, c := range r.columns {
		rows.Types = append(rows.Types, c.Type)
		x := derivedColumn(s.numbers, i, &plan.Expr{Type: c.Type, Binary: c.Binary})
		l.Query.Output = append(l.Query.Output, plan.Output{Name: plan.DerivedName(i), Expr: x})
	}
	s.numbers++
	return nil
}

// commonColumns converts the columns of all queries to common types.
func (s *statement) commonColumns(c *combination) ([]bind.DerivedColumn, error) {
	columns := make([]bind.DerivedColumn, len(c.leaves[0].columns))
	for i := range columns {
		col := &columns[i]
		col.Name, col.Key = c.leaves[0].columns[i].Name, true
		if col.Name == "" {
			col.Name = plan.DerivedName(i)
		}
		values := make([]*plan.Expr, len(c.leaves))
		at := make([]int, len(c.leaves))
		for k, l := range c.leaves {
			values[k], at[k] = l.Query.Output[i].Expr, l.query.Pos()
			col.Binary = col.Binary || values[k].Binary
			col.Nullable = col.Nullable || l.columns[i].Nullable
		}
		same, t, err := s.b.SameType(values, at)
		if err != nil {
			return nil, err
		}
		col.Type, col.Binary = t, col.Binary && t.Kind.IsString()
		for k, l := range c.leaves {
			col.Key = col.Key && l.columns[i].Key && values[k].Type == t
			l.Query.Output[i].Expr = bind.Retyped(same[k], t, col.Binary)
		}
	}
	return columns, nil
}

// union returns the queries as a plan has them. In a set each row has the number of its query.
func (c *combination) union() []plan.Leaf {
	all := make([]plan.Leaf, len(c.leaves))
	for n, l := range c.leaves {
		if c.set != nil {
			tag := &plan.Expr{Op: plan.ValueExpr, Type: sqltypes.IntType, Value: sqltypes.Int64(int64(n))}
			l.Query.Output = append(l.Query.Output, plan.Output{Name: api.ReservedPrefix + "leaf", Expr: tag})
		}
		all[n] = l.Leaf
	}
	return all
}

// keys are the shard keys that the rows of any of the queries have.
func (c *combination) keys() keySet {
	var keys []string
	for _, l := range c.leaves {
		switch {
		case l.Once:
		case l.keys.all:
			return keySet{all: true}
		default:
			keys = append(keys, l.keys.keys...)
		}
	}
	if len(keys) == 0 {
		return keySet{all: true}
	}
	return newKeySet(keys)
}

// orderCombined binds the ORDER BY of a combination: positions and names of its columns.
func (s *statement) orderCombined(items []tsql.OrderItem) error {
	for i := range items {
		switch e := items[i].X.(type) {
		case *tsql.Literal:
			continue
		case *tsql.Column:
			x, err := s.named(e)
			if err != nil {
				return err
			}
			if x != nil {
				continue
			}
		}
		p := s.b.Problem(api.CodeUnsupported, items[i].X.Pos(), "ORDER BY after a set operator names a column of its result, and nothing else")
		return p.Hinted("write the name or the position of a column of the first SELECT").Numbered(mssqlerr.OrderBySet)
	}
	return s.orderBy(items)
}

// chooseSet completes the plan of a combination that is not UNION ALL: the rows of the shards are
// sorted by all columns and by the number of the query.
func (s *statement) chooseSet() error {
	p := s.plan
	for i := range s.outputs {
		p.Query.Output = append(p.Query.Output, s.outputs[i].Output)
	}
	s.orderAll()
	for _, o := range s.order {
		p.Query.OrderBy = append(p.Query.OrderBy, plan.SortKey{Expr: o.x, Desc: o.desc})
		mergeBy(p, o.x, o.desc)
	}
	number := s.sources[0].Number
	tag := &plan.Expr{Op: plan.ColumnExpr, Type: sqltypes.IntType, Source: number, Column: plan.DerivedName(len(s.outputs)), Derived: true}
	p.Query.OrderBy = append(p.Query.OrderBy, plan.SortKey{Expr: tag})
	mergeBy(p, tag, false)
	p.Set, p.Limit, p.Offset = s.set, s.limit, s.offset
	return nil
}
