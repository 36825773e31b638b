package bind

import (
	"shardeck/master/plan"
	"shardeck/master/tsql"
	"shardeck/shared/api"
	"shardeck/shared/mssqlerr"
	"shardeck/shared/sqlfunc"
	"shardeck/shared/sqltypes"
)

// window binds a call with OVER: a window function or an aggregate.
func (b *Binder) window(c *tsql.Call, f *sqlfunc.Func) (*plan.Expr, error) {
	if !b.WindowsAllowed {
		p := b.Problem(api.CodeUnsupported, c.At, "the window function %s is not allowed in %s", c.Name, b.Clause)
		return nil, p.Hinted("window functions are allowed in the select list and ORDER BY; filter by one in an outer query: SELECT ... FROM (SELECT ..., %s(...) OVER (...) AS n FROM ...) AS t WHERE n ...", c.Name).Numbered(mssqlerr.WindowNotAllowed)
	}
	if b.inWindow {
		p := b.Problem(api.CodeUnsupported, c.At, "the window function %s is nested in another one", c.Name)
		return nil, p.Hinted("compute the inner one in a derived table").Numbered(mssqlerr.NestedWindow)
	}
	if c.Distinct {
		p := b.Problem(api.CodeUnsupported, c.At, "DISTINCT is not allowed with OVER")
		return nil, p.Hinted("count distinct values in a derived table with GROUP BY").Numbered(mssqlerr.DistinctOver)
	}
	b.inWindow = true
	defer func() { b.inWindow = false }()
	w, err := b.over(c, f)
	if err != nil {
		return nil, err
	}
	b.Windows++
	if f.Class == sqlfunc.Aggregate {
		return b.aggregateOver(c, f, w)
	}
	return b.windowFunction(c, f, w)
}

// over binds the OVER of a call.
func (b *Binder) over(c *tsql.Call, f *sqlfunc.Func) (*plan.Window, error) {
	w := &plan.Window{Frame: plan.WholePartition}
	for _, e := range c.Over.PartitionBy {
		x, err := b.Value(e)
		if err != nil {
			return nil, err
		}
		if x.HasColumn() { // others do not divide the rows
			w.PartitionBy = append(w.PartitionBy, x)
		}
	}
	for i := range c.Over.OrderBy {
		it := &c.Over.OrderBy[i]
		if l, ok := it.X.(*tsql.Literal); ok {
			p := b.Problem(api.CodeUnsupported, l.At, "ORDER BY in OVER contains a constant")
			return nil, p.Hinted("name a column; for no order in particular write ORDER BY (SELECT NULL)").Numbered(mssqlerr.WindowOrderConstant)
		}
		x, err := b.Value(it.X)
		if err != nil {
			return nil, err
		}
		if x.HasColumn() || x.Op == plan.AggExpr || x.Op == plan.CountExpr {
			w.OrderBy = append(w.OrderBy, plan.SortKey{Expr: x, Desc: it.Desc})
		}
	}
	ordered := c.Over.OrderBy != nil
	if f.Class == sqlfunc.Windowed && !ordered {
		p := b.Problem(api.CodeSyntax, c.Over.At, "%s requires ORDER BY in OVER", f.Name)
		return nil, p.Hinted("write OVER (ORDER BY column)").Numbered(mssqlerr.WindowWithoutOrder)
	}
	framed := f.Class == sqlfunc.Aggregate || f.Win.Framed()
	switch {
	case c.Over.Frame != nil && !framed:
		p := b.Problem(api.CodeSyntax, c.Over.Frame.At, "%s takes no ROWS or RANGE", f.Name)
		return nil, p.Hinted("leave them out").Numbered(mssqlerr.WindowFrame)
	case c.Over.Frame != nil:
		return w, b.frame(c.Over.Frame, &w.Frame)
	case framed && ordered:
		w.Frame = plan.Frame{Range: true, FromUnbounded: true}
	}
	return w, nil
}

// frame binds ROWS or RANGE.
func (b *Binder) frame(f *tsql.Frame, to *plan.Frame) error {
	*to = plan.Frame{Range: f.Range, FromUnbounded: f.From.Kind == tsql.UnboundedPreceding, ToUnbounded: f.To.Kind == tsql.UnboundedFollowing}
	for _, side := range [...]struct {
		bound tsql.Bound
		n     *int64
	}{{f.From, &to.From}, {f.To, &to.To}} {
		if side.bound.N == nil {
			continue
		}
		x, err := b.Value(side.bound.N)
		if err != nil {
			return err
		}
		if !x.IsConst() || x.Value.IsNull() || !x.Type.Kind.IsInteger() || x.Value.Int < 0 {
			return b.Problem(api.CodeInvalidField, side.bound.N.Pos(), "the number of rows of a frame is not an integer from 0").Hinted("write a number such as 1 PRECEDING")
		}
		if *side.n = x.Value.Int; side.bound.Kind == tsql.Preceding {
			*side.n = -*side.n
		}
	}
	if !to.FromUnbounded && !to.ToUnbounded && to.From > to.To {
		return b.Problem(api.CodeSyntax, f.At, "the frame of OVER ends before it begins").Hinted("write the bounds in the order of the rows, such as BETWEEN 2 PRECEDING AND 1 PRECEDING")
	}
	return nil
}

