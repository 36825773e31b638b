package bind

import (
	"slices"

	"shardeck/master/plan"
	"shardeck/master/tsql"
	"shardeck/shared/api"
	"shardeck/shared/mssqlerr"
	"shardeck/shared/sqlfunc"
	"shardeck/shared/sqltypes"
)

// maxListKeys is the maximum number of items of the order of STRING_AGG.
const maxListKeys = 8

// stringAgg binds STRING_AGG(x, separator) [WITHIN GROUP (ORDER BY ...)]: its arguments are x as a
// string, the separator and the keys of the order. Without an order that is x itself.
func (b *Binder) stringAgg(c *tsql.Call, f *sqlfunc.Func) (*plan.Expr, error) {
	switch {
	case c.Star || c.Distinct:
		p := b.Problem(api.CodeSyntax, c.At, "STRING_AGG accepts neither * nor DISTINCT").Numbered(mssqlerr.Syntax)
		return nil, p.Hinted("select the distinct rows in a derived table, and join those")
	case len(c.Args) != len(f.Params):
		return nil, b.argumentCountError(c, f)
	case len(c.Within) > maxListKeys:
		return nil, b.Problem(api.CodeTooComplex, c.Within[maxListKeys].X.Pos(), "the order has more than %d items", maxListKeys).Hinted("order by fewer expressions")
	}
	x, err := b.listed(c.Args[0])
	if err != nil {
		return nil, err
	}
	t, ok := f.AggType(x.Type)
	if !ok {
		return nil, b.Problem(api.CodeUnsupported, c.Args[0].Pos(), "STRING_AGG of a value of type %s is not supported", x.Type).Hinted("pass a string")
	}
	separator, err := b.argument(c, 1, sqlfunc.Characters)
	switch {
	case err != nil:
		return nil, err
	case !separator.IsConst():
		p := b.Problem(api.CodeUnsupported, c.Args[1].Pos(), "the separator of STRING_AGG is not a constant").Numbered(mssqlerr.SeparatorNotConstant)
		return nil, p.Hinted("write a string or a parameter")
	case separator.Type.Kind.IsUnicode() && !t.Kind.IsUnicode() && !isASCII(separator.Value.Str):
		return nil, b.Problem(api.CodeUnsupported, c.Args[1].Pos(), "the separator is NVARCHAR, and the strings are VARCHAR").Hinted("write the separator without N, or CAST the strings to NVARCHAR(4000)")
	}
	e := &plan.Expr{Op: plan.AggExpr, Agg: f.Agg, Type: t, Args: []*plan.Expr{x, separator}, Binary: x.Binary && x.Type.Kind.IsString()}
	for _, item := range c.Within {
		key, err := b.listed(item.X)
		switch {
		case err != nil:
			return nil, err
		case !key.HasColumn():
			p := b.Problem(api.CodeUnsupported, item.X.Pos(), "the order of STRING_AGG contains a constant").Numbered(mssqlerr.OrderByConstant)
			return nil, p.Hinted("order by a column or an expression with one")
		}
		e.Args, e.Desc = append(e.Args, key), append(e.Desc, item.Desc)
	}
	if c.Within == nil {
		e.Args, e.Desc = append(e.Args, x), []bool{false}
	}
	if !x.Type.Kind.IsString() {
		text := sqltypes.Type{Kind: sqltypes.NVarChar, Length: asText.Length}
		if e.Args[0], err = b.Convert(x, text, c.Args[0].Pos()); err != nil {
			return nil, err
		}
	}
	return e, nil
}

// listed binds a value that is aggregated, or a key of the order of such values.
func (b *Binder) listed(e tsql.Expr) (*plan.Expr, error) {
	b.inAggregate = true
	x, err := b.Value(e)
	b.inAggregate = false
	switch {
	case err != nil:
		return nil, err
	case x == untypedNull:
		return nil, b.typeError(mssqlerr.OperandType, e.Pos(), "STRING_AGG requires a typed argument, not the constant NULL").Hinted("name a column")
	case x.HasQuery():
		p := b.Problem(api.CodeUnsupported, e.Pos(), "the argument of STRING_AGG contains a subquery")
		return nil, p.Hinted("compute it in a derived table, and aggregate that").Numbered(mssqlerr.NestedAggregate)
	}
	return x, nil
}

func isASCII(s string) bool {
	return !slices.ContainsFunc([]byte(s), func(c byte) bool { return c >= 0x80 })
}
