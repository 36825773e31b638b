package sqltypes_test

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"shardeck/shared/sqltypes"
)

// numberOf returns the SQL Server error number of err, 0 if there is none.
func numberOf(err error) int {
	if e, ok := errors.AsType[*sqltypes.Error](err); ok {
		return e.Number
	}
	return 0
}

// show formats a result for the tables below: its wire form, or the error number.
func show(t sqltypes.Type, v sqltypes.Value, err error) string {
	if err != nil {
		return fmt.Sprint(numberOf(err))
	}
	return strings.Trim(string(sqltypes.AppendJSON(nil, t, v)), `"`)
}

var arithOps = map[string]sqltypes.Op{
	"+": sqltypes.OpAdd, "-": sqltypes.OpSub, "*": sqltypes.OpMul, "/": sqltypes.OpDiv, "%": sqltypes.OpMod,
}

func TestArithmetic(t *testing.T) {
	i, f, d := sqltypes.Int64, sqltypes.Float64, sqltypes.Text
	for _, c := range []struct {
		typ  string
		a    sqltypes.Value
		op   string
		b    sqltypes.Value
		want string
	}{
		{"INT", i(2), "+", i(3), "5"},
		{"INT", i(math.MaxInt32), "+", i(1), "8115"},
		{"BIGINT", i(math.MaxInt32), "+", i(1), "2147483648"},
		{"BIGINT", i(math.MaxInt64), "+", i(1), "8115"},
		{"BIGINT", i(math.MinInt64), "-", i(1), "8115"},
		{"BIGINT", i(math.MinInt64), "*", i(-1), "8115"},
		{"BIGINT", i(math.MinInt64), "/", i(-1), "8115"},
		{"BIGINT", i(math.MinInt64), "%", i(-1), "0"},
		{"BIGINT", i(0), "*", i(math.MinInt64), "0"},
		{"TINYINT", i(3), "-", i(4), "8115"},
		{"INT", i(7), "/", i(2), "3"},
		{"INT", i(-7), "/", i(2), "-3"},
		{"INT", i(-7), "%", i(3), "-1"},
		{"INT", i(7), "%", i(-3), "1"},
		{"INT", i(7), "/", i(0), "8134"},
		{"INT", i(7), "%", i(0), "8134"},
		{"INT", sqltypes.Null(), "/", i(0), "null"},
		{"INT", i(1), "+", d("1"), "8114"},

		{"DECIMAL(2,1)", d("0.1"), "+", d("0.2"), "0.3"},
		{"DECIMAL(3,2)", d("9.99"), "+", d("0.01"), "8115"},
		{"DECIMAL(5,1)", d("1.00"), "-", d("2.55"), "-1.6"},
		{"DECIMAL(10,2)", d("1.5"), "*", i(3), "4.50"},
		{"DECIMAL(10,2)", d("-0.05"), "*", d("0.1"), "-0.01"},
		{"DECIMAL(8,6)", d("2.0"), "/", d("3"), "0.666666"},
		{"DECIMAL(8,6)", d("-2.0"), "/", d("3"), "-0.666666"},
		{"DECIMAL(8,6)", d("2.0"), "/", d("0.00"), "8134"},
		{"DECIMAL(8,1)", d("-7.5"), "%", d("2"), "-1.5"},
		{"DECIMAL(8,1)", d("x"), "+", d("2"), "8114"},
		{"DECIMAL(38,0)", d(strings.Repeat("9", 38)), "+", i(1), "8115"},
		{"DECIMAL(38,0)", d("-" + strings.Repeat("9", 38)), "+", i(1), "-" + strings.Repeat("9", 37) + "8"},
		{"DECIMAL(38,37)", d("0.0000000000000000000000000000000000001"), "*", i(3), "0.0000000000000000000000000000000000003"},

		{"FLOAT", f(1), "/", f(4), "0.25"},
		{"FLOAT", f(1), "/", f(0), "8134"},
		{"FLOAT", f(1e308), "*", f(10), "8115"},
		{"REAL", f(1e38), "*", f(10), "8115"},
		{"REAL", f(1), "/", f(3), "0.33333334"},
		{"FLOAT", f(0), "*", f(-1), "0"},
		{"FLOAT", f(5), "%", f(2), "8114"}, // modulo is not defined for floats
	} {
		typ := mustParse(t, c.typ)
		v, err := sqltypes.Arith(arithOps[c.op], typ, c.a, c.b)
		if got := show(typ, v, err); got != c.want {
			t.Errorf("%v %s %v as %s is %s (%v), want %s", c.a, c.op, c.b, c.typ, got, err, c.want)
		}
		if s := arithOps[c.op].String(); s != c.op {
			t.Errorf("String() of %s is %s", c.op, s)
		}
	}
}

