package eval

import (
	"shardeck/master/plan"
	"shardeck/shared/sqlfunc"
	"shardeck/shared/sqltypes"
)

// Apply evaluates e, a conversion, arithmetic, concatenation or function, for the given
// values of its arguments. If one is NULL, so is the result, except of functions that are
// computed for NULLs ([sqlfunc.Func.Nulls]). Apply does not support
// predicates, FieldExpr, or CASE and COALESCE, which short-circuit. A result of more than
// [sqltypes.MaxValueBytes] is refused.
func Apply(e *plan.Expr, args []sqltypes.Value) (sqltypes.Value, error) {
	for i := range args {
		if args[i].IsNull() && (e.Op != plan.FuncExpr || !e.Func.Nulls) {
			return sqltypes.Null(), nil
		}
	}
	v, err := compute(e, args)
	if err == nil {
		err = sqltypes.CheckSize(v)
	}
	return v, err
}

// callOf returns the context of a call.
func callOf(e *plan.Expr) sqlfunc.Call {
	var few [4]sqltypes.Type
	types := few[:0]
	for _, a := range e.Args {
		types = append(types, a.Type)
	}
	return e.Func.CallOf(e.Type, e.Part, e.Binary, types)
}

// compute evaluates e for the values that it takes.
func compute(e *plan.Expr, args []sqltypes.Value) (sqltypes.Value, error) {
	switch e.Op {
	case plan.ConvertExpr:
		from, style := e.Args[0].Type, e.Conversion.StyleOr()
		if e.Conversion.Try {
			return sqltypes.TryCast(args[0], from, e.Type, style)
		}
		return sqltypes.CastStyle(args[0], from, e.Type, style)
	case plan.AssignExpr:
		return sqltypes.Convert(args[0], e.Args[0].Type, e.Type)
	case plan.NegExpr:
		return sqltypes.Neg(e.Type, args[0])
	case plan.ConcatExpr:
		return sqltypes.Concat(e.Type, args[0], args[1])
	case plan.FuncExpr:
		return e.Func.Eval(callOf(e), args)
	}
	return sqltypes.Arith(plan.ArithOf[e.Op], e.Type, args[0], args[1])
}
