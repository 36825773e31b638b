package sqltypes_test

import (
	"errors"
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
	"time"

	"pgregory.net/rapid"

	"shardeck/shared/sqltypes"
)

var floatType = sqltypes.Type{Kind: sqltypes.Float}

// drawFloat draws finite numbers of every exponent, including subnormals and near-equal values.
func drawFloat(t *rapid.T) float64 {
	switch rapid.IntRange(0, 5).Draw(t, "kind") {
	case 0:
		return rapid.SampledFrom([]float64{
			0, math.Copysign(0, -1), 1, -1, math.MaxFloat64, -math.MaxFloat64, math.SmallestNonzeroFloat64, -math.SmallestNonzeroFloat64,
			0x1p-1022, -0x1p-1022, 0x1p-1022 - 0x1p-1074, 1 << 53, 1<<53 + 2, 0x1p970, -0x1p970, 0x1p969, 0.1, -0.1,
		}).Draw(t, "special")
	case 1:
		return math.Ldexp(float64(rapid.Int64Range(-1<<53, 1<<53).Draw(t, "mantissa")), rapid.IntRange(-1074, 970).Draw(t, "exponent"))
	case 2:
		return float64(rapid.Int64Range(-1e6, 1e6).Draw(t, "cents")) / 100
	case 3: // nearly a rounding tie
		return math.Ldexp(1, rapid.IntRange(-60, 60).Draw(t, "power"))
	case 4:
		return math.Ldexp(float64(rapid.Int64Range(-9, 9).Draw(t, "few")), -1074)
	}
	f := math.Float64frombits(rapid.Uint64().Draw(t, "bits"))
	if math.IsInf(f, 0) || math.IsNaN(f) {
		return 0
	}
	return f
}

// exactSum is the sum by math/big, rounded to nearest, ties to even.
func exactSum(values []float64) float64 {
	sum := new(big.Rat)
	for _, f := range values {
		sum.Add(sum, new(big.Rat).SetFloat64(f))
	}
	f, _ := sum.Float64()
	return f
}

// sumOver adds values distributed over a number of shards: each has its own sum, and those are
// then combined.
func sumOver(t interface{ Fatal(...any) }, values []float64, shards int, shard func(i int) int) (sqltypes.Value, error) {
	parts := make([]*sqltypes.Sum, shards)
	for i := range parts {
		parts[i] = sqltypes.NewSum(floatType)
	}
	for i, f := range values {
		if err := parts[shard(i)].Add(sqltypes.Float64(f)); err != nil {
			t.Fatal(err)
		}
	}
	whole := sqltypes.NewSum(floatType)
	for _, p := range parts {
		v, err := p.Partial()
		if err != nil {
			t.Fatal(err)
		}
		// Through the wire form.
		v, err = sqltypes.DecodeJSON(sqltypes.FloatPartial, sqltypes.AppendJSON(nil, sqltypes.FloatPartial, v))
		if err != nil {
			t.Fatal(err)
		}
		if err := whole.AddPartial(v); err != nil {
			t.Fatal(err)
		}
	}
	return whole.Value()
}

func wantFloat(t interface{ Fatalf(string, ...any) }, values []float64, v sqltypes.Value, err error) {
	want := exactSum(values)
	if math.IsInf(want, 0) {
		if e, ok := errors.AsType[*sqltypes.Error](err); !ok || e.Number != 8115 {
			t.Fatalf("the sum of %v is %v, %v; want 8115", values, v, err)
		}
		return
	}
	if want == 0 {
		want = 0 // there is no negative zero
	}
	if err != nil || math.Float64bits(v.Float) != math.Float64bits(want) || v.Form != sqltypes.FormFloat {
		t.Fatalf("the sum of %v is %v (%x), %v; want %v (%x)", values, v.Float, v.Float, err, want, want)
	}
}

// TestSumsOfFloatsAreExact: regardless of order and number of shards.
func TestSumsOfFloatsAreExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(rapid.Custom(drawFloat), 1, 40).Draw(t, "values")
		if rapid.Bool().Draw(t, "cancel") { // nearly all of them
			for _, f := range values[rapid.IntRange(0, len(values)-1).Draw(t, "from"):] {
				values = append(values, -f)
			}
		}
		mixed := make([]float64, len(values))
		for to, from := range rapid.Permutation(indexes(len(values))).Draw(t, "order") {
			mixed[to] = values[from]
		}
		v, err := sumOver(t, mixed, 1, func(int) int { return 0 })
		wantFloat(t, values, v, err)
		shards := rapid.IntRange(1, 7).Draw(t, "shards")
		of := rapid.SliceOfN(rapid.IntRange(0, shards-1), len(values), len(values)).Draw(t, "shard")
		v, err = sumOver(t, mixed, shards, func(i int) int { return of[i] })
		wantFloat(t, values, v, err)
	})
}