// drawDecimal draws a random decimal, short or long.
func drawDecimal(t *rapid.T, name string) string {
	return rapid.StringMatching(`-?(0|[1-9][0-9]{0,8}|[1-9][0-9]{15,22})(\.([0-9]{1,6}|[0-9]{10,15}))?`).Draw(t, name)
}

func rat(t *rapid.T, s string) *big.Rat {
	r, ok := new(big.Rat).SetString(s)
	if !ok {
		t.Fatalf("%q is not a number", s)
	}
	return r
}

// cutOff formats r with the given number of fraction digits and truncates the rest.
func cutOff(r *big.Rat, scale int) string {
	unit := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(scale)), nil)
	n := new(big.Int).Mul(r.Num(), unit)
	n.Quo(n, r.Denom())
	return new(big.Rat).SetFrac(n, unit).FloatString(scale)
}

func TestDecimalArithmeticIsExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := drawDecimal(t, "a"), drawDecimal(t, "b")
		op := rapid.SampledFrom([]string{"+", "-", "*", "/", "%"}).Draw(t, "op")
		scale := rapid.IntRange(0, 20).Draw(t, "scale")
		typ := sqltypes.Type{Kind: sqltypes.Decimal, Precision: 38, Scale: scale}
		x, y := rat(t, a), rat(t, b)
		z := new(big.Rat)
		var want string
		switch {
		case y.Sign() == 0 && (op == "/" || op == "%"):
			want = "8134"
		case op == "+":
			want = z.Add(x, y).FloatString(scale)
		case op == "-":
			want = z.Sub(x, y).FloatString(scale)
		case op == "*":
			want = z.Mul(x, y).FloatString(scale)
		case op == "/":
			want = cutOff(z.Quo(x, y), scale)
		default:
			whole := rat(t, cutOff(z.Quo(x, y), 0))
			want = z.Sub(x, whole.Mul(whole, y)).FloatString(scale)
		}
		if strings.Trim(want, "-0.") == "" {
			want = strings.TrimPrefix(want, "-")
		}
		digits := strings.TrimLeft(strings.NewReplacer("-", "", ".", "").Replace(want), "0")
		if len(digits) > 38 {
			want = "8115"
		}
		v, err := sqltypes.Arith(arithOps[op], typ, sqltypes.Text(a), sqltypes.Text(b))
		if got := show(typ, v, err); got != want {
			t.Fatalf("%s %s %s at scale %d is %s, want %s", a, op, b, scale, got, want)
		}
	})
}

func TestIntegersAreCheckedAgainstBigOnes(t *testing.T) {
	edge := rapid.OneOf(rapid.Int64(), rapid.Int64Range(-3, 3),
		rapid.SampledFrom([]int64{math.MinInt64, math.MinInt64 + 1, math.MaxInt64, math.MinInt32, math.MaxInt32, 255, 256}))
	rapid.Check(t, func(t *rapid.T) {
		a, b := edge.Draw(t, "a"), edge.Draw(t, "b")
		op := rapid.SampledFrom([]string{"+", "-", "*", "/", "%"}).Draw(t, "op")
		typ := sqltypes.Type{Kind: rapid.SampledFrom([]sqltypes.Kind{sqltypes.TinyInt, sqltypes.Int, sqltypes.BigInt}).Draw(t, "kind")}
		lo, hi := map[sqltypes.Kind]int64{sqltypes.Int: math.MinInt32, sqltypes.BigInt: math.MinInt64}[typ.Kind],
			map[sqltypes.Kind]int64{sqltypes.TinyInt: 255, sqltypes.Int: math.MaxInt32, sqltypes.BigInt: math.MaxInt64}[typ.Kind]
		x, y, z := big.NewInt(a), big.NewInt(b), new(big.Int)
		want := 0
		switch {
		case b == 0 && (op == "/" || op == "%"):
			want = 8134
		case op == "+":
			z.Add(x, y)
		case op == "-":
			z.Sub(x, y)
		case op == "*":
			z.Mul(x, y)
		case op == "/":
			z.Quo(x, y)
		default:
			z.Rem(x, y)
		}
		if want == 0 && (z.Cmp(big.NewInt(lo)) < 0 || z.Cmp(big.NewInt(hi)) > 0) {
			want = 8115
		}
		v, err := sqltypes.Arith(arithOps[op], typ, sqltypes.Int64(a), sqltypes.Int64(b))
		if numberOf(err) != want || err == nil && v.Int != z.Int64() {
			t.Fatalf("%d %s %d as %s is %v (%v), want %v, %d", a, op, b, typ, v.Int, err, z, want)
		}
	})
}

