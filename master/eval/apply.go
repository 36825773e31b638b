package eval

import (
	"shardeck/master/plan"
	"shardeck/shared/sqlfunc"
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
		return e.Func.Eval(sqlfunc.Call{Result: e.Type, Argument: e.Args[0].Type, Part: e.Part}, args)
	}
	return sqltypes.Arith(plan.ArithOf[e.Op], e.Type, args[0], args[1])
}
