package bind

import (
	"math"
	"math/big"
	"strings"

	"shardeck/master/eval"
	"shardeck/master/plan"
	"shardeck/shared/mssqlerr"
	"shardeck/shared/sqltypes"
)

// compare binds l op r by T-SQL's rules: the operand whose type has lower precedence
// is converted to the other's type. A constant compared with a column is converted to
// the column's type wherever that does not change the result, so that an index on the
// column can be used: int_col > 5.5 becomes int_col > 5.
func (b *Binder) compare(op plan.ExprOp, l, r *plan.Expr, at int) (*plan.Expr, error) {
	l, r, err := b.sameCollation(l, r, at)
	switch {
	case err != nil:
		return nil, err
	case l == untypedNull || r == untypedNull:
		return plan.False, nil // UNKNOWN
	case l.IsNull() || r.IsNull():
		if _, ok := commonType(l, r); !ok {
			return nil, b.clash(l, r, at)
		}
		return plan.False, nil
	case l.IsConst() && r.IsConst():
		return b.compareConsts(op, l, r, at)
	case r.IsConst():
		return b.compareConst(op, l, r, at)
	case l.IsConst():
		return b.compareConst(plan.Mirrored(op), r, l, at)
	}
	return b.compareExprs(op, l, r, at)
}

// toCommonType converts both sides of a comparison to the type they are compared in.
func (b *Binder) toCommonType(l, r *plan.Expr, at int) (_, _ *plan.Expr, err error) {
	t, ok := commonType(l, r)
	if !ok {
		return nil, nil, b.clash(l, r, at)
	}
	if l, err = b.convertClass(l, t, at); err == nil {
		r, err = b.convertClass(r, t, at)
	}
	return l, r, err
}

// SameClass converts both sides of a comparison to the type they are compared in, or fails if T-SQL
// does not compare them.
func (b *Binder) SameClass(l, r *plan.Expr, at int) (_, _ *plan.Expr, err error) {
	return b.toCommonType(l, r, at)
}

func (b *Binder) compareExprs(op plan.ExprOp, l, r *plan.Expr, at int) (*plan.Expr, error) {
	l, r, err := b.toCommonType(l, r, at)
	if err != nil {
		return nil, err
	}
	return plan.Comparison(op, l, r), nil
}

func (b *Binder) clash(l, r *plan.Expr, at int) error {
	p := b.typeError(mssqlerr.TypeClash, at, "operand type clash: %s and %s cannot be compared", l.Type, r.Type)
	switch {
	case l.Type.Class() == sqltypes.Binaries || r.Type.Class() == sqltypes.Binaries:
		return p.Hinted("write a binary constant as 0xC0FFEE")
	case l.Type.Class() == sqltypes.Temporals || r.Type.Class() == sqltypes.Temporals:
		return p.Hinted("write a date as '2026-11-22', a time as '20:24:00', both as '2026-11-22T20:24:00'")
	}
	return p.Hinted("compare values of compatible types, or CAST one of them")
}

// commonType returns the type that l and r are compared in, by T-SQL's data type
// precedence. It returns false if T-SQL, or Shardeck, does not compare them.
func commonType(l, r *plan.Expr) (sqltypes.Type, bool) {
	cl, cr := l.Type.Class(), r.Type.Class()
	switch {
	case cl == sqltypes.Temporals && cr == sqltypes.Temporals:
		switch {
		case l.Type.Kind == r.Type.Kind:
			return widest(l.Type), true
		case l.Type.Kind == sqltypes.Time || r.Type.Kind == sqltypes.Time:
			return sqltypes.Type{}, false
		case l.Type.Kind == sqltypes.DateTime2 || r.Type.Kind == sqltypes.DateTime2:
			return sqltypes.DateTime2Type, true
		case l.Type.Kind.Wider(r.Type.Kind) == l.Type.Kind:
			return l.Type, true
		}
		return r.Type, true
	case cl == cr:
		return l.Type, true
	case cl == sqltypes.Strings: // converted to the other type
		return besideString(r.Type)
	case cr == sqltypes.Strings:
		return besideString(l.Type)
	case l.Type.Kind.IsDateTime() && r.Type.Kind.IsNumeric(): // a number of days
		return l.Type, true
	case r.Type.Kind.IsDateTime() && l.Type.Kind.IsNumeric():
		return r.Type, true
	case !l.Type.Kind.IsNumeric() || !r.Type.Kind.IsNumeric():
		return sqltypes.Type{}, false
	case cl == sqltypes.Floats || cr == sqltypes.Floats:
		return floatOf(l.Type, r.Type), true
	case cl == sqltypes.Decimals:
		return decimalOf(l), true
	}
	return decimalOf(r), true
}

