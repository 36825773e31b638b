package planner

import (
	"strconv"

	"shardeck/master/bind"
	"shardeck/master/plan"
	"shardeck/shared/api"
	"shardeck/shared/mssqlerr"
	"shardeck/shared/sqlfunc"
	"shardeck/shared/sqltypes"
)

// maxAggregates is the maximum number of different aggregates in a statement.
const maxAggregates = 256

// grouper splits the expressions of an aggregating statement into what the workers
// compute over their rows, and what the master then computes for each group.
type grouper struct {
	b    *bind.Binder
	keys []*plan.Expr
	// whole means that a shard computes the whole of a group, so that a DISTINCT aggregate is one
	// of the engine's.
	whole bool
	// partials are the workers' aggregates, distinct the arguments of DISTINCT
	// aggregates, which rows are grouped by in addition to the keys.
	partials []*plan.Expr
	distinct []*plan.Expr
	found    []partial // in the order of Final.Aggregates
}

// partial is one aggregate of a Final, before the columns of the workers' rows are known.
type partial struct {
	plan.Aggregate
	in section
}

// section is the part of a worker's row that Aggregate.Column is an index in.
type section uint8

const (
	inKeys section = iota
	inPartials
	inDistinct
)

// lift turns an expression over rows into one over a group. It rejects a column that is
// neither grouped nor aggregated with SQL Server's error number; uses, the columns bound
// for the expression, provide the offset.
func (g *grouper) lift(e *plan.Expr, number int, uses []bind.Use) (*plan.Expr, error) {
	if e.Op == plan.ValueExpr {
		return e, nil
	}
	for i, k := range g.keys {
		if plan.Equal(e, k) {
			return &plan.Expr{Op: plan.FieldExpr, Type: e.Type, Field: i, Binary: e.Binary}, nil
		}
	}
	if e.HasQuery() {
		p := g.b.Problem(api.CodeUnsupported, firstUse(uses), "a subquery of a SELECT with groups refers to the columns of the SELECT")
		return nil, p.Hinted("group in a derived table, and write the subquery around that")
	}
	switch e.Op {
	case plan.ColumnExpr:
		return nil, g.notGrouped(e, number, uses)
	case plan.CountExpr:
		return g.field(plan.CombineCount, &plan.Expr{Op: plan.CountExpr, Type: sqltypes.BigIntType}, e.Type)
	case plan.AggExpr:
		return g.aggregate(e)
	}
	if len(e.Args) == 0 {
		return e, nil
	}
	lifted := *e
	lifted.Args = make([]*plan.Expr, len(e.Args))
	for i, a := range e.Args {
		var err error
		if lifted.Args[i], err = g.lift(a, number, uses); err != nil {
			return nil, err
		}
	}
	return &lifted, nil
}

// firstUse is the offset of the first of some columns, 0 if there is none.
func firstUse(uses []bind.Use) int {
	if len(uses) == 0 {
		return 0
	}
	return uses[0].At
}

func (g *grouper) notGrouped(e *plan.Expr, number int, uses []bind.Use) error {
	clause := map[int]string{mssqlerr.SelectNotGrouped: "the select list", mssqlerr.HavingNotGrouped: "HAVING", mssqlerr.OrderByNotGrouped: "ORDER BY"}[number]
	at := 0
	for _, u := range uses {
		if u.X == e {
			at = u.At
			break
		}
	}
	p := g.b.Problem(api.CodeUnsupported, at, "%s is in %s, but neither in GROUP BY nor in an aggregate, so a group may have many values of it", e.Column, clause)
	return p.Hinted("add %s to GROUP BY, or write MIN(%s)", e.Column, e.Column).Numbered(number)
}

