package planner

import (
	"strings"

	"shardeck/master/tsql"
	"shardeck/shared/api"
	"shardeck/shared/mssqlerr"
	"shardeck/shared/sqltypes"
)

// arith binds l op r: numbers by T-SQL's rules for the result's type, strings
// joined by +.
func (b *binder) arith(op ExprOp, l, r *Expr, at int) (*Expr, error) {
	cl, cr := l.Type.Class(), r.Type.Class()
	if l.IsNull() || r.IsNull() {
		if l.IsNull() {
			l = r
		}
		return &Expr{Op: ValueExpr, Type: l.Type}, nil
	}
	if cl == sqltypes.Strings && cr == sqltypes.Strings {
		return b.concat(op, l, r, at)
	}
	var err error
	switch { // a string beside a number becomes one
	case cl == sqltypes.Strings && r.Type.Kind.IsNumeric():
		l, err = b.convert(l, r.Type, at)
	case cr == sqltypes.Strings && l.Type.Kind.IsNumeric():
		r, err = b.convert(r, l.Type, at)
	}
	if err != nil {
		return nil, err
	}
	cl, cr = l.Type.Class(), r.Type.Class()
	if !l.Type.Kind.IsNumeric() || !r.Type.Kind.IsNumeric() || l.Type.Kind == sqltypes.Bit && r.Type.Kind == sqltypes.Bit {
		return nil, b.typeError(mssqlerr.IncompatibleOperands, at, "%s and %s have no operator %s", l.Type, r.Type, opText[op]).Hinted("use arithmetic on numbers, and + to join strings")
	}
	switch {
	case cl == sqltypes.Floats || cr == sqltypes.Floats:
		return b.floatArith(op, l, r, at)
	case cl == sqltypes.Decimals || cr == sqltypes.Decimals:
		return b.decimalArith(op, l, r, at)
	}
	return b.intArith(op, l, r, at)
}

func (b *binder) concat(op ExprOp, l, r *Expr, at int) (*Expr, error) {
	if op != AddExpr {
		return nil, b.typeError(mssqlerr.IncompatibleOperands, at, "strings have no operator %s", opText[op]).Hinted("use + to join strings; a number is written without quotes")
	}
	t := concatType(l.Type, r.Type)
	return b.folded(&Expr{Op: ConcatExpr, Type: t, Args: []*Expr{l, r}, Binary: l.Binary || r.Binary}, at)
}

func (b *binder) intArith(op ExprOp, l, r *Expr, at int) (*Expr, error) {
	t := sqltypes.Type{Kind: l.Type.Kind.Wider(r.Type.Kind)}
	return b.folded(&Expr{Op: op, Type: t, Args: []*Expr{l, r}}, at)
}

func (b *binder) decimalArith(op ExprOp, l, r *Expr, at int) (*Expr, error) {
	lt, rt := decimalOf(l), decimalOf(r)
	t := sqltypes.DecimalResult(opOf[op], lt, rt)
	if (op == DivExpr || op == ModExpr) && b.lazy == 0 && r.IsConst() && isZero(r) {
		return nil, b.divideByZero(at)
	}
	// A literal is a decimal of just its digits; an engine that was left to convert it
	// would take it for any INT, and compute to other digits.
	var err error
	if l.IsConst() {
		if l, err = b.convert(l, lt, at); err != nil {
			return nil, err
		}
	}
	if r.IsConst() {
		if r, err = b.convert(r, rt, at); err != nil {
			return nil, err
		}
	}
	return b.folded(&Expr{Op: op, Type: t, Args: []*Expr{l, r}}, at)
}

func isZero(e *Expr) bool {
	return e.Value.Form == sqltypes.FormInt && e.Value.Int == 0 ||
		e.Value.Form == sqltypes.FormFloat && e.Value.Float == 0 ||
		e.Value.Form == sqltypes.FormText && strings.Trim(e.Value.Str, "-0.") == ""
}

func (b *binder) floatArith(op ExprOp, l, r *Expr, at int) (*Expr, error) {
	if op == ModExpr {
		return nil, b.typeError(mssqlerr.IncompatibleOperands, at, "%s and %s have no operator %%", l.Type, r.Type).Hinted("use %% on integers and decimals")
	}
	t := floatOf(l.Type, r.Type)
	var err error
	if l, err = b.convertClass(l, t, at); err != nil {
		return nil, err
	}
	if r, err = b.convertClass(r, t, at); err != nil {
		return nil, err
	}
	return b.folded(&Expr{Op: op, Type: t, Args: []*Expr{l, r}}, at)
}

func (b *binder) divideByZero(at int) error {
	p := b.problem(api.CodeDivideByZero, at, "division by zero").Hinted("divide by something else")
	p.SQLNumber = mssqlerr.DivideByZero
	return p
}

// neg binds -X.
func (b *binder) neg(e *tsql.Neg) (*Expr, error) {
	x, err := b.value(e.X)
	if err != nil {
		return nil, err
	}
	if !x.Type.Kind.IsNumeric() || x.Type.Kind == sqltypes.Bit {
		return nil, b.typeError(mssqlerr.OperandType, e.At, "%s has no minus sign", x.Type).Hinted("use - on numbers; a number is written without quotes")
	}
	t := x.Type
	if t.Kind == sqltypes.TinyInt { // it has no negative values; in T-SQL too the result is a SMALLINT
		t.Kind = sqltypes.SmallInt
	}
	neg, err := b.folded(&Expr{Op: NegExpr, Type: t, Args: []*Expr{x}}, e.At)
	if err == nil && neg.IsConst() {
		neg.Literal = x.Literal
	}
	return neg, err
}
