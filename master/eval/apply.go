package eval

import (
	"shardeck/master/plan"
	"shardeck/shared/sqlfunc"
	"shardeck/shared/sqltypes"
)

// Apply evaluates e, a conversion, arithmetic, concatenation or function, for the given
// values of its arguments. If one is NULL, so is the result. Apply does not support
// predicates, FieldExpr, or CASE and COALESCE, which short-circuit. A result of more than
// [sqltypes.MaxValueBytes] is refused.
func Apply(e *plan.Expr, args []sqltypes.Value) (sqltypes.Value, error) {
	for i := range args {
		if args[i].IsNull() {
			return sqltypes.Null(), nil
		}
	}
	v, err := compute(e, args)
	if err == nil {
		err = sqltypes.CheckSize(v)
	}
	return v, err
}

// compute evaluates e for arguments other than NULL.
func compute(e *plan.Expr, args []sqltypes.Value) (sqltypes.Value, error) {
	switch e.Op {
	case plan.ConvertExpr:
		return sqltypes.Cast(args[0], e.Args[0].Type, e.Type)
	case plan.AssignExpr:
		return sqltypes.Convert(args[0], e.Args[0].Type, e.Type)
	case plan.NegExpr:
		return sqltypes.Neg(e.Type, args[0])
	case plan.ConcatExpr:
		return sqltypes.Concat(e.Type, args[0], args[1])
	case plan.FuncExpr:
		return e.Func.Eval(sqlfunc.Call{Result: e.Type, Argument: e.Args[0].Type, Part: e.Part}, args)
	}
	return sqltypes.Arith(plan.ArithOf[e.Op], e.Type, args[0], args[1])
}
