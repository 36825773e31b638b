package eval

import (
	"shardeck/master/plan"
	"shardeck/shared/sqltypes"
)

// Apply computes what e does with the values of its arguments: a conversion,
// arithmetic, strings joined or a function. All of them are NULL of a NULL; CASE
// and COALESCE, which are not and which need not look at all their arguments, are none of
// them, and neither are predicates and what reads a row.
func Apply(e *plan.Expr, args []sqltypes.Value) (sqltypes.Value, error) {
	for i := range args {
		if args[i].IsNull() {
			return sqltypes.Null(), nil
		}
	}
	switch e.Op {
	case plan.ConvertExpr:
		return sqltypes.Cast(args[0], e.Args[0].Type, e.Type)
	case plan.AssignExpr:
		return sqltypes.Convert(args[0], e.Args[0].Type, e.Type)
	case plan.NegExpr:
		return sqltypes.Neg(e.Type, args[0])
	case plan.ConcatExpr:
		return sqltypes.Concat(e.Type, args[0], args[1]), nil
	case plan.FuncExpr:
		return applyFunc(e, args)
	}
	return sqltypes.Arith(plan.ArithOf[e.Op], e.Type, args[0], args[1])
}

func applyFunc(e *plan.Expr, args []sqltypes.Value) (sqltypes.Value, error) {
	x := args[0]
	switch e.Func {
	case plan.UpperFunc:
		return sqltypes.Text(sqltypes.Upper(x.Str)), nil
	case plan.LowerFunc:
		return sqltypes.Text(sqltypes.Lower(x.Str)), nil
	case plan.LTrimFunc:
		return sqltypes.Text(sqltypes.LTrim(x.Str)), nil
	case plan.RTrimFunc:
		return sqltypes.Text(sqltypes.RTrim(x.Str)), nil
	case plan.LenFunc:
		return sqltypes.Int64(sqltypes.Len(x.Str)), nil
	case plan.SubstringFunc:
		s, err := sqltypes.Substring(x.Str, args[1].Int, args[2].Int)
		return sqltypes.Text(s), err
	case plan.AbsFunc:
		return sqltypes.Abs(e.Type, x)
	case plan.RoundFunc:
		return sqltypes.Round(e.Type, x, args[1].Int)
	}
	return sqltypes.DatePart(e.Func.Part(), e.Args[0].Type, x)
}
