package bind

import (
	"shardeck/master/plan"
	"shardeck/master/tsql"
	"shardeck/shared/api"
	"shardeck/shared/mssqlerr"
	"shardeck/shared/sqltypes"
)

// arith binds l op r: arithmetic with T-SQL's result types, or concatenation of strings
// by +.
func (b *Binder) arith(op plan.ExprOp, l, r *plan.Expr, at int) (*plan.Expr, error) {
	l, r = nullBeside(l, r), nullBeside(r, l)
	if isBitwise(op) {
		return b.bitwise(op, l, r, at)
	}
	cl, cr := l.Type.Class(), r.Type.Class()
	if cl == sqltypes.Strings && cr == sqltypes.Strings {
		return b.concat(op, l, r, at)
	}
	if l.Type.Kind.IsDateTime() || r.Type.Kind.IsDateTime() {
		return b.dateArith(op, l, r, at)
	}
	var err error
	switch { // a string beside a number is converted to its type
	case cl == sqltypes.Strings && r.Type.Kind.IsNumeric():
		l, err = b.Convert(l, r.Type, at)
	case cr == sqltypes.Strings && l.Type.Kind.IsNumeric():
		r, err = b.Convert(r, l.Type, at)
	}
	if err != nil {
		return nil, err
	}
	cl, cr = l.Type.Class(), r.Type.Class()
	switch {
	case op == plan.AddExpr && cl == sqltypes.Binaries && cr == sqltypes.Binaries:
		return nil, b.Problem(api.CodeUnsupported, at, "concatenating binary values is not supported").Hinted("concatenate them in the client")
	case cl == sqltypes.Temporals && r.Type.Kind.IsNumeric(), cr == sqltypes.Temporals && l.Type.Kind.IsNumeric():
		return nil, b.typeError(mssqlerr.TypeClash, at, "operand type clash: %s and %s", l.Type, r.Type).Hinted("write DATEADD(day, n, x), or CAST the date to DATETIME, which has arithmetic")
	}
	if !l.Type.Kind.IsNumeric() || !r.Type.Kind.IsNumeric() || l.Type.Kind == sqltypes.Bit && r.Type.Kind == sqltypes.Bit {
		return nil, b.typeError(mssqlerr.IncompatibleOperands, at, "the operator %[3]s is not defined for %[1]s and %[2]s", l.Type, r.Type, plan.OpText[op]).Hinted("use arithmetic on numbers, and + to concatenate strings")
	}
	switch {
	case cl == sqltypes.Floats || cr == sqltypes.Floats:
		return b.floatArith(op, l, r, at)
	case moneyBeside(l.Type, r.Type), moneyBeside(r.Type, l.Type):
		return b.moneyArith(op, l, r, at)
	case cl == sqltypes.Decimals || cr == sqltypes.Decimals:
		return b.decimalArith(op, l, r, at)
	}
	return b.intArith(op, l, r, at)
}

// nullBeside returns e, or if it is the keyword NULL, NULL of the type of the operand
// beside it. Beside a BIT, for which arithmetic is not defined, it is an INT.
func nullBeside(e, other *plan.Expr) *plan.Expr {
	if e != untypedNull || other.Type.Kind == sqltypes.Bit {
		return e
	}
	return &plan.Expr{Op: plan.ValueExpr, Type: other.Type}
}

func (b *Binder) concat(op plan.ExprOp, l, r *plan.Expr, at int) (*plan.Expr, error) {
	if op != plan.AddExpr {
		return nil, b.typeError(mssqlerr.IncompatibleOperands, at, "the operator %s is not defined for strings", plan.OpText[op]).Hinted("use + to concatenate strings; write a number without quotes")
	}
	t := ConcatType(l.Type, r.Type)
	binary, collated, err := b.collationOf(at, l, r)
	if err != nil {
		return nil, err
	}
	return b.folded(&plan.Expr{Op: plan.ConcatExpr, Type: t, Args: []*plan.Expr{l, r}, Binary: binary, Collated: collated}, at)
}

func (b *Binder) intArith(op plan.ExprOp, l, r *plan.Expr, at int) (*plan.Expr, error) {
	t := sqltypes.Type{Kind: l.Type.Kind.Wider(r.Type.Kind)}
	return b.folded(&plan.Expr{Op: op, Type: t, Args: []*plan.Expr{l, r}}, at)
}

