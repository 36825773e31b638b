package bind

import (
	"shardeck/master/plan"
	"shardeck/master/tsql"
	"shardeck/shared/api"
	"shardeck/shared/mssqlerr"
	"shardeck/shared/sqltypes"
)

func isBitwise(op plan.ExprOp) bool {
	return op == plan.BitAndExpr || op == plan.BitOrExpr || op == plan.BitXorExpr
}

// bitwise binds l & r, l | r or l ^ r, which only integers have. A string beside an integer is
// converted to it.
func (b *Binder) bitwise(op plan.ExprOp, l, r *plan.Expr, at int) (*plan.Expr, error) {
	var err error
	switch {
	case l.Type.Kind.IsString() && r.Type.Kind.IsInteger():
		l, err = b.Convert(l, r.Type, at)
	case r.Type.Kind.IsString() && l.Type.Kind.IsInteger():
		r, err = b.Convert(r, l.Type, at)
	}
	switch {
	case err != nil:
		return nil, err
	case l.Type.Kind.IsBinary() || r.Type.Kind.IsBinary():
		return nil, b.Problem(api.CodeUnsupported, at, "the operator %s on binary values is not supported", plan.OpText[op]).Hinted("use it on integers")
	case !l.Type.Kind.IsInteger() || !r.Type.Kind.IsInteger():
		return nil, b.typeError(mssqlerr.IncompatibleOperands, at, "the operator %s is not defined for %s and %s", plan.OpText[op], l.Type, r.Type).Hinted("use it on integers; CAST can make one")
	}
	return b.intArith(op, l, r, at)
}

// bitNot binds ~X, as X ^ y where all bits of y are set.
func (b *Binder) bitNot(e *tsql.BitNot) (*plan.Expr, error) {
	x, err := b.Value(e.X)
	if err != nil {
		return nil, err
	}
	lo, hi, isInteger := x.Type.Kind.IntRange()
	if !isInteger {
		return nil, b.typeError(mssqlerr.OperandType, e.At, "the operator ~ is not defined for %s", x.Type).Hinted("use it on integers; CAST can make one")
	}
	all := int64(-1)
	if lo == 0 {
		all = hi // of BIT and TINYINT, which have no sign
	}
	return b.intArith(plan.BitXorExpr, x, &plan.Expr{Op: plan.ValueExpr, Type: x.Type, Value: sqltypes.Int64(all)}, e.At)
}