// besideString returns the type in which a value of type t is compared with a string.
func besideString(t sqltypes.Type) (sqltypes.Type, bool) {
	switch t.Class() {
	case sqltypes.Temporals:
		return widest(t), true
	case sqltypes.Integers, sqltypes.Decimals, sqltypes.Floats, sqltypes.GUIDs:
		return t, true
	}
	return sqltypes.Type{}, false
}

// convertClass converts e to t unless values of the two types compare without conversion.
func (b *Binder) convertClass(e *plan.Expr, t sqltypes.Type, at int) (*plan.Expr, error) {
	if e.Type.Class() == t.Class() && (t.Class() != sqltypes.Temporals || e.Type.Kind == t.Kind) {
		return e, nil
	}
	if t.Class() == sqltypes.Decimals && e.Type.Kind.IsInteger() {
		t = decimalOf(e)
	}
	return b.Convert(e, t, at)
}

// Convert converts e to t, immediately if it is a constant.
func (b *Binder) Convert(e *plan.Expr, t sqltypes.Type, at int) (*plan.Expr, error) {
	return b.folded(&plan.Expr{Op: plan.ConvertExpr, Type: t, Args: []*plan.Expr{e}, Binary: e.Binary && e.Type.Kind.IsString(), Collated: e.Collated}, at)
}

func (b *Binder) compareConsts(op plan.ExprOp, l, r *plan.Expr, at int) (*plan.Expr, error) {
	l, r, err := b.toCommonType(l, r, at)
	if err != nil {
		return nil, err
	}
	c := plan.Comparison(op, l, r)
	if !l.IsConst() || !r.IsConst() { // a conversion that fails, and may never be evaluated
		return c, nil
	}
	holds, err := eval.Holds(c, nil)
	switch {
	case err != nil:
		return nil, err
	case holds:
		return plan.True, nil
	}
	return plan.False, nil
}

// compareConst compares x with the constant c, which is not NULL.
func (b *Binder) compareConst(op plan.ExprOp, x, c *plan.Expr, at int) (*plan.Expr, error) {
	cx, cc := x.Type.Class(), c.Type.Class()
	switch {
	case cx == sqltypes.Strings && cc == sqltypes.Strings:
		return plan.Comparison(op, x, &plan.Expr{Op: plan.ValueExpr, Type: stringConst(x.Type), Value: c.Value, Binary: c.Binary, Collated: c.Collated}), nil
	case cx == sqltypes.Binaries && cc == sqltypes.Binaries:
		return b.compareBinary(op, x, c, at)
	case cc == sqltypes.Strings && cx != sqltypes.Binaries:
		return b.compareWithString(op, x, c, at)
	case cx == sqltypes.Integers && cc == sqltypes.Integers:
		return b.compareInt(op, x, c.Value.Int), nil
	case cx == sqltypes.Integers && cc == sqltypes.Decimals:
		return b.compareIntWithNumber(op, x, c.Value.Str), nil
	case cx == sqltypes.Integers && cc == sqltypes.Floats && math.Abs(c.Value.Float) < exactIntegers(c.Type):
		return b.compareIntWithNumber(op, x, new(big.Float).SetFloat64(c.Value.Float).Text('f', 1100)), nil
	case cx == sqltypes.Decimals && (cc == sqltypes.Integers || cc == sqltypes.Decimals):
		num, err := b.Convert(c, decimalOf(c), at)
		if err != nil {
			return nil, err
		}
		return b.compareExact(op, x, num), nil
	case cx == sqltypes.Floats && (cc == sqltypes.Integers || cc == sqltypes.Decimals || cc == sqltypes.Floats):
		return b.compareFloat(op, x, c, at)
	}
	return b.compareExprs(op, x, c, at)
}

// exactIntegers returns the bound below which integers convert to the float type t exactly,
// so that comparing one with the exact decimal digits of a float gives the same result.
func exactIntegers(t sqltypes.Type) float64 {
	if t.Kind == sqltypes.Real {
		return 1 << 24
	}
	return 1 << 53
}

// stringConst is the type of a string constant compared with a string of type t: the
// same kind, so that the engine need not convert the column, and of any length, because
// a comparison does not truncate.
func stringConst(t sqltypes.Type) sqltypes.Type {
	if t.Kind.IsUnicode() {
		return sqltypes.Type{Kind: sqltypes.NVarChar, Length: sqltypes.Max}
	}
	return sqltypes.Type{Kind: sqltypes.VarChar, Length: sqltypes.Max}
}

// compareWithString converts the string to x's type, as T-SQL does for every type but strings.
func (b *Binder) compareWithString(op plan.ExprOp, x, c *plan.Expr, at int) (*plan.Expr, error) {
	switch x.Type.Class() {
	case sqltypes.Integers:
		v, err := b.Convert(c, x.Type, at)
		switch {
		case err != nil:
			return nil, err
		case v.IsConst():
			return b.compareInt(op, x, v.Value.Int), nil
		}
		return plan.Comparison(op, x, v), nil
	case sqltypes.Temporals:
		wide, err := b.Convert(c, widest(x.Type), at)
		if err != nil {
			return nil, err
		}
		return b.compareExact(op, x, wide), nil
	}
	v, err := b.Convert(c, x.Type, at)
	if err != nil {
		return nil, err
	}
	return plan.Comparison(op, x, v), nil
}

