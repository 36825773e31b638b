package planner

import (
	"shardeck/master/bind"
	"shardeck/master/plan"
	"shardeck/master/tsql"
	"shardeck/shared/api"
	"shardeck/shared/mssqlerr"
	"shardeck/shared/sqltypes"
)

// orderItem is one bound item of ORDER BY.
type orderItem struct {
	x    *plan.Expr
	desc bool
	at   int
	uses []bind.Use
}

// orderBy binds ORDER BY. Items without effect, such as constants of the select list,
// are omitted.
func (s *statement) orderBy(items []tsql.OrderItem) error {
	for i := range items {
		it := &items[i]
		from := len(s.b.Uses)
		x, err := s.orderValue(it.X)
		if err != nil {
			return err
		}
		if x.IsConst() {
			continue
		}
		at := it.X.Pos()
		duplicate := ordered(s.order, x)
		if _, named := it.X.(*tsql.Column); duplicate && named {
			return s.b.Problem(api.CodeInvalidField, at, "%s is listed twice in ORDER BY", x).Hinted("list each column once").Numbered(mssqlerr.OrderByDuplicate)
		}
		if duplicate {
			continue // T-SQL allows a duplicate that is spelled differently; it has no effect
		}
		s.order = append(s.order, orderItem{x, it.Desc, at, s.b.Uses[from:]})
	}
	return nil
}

// orderValue binds an item: a position in the select list, the name of an output, or an
// expression over the tables' columns, in T-SQL's order of precedence.
func (s *statement) orderValue(e tsql.Expr) (*plan.Expr, error) {
	switch e := e.(type) {
	case *tsql.Literal:
		if e.Kind != tsql.IntLiteral {
			break
		}
		x, err := s.b.Literal(e)
		if err != nil {
			return nil, err
		}
		if n := x.Value.Int; x.Type.Kind == sqltypes.Int && n >= 1 && n <= int64(len(s.outputs)) {
			return s.outputOf(int(n - 1)), nil
		}
		p := s.b.Problem(api.CodeInvalidField, e.At, "ORDER BY %s is out of range: the select list has %d columns", api.Clip(e.Text), len(s.outputs))
		return nil, p.Hinted("write a position from 1, or the name of a column").Numbered(mssqlerr.OrderPosition)
	case *tsql.Column:
		if e.Table == "" {
			if x, err := s.named(e); x != nil || err != nil {
				return x, err
			}
		}
	}
	x, err := s.b.Value(e)
	if err != nil {
		return nil, err
	}
	if x.IsConst() {
		return nil, s.b.Problem(api.CodeUnsupported, e.Pos(), "ORDER BY contains a constant").Hinted("name a column, or its position").Numbered(mssqlerr.OrderByConstant)
	}
	return x, nil
}

// outputOf returns an output's expression, and records the columns used in it.
func (s *statement) outputOf(i int) *plan.Expr {
	s.b.Uses = append(s.b.Uses, s.outputs[i].uses...)
	return s.outputs[i].Expr
}

// named returns the output of that name, or nil.
func (s *statement) named(e *tsql.Column) (*plan.Expr, error) {
	found := -1
	for i := range s.outputs {
		if !api.SameName(s.outputs[i].Name, e.Name) {
			continue
		}
		if found >= 0 && !plan.Equal(s.outputs[found].Expr, s.outputs[i].Expr) {
			p := s.b.Problem(api.CodeAmbiguousColumn, e.At, "%s is ambiguous in ORDER BY: several columns of the answer have that name", api.Clip(e.Name))
			return nil, p.Hinted("give them different aliases, or write their position").Numbered(mssqlerr.AmbiguousColumn)
		}
		if found < 0 {
			found = i
		}
	}
	if found < 0 {
		return nil, nil
	}
	return s.outputOf(found), nil
}

// plain plans a SELECT without groups: every row of the answer is a row of some shard.
func (s *statement) plain(distinct bool) error {
	p := s.plan
	p.Query.Output = make([]plan.Output, len(s.outputs))
	for i := range s.outputs {
		p.Query.Output[i] = s.outputs[i].Output
	}
	several := len(p.Fragments) > 1
	p.TieKeys = s.tieKeys()
	if distinct {
		if err := s.checkDistinct(); err != nil {
			return err
		}
		s.orderAll()
		p.Query.Distinct, p.Distinct = true, several
	}
	for _, o := range s.order {
		p.Query.OrderBy = append(p.Query.OrderBy, plan.SortKey{Expr: o.x, Desc: o.desc})
		if several || s.ties {
			mergeBy(p, o.x, o.desc)
		}
	}
	if distinct && len(p.Merge) == 0 && several { // only constants: one row
		p.Merge = []plan.MergeKey{mergeKey(0, s.outputs[0].Expr, false)}
	}
	if s.ties {
		p.Limit, p.Ties = s.limit, true
		return nil
	}
	window(p, s.limit, &s.offset)
	return nil
}

