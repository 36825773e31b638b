package sqltypes

import (
	"math"
	"strconv"

	"shardeck/shared/mssqlerr"
)

// Op is an arithmetic operator.
type Op uint8

// The operators.
const (
	OpAdd Op = iota + 1
	OpSub
	OpMul
	OpDiv // of integers without the fraction; of decimals to the result's scale, cut off
	OpMod // with the sign of the dividend
	OpAnd // of the bits of integers, as OpOr and OpXor
	OpOr
	OpXor
)

// String returns the operator as T-SQL writes it.
func (op Op) String() string {
	const operators = "?+-*/%&|^"
	if int(op) >= len(operators) {
		op = 0
	}
	return operators[op : op+1]
}

// Arith computes a op b in type t, the type of the result. For decimals the caller derives t by
// T-SQL's rules for precision and scale; the computation is exact and is rounded to t at the end.
// Operands are integers for an integer t; integers, decimals or floats for a DECIMAL or money;
// integers or floats for REAL and FLOAT; values of t for DATETIME and SMALLDATETIME, which are
// added and subtracted as numbers of days. If either operand is NULL, so is the result. Str may be a view of
// memory that changes after the call.
//
// Errors: 8115 if the result is out of t's range, 8134 for division by zero, 8114 if an operand
// has the wrong type.
func Arith(op Op, t Type, a, b Value) (Value, error) {
	switch {
	case a.Form == FormNull || b.Form == FormNull:
		return Value{}, nil
	case t.Kind.IsInteger():
		if a.Form != FormInt || b.Form != FormInt {
			return Value{}, errOperand("an integer")
		}
		return intArith(op, t, a.Int, b.Int)
	case op > OpMod:
		return Value{}, errOperand("an integer")
	case t.Class() == Decimals:
		return decimalArith(op, t, a, b)
	case t.Kind.IsFloat():
		x, okA := asFloat(a)
		y, okB := asFloat(b)
		if !okA || !okB || op == OpMod {
			return Value{}, errOperand("a valid operand of the operator")
		}
		return floatArith(op, t, x, y)
	case t.Kind.IsDateTime():
		return dateTimeArith(op, t, a, b)
	}
	return Value{}, errOperand("a number")
}

func intArith(op Op, t Type, a, b int64) (Value, error) {
	if b == 0 && (op == OpDiv || op == OpMod) {
		return Value{}, errDivideByZero()
	}
	v, ok := checkedInt(op, a, b)
	lo, hi, _ := t.Kind.IntRange()
	if !ok || v < lo || v > hi {
		return Value{}, errResult(t)
	}
	return Int64(v), nil
}

// checkedInt computes a op b; b must not be 0 for division. It returns false if the result
// overflows int64.
func checkedInt(op Op, a, b int64) (int64, bool) {
	switch op {
	case OpAdd:
		c := a + b
		return c, (c > a) == (b > 0)
	case OpSub:
		c := a - b
		return c, (c < a) == (b > 0)
	case OpMul:
		if a == 0 || b == 0 {
			return 0, true
		}
		c := a * b
		return c, c/b == a && (a != -1 || b != math.MinInt64) && (b != -1 || a != math.MinInt64)
	case OpDiv:
		return a / b, b != -1 || a != math.MinInt64
	case OpAnd:
		return a & b, true
	case OpOr:
		return a | b, true
	case OpXor:
		return a ^ b, true
	}
	return a % b, true
}

func asFloat(v Value) (float64, bool) {
	switch v.Form {
	case FormFloat:
		return v.Float, true
	case FormInt:
		return float64(v.Int), true
	}
	return 0, false
}

func floatArith(op Op, t Type, x, y float64) (Value, error) {
	var f float64
	switch op {
	case OpAdd:
		f = x + y
	case OpSub:
		f = x - y
	case OpMul:
		f = x * y
	default:
		if y == 0 {
			return Value{}, errDivideByZero()
		}
		f = x / y
	}
	return floatResult(t, f)
}

// floatResult rounds f to t; infinity is out of range, and negative zero becomes zero.
func floatResult(t Type, f float64) (Value, error) {
	if t.Kind == Real {
		f = float64(float32(f))
	}
	if math.IsInf(f, 0) || math.IsNaN(f) {
		return Value{}, errResult(t)
	}
	if f == 0 {
		f = 0
	}
	return Float64(f), nil
}

