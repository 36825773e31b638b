package bind

import (
	"slices"

	"shardeck/master/eval"
	"shardeck/master/plan"
	"shardeck/shared/sqltypes"
)

// folded returns e, or its value if all its arguments are constants or one is the constant
// NULL: the result is then NULL, unless e is a function that takes NULLs. A failing
// evaluation is an error at offset at, unless e may never be evaluated, such as 1/0 in
// a branch of CASE: then e is returned unfolded.
func (b *Binder) folded(e *plan.Expr, at int) (*plan.Expr, error) {
	takesNulls := e.Op == plan.FuncExpr && e.Func.Nulls
	if !takesNulls && slices.ContainsFunc(e.Args, (*plan.Expr).IsNull) {
		return &plan.Expr{Op: plan.ValueExpr, Type: e.Type, Binary: e.Binary, Collated: e.Collated}, nil
	}
	var few [4]sqltypes.Value
	args := few[:0]
	for _, a := range e.Args {
		if !a.IsConst() {
			return e, nil
		}
		args = append(args, a.Value)
	}
	v, err := eval.Apply(e, args)
	switch {
	case err != nil && b.lazy > 0:
		return e, nil
	case err != nil:
		return nil, b.ValueError(err, at)
	}
	return &plan.Expr{Op: plan.ValueExpr, Type: e.Type, Value: v, Binary: e.Binary, Collated: e.Collated}, nil
}