func TestSumsOfFloats(t *testing.T) {
	many := make([]float64, 6000)
	rnd := rand.New(rand.NewPCG(1, 2))
	for i := range many {
		many[i] = float64(rnd.IntN(2_000_000)-1_000_000) / 100
	}
	for name, values := range map[string][]float64{
		"many two-decimal values":        many,
		"intermediate overflow":          {math.MaxFloat64, math.MaxFloat64, -math.MaxFloat64, 1, -math.MaxFloat64},
		"a tie, rounded down to even":    {1 << 53, 1},
		"a tie, rounded up to even":      {1<<53 + 2, 1},
		"a tie decided by a distant bit": {1 << 53, 1, math.SmallestNonzeroFloat64},
		"rounded up to a power of two":   {0x1p54 - 2, 1},
		"rounded to the largest":         {math.MaxFloat64, 0x1p969},
		"rounded out of range":           {math.MaxFloat64, 0x1p970},
		"subnormal":                      {0x1p-1022, -0x1p-1074},
		"negative":                       {-0.1, -0.2},
		"cancels to zero":                {0.1, 0.2, -0.1, -0.2},
	} {
		t.Run(name, func(t *testing.T) {
			for shards := range 4 {
				v, err := sumOver(t, values, shards+1, func(i int) int { return i % (shards + 1) })
				wantFloat(t, values, v, err)
			}
		})
	}
	sum := sqltypes.NewSum(floatType)
	if v, err := sum.Partial(); err != nil || !v.IsNull() {
		t.Errorf("a partial sum of nothing: %v, %v; want NULL", v, err)
	}
	if err := sum.Add(sqltypes.Float64(math.Inf(-1))); err == nil {
		t.Error("an infinity is added")
	}
}

// TestInvalidPartialSumsAreRefused: a faulty worker may send anything.
func TestInvalidPartialSumsAreRefused(t *testing.T) {
	for name, partial := range map[string]string{
		"cut off":         "\x00\x20\x00\x00\x01",
		"only a head":     "\x00\x20",
		"one byte":        "\x00",
		"invalid sign":    "\x02\x20\x00\x00\x00\x01",
		"too large":       "\x00\x44\x00\x00\x00\x01",
		"too wide":        "\x00\x43\x00\x00\x00\x01\x00\x00\x00\x01",
		"leading zeros":   "\x00\x20\x00\x00\x00\x00\x00\x00\x00\x01",
		"trailing zeros":  "\x00\x20\x00\x00\x00\x01\x00\x00\x00\x00",
		"zero with limbs": "\x00\x20\x00\x00\x00\x00",
	} {
		s := sqltypes.NewSum(floatType)
		if err := s.Add(sqltypes.Float64(1.5)); err != nil {
			t.Fatal(err)
		}
		if err := s.AddPartial(sqltypes.Value{Form: sqltypes.FormBytes, Str: partial}); err == nil {
			t.Errorf("%s was accepted as a partial sum", name)
		}
		if v, err := s.Value(); err != nil || v.Float != 1.5 {
			t.Errorf("%s: the sum is %v, %v after it was refused, want 1.5", name, v, err)
		}
	}
	for _, v := range []sqltypes.Value{sqltypes.Float64(1), sqltypes.Text("1")} {
		if err := sqltypes.NewSum(floatType).AddPartial(v); err == nil {
			t.Errorf("%v was accepted as a partial sum", v)
		}
	}
	if err := sqltypes.NewSum(sqltypes.Type{Kind: sqltypes.Int}).AddPartial(sqltypes.Value{Form: sqltypes.FormBytes}); err == nil {
		t.Error("a sum of integers accepted a partial sum of floats")
	}
}

func FuzzFloatPartial(f *testing.F) {
	f.Add("", "\x00\x20\x00\x00\x00\x01")
	f.Add("\x01\x00\xff\xff\xff\xff", "\x00\x43\xff\xff\xff\xff")
	f.Fuzz(func(t *testing.T, a, b string) {
		s := sqltypes.NewSum(floatType)
		for _, partial := range []string{a, b, b, a} {
			_ = s.AddPartial(sqltypes.Value{Form: sqltypes.FormBytes, Str: partial})
		}
		if v, err := s.Value(); err == nil && !v.IsNull() && (math.IsInf(v.Float, 0) || math.IsNaN(v.Float)) {
			t.Errorf("%x and %x make %v", a, b, v.Float)
		}
	})
}

// neumaier is compensated summation, as in SQLite's sum and most others, for comparison.
func neumaier(values []float64) float64 {
	var sum, rest float64
	for _, f := range values {
		next := sum + f
		if math.Abs(sum) >= math.Abs(f) {
			rest += sum - next + f
		} else {
			rest += f - next + sum
		}
		sum = next
	}
	return sum + rest
}

// BenchmarkFloatSum measures the exact sum against a compensated one in the same run.
func BenchmarkFloatSum(b *testing.B) {
	rnd := rand.New(rand.NewPCG(1, 2))
	money, wide := make([]float64, 6000), make([]float64, 6000)
	for i := range money {
		money[i] = float64(rnd.IntN(2_000_000)-1_000_000) / 100
		wide[i] = math.Ldexp(rnd.Float64()-0.5, rnd.IntN(2000)-1000)
	}
	for _, c := range []struct {
		name   string
		values []float64
	}{{"two decimals", money}, {"all exponents", wide}} {
		b.Run(c.name, func(b *testing.B) {
			var compensated time.Duration
			var floor float64
			b.ReportAllocs()
			for b.Loop() {
				b.StopTimer()
				begin := time.Now()
				floor += neumaier(c.values)
				compensated += time.Since(begin)
				b.StartTimer()
				s := sqltypes.NewSum(floatType)
				for _, f := range c.values {
					if err := s.Add(sqltypes.Float64(f)); err != nil {
						b.Fatal(err)
					}
				}
				if _, err := s.Value(); err != nil {
					b.Fatal(err)
				}
			}
			if math.IsNaN(floor) {
				b.Fatal("no sum to measure by")
			}
			each := float64(b.Elapsed().Nanoseconds()) / float64(b.N) / float64(len(c.values))
			least := float64(compensated.Nanoseconds()) / float64(b.N) / float64(len(c.values))
			b.ReportMetric(each, "ns/value")
			b.ReportMetric(least, "compensated-ns/value")
			b.ReportMetric(each/least, "ratio")
		})
	}
}