// Neg returns -v, a value of type t; 8115 if it is out of t's range.
func Neg(t Type, v Value) (Value, error) { return Arith(OpSub, t, Int64(0), v) }

// Abs returns |v|, a value of type t; 8115 if it is out of t's range, as for the smallest
// integer.
func Abs(t Type, v Value) (Value, error) {
	switch v.Form {
	case FormInt:
		if v.Int < 0 {
			return Neg(t, v)
		}
	case FormFloat:
		return Float64(math.Abs(v.Float)), nil
	case FormText:
		if len(v.Str) > 0 && v.Str[0] == '-' {
			if t.Kind.IsMoney() { // whose smallest value has no opposite
				return Neg(t, v)
			}
			v.Str = v.Str[1:]
		}
	case FormNull:
	case FormBytes:
		return Value{}, errOperand("a number")
	}
	return v, nil
}

// Round rounds v, a value of type t, to a number of fraction digits, half away from zero;
// negative digits round to tens, hundreds and so on. The type, including a decimal's scale, stays
// the same: ROUND(2.345, 2) is 2.350. A float is rounded by its shortest decimal form, so that
// 2.675 becomes 2.68 regardless of its binary value. 8115 if the result is out of t's range.
func Round(t Type, v Value, digits int64) (Value, error) {
	return toDigits(t, v, digits, decimal.rescale)
}

// Truncate is like [Round] but drops the excess digits instead of rounding.
func Truncate(t Type, v Value, digits int64) (Value, error) {
	return toDigits(t, v, digits, decimal.truncate)
}

// toDigits brings v to a number of fraction digits, using to.
func toDigits(t Type, v Value, digits int64, to func(decimal, int) decimal) (Value, error) {
	// No number has more digits than this, even with a float's exponent.
	n := int(min(max(digits, -400), 400))
	switch v.Form {
	case FormNull:
		return Value{}, nil
	case FormInt:
		return intToDigits(t, v.Int, n, to)
	case FormFloat:
		return floatToDigits(t, v.Float, n, to)
	}
	d, ok := parseDecimal(v.Str)
	if !ok || v.Form != FormText {
		return Value{}, errOperand("a number")
	}
	return to(d, min(n, d.scale)).value(t)
}

func intToDigits(t Type, v int64, digits int, to func(decimal, int) decimal) (Value, error) {
	if digits >= 0 {
		return Int64(v), nil
	}
	d := to(decimal{small: v}, digits).rescale(0)
	lo, hi, _ := t.Kind.IntRange()
	if d.large != nil || d.small < lo || d.small > hi {
		return Value{}, errResult(t)
	}
	return Int64(d.small), nil
}

// floatToDigits rounds the integer formed by the digits of f, ignoring the point.
func floatToDigits(t Type, f float64, digits int, to func(decimal, int) decimal) (Value, error) {
	bits := 64
	if t.Kind == Real {
		bits = 32
	}
	var buf [32]byte
	n, ok := parseNumber(string(strconv.AppendFloat(buf[:0], f, 'e', -1, bits)))
	d, okD := parseDecimal(n.whole + n.frac)
	if !ok || !okD {
		return Value{}, errOperand("a number")
	}
	d.scale = len(n.frac) - n.exp // negative for a large number
	if digits >= d.scale {
		return Float64(f), nil
	}
	d = to(d, digits)
	if n.neg {
		d.small = -d.small
	}
	text := strconv.AppendInt(buf[:0], d.small, 10)
	text = strconv.AppendInt(append(text, 'e'), int64(-d.scale), 10)
	f, ok = parseFloat(string(text), t.Kind)
	if !ok {
		return Value{}, errResult(t)
	}
	return Float64(f), nil
}

func errResult(t Type) *Error {
	e := newError(mssqlerr.Overflow, OutOfRange, "the result is out of the range of %s", t)
	switch {
	case t.Kind == BigInt:
		return e.hinted("CAST an operand to DECIMAL(38,0) to compute in a wider type")
	case t.Kind.IsInteger():
		return e.hinted("CAST an operand to BIGINT to compute in a wider type")
	}
	return e.hinted("%s", rangeHint(t))
}

func errDivideByZero() *Error {
	return newError(mssqlerr.DivideByZero, DivideByZero, "division by zero").hinted("use another divisor")
}

func errOperand(what string) *Error {
	return newError(mssqlerr.TypeConversion, ConversionFailed, "an operand is not %s", what)
}