func (b *Binder) decimalArith(op plan.ExprOp, l, r *plan.Expr, at int) (*plan.Expr, error) {
	lt, rt := decimalOf(l), decimalOf(r)
	t := sqltypes.DecimalResult(plan.ArithOf[op], lt, rt)
	// An integer literal is a decimal of exactly its digits. Left to convert it, an engine
	// would treat it as any INT, and the result would have a different scale.
	var err error
	if l.IsConst() {
		if l, err = b.Convert(l, lt, at); err != nil {
			return nil, err
		}
	}
	if r.IsConst() {
		if r, err = b.Convert(r, rt, at); err != nil {
			return nil, err
		}
	}
	return b.folded(&plan.Expr{Op: op, Type: t, Args: []*plan.Expr{l, r}}, at)
}

// moneyBeside reports whether t is money and u, the other operand, is money or an integer:
// the result is money, too.
func moneyBeside(t, u sqltypes.Type) bool {
	return t.Kind.IsMoney() && (u.Kind.IsMoney() || u.Kind.IsInteger())
}

// moneyArith binds arithmetic whose result is money, in the type of higher precedence.
func (b *Binder) moneyArith(op plan.ExprOp, l, r *plan.Expr, at int) (*plan.Expr, error) {
	t, _ := wider(l.Type, r.Type)
	var err error
	if !l.Type.Kind.IsMoney() {
		if l, err = b.Convert(l, t, at); err != nil {
			return nil, err
		}
	}
	if !r.Type.Kind.IsMoney() {
		if r, err = b.Convert(r, t, at); err != nil {
			return nil, err
		}
	}
	return b.folded(&plan.Expr{Op: op, Type: t, Args: []*plan.Expr{l, r}}, at)
}

// dateArith binds the sum or difference of a DATETIME or SMALLDATETIME and another one, a
// number of days or a string, as numbers of days since 1900-01-01.
func (b *Binder) dateArith(op plan.ExprOp, l, r *plan.Expr, at int) (*plan.Expr, error) {
	t, ok := wider(l.Type, r.Type)
	other := r.Type.Kind
	if !l.Type.Kind.IsDateTime() {
		other = l.Type.Kind
	}
	if !ok || op != plan.AddExpr && op != plan.SubExpr || other.IsTemporal() && !other.IsDateTime() {
		return nil, b.typeError(mssqlerr.IncompatibleOperands, at, "the operator %[3]s is not defined for %[1]s and %[2]s", l.Type, r.Type, plan.OpText[op]).
			Hinted("add a number of days to a DATETIME, or use DATEADD and DATEDIFF")
	}
	var err error
	if l, err = b.convertClass(l, t, at); err != nil {
		return nil, err
	}
	if r, err = b.convertClass(r, t, at); err != nil {
		return nil, err
	}
	return b.folded(&plan.Expr{Op: op, Type: t, Args: []*plan.Expr{l, r}}, at)
}

func (b *Binder) floatArith(op plan.ExprOp, l, r *plan.Expr, at int) (*plan.Expr, error) {
	if op == plan.ModExpr {
		return nil, b.typeError(mssqlerr.IncompatibleOperands, at, "the operator %% is not defined for %s and %s", l.Type, r.Type).Hinted("use %% on integers and decimals")
	}
	t := floatOf(l.Type, r.Type)
	var err error
	if l, err = b.convertClass(l, t, at); err != nil {
		return nil, err
	}
	if r, err = b.convertClass(r, t, at); err != nil {
		return nil, err
	}
	return b.folded(&plan.Expr{Op: op, Type: t, Args: []*plan.Expr{l, r}}, at)
}

// neg binds -X.
func (b *Binder) neg(e *tsql.Neg) (*plan.Expr, error) {
	x, err := b.Value(e.X)
	if err != nil {
		return nil, err
	}
	if !x.Type.Kind.IsNumeric() || x.Type.Kind == sqltypes.Bit {
		return nil, b.typeError(mssqlerr.OperandType, e.At, "the unary operator - is not defined for %s", x.Type).Hinted("use - on numbers; write a number without quotes")
	}
	t := x.Type
	if t.Kind == sqltypes.TinyInt { // unsigned, so in T-SQL, too, the result is a SMALLINT
		t.Kind = sqltypes.SmallInt
	}
	neg, err := b.folded(&plan.Expr{Op: plan.NegExpr, Type: t, Args: []*plan.Expr{x}}, e.At)
	if err == nil && neg.IsConst() {
		neg.Literal = x.Literal
	}
	return neg, err
}