// aggregate splits an aggregate into partial results. AVG becomes the quotient of a sum
// and a count.
func (g *grouper) aggregate(e *plan.Expr) (*plan.Expr, error) {
	x := e.Args[0]
	switch e.Agg {
	case sqlfunc.Stdev, sqlfunc.StdevP, sqlfunc.Var, sqlfunc.VarP:
		return g.moments(e)
	case sqlfunc.StringAgg:
		return g.strings(e)
	}
	if e.Agg != sqlfunc.Avg {
		return g.simple(e.Agg, x, e.Type, e.Distinct)
	}
	sumType, _ := sqlfunc.SumType(x.Type)
	sum, err := g.simple(sqlfunc.Sum, x, sumType, e.Distinct)
	if err != nil {
		return nil, err
	}
	count, err := g.simple(sqlfunc.Count, x, sqltypes.BigIntType, e.Distinct)
	if err != nil {
		return nil, err
	}
	if e.Type.Class() == sqltypes.Floats {
		count = &plan.Expr{Op: plan.ConvertExpr, Type: e.Type, Args: []*plan.Expr{count}}
	}
	// Over no rows the sum is NULL, so the average is, too: NULL / 0 is NULL.
	return &plan.Expr{Op: plan.DivExpr, Type: e.Type, Args: []*plan.Expr{sum, count}}, nil
}

// moments splits an aggregate of the moments of its values, as FLOATs.
func (g *grouper) moments(e *plan.Expr) (*plan.Expr, error) {
	x := e.Args[0]
	if x.Type.Kind != sqltypes.Float {
		x = &plan.Expr{Op: plan.ConvertExpr, Type: sqltypes.FloatType, Args: []*plan.Expr{x}}
	}
	if g.whole && !e.Distinct {
		whole := *e
		whole.Args = []*plan.Expr{x}
		return g.add(partial{plan.Aggregate{Func: plan.CombineMoments, Column: g.partial(&whole), Type: e.Type, Result: e.Type, Of: e}, inPartials})
	}
	if e.Distinct {
		in, column := g.distinctColumn(x)
		return g.add(partial{plan.Aggregate{Func: plan.CombineMomentsDistinct, Column: column, Type: x.Type, Result: e.Type, Of: e}, in})
	}
	column := g.partial(&plan.Expr{Op: plan.AggExpr, Agg: sqlfunc.Moments, Type: sqltypes.MomentsPartial, Args: []*plan.Expr{x}})
	return g.add(partial{plan.Aggregate{Func: plan.CombineMoments, Column: column, Type: sqltypes.MomentsPartial, Result: e.Type, Of: e}, inPartials})
}

// strings splits STRING_AGG, for which the workers list the strings with their keys.
func (g *grouper) strings(e *plan.Expr) (*plan.Expr, error) {
	if g.whole {
		return g.add(partial{plan.Aggregate{Func: plan.CombineStrings, Column: g.partial(e), Type: e.Type, Binary: e.Binary, Result: e.Type, Of: e}, inPartials})
	}
	list := sqltypes.Type{Kind: sqltypes.NVarChar, Length: sqltypes.Max}
	args := append([]*plan.Expr{e.Args[0]}, e.Args[2:]...)
	column := g.partial(&plan.Expr{Op: plan.AggExpr, Agg: sqlfunc.Strings, Type: list, Args: args})
	return g.add(partial{plan.Aggregate{Func: plan.CombineStrings, Column: column, Type: list, Binary: e.Binary, Result: e.Type, Of: e}, inPartials})
}

func (g *grouper) simple(agg sqlfunc.Agg, x *plan.Expr, result sqltypes.Type, distinct bool) (*plan.Expr, error) {
	partialType := result
	combine := plan.CombineSum
	switch agg {
	case sqlfunc.Count:
		combine, partialType = plan.CombineCount, sqltypes.BigIntType
	case sqlfunc.Min:
		combine = plan.CombineMin
	case sqlfunc.Max:
		combine = plan.CombineMax
	default:
		if result.Kind.IsInteger() {
			partialType = sqltypes.BigIntType
		}
	}
	if !distinct {
		return g.field(combine, &plan.Expr{Op: plan.AggExpr, Agg: agg, Type: partialType, Args: []*plan.Expr{x}, Binary: x.Binary && partialType.Kind.IsString()}, result)
	}
	if g.whole && agg == sqlfunc.Count {
		return g.field(combine, &plan.Expr{Op: plan.AggExpr, Agg: agg, Type: partialType, Args: []*plan.Expr{x}, Distinct: true}, result)
	}
	combine = plan.CombineSumDistinct
	if agg == sqlfunc.Count {
		combine = plan.CombineCountDistinct
	}
	in, column := g.distinctColumn(x)
	return g.add(partial{plan.Aggregate{Func: combine, Column: column, Type: x.Type, Binary: x.Binary, Result: result}, in})
}

