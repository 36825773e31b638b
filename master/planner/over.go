package planner

import (
	"slices"

	"shardeck/master/plan"
	"shardeck/shared/api"
	"shardeck/shared/sqlfunc"
	"shardeck/shared/sqltypes"
)

// Window functions are computed by the shards, as part of each one's query, if no partition is spread
// over several and the engines have the function. Otherwise the master computes them: the query
// below yields, for each row, what the windows and the select list need, in the order of the
// partitions where all windows have the same, and plan.Over is the rest. That holds the rows of one
// partition, or of all where the windows differ, within a bound.

// hasWindows reports whether the query has window functions.
func (s *statement) hasWindows() bool { return s.b.Windows > 0 }

// pushesWindows reports whether the shards compute all window functions of the query.
func (s *statement) pushesWindows() bool {
	if s.isGrouped() {
		return false
	}
	spread := s.spread()
	ok := true
	s.eachWindow(func(w *plan.Expr) {
		ok = ok && (!spread || slices.ContainsFunc(w.Window.PartitionBy, s.separates)) && native(w)
	})
	return ok
}

// native reports whether every engine computes a window function as T-SQL does. A sum needs the
// exactness that only the engines' aggregates over groups have, and the least of some strings their
// order.
func native(w *plan.Expr) bool {
	switch f := w.Func; {
	case f.Class == sqlfunc.Windowed, f.Agg == sqlfunc.Count:
		return true
	case f.Agg == sqlfunc.Min, f.Agg == sqlfunc.Max:
		return !w.Type.Kind.IsString()
	}
	return false
}

// eachWindow calls visit for each window function of the query.
func (s *statement) eachWindow(visit func(*plan.Expr)) {
	var walk func(e *plan.Expr)
	walk = func(e *plan.Expr) {
		if e.Op == plan.WindowExpr {
			visit(e)
		}
		for _, a := range e.Args {
			walk(a)
		}
	}
	for i := range s.outputs {
		walk(s.outputs[i].Expr)
	}
	for i := range s.order {
		walk(s.order[i].x)
	}
}

// splitter separates what the master computes over windows from the columns that it needs for that.
type splitter struct {
	s       *statement
	outputs []output     // the columns of the rows that come in
	windows []*plan.Expr // without duplicates
	fields  []*plan.Expr // the fields of windows, whose numbers are known at the end
}

// field returns the field of a row for x, which the query below selects.
func (sp *splitter) field(x *plan.Expr, from *output) *plan.Expr {
	i := slices.IndexFunc(sp.outputs, func(o output) bool { return plan.Equal(o.Expr, x) })
	if i < 0 {
		i = len(sp.outputs)
		o := output{Output: plan.Output{Name: outputName("over", i), Expr: x}, at: from.at, uses: from.uses}
		sp.outputs = append(sp.outputs, o)
	}
	return &plan.Expr{Op: plan.FieldExpr, Type: x.Type, Field: i, Binary: x.Binary}
}

// split returns e over the fields of a row. What is short-circuited stays so: of an expression with
// windows, the query below only has columns and aggregates.
func (sp *splitter) split(e *plan.Expr, from *output) *plan.Expr {
	switch {
	case e.Op == plan.ValueExpr:
		return e
	case !e.HasWindow():
		return sp.field(e, from)
	}
	return sp.parts(e, from)
}

func (sp *splitter) parts(e *plan.Expr, from *output) *plan.Expr {
	switch {
	case e.Op == plan.WindowExpr:
		return sp.window(e, from)
	case e.Op == plan.ColumnExpr, e.Op == plan.AggExpr, e.Op == plan.CountExpr, e.Query != nil, indexOf(sp.s.keys, e) >= 0:
		return sp.field(e, from)
	case len(e.Args) == 0:
		return e
	}
	c := *e
	c.Args = make([]*plan.Expr, len(e.Args))
	for i, a := range e.Args {
		c.Args[i] = sp.parts(a, from)
	}
	return &c
}