func TestAbsAndNeg(t *testing.T) {
	i, f, d := sqltypes.Int64, sqltypes.Float64, sqltypes.Text
	for _, c := range []struct {
		typ      string
		v        sqltypes.Value
		abs, neg string
	}{
		{"INT", i(-5), "5", "5"},
		{"INT", i(math.MinInt32), "8115", "8115"},
		{"BIGINT", i(math.MinInt64), "8115", "8115"},
		{"TINYINT", i(5), "5", "8115"},
		{"DECIMAL(4,2)", d("-1.50"), "1.50", "1.50"},
		{"DECIMAL(4,2)", d("0.00"), "0.00", "0.00"},
		{"FLOAT", f(-1.5), "1.5", "1.5"},
		{"FLOAT", f(0), "0", "0"},
		{"INT", sqltypes.Null(), "null", "null"},
	} {
		typ := mustParse(t, c.typ)
		v, err := sqltypes.Abs(typ, c.v)
		if got := show(typ, v, err); got != c.abs {
			t.Errorf("ABS(%v) as %s is %s, want %s", c.v, c.typ, got, c.abs)
		}
		v, err = sqltypes.Neg(typ, c.v)
		if got := show(typ, v, err); got != c.neg {
			t.Errorf("-(%v) as %s is %s, want %s", c.v, c.typ, got, c.neg)
		}
	}
}

// Mostly from https://learn.microsoft.com/sql/t-sql/functions/round-transact-sql.
func TestRound(t *testing.T) {
	i, f, d := sqltypes.Int64, sqltypes.Float64, sqltypes.Text
	for _, c := range []struct {
		typ    string
		v      sqltypes.Value
		digits int64
		want   string
	}{
		{"DECIMAL(7,4)", d("123.9994"), 3, "123.9990"},
		{"DECIMAL(7,4)", d("123.9995"), 3, "124.0000"},
		{"DECIMAL(7,4)", d("123.4545"), 2, "123.4500"},
		{"DECIMAL(5,2)", d("123.45"), -2, "100.00"},
		{"DECIMAL(5,2)", d("748.58"), -1, "750.00"},
		{"DECIMAL(5,2)", d("748.58"), -2, "700.00"},
		{"DECIMAL(5,2)", d("748.58"), -3, "8115"},
		{"DECIMAL(10,2)", d("748.58"), -3, "1000.00"},
		{"DECIMAL(10,2)", d("748.58"), -4, "0.00"},
		{"DECIMAL(5,2)", d("150.75"), 0, "151.00"},
		{"DECIMAL(5,2)", d("-2.50"), 0, "-3.00"},
		{"DECIMAL(5,2)", d("-0.40"), 0, "0.00"},
		{"DECIMAL(5,2)", d("1.25"), 9, "1.25"},
		{"DECIMAL(38,0)", d("12345678901234567890123456789012345678"), -30, "12345679000000000000000000000000000000"},
		{"INT", i(15), -1, "20"},
		{"INT", i(-15), -1, "-20"},
		{"INT", i(14), -1, "10"},
		{"INT", i(15), 1, "15"},
		{"INT", i(15), -9, "0"},
		{"INT", i(math.MaxInt32), -1, "8115"},
		{"BIGINT", i(math.MaxInt64), -1, "8115"},
		{"BIGINT", i(math.MinInt64), -2, "-9223372036854775800"},
		{"BIGINT", i(math.MaxInt64), -19, "8115"},
		{"BIGINT", i(4e18), -19, "0"},
		{"BIGINT", i(math.MaxInt64), math.MinInt64, "0"},
		{"FLOAT", f(2.675), 2, "2.68"},
		{"FLOAT", f(-2.5), 0, "-3"},
		{"FLOAT", f(1.005), 2, "1.01"},
		{"FLOAT", f(123.456), -2, "100"},
		{"FLOAT", f(1e300), 2, "1e+300"},
		{"FLOAT", f(1e-300), 2, "0"},
		{"FLOAT", f(-0.4), 0, "0"},
		{"FLOAT", f(1.7e308), -308, "8115"},
		{"REAL", f(float64(float32(0.15))), 1, "0.2"},
		{"INT", sqltypes.Null(), 1, "null"},
	} {
		typ := mustParse(t, c.typ)
		v, err := sqltypes.Round(typ, c.v, c.digits)
		if got := show(typ, v, err); got != c.want {
			t.Errorf("ROUND(%v, %d) as %s is %s (%v), want %s", c.v, c.digits, c.typ, got, err, c.want)
		}
	}
}