// field returns the field of a group that combines the workers' results of e.
func (g *grouper) field(combine plan.Combine, e *plan.Expr, result sqltypes.Type) (*plan.Expr, error) {
	column := g.partial(e)
	return g.add(partial{plan.Aggregate{Func: combine, Column: column, Type: e.Type, Binary: e.Binary, Result: result}, inPartials})
}

// partial returns the index in partials of e, which it adds if it is new.
func (g *grouper) partial(e *plan.Expr) int {
	column := indexOf(g.partials, e)
	if column < 0 {
		column = len(g.partials)
		g.partials = append(g.partials, e)
	}
	return column
}

// distinctColumn returns where the values of x are in a worker's row, which is grouped by them.
func (g *grouper) distinctColumn(x *plan.Expr) (section, int) {
	if column := indexOf(g.keys, x); column >= 0 {
		return inKeys, column
	}
	column := indexOf(g.distinct, x)
	if column < 0 {
		column = len(g.distinct)
		g.distinct = append(g.distinct, x)
	}
	return inDistinct, column
}

func (g *grouper) add(a partial) (*plan.Expr, error) {
	i := 0
	for ; i < len(g.found) && g.found[i] != a; i++ {
	}
	if i == maxAggregates {
		return nil, api.NewProblem(api.CodeTooComplex, "the statement has more than %d aggregates", maxAggregates).At(g.b.Field).Hinted("compute fewer per statement")
	}
	if i == len(g.found) {
		g.found = append(g.found, a)
	}
	return &plan.Expr{Op: plan.FieldExpr, Type: a.Result, Field: len(g.keys) + i, Binary: a.Binary && a.Result.Kind.IsString()}, nil
}

func indexOf(xs []*plan.Expr, x *plan.Expr) int {
	for i := range xs {
		if plan.Equal(xs[i], x) {
			return i
		}
	}
	return -1
}

// finish sets what the workers compute, how their rows are merged, and how the partial
// results are combined.
func (g *grouper) finish(p *plan.Plan, desc []bool) {
	q := p.Query
	if len(g.keys)+len(g.found) == 0 {
		// As in SELECT 5 ... HAVING 1 = 1. A worker's row needs at least one value; an
		// aggregate makes sure there is exactly one row.
		_, _ = g.field(plan.CombineCount, &plan.Expr{Op: plan.CountExpr, Type: sqltypes.BigIntType}, sqltypes.BigIntType) // cannot fail: the first aggregate is within the limit
	}
	q.GroupBy = append(q.GroupBy, g.keys...)
	q.GroupBy = append(q.GroupBy, g.distinct...)
	q.Output = make([]plan.Output, 0, len(g.keys)+len(g.partials)+len(g.distinct))
	for i, k := range g.keys {
		q.Output = append(q.Output, plan.Output{Name: outputName("key", i), Expr: k})
		q.OrderBy = append(q.OrderBy, plan.SortKey{Expr: k, Desc: desc[i]})
		p.Merge = append(p.Merge, plan.MergeKey{Column: i, Type: k.Type, Desc: desc[i], Binary: k.Binary})
	}
	for i, a := range g.partials {
		q.Output = append(q.Output, plan.Output{Name: outputName("partial", i), Expr: a})
	}
	for i, d := range g.distinct {
		column := len(q.Output)
		q.Output = append(q.Output, plan.Output{Name: outputName("distinct", i), Expr: d})
		if i == 0 { // equal values of the first are then adjacent
			q.OrderBy = append(q.OrderBy, plan.SortKey{Expr: d})
			p.Merge = append(p.Merge, plan.MergeKey{Column: column, Type: d.Type, Binary: d.Binary})
		}
	}
	for _, f := range g.found {
		a := f.Aggregate
		switch f.in {
		case inPartials:
			a.Column += len(g.keys)
		case inDistinct:
			a.Column += len(g.keys) + len(g.partials)
		}
		p.Final.Aggregates = append(p.Final.Aggregates, a)
	}
}

func outputName(kind string, i int) string { return api.ReservedPrefix + kind + strconv.Itoa(i) }