// checkDistinct rejects ORDER BY items that are not selected, as T-SQL does with DISTINCT.
func (s *statement) checkDistinct() error {
	for _, o := range s.order {
		if s.outputIndex(o.x) < 0 {
			p := s.b.Problem(api.CodeUnsupported, o.at, "with DISTINCT, ORDER BY items must be in the select list")
			return p.Hinted("add it to the select list").Numbered(mssqlerr.OrderByDistinct)
		}
	}
	return nil
}

// orderAll appends the remaining outputs to the order, so that duplicates are adjacent.
func (s *statement) orderAll() {
	for i := range s.outputs {
		o := &s.outputs[i]
		if !o.Expr.IsConst() && !ordered(s.order, o.Expr) {
			s.order = append(s.order, orderItem{x: o.Expr, at: o.at})
		}
	}
}

// tieKeys is the number of keys of the statement's own ORDER BY that decide ties.
func (s *statement) tieKeys() int {
	if s.ties {
		return len(s.order)
	}
	return 0
}

func (s *statement) outputIndex(x *plan.Expr) int {
	for i := range s.outputs {
		if plan.Equal(s.outputs[i].Expr, x) {
			return i
		}
	}
	return -1
}

func ordered(items []orderItem, x *plan.Expr) bool {
	for i := range items {
		if plan.Equal(items[i].x, x) {
			return true
		}
	}
	return false
}

// grouped plans a SELECT with groups: the workers compute partial results, the master
// the answer.
func (s *statement) grouped(distinct bool) error {
	p := s.plan
	desc, keysOrder := s.arrangeKeys()
	g := &grouper{b: &s.b, keys: s.keys}
	p.Final = &plan.Final{Keys: len(s.keys), Output: make([]*plan.Expr, len(s.outputs))}
	var err error
	for i := range s.outputs {
		o := &s.outputs[i]
		if p.Final.Output[i], err = g.lift(o.Expr, mssqlerr.SelectNotGrouped, o.uses); err != nil {
			return err
		}
	}
	if s.having != nil {
		if p.Final.Having, err = g.lift(s.having, mssqlerr.HavingNotGrouped, s.havingUses); err != nil {
			return err
		}
		if p.Final.Having.Op == plan.TrueExpr {
			p.Final.Having = nil
		}
	}
	sort := make([]plan.FinalKey, 0, len(s.order))
	for _, o := range s.order {
		x, err := g.lift(o.x, mssqlerr.OrderByNotGrouped, o.uses)
		if err != nil {
			return err
		}
		sort = append(sort, plan.FinalKey{Expr: x, Desc: o.desc})
	}
	g.finish(p, desc)
	p.Limit, p.Offset, p.Ties = s.limit, s.offset, s.ties
	p.TieKeys = s.tieKeys()
	if distinct {
		if err := s.checkDistinct(); err != nil {
			return err
		}
	}
	if distinct && !outputsAllKeys(p.Final) {
		p.Final.Distinct = true
		p.Final.Sort = distinctSort(sort, p.Final.Output)
		return nil
	}
	switch {
	case len(s.keys) == 0: // one row
	case !keysOrder:
		p.Final.Sort = sort
	case p.Final.Having == nil && len(g.distinct) == 0 && !s.ties:
		p.Query.Limit = firstRows(s.limit, s.offset)
	}
	if keysOrder {
		p.TieKeys = min(p.TieKeys, len(s.keys))
	}
	return nil
}

// arrangeKeys reorders the group keys to match ORDER BY, if that orders by keys, and
// reports whether it does, so that the merge already yields the order of the answer.
// Items after all the keys have no effect, because no two groups have equal keys.
func (s *statement) arrangeKeys() (desc []bool, keysOrder bool) {
	desc = make([]bool, len(s.keys))
	var keys []*plan.Expr
	for _, o := range s.order {
		i := indexOf(s.keys, o.x)
		if i < 0 && len(keys) < len(s.keys) {
			return make([]bool, len(s.keys)), false
		}
		if i < 0 {
			break
		}
		desc[len(keys)] = o.desc
		keys = append(keys, s.keys[i])
	}
	for _, k := range s.keys {
		if indexOf(keys, k) < 0 {
			keys = append(keys, k)
		}
	}
	s.keys = keys
	return desc, true
}

// outputsAllKeys reports whether every group key is in the answer, so that no two of
// its rows are equal.
func outputsAllKeys(f *plan.Final) bool {
	for k := range f.Keys {
		found := false
		for _, o := range f.Output {
			found = found || o.Op == plan.FieldExpr && o.Field == k
		}
		if !found {
			return false
		}
	}
	return true
}

// distinctSort extends sort to an order in which equal rows are adjacent.
func distinctSort(sort []plan.FinalKey, output []*plan.Expr) []plan.FinalKey {
next:
	for _, o := range output {
		if o.IsConst() {
			continue
		}
		for _, k := range sort {
			if plan.Equal(k.Expr, o) {
				continue next
			}
		}
		sort = append(sort, plan.FinalKey{Expr: o})
	}
	if len(sort) == 0 { // only constants: one row
		sort = append(sort, plan.FinalKey{Expr: output[0]})
	}
	return sort
}
