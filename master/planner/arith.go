package planner

import (
	"math"
	"math/big"
	"strings"

	"shardeck/master/tsql"
	"shardeck/shared/api"
	"shardeck/shared/sqltypes"
)

// arith binds l op r: numbers by T-SQL's rules for the result's type, strings
// joined by +.
func (b *binder) arith(op ExprOp, l, r *Expr, at int) (*Expr, error) {
	cl, cr := classOf(l.Type), classOf(r.Type)
	if isNullConst(l) || isNullConst(r) {
		if isNullConst(l) {
			l = r
		}
		return &Expr{Op: ValueExpr, Type: l.Type}, nil
	}
	if cl == stringsClass && cr == stringsClass {
		return b.concat(op, l, r, at)
	}
	var err error
	switch { // a string beside a number becomes one
	case cl == stringsClass && r.Type.Kind.IsNumeric():
		l, err = b.convert(l, r.Type, at)
	case cr == stringsClass && l.Type.Kind.IsNumeric():
		r, err = b.convert(r, l.Type, at)
	}
	if err != nil {
		return nil, err
	}
	cl, cr = classOf(l.Type), classOf(r.Type)
	if !l.Type.Kind.IsNumeric() || !r.Type.Kind.IsNumeric() || l.Type.Kind == sqltypes.Bit && r.Type.Kind == sqltypes.Bit {
		return nil, b.typeError(402, at, "%s and %s have no operator %s", l.Type, r.Type, opText[op]).Hinted("use arithmetic on numbers, and + to join strings")
	}
	switch {
	case cl == floats || cr == floats:
		return b.floatArith(op, l, r, at)
	case cl == decimals || cr == decimals:
		return b.decimalArith(op, l, r, at)
	}
	return b.intArith(op, l, r, at)
}

func (b *binder) concat(op ExprOp, l, r *Expr, at int) (*Expr, error) {
	if op != AddExpr {
		return nil, b.typeError(402, at, "strings have no operator %s", opText[op]).Hinted("use + to join strings; a number is written without quotes")
	}
	t := concatType(l.Type, r.Type)
	if l.IsConst() && r.IsConst() {
		return &Expr{Op: ValueExpr, Type: t, Value: sqltypes.Text(l.Value.Str + r.Value.Str)}, nil
	}
	return &Expr{Op: ConcatExpr, Type: t, Args: []*Expr{l, r}, Binary: l.Binary || r.Binary}, nil
}

func (b *binder) intArith(op ExprOp, l, r *Expr, at int) (*Expr, error) {
	t := sqltypes.Type{Kind: max(l.Type.Kind, r.Type.Kind)} // kinds stand in order of precedence
	if !l.IsConst() || !r.IsConst() {
		return &Expr{Op: op, Type: t, Args: []*Expr{l, r}}, nil
	}
	x, y := big.NewInt(l.Value.Int), big.NewInt(r.Value.Int)
	var n big.Int
	switch op {
	case AddExpr:
		n.Add(x, y)
	case SubExpr:
		n.Sub(x, y)
	case MulExpr:
		n.Mul(x, y)
	default:
		if y.Sign() == 0 {
			return nil, b.divideByZero(at)
		}
		if op == DivExpr {
			n.Quo(x, y)
		} else {
			n.Rem(x, y)
		}
	}
	lo, hi := intRange(t.Kind)
	if !n.IsInt64() || n.Int64() < lo || n.Int64() > hi {
		return nil, b.overflow(at, t)
	}
	return &Expr{Op: ValueExpr, Type: t, Value: sqltypes.Int64(n.Int64())}, nil
}

func (b *binder) decimalArith(op ExprOp, l, r *Expr, at int) (*Expr, error) {
	lt, rt := decimalOf(l), decimalOf(r)
	t := decimalResult(op, lt, rt)
	if (op == DivExpr || op == ModExpr) && r.IsConst() && isZero(r) {
		return nil, b.divideByZero(at)
	}
	// An integer constant is a decimal of just its digits; an engine that was left to
	// convert it might take it for one of any INT, and compute to other digits.
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
	if !l.IsConst() || !r.IsConst() || op == DivExpr || op == ModExpr {
		return &Expr{Op: op, Type: t, Args: []*Expr{l, r}}, nil
	}
	x, y := unscaled(l.Value.Str), unscaled(r.Value.Str)
	scale := max(lt.Scale, rt.Scale)
	switch op {
	case MulExpr:
		x.Mul(x, y)
		scale = lt.Scale + rt.Scale
	default:
		x.Mul(x, pow10(scale-lt.Scale))
		y.Mul(y, pow10(scale-rt.Scale))
		if op == AddExpr {
			x.Add(x, y)
		} else {
			x.Sub(x, y)
		}
	}
	v, err := sqltypes.Convert(sqltypes.Text(withScale(x, scale)), t, t)
	if err != nil {
		return nil, b.valueError(err, at)
	}
	return &Expr{Op: ValueExpr, Type: t, Value: v}, nil
}