func TestRoundIsHalfAwayFromZero(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawDecimal(t, "x")
		_, frac, _ := strings.Cut(s, ".")
		typ := sqltypes.Type{Kind: sqltypes.Decimal, Precision: 38, Scale: len(frac)}
		digits := rapid.IntRange(0, 20).Draw(t, "digits")
		want := rat(t, rat(t, s).FloatString(digits)).FloatString(typ.Scale)
		if strings.Trim(want, "-0.") == "" {
			want = strings.TrimPrefix(want, "-")
		}
		v, err := sqltypes.Round(typ, sqltypes.Text(s), int64(digits))
		if got := show(typ, v, err); got != want {
			t.Fatalf("ROUND(%s, %d) is %s, want %s", s, digits, got, want)
		}
	})
}

func TestSum(t *testing.T) {
	i, f, d, null := sqltypes.Int64, sqltypes.Float64, sqltypes.Text, sqltypes.Null()
	for _, c := range []struct {
		typ    string
		values []sqltypes.Value
		want   string
	}{
		{"BIGINT", nil, "null"},
		{"BIGINT", []sqltypes.Value{null, null}, "null"},
		{"BIGINT", []sqltypes.Value{i(1), null, i(-3)}, "-2"},
		{"BIGINT", []sqltypes.Value{i(math.MaxInt64), i(1)}, "8115"},
		{"BIGINT", []sqltypes.Value{i(math.MaxInt64), i(1), i(-2)}, "9223372036854775806"},
		{"BIGINT", []sqltypes.Value{i(math.MinInt64), i(math.MinInt64)}, "8115"},
		{"INT", []sqltypes.Value{i(math.MaxInt32), i(1)}, "8115"},
		{"BIGINT", []sqltypes.Value{d("1")}, "8114"},
		{"DECIMAL(38,2)", []sqltypes.Value{d("0.10"), d("0.20"), d("-1.00")}, "-0.70"},
		{"DECIMAL(38,2)", []sqltypes.Value{d(strings.Repeat("9", 36) + ".99"), d("0.01")}, "8115"},
		{"DECIMAL(38,2)", []sqltypes.Value{d(strings.Repeat("9", 36) + ".99"), d("0.01"), d("-1.00")}, strings.Repeat("9", 36) + ".00"},
		{"DECIMAL(38,0)", []sqltypes.Value{d("9223372036854775807"), d("9223372036854775807"), i(1)}, "18446744073709551615"},
		{"FLOAT", []sqltypes.Value{f(1e100), f(1), f(-1e100)}, "1"},
		{"FLOAT", []sqltypes.Value{f(1.7e308), f(1.7e308)}, "8115"},
	} {
		typ := mustParse(t, c.typ)
		s := sqltypes.NewSum(typ)
		var err error
		for _, v := range c.values {
			err = errors.Join(err, s.Add(v))
		}
		v, sumErr := s.Value()
		if got := show(typ, v, errors.Join(err, sumErr)); got != c.want {
			t.Errorf("SUM of %v as %s is %s, want %s", c.values, c.typ, got, c.want)
		}
	}
}

func TestSumsDoNotDependOnOrderAndAreExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		texts := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) string { return drawDecimal(t, "x") }), 1, 20).Draw(t, "values")
		typ := sqltypes.Type{Kind: sqltypes.Decimal, Precision: 38, Scale: 15}
		sum, exact := sqltypes.NewSum(typ), new(big.Rat)
		for _, i := range rapid.Permutation(indexes(len(texts))).Draw(t, "order") {
			exact.Add(exact, rat(t, texts[i]))
			if err := sum.Add(sqltypes.Text(texts[i])); err != nil {
				t.Fatal(err)
			}
		}
		v, err := sum.Value()
		want := exact.FloatString(15)
		if len(strings.TrimPrefix(want, "-")) > 39 {
			want = "8115"
		}
		if got := show(typ, v, err); got != want {
			t.Fatalf("the sum of %q is %s, want %s", texts, got, want)
		}
	})
}

func indexes(n int) []int {
	s := make([]int, n)
	for i := range s {
		s[i] = i
	}
	return s
}