// compareInt compares x with an integer. If that is outside the range of x's type, the
// result is the same for every value of x.
func (b *Binder) compareInt(op plan.ExprOp, x *plan.Expr, v int64) *plan.Expr {
	lo, hi, _ := x.Type.Kind.IntRange()
	if v < lo || v > hi {
		if x.Op != plan.ColumnExpr { // must still be evaluated, as it may overflow
			return plan.Comparison(op, x, &plan.Expr{Op: plan.ValueExpr, Type: sqltypes.BigIntType, Value: sqltypes.Int64(v)})
		}
		side := 1 // how any value of x compares with v
		if v > hi {
			side = -1
		}
		return b.decided(x, plan.Holds(op, side))
	}
	return plan.Comparison(op, x, &plan.Expr{Op: plan.ValueExpr, Type: x.Type, Value: sqltypes.Int64(v)})
}

// decided is a comparison of the integer x with the same result for every value except
// NULL. An expression is still evaluated, because it may overflow.
func (b *Binder) decided(x *plan.Expr, holds bool) *plan.Expr {
	switch {
	case holds:
		return b.notNull(x)
	case x.Op != plan.ColumnExpr:
		return plan.Comparison(plan.LtExpr, x, &plan.Expr{Op: plan.ValueExpr, Type: sqltypes.BigIntType, Value: sqltypes.Int64(math.MinInt64)})
	}
	return plan.False
}

// compareIntWithNumber compares the integer x with a number in decimal notation, which
// may have a fraction.
func (b *Binder) compareIntWithNumber(op plan.ExprOp, x *plan.Expr, digits string) *plan.Expr {
	whole, frac, _ := strings.Cut(digits, ".")
	exact := strings.Trim(frac, "0") == ""
	n, ok := new(big.Int).SetString(whole, 10)
	if !ok {
		return b.decided(x, false) // cannot happen: the callers pass decimal digits
	}
	if !exact {
		// x op 5.5 is equivalent to a comparison with 5, the integer below.
		if strings.HasPrefix(whole, "-") {
			n.Sub(n, big.NewInt(1))
		}
		switch op {
		case plan.EqExpr:
			return b.decided(x, false)
		case plan.NeExpr:
			return b.decided(x, true)
		case plan.LtExpr:
			op = plan.LeExpr
		case plan.GeExpr:
			op = plan.GtExpr
		}
	}
	if !n.IsInt64() {
		return b.decided(x, plan.Holds(op, -n.Sign()))
	}
	return b.compareInt(op, x, n.Int64())
}

// compareExact compares x, a decimal or temporal, with a constant that may have more
// fractional digits than x's type holds: then no value of x equals it. c is not a constant
// if its conversion fails and may never be evaluated.
func (b *Binder) compareExact(op plan.ExprOp, x, c *plan.Expr) *plan.Expr {
	if !c.IsConst() {
		return plan.Comparison(op, x, c)
	}
	own, err := sqltypes.Convert(c.Value, c.Type, x.Type)
	if err == nil && sqltypes.Compare(c.Type, own, c.Value) == 0 {
		return plan.Comparison(op, x, &plan.Expr{Op: plan.ValueExpr, Type: x.Type, Value: own})
	}
	if x.Op == plan.ColumnExpr {
		switch op {
		case plan.EqExpr:
			return plan.False
		case plan.NeExpr:
			return b.notNull(x)
		}
	}
	return plan.Comparison(op, x, c)
}

func (b *Binder) compareFloat(op plan.ExprOp, x, c *plan.Expr, at int) (*plan.Expr, error) {
	t := x.Type
	if c.Type.Class() == sqltypes.Floats {
		t = floatOf(x.Type, c.Type)
	}
	v, err := b.Convert(c, t, at)
	if err != nil {
		return nil, err
	}
	return plan.Comparison(op, x, v), nil
}

// compareBinary pads the constant to the length of a BINARY column, because its values are padded too.
func (b *Binder) compareBinary(op plan.ExprOp, x, c *plan.Expr, at int) (*plan.Expr, error) {
	t := sqltypes.Type{Kind: sqltypes.VarBinary, Length: sqltypes.Max}
	if x.Type.Kind == sqltypes.Binary && len(c.Value.Str) <= x.Type.Length {
		t = x.Type
	}
	v, err := b.Convert(c, t, at)
	if err != nil {
		return nil, err
	}
	return plan.Comparison(op, x, v), nil
}