// unscaled returns the digits of a canonical decimal as an integer.
func unscaled(s string) *big.Int {
	n, _ := new(big.Int).SetString(strings.Replace(s, ".", "", 1), 10)
	return n
}

func pow10(n int) *big.Int {
	return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil)
}

// withScale writes n / 10^scale.
func withScale(n *big.Int, scale int) string {
	digits := new(big.Int).Abs(n).String()
	if len(digits) <= scale {
		digits = strings.Repeat("0", scale+1-len(digits)) + digits
	}
	s := digits[:len(digits)-scale] + "." + digits[len(digits)-scale:]
	if n.Sign() < 0 {
		s = "-" + s
	}
	return s
}

func isZero(e *Expr) bool {
	return e.Value.Form == sqltypes.FormInt && e.Value.Int == 0 ||
		e.Value.Form == sqltypes.FormFloat && e.Value.Float == 0 ||
		e.Value.Form == sqltypes.FormText && strings.Trim(e.Value.Str, "-0.") == ""
}

func (b *binder) floatArith(op ExprOp, l, r *Expr, at int) (*Expr, error) {
	if op == ModExpr {
		return nil, b.typeError(402, at, "%s and %s have no operator %%", l.Type, r.Type).Hinted("use %% on integers and decimals")
	}
	t := floatOf(l.Type, r.Type)
	var err error
	if l, err = b.convertClass(l, t, at); err != nil {
		return nil, err
	}
	if r, err = b.convertClass(r, t, at); err != nil {
		return nil, err
	}
	if !l.IsConst() || !r.IsConst() {
		return &Expr{Op: op, Type: t, Args: []*Expr{l, r}}, nil
	}
	x, y := l.Value.Float, r.Value.Float
	var f float64
	switch op {
	case AddExpr:
		f = x + y
	case SubExpr:
		f = x - y
	case MulExpr:
		f = x * y
	default:
		if y == 0 {
			return nil, b.divideByZero(at)
		}
		f = x / y
	}
	return b.floatConst(f, t, at)
}

func (b *binder) floatConst(f float64, t sqltypes.Type, at int) (*Expr, error) {
	if t.Kind == sqltypes.Real {
		f = float64(float32(f))
	}
	if math.IsInf(f, 0) {
		return nil, b.overflow(at, t)
	}
	return &Expr{Op: ValueExpr, Type: t, Value: sqltypes.Float64(f)}, nil
}

func (b *binder) divideByZero(at int) error {
	p := b.problem(api.CodeDivideByZero, at, "division by zero").Hinted("divide by something else")
	p.SQLNumber = 8134
	return p
}

func (b *binder) overflow(at int, t sqltypes.Type) error {
	p := b.problem(api.CodeOutOfRange, at, "the result is out of the range of %s", t).Hinted("write one of the numbers with a point, as 1., to compute in DECIMAL")
	p.SQLNumber = 8115
	return p
}

// neg binds -X.
func (b *binder) neg(e *tsql.Neg) (*Expr, error) {
	x, err := b.value(e.X)
	if err != nil {
		return nil, err
	}
	if !x.Type.Kind.IsNumeric() || x.Type.Kind == sqltypes.Bit {
		return nil, b.typeError(8117, e.At, "%s has no minus sign", x.Type).Hinted("use - on numbers; a number is written without quotes")
	}
	if !x.IsConst() {
		t := x.Type
		if t.Kind == sqltypes.TinyInt { // it has no negative values; in T-SQL too the result is a SMALLINT
			t.Kind = sqltypes.SmallInt
		}
		return &Expr{Op: NegExpr, Type: t, Args: []*Expr{x}}, nil
	}
	v := x.Value
	switch v.Form {
	case sqltypes.FormInt:
		// No literal is the least of its type, so this cannot overflow.
		v.Int = -v.Int
	case sqltypes.FormFloat:
		v.Float = 0 - v.Float
	case sqltypes.FormText:
		switch {
		case isZero(x):
		case strings.HasPrefix(v.Str, "-"):
			v.Str = v.Str[1:]
		default:
			v.Str = "-" + v.Str
		}
	}
	return &Expr{Op: ValueExpr, Type: x.Type, Value: v}, nil
}
