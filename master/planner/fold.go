package planner

import "shardeck/shared/sqltypes"

// folded returns e, or its value when its arguments are constants. What the value
// is refused for is told at the place at, unless it may never be asked for, as 1/0 in a
// branch of CASE: then e stays as it is.
func (b *binder) folded(e *Expr, at int) (*Expr, error) {
	var few [4]sqltypes.Value
	args := few[:0]
	for _, a := range e.Args {
		if !a.IsConst() {
			return e, nil
		}
		args = append(args, a.Value)
	}
	v, err := Apply(e, args)
	switch {
	case err != nil && b.lazy > 0:
		return e, nil
	case err != nil:
		return nil, b.valueError(err, at)
	}
	return &Expr{Op: ValueExpr, Type: e.Type, Value: v}, nil
}
