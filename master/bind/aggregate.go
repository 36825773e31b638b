package bind

import (
	"shardeck/master/plan"
	"shardeck/master/tsql"
	"shardeck/shared/api"
	"shardeck/shared/mssqlerr"
	"shardeck/shared/sqlfunc"
	"shardeck/shared/sqltypes"
)

// aggregate binds an aggregate over the rows of a group.
func (b *Binder) aggregate(c *tsql.Call, f *sqlfunc.Func) (*plan.Expr, error) {
	switch {
	case b.inAggregate:
		p := b.Problem(api.CodeUnsupported, c.At, "%s is nested in another aggregate", c.Name)
		return nil, p.Hinted("compute the inner one in a separate statement").Numbered(mssqlerr.NestedAggregate)
	case !b.Aggregated:
		number, clause := mssqlerr.AggregateInWhere, b.Clause
		switch clause {
		case "GROUP BY":
			number = mssqlerr.AggregateInGroupBy
		case "SET":
			number = mssqlerr.AggregateInSet
		case "OUTPUT":
			number = mssqlerr.AggregateInOutput
		}
		p := b.Problem(api.CodeUnsupported, c.At, "the aggregate %s is not allowed in %s", c.Name, clause)
		return nil, p.Hinted("aggregates are allowed in the select list, HAVING and ORDER BY").Numbered(number)
	}
	b.Aggregates++
	if f.Agg == sqlfunc.StringAgg {
		return b.stringAgg(c, f)
	}
	if c.Star && f.Star && !c.Distinct {
		t, _ := f.AggType(sqltypes.IntType)
		return &plan.Expr{Op: plan.CountExpr, Type: t}, nil
	}
	if c.Star || len(c.Args) != 1 {
		p := b.Problem(api.CodeSyntax, c.At, "%s takes one argument", c.Name)
		return nil, p.Hinted("write %s(x); only COUNT(*) accepts *", c.Name).Numbered(mssqlerr.ArgumentCount)
	}
	b.inAggregate = true
	x, err := b.Value(c.Args[0])
	b.inAggregate = false
	if err != nil {
		return nil, err
	}
	if x.HasQuery() {
		p := b.Problem(api.CodeUnsupported, c.Args[0].Pos(), "the argument of %s contains a subquery", c.Name)
		return nil, p.Hinted("compute it in a derived table, and aggregate that").Numbered(mssqlerr.NestedAggregate)
	}
	if lit, ok := c.Args[0].(*tsql.Literal); ok && lit.Kind == tsql.NullLiteral {
		return nil, b.typeError(mssqlerr.OperandType, c.Args[0].Pos(), "%s requires a typed argument, not the constant NULL", c.Name).Hinted("name a column")
	}
	t, err := b.aggregateType(c, f, x)
	if err != nil {
		return nil, err
	}
	e := &plan.Expr{Op: plan.AggExpr, Agg: f.Agg, Type: t, Args: []*plan.Expr{x}, Distinct: c.Distinct || f.Distinct}
	if f.Agg == sqlfunc.Min || f.Agg == sqlfunc.Max {
		e.Binary, e.Distinct = x.Binary, false
	}
	return e, nil
}

// aggregateType returns the type of the aggregate f over the values of x.
func (b *Binder) aggregateType(c *tsql.Call, f *sqlfunc.Func, x *plan.Expr) (sqltypes.Type, error) {
	t, ok := f.AggType(x.Type)
	switch {
	case ok:
		return t, nil
	case x.Type.Kind == sqltypes.Bit:
		return t, b.aggregateTypeError(c, x).Hinted("CAST it to INT")
	}
	return t, b.aggregateTypeError(c, x).Hinted("%s requires a number", c.Name)
}

func (b *Binder) aggregateTypeError(c *tsql.Call, x *plan.Expr) *api.Problem {
	return b.typeError(mssqlerr.OperandType, c.Args[0].Pos(), "%s does not accept a value of type %s", c.Name, x.Type)
}