// window returns the field of a window function. Its number is set by functions.
func (sp *splitter) window(e *plan.Expr, from *output) *plan.Expr {
	i := indexOf(sp.windows, e)
	if i < 0 {
		i = len(sp.windows)
		sp.windows = append(sp.windows, e)
		sp.fields = append(sp.fields, &plan.Expr{Op: plan.FieldExpr, Type: e.Type, Binary: e.Binary})
		// What the window needs is a column of its own.
		for _, a := range e.Args {
			sp.split(a, from)
		}
		for _, p := range e.Window.PartitionBy {
			sp.split(p, from)
		}
		for _, k := range e.Window.OrderBy {
			sp.split(k.Expr, from)
		}
	}
	return sp.fields[i]
}

// key returns the merge key for x, a column of the rows that come in.
func (sp *splitter) key(x *plan.Expr, desc bool) plan.MergeKey {
	i := slices.IndexFunc(sp.outputs, func(o output) bool { return plan.Equal(o.Expr, x) })
	return mergeKey(i, x, desc)
}

// functions returns the window functions over the fields of a row.
func (sp *splitter) functions() []plan.WindowFunction {
	all := make([]plan.WindowFunction, len(sp.windows))
	none := &output{}
	for i, e := range sp.windows {
		w := plan.WindowFunction{Func: e.Func, Name: e.Func.Name, Frame: e.Window.Frame, Type: e.Type}
		for _, a := range e.Args {
			w.Args = append(w.Args, sp.split(a, none))
		}
		for _, p := range e.Window.PartitionBy {
			w.PartitionBy = append(w.PartitionBy, sp.key(p, false))
		}
		for _, k := range e.Window.OrderBy {
			w.OrderBy = append(w.OrderBy, sp.key(k.Expr, k.Desc))
		}
		sp.fields[i].Field = len(sp.outputs) + i
		all[i] = w
	}
	return all
}

// shared returns the keys that all windows partition by, in any order; nil if they differ.
func (sp *splitter) shared() []*plan.Expr {
	first := sp.windows[0].Window.PartitionBy
	for _, w := range sp.windows[1:] {
		if len(w.Window.PartitionBy) != len(first) {
			return nil
		}
		for _, p := range w.Window.PartitionBy {
			if indexOf(first, p) < 0 {
				return nil
			}
		}
	}
	return first
}

// overRows plans a query with window functions that the master computes.
func (s *statement) overRows() error {
	sp := &splitter{s: s}
	over := &plan.Over{Distinct: s.selects.Distinct}
	for i := range s.outputs {
		over.Output = append(over.Output, sp.split(s.outputs[i].Expr, &s.outputs[i]))
	}
	for _, o := range s.order {
		over.Sort = append(over.Sort, plan.FinalKey{Expr: sp.split(o.x, &output{at: o.at, uses: o.uses}), Desc: o.desc})
	}
	if len(sp.outputs) == 0 { // as in SELECT COUNT(*) OVER (): a row needs at least one value
		sp.field(&plan.Expr{Op: plan.ValueExpr, Type: sqltypes.IntType, Value: sqltypes.Int64(1)}, &output{})
	}
	over.Windows = sp.functions()
	if over.Distinct {
		if err := s.checkDistinct(); err != nil {
			return err
		}
		over.Sort = distinctSort(over.Sort, over.Output)
	}
	p := s.plan
	limit, offset, ties, tieKeys := s.limit, s.offset, s.ties, s.tieKeys()
	s.limit, s.offset, s.ties, s.order = nil, 0, false, nil
	for _, x := range sp.shared() {
		s.order = append(s.order, orderItem{x: x})
		over.Partition = append(over.Partition, sp.key(x, false))
	}
	for i := range sp.outputs {
		over.Types = append(over.Types, sp.outputs[i].Expr.Type)
	}
	answer := s.outputs
	s.outputs = sp.outputs
	err := s.rows(false)
	s.outputs = answer
	if err != nil {
		return err
	}
	p.Over, p.Limit, p.Offset, p.Ties, p.TieKeys = over, limit, offset, ties, tieKeys
	return nil
}

// checkWindows rejects window functions over what the master cannot give them.
func (s *statement) checkWindows() error {
	const maxWindows = 64
	if !s.hasWindows() {
		return nil
	}
	n := 0
	s.eachWindow(func(*plan.Expr) { n++ })
	if n > maxWindows {
		return api.NewProblem(api.CodeTooComplex, "the statement has more than %d window functions", maxWindows).At(s.b.Field).Hinted("compute fewer per statement")
	}
	return nil
}
