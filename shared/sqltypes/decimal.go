package sqltypes

import (
	"math/big"
	"strconv"
	"strings"
)

// decimal is the exact number unscaled / 10^scale. The unscaled integer is large if that is not
// nil, else small. Only values that overflow int64 use large, so nearly all arithmetic does not
// allocate. A negative scale stands for trailing zeros.
type decimal struct {
	small int64
	large *big.Int
	scale int
}

// maxDigits bounds the length of decimal text in bytes: T-SQL's decimals have at most 38 digits,
// a float's text a few hundred.
const maxDigits = 400

// smallDigits is the number of digits that always fit an int64.
const smallDigits = 18

// parseDecimal reads plain decimal text: an optional sign, digits, and a fraction.
func parseDecimal(s string) (decimal, bool) {
	n, ok := parseNumber(s)
	if !ok || n.hasExp || len(s) > maxDigits {
		return decimal{}, false
	}
	whole := strings.TrimLeft(n.whole, "0")
	d := decimal{scale: len(n.frac)}
	if len(whole)+len(n.frac) > smallDigits {
		d.large, _ = new(big.Int).SetString(whole+n.frac, 10)
		if n.neg {
			d.large.Neg(d.large)
		}
		return d.normal(), true
	}
	for i := range len(whole) {
		d.small = d.small*10 + int64(whole[i]-'0')
	}
	for i := range len(n.frac) {
		d.small = d.small*10 + int64(n.frac[i]-'0')
	}
	if n.neg {
		d.small = -d.small
	}
	return d, true
}

// decimalOperand converts a value to a decimal.
func decimalOperand(v Value) (decimal, bool) {
	switch v.Form {
	case FormInt:
		return decimal{small: v.Int}, true
	case FormFloat:
		return parseDecimal(strconv.FormatFloat(v.Float, 'f', -1, 64))
	case FormText:
		return parseDecimal(v.Str)
	}
	return decimal{}, false
}

// normal moves the number to small if it fits.
func (d decimal) normal() decimal {
	if d.large != nil && d.large.IsInt64() {
		return decimal{small: d.large.Int64(), scale: d.scale}
	}
	return d
}

// unscaled returns the unscaled integer, which must not be modified.
func (d decimal) unscaled() *big.Int {
	if d.large != nil {
		return d.large
	}
	return big.NewInt(d.small)
}

func (d decimal) isZero() bool { return d.large == nil && d.small == 0 }

// smallPow10 are the powers of ten in an int64.
var smallPow10 = [smallDigits + 1]int64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18}

func pow10(n int) *big.Int {
	if n <= smallDigits {
		return big.NewInt(smallPow10[n])
	}
	return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil)
}

// rescale returns the number with another scale; dropped digits are rounded half away from zero.
func (d decimal) rescale(scale int) decimal {
	switch {
	case scale > d.scale:
		return d.up(scale)
	case scale < d.scale:
		return d.down(scale)
	}
	return d
}

func (d decimal) up(scale int) decimal {
	n := scale - d.scale
	if d.large == nil && n <= smallDigits {
		if v, ok := checkedInt(OpMul, d.small, smallPow10[n]); ok {
			return decimal{small: v, scale: scale}
		}
	}
	return decimal{large: new(big.Int).Mul(d.unscaled(), pow10(n)), scale: scale}.normal()
}

func (d decimal) down(scale int) decimal {
	n := d.scale - scale
	if d.large == nil && n <= smallDigits {
		unit := smallPow10[n]
		q, r := d.small/unit, d.small%unit
		switch { // |r| < 10^18, so 2*r fits an int64
		case 2*r >= unit:
			q++
		case -2*r >= unit:
			q--
		}
		return decimal{small: q, scale: scale}
	}
	unit := pow10(n)
	q, r := new(big.Int).QuoRem(d.unscaled(), unit, new(big.Int))
	sign := int64(r.Sign())
	if r.Abs(r).Lsh(r, 1).Cmp(unit) >= 0 {
		q.Add(q, big.NewInt(sign))
	}
	return decimal{large: q, scale: scale}.normal()
}

