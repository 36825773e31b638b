package bind

import (
	"shardeck/master/plan"
	"shardeck/master/tsql"
	"shardeck/shared/api"
	"shardeck/shared/mssqlerr"
	"shardeck/shared/sqltypes"
)

// aggregate binds COUNT, SUM, AVG, MIN or MAX over the rows of a group.
func (b *Binder) aggregate(c *tsql.Call) (*plan.Expr, error) {
	switch {
	case b.inAggregate:
		p := b.Problem(api.CodeUnsupported, c.At, "%s stands within another aggregate", c.Name)
		return nil, p.Hinted("compute the inner one in a statement of its own").Numbered(mssqlerr.NestedAggregate)
	case !b.Aggregated:
		number, clause := mssqlerr.AggregateInWhere, b.Clause
		switch clause {
		case "GROUP BY":
			number = mssqlerr.AggregateInGroupBy
		case "SET":
			number = mssqlerr.AggregateInSet
		}
		p := b.Problem(api.CodeUnsupported, c.At, "the aggregate %s does not belong in %s", c.Name, clause)
		return nil, p.Hinted("aggregates belong in the list of SELECT, in HAVING and in ORDER BY").Numbered(number)
	}
	b.Aggregates++
	counts := c.Name == "COUNT" || c.Name == "COUNT_BIG"
	if c.Star && counts && !c.Distinct {
		return &plan.Expr{Op: plan.CountExpr, Type: countType(c.Name)}, nil
	}
	if c.Star || len(c.Args) != 1 {
		p := b.Problem(api.CodeSyntax, c.At, "%s takes one argument", c.Name)
		return nil, p.Hinted("write %s(x); * is for COUNT(*) alone", c.Name).Numbered(mssqlerr.ArgumentCount)
	}
	b.inAggregate = true
	x, err := b.Value(c.Args[0])
	b.inAggregate = false
	if err != nil {
		return nil, err
	}
	if lit, ok := c.Args[0].(*tsql.Literal); ok && lit.Kind == tsql.NullLiteral {
		return nil, b.typeError(mssqlerr.OperandType, c.Args[0].Pos(), "%s of the constant NULL means nothing", c.Name).Hinted("name a column")
	}
	e := &plan.Expr{Op: plan.AggExpr, Args: []*plan.Expr{x}, Distinct: c.Distinct}
	switch c.Name {
	case "COUNT", "COUNT_BIG":
		e.Agg, e.Type = plan.CountAgg, countType(c.Name)
		return e, nil
	case "MIN", "MAX":
		e.Agg, e.Type, e.Binary, e.Distinct = plan.MinAgg, x.Type, x.Binary, false
		if c.Name == "MAX" {
			e.Agg = plan.MaxAgg
		}
		if x.Type.Kind != sqltypes.Bit {
			return e, nil
		}
	default:
		e.Agg = plan.SumAgg
		if c.Name == "AVG" {
			e.Agg = plan.AvgAgg
		}
		var ok bool
		if e.Type, ok = TotalType(e.Agg, x.Type); ok {
			return e, nil
		}
	}
	p := b.typeError(mssqlerr.OperandType, c.Args[0].Pos(), "%s does not take a value of type %s", c.Name, x.Type)
	if x.Type.Kind == sqltypes.Bit {
		return nil, p.Hinted("CAST it to INT")
	}
	return nil, p.Hinted("%s is of numbers", c.Name)
}

func countType(name string) sqltypes.Type {
	if name == "COUNT" {
		return sqltypes.IntType
	}
	return sqltypes.BigIntType
}

// totalType is the type of the sum or mean of values of type t; false where they have none.
func TotalType(agg plan.Agg, t sqltypes.Type) (sqltypes.Type, bool) {
	switch k := t.Kind; {
	case k == sqltypes.Bit:
		return t, false
	case k == sqltypes.BigInt:
		return t, true
	case k.IsInteger():
		return sqltypes.IntType, true
	case k == sqltypes.Decimal && agg == plan.AvgAgg:
		return decimalType(maxPrecision, max(t.Scale, 6)), true
	case k == sqltypes.Decimal:
		return decimalType(maxPrecision, t.Scale), true
	case k == sqltypes.Real || k == sqltypes.Float:
		return sqltypes.FloatType, true
	}
	return t, false
}
