package sqltypes

import (
	"cmp"
	"math"
	"math/big"

	"shardeck/shared/mssqlerr"
)

// Floor returns the largest whole number that is not greater than v, as a value of type t: for a
// decimal a DECIMAL without a fraction.
func Floor(t Type, v Value) (Value, error) { return whole(t, v, math.Floor, -1) }

// Ceiling returns the smallest whole number that is not less than v; see [Floor].
func Ceiling(t Type, v Value) (Value, error) { return whole(t, v, math.Ceil, 1) }

// whole rounds a float by round, and a decimal away from zero if it has the sign of up.
func whole(t Type, v Value, round func(float64) float64, up int64) (Value, error) {
	switch v.Form {
	case FormNull, FormInt:
		return v, nil
	case FormFloat:
		return floatResult(t, round(v.Float))
	}
	d, ok := decimalOperand(v)
	if !ok {
		return Value{}, errOperand("a number")
	}
	n := d.truncate(0)
	rest := d.combine(OpSub, n.rescale(d.scale))
	if !rest.isZero() && int64(rest.unscaled().Sign()) == up {
		n = n.combine(OpAdd, decimal{small: up})
	}
	return n.value(t)
}

// Sign returns 1, 0 or -1, the sign of v, as a value of type t.
func Sign(t Type, v Value) (Value, error) {
	var sign int64
	switch v.Form {
	case FormNull:
		return v, nil
	case FormInt:
		sign = int64(cmp.Compare(v.Int, 0))
	case FormFloat:
		sign = int64(cmp.Compare(v.Float, 0))
		return Float64(float64(sign)), nil
	default:
		d, ok := decimalOperand(v)
		if !ok {
			return Value{}, errOperand("a number")
		}
		sign = int64(d.unscaled().Sign())
		return decimal{small: sign}.value(t)
	}
	return Int64(sign), nil
}

// Compute returns f(v) as a FLOAT for a number v. It refuses a v for which f is NaN, because it is
// not defined there (3623), and a result that is out of range (8115).
func Compute(f func(float64) float64, v Value) (Value, error) {
	x, ok := numberOf(v)
	if !ok {
		return Value{}, errOperand("a number")
	}
	return computed(FloatType, f(x))
}

// Compute2 is like [Compute] for a function of two numbers.
func Compute2(f func(x, y float64) float64, a, b Value) (Value, error) {
	x, okX := numberOf(a)
	y, okY := numberOf(b)
	if !okX || !okY {
		return Value{}, errOperand("a number")
	}
	return computed(FloatType, f(x, y))
}

// computed returns f, the result of a function, as a value of the numeric type t.
func computed(t Type, f float64) (Value, error) {
	switch {
	case math.IsNaN(f):
		return Value{}, newError(mssqlerr.InvalidFloat, OutOfRange, "the function is not defined for this argument").
			hinted("use arguments for which the result is a real number")
	case math.IsInf(f, 0):
		return Value{}, errResult(t)
	}
	return fromFloat(t, f)
}

// numberOf returns the FLOAT nearest to a number.
func numberOf(v Value) (float64, bool) {
	if v.Form == FormText {
		return parseFloat(v.Str, Float)
	}
	return asFloat(v)
}

// Power returns x to the power of y, computed as a FLOAT, as a value of type t: of an integer
// without the fraction. An INT that is out of range is error 232, any other type's 8115.
func Power(t Type, x, y Value) (Value, error) {
	base, okX := numberOf(x)
	exponent, okY := numberOf(y)
	if !okX || !okY {
		return Value{}, errOperand("a number")
	}
	f := math.Pow(base, exponent)
	if base == 0 && exponent < 0 {
		f = math.NaN()
	}
	v, err := computed(t, f)
	if err != nil && t.Kind == Int && !math.IsNaN(f) {
		return Value{}, newError(mssqlerr.OverflowOfFloat, OutOfRange, "the result %g is out of the range of %s", f, t).
			hinted("CAST the first argument to BIGINT or FLOAT to compute in a wider type")
	}
	return v, err
}

// Scale returns v times factor, computed as a FLOAT, as a value of type t: of an integer without
// the fraction. 8115 if it is out of range.
func Scale(t Type, v Value, factor float64) (Value, error) {
	x, ok := numberOf(v)
	if !ok {
		return Value{}, errOperand("a number")
	}
	return computed(t, x*factor)
}

// Log returns the natural logarithm of x, NaN if x is not positive.
func Log(x float64) float64 {
	if x <= 0 {
		return math.NaN()
	}
	return math.Log(x)
}

// LogTo returns the logarithm of x to a base, NaN if there is none.
func LogTo(x, base float64) float64 {
	if base <= 0 || base == 1 {
		return math.NaN()
	}
	return Log(x) / math.Log(base)
}

// The natural logarithms of 2 and 10, and the precision in bits that logarithms are computed with.
var (
	ln2  = bigNumber("0.693147180559945309417232121458176568075500134360255254120680009493")
	ln10 = bigNumber("2.30258509299404568401799145468436420760110148862877297603332790097")
)

const logPrecision = 96

func bigNumber(digits string) *big.Float {
	f, _, _ := big.ParseFloat(digits, 10, logPrecision, big.ToNearestEven)
	return f
}

// Log10 returns the logarithm of x to the base 10, NaN if x is not positive. Unlike that of package
// math it is correctly rounded: T-SQL's documentation has POWER(10, LOG10(5)) = 5.
func Log10(x float64) float64 {
	if x <= 0 {
		return math.NaN()
	}
	m, exp := math.Frexp(x)
	if m < math.Sqrt2/2 {
		m, exp = 2*m, exp-1
	}
	// ln m = 2 (z + z^3/3 + z^5/5 + ...) for z = (m - 1) / (m + 1), of which |z| < 0.172.
	number := func(f float64) *big.Float { return new(big.Float).SetPrec(logPrecision).SetFloat64(f) }
	z, part := number(m-1), number(m)
	z.Quo(z, part.Add(part, number(1)))
	square, power, sum, divisor := number(0).Mul(z, z), number(0).Set(z), number(0).Set(z), number(1)
	const terms = 17 // 0.172^36 < 2^-91
	for i := 1; i <= terms; i++ {
		power.Mul(power, square)
		sum.Add(sum, part.Quo(power, divisor.SetInt64(int64(2*i+1))))
	}
	sum.Add(sum, sum)
	sum.Add(sum, part.Mul(ln2, part.SetInt64(int64(exp))))
	f, _ := sum.Quo(sum, ln10).Float64()
	return f
}

// Cot returns the cotangent of x, NaN for 0.
func Cot(x float64) float64 {
	if x == 0 {
		return math.NaN()
	}
	return 1 / math.Tan(x)
}

// Atan2 returns the angle of the point (x, y), NaN for the origin.
func Atan2(y, x float64) float64 {
	if x == 0 && y == 0 {
		return math.NaN()
	}
	return math.Atan2(y, x)
}

// Extreme returns the greatest of values of type t that are not NULL, or with least the least; NULL
// if all are. Strings compare in the binary or in the default collation.
func Extreme(t Type, least, binary bool, values []Value) Value {
	var best Value
	for _, v := range values {
		if v.IsNull() {
			continue
		}
		c := 0
		if binary && t.Kind.IsString() {
			c = CompareBinary(v.Str, best.Str)
		} else {
			c = Compare(t, v, best)
		}
		if best.IsNull() || c < 0 && least || c > 0 && !least {
			best = v
		}
	}
	return best
}