// windowFunction binds a function that is not an aggregate.
func (b *Binder) windowFunction(c *tsql.Call, f *sqlfunc.Func, w *plan.Window) (*plan.Expr, error) {
	if n := len(c.Args); c.Star || n < f.MinArgs() || n > f.MaxArgs() {
		return nil, b.argumentCountError(c, f)
	}
	e := &plan.Expr{Op: plan.WindowExpr, Func: f, Window: w}
	var types []sqltypes.Type
	for i := range c.Args {
		x, err := b.argument(c, i, f.Param(i).Kind)
		if err != nil {
			return nil, err
		}
		if f.Win == sqlfunc.NTile && (!x.IsConst() || x.Value.IsNull() || x.Value.Int < 1) {
			return nil, b.Problem(api.CodeUnsupported, c.Args[i].Pos(), "the number of groups of NTILE is not a constant from 1").Hinted("write NTILE(4)")
		}
		if i == 1 && x.IsConst() && (x.Value.IsNull() || x.Value.Int < 0) {
			p := b.Problem(api.CodeInvalidField, c.Args[i].Pos(), "the offset of %s is negative or NULL", f.Name)
			return nil, p.Hinted("write a number from 0; LAG looks back, LEAD ahead").Numbered(mssqlerr.WindowOffset)
		}
		if i == 2 && !x.IsNull() && x.Type != e.Args[0].Type {
			if x, err = b.castTo(x, e.Args[0].Type, c.Args[i].Pos()); err != nil {
				return nil, err
			}
		}
		e.Args, types = append(e.Args, x), append(types, x.Type)
	}
	e.Type = f.Result(types)
	e.Binary = len(e.Args) > 0 && e.Type.Kind.IsString() && e.Args[0].Binary
	return e, nil
}

// aggregateOver binds an aggregate over a window. AVG becomes the quotient of a sum and a count, as
// it does over groups.
func (b *Binder) aggregateOver(c *tsql.Call, f *sqlfunc.Func, w *plan.Window) (*plan.Expr, error) {
	e := &plan.Expr{Op: plan.WindowExpr, Func: f, Window: w}
	if c.Star && f.Star {
		e.Type, _ = f.AggType(sqltypes.IntType)
		return e, nil
	}
	if c.Star || len(c.Args) != 1 {
		return nil, b.argumentCountError(c, f)
	}
	x, err := b.Value(c.Args[0])
	if err != nil {
		return nil, err
	}
	if e.Type, err = b.aggregateType(c, f, x); err != nil {
		return nil, err
	}
	e.Args = []*plan.Expr{x}
	switch f.Agg {
	case sqlfunc.Count, sqlfunc.Sum:
		return e, nil
	case sqlfunc.Stdev, sqlfunc.StdevP, sqlfunc.Var, sqlfunc.VarP: // of FLOATs
		if e.Args[0], err = b.Convert(x, sqltypes.FloatType, c.Args[0].Pos()); err != nil {
			return nil, err
		}
		return e, nil
	case sqlfunc.Min, sqlfunc.Max:
		e.Binary = x.Binary
		return e, nil
	case sqlfunc.Avg:
		sumType, _ := sqlfunc.SumType(x.Type)
		sum := &plan.Expr{Op: plan.WindowExpr, Func: sqlfunc.Lookup("SUM"), Window: w, Type: sumType, Args: e.Args}
		count := &plan.Expr{Op: plan.WindowExpr, Func: sqlfunc.Lookup("COUNT_BIG"), Window: w, Type: sqltypes.BigIntType, Args: e.Args}
		if e.Type.Class() == sqltypes.Floats {
			count = &plan.Expr{Op: plan.ConvertExpr, Type: e.Type, Args: []*plan.Expr{count}}
		}
		return &plan.Expr{Op: plan.DivExpr, Type: e.Type, Args: []*plan.Expr{sum, count}}, nil
	}
	return nil, b.Problem(api.CodeUnsupported, c.At, "%s with OVER is not supported", f.Name).Hinted("compute it with GROUP BY in a derived table, and join that")
}