// truncate is like rescale but drops the digits without rounding.
func (d decimal) truncate(scale int) decimal {
	n := d.scale - scale
	if n <= 0 {
		return d.up(scale)
	}
	if d.large == nil && n <= smallDigits {
		return decimal{small: d.small / smallPow10[n], scale: scale}
	}
	return decimal{large: new(big.Int).Quo(d.unscaled(), pow10(n)), scale: scale}.normal()
}

// value returns the number, rounded to the scale of t, a DECIMAL or money, as its
// canonical text; 8115 if it has too many digits or is out of the range of money.
func (d decimal) value(t Type) (Value, error) {
	d = d.rescale(t.Scale)
	if !d.inMoneyRange(t) {
		return Value{}, errResult(t)
	}
	var digits [2 * MaxPrecision]byte
	var b []byte
	if d.large != nil {
		b = d.large.Append(digits[:0], 10)
	} else {
		b = strconv.AppendInt(digits[:0], d.small, 10)
	}
	var buf [3 + MaxPrecision]byte
	dst := buf[:0]
	if b[0] == '-' {
		dst, b = append(dst, '-'), b[1:]
	}
	if len(b) > t.Precision && !d.isZero() {
		return Value{}, errResult(t)
	}
	point := len(b) - d.scale // index of the decimal point; not positive for a number below 1
	if point <= 0 {
		dst = append(dst, '0')
	} else {
		dst = append(dst, b[:point]...)
	}
	if d.scale > 0 {
		dst = append(dst, '.')
		for ; point < 0; point++ {
			dst = append(dst, '0')
		}
		dst = append(dst, b[point:]...)
	}
	return Text(string(dst)), nil
}

// decimalArith computes exactly and rounds to t's scale at the end.
func decimalArith(op Op, t Type, a, b Value) (Value, error) {
	x, okX := decimalOperand(a)
	y, okY := decimalOperand(b)
	if !okX || !okY {
		return Value{}, errOperand("a number")
	}
	if (op == OpDiv || op == OpMod) && y.isZero() {
		return Value{}, errDivideByZero()
	}
	var d decimal
	switch op {
	case OpMul:
		d = x.times(y)
	case OpDiv:
		d = x.quotient(y, t.Scale)
	default:
		s := max(x.scale, y.scale)
		d = x.rescale(s).combine(op, y.rescale(s))
	}
	return d.value(t)
}

// combine computes op on two numbers of equal scale.
func (d decimal) combine(op Op, o decimal) decimal {
	if d.large == nil && o.large == nil {
		if v, ok := checkedInt(op, d.small, o.small); ok {
			return decimal{small: v, scale: d.scale}
		}
	}
	n := new(big.Int)
	switch op {
	case OpAdd:
		n.Add(d.unscaled(), o.unscaled())
	case OpSub:
		n.Sub(d.unscaled(), o.unscaled())
	default:
		n.Rem(d.unscaled(), o.unscaled())
	}
	return decimal{large: n, scale: d.scale}.normal()
}

func (d decimal) times(o decimal) decimal {
	s := d.scale + o.scale
	if d.large == nil && o.large == nil {
		if v, ok := checkedInt(OpMul, d.small, o.small); ok {
			return decimal{small: v, scale: s}
		}
	}
	return decimal{large: new(big.Int).Mul(d.unscaled(), o.unscaled()), scale: s}.normal()
}

// quotient divides as SQL Server does: digits beyond the scale are truncated (2.0 / 3 is
// 0.666666).
func (d decimal) quotient(o decimal, scale int) decimal {
	// d/o = (ud / uo) * 10^(so - sd); scaled by 10^scale.
	shift := scale + o.scale - d.scale
	if shift >= 0 && shift <= smallDigits && d.large == nil && o.large == nil {
		if num, ok := checkedInt(OpMul, d.small, smallPow10[shift]); ok {
			if q, ok := checkedInt(OpDiv, num, o.small); ok {
				return decimal{small: q, scale: scale}
			}
		}
	}
	num, den := d.unscaled(), o.unscaled()
	if shift >= 0 {
		num = new(big.Int).Mul(num, pow10(shift))
	} else {
		den = new(big.Int).Mul(den, pow10(-shift))
	}
	return decimal{large: new(big.Int).Quo(num, den), scale: scale}.normal()
}
