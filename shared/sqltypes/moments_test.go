package sqltypes

import (
	"math"
	"math/big"
	"testing"

	"pgregory.net/rapid"
)

// momentsOf returns the moments of floats.
func momentsOf(t rapid.TB, xs []float64) *Moments {
	t.Helper()
	m := &Moments{}
	for _, x := range xs {
		if err := m.Add(Float64(x)); err != nil {
			t.Fatal(err)
		}
	}
	return m
}

// exactVariance computes a variance with fractions.
func exactVariance(xs []float64, divisor int) float64 {
	mean := new(big.Rat)
	for _, x := range xs {
		mean.Add(mean, new(big.Rat).SetFloat64(x))
	}
	mean.Quo(mean, big.NewRat(int64(len(xs)), 1))
	sum := new(big.Rat)
	for _, x := range xs {
		d := new(big.Rat).SetFloat64(x)
		d.Sub(d, mean)
		sum.Add(sum, d.Mul(d, d))
	}
	f, _ := sum.Quo(sum, big.NewRat(int64(divisor), 1)).Float64()
	return f
}

func TestVarianceIsRoundedOnceHoweverValuesAreDistributed(t *testing.T) {
	values := rapid.OneOf(
		rapid.Float64Range(-1e9, 1e9),
		rapid.Map(rapid.IntRange(0, 50), func(n int) float64 { return 1e12 + float64(n)/8 }),
		rapid.SampledFrom([]float64{1e-100, -1e100, 1e100, 0.1, 3}),
	)
	rapid.Check(t, func(t *rapid.T) {
		xs := rapid.SliceOfN(values, 2, 20).Draw(t, "values")
		cut := rapid.IntRange(0, len(xs)).Draw(t, "cut")
		whole, merged := momentsOf(t, xs), &Moments{}
		for _, part := range [][]float64{xs[cut:], xs[:cut]} {
			if err := merged.AddPartial(momentsOf(t, part).Partial()); err != nil {
				t.Fatal(err)
			}
		}
		for _, population := range []bool{true, false} {
			divisor := len(xs)
			if !population {
				divisor--
			}
			want := exactVariance(xs, divisor)
			for _, m := range []*Moments{whole, merged} {
				if v, err := m.Variance(population); err != nil || v.Float != want {
					t.Fatalf("the variance of %v is %v (%v), want %v", xs, v.Float, err, want)
				}
				if v, err := m.Deviation(population); err != nil || v.Float != math.Sqrt(want) {
					t.Fatalf("the deviation of %v is %v (%v), want %v", xs, v.Float, err, math.Sqrt(want))
				}
			}
		}
	})
}

func TestVarianceOfFewValues(t *testing.T) {
	none, one := momentsOf(t, nil), momentsOf(t, []float64{7})
	for name, c := range map[string]struct {
		m          *Moments
		population bool
		want       Value
	}{
		"none as a population": {none, true, Null()}, "none as a sample": {none, false, Null()},
		"one as a population": {one, true, Float64(0)}, "one as a sample": {one, false, Null()},
	} {
		if v, err := c.m.Variance(c.population); err != nil || v != c.want {
			t.Errorf("%s: %v, %v", name, v, err)
		}
	}
	if !none.Partial().IsNull() {
		t.Error("the partial moments of no values are not NULL")
	}
	if err := none.Add(Float64(1e200)); err == nil {
		t.Error("a square beyond FLOAT was added")
	}
}

// An engine that rounds sends an average and a variance: of one shard, the variance is just that.
func TestRoundedMoments(t *testing.T) {
	m := &Moments{}
	add := func(text string) error { return m.AddPartial(Value{Form: FormBytes, Str: text}) }
	if err := add("4 1.0000000000000001e+009 1.25"); err != nil {
		t.Fatal(err)
	}
	if v, err := m.Variance(true); err != nil || v.Float != 1.25 {
		t.Errorf("the variance of one shard is %v, %v", v, err)
	}
	if err := add("0"); err != nil {
		t.Error("a shard without rows:", err)
	}
	m = &Moments{}
	for _, part := range []string{"2 2 1", "1 6 0"} { // 1, 3 and 6
		if err := add(part); err != nil {
			t.Fatal(err)
		}
	}
	if v, err := m.Variance(false); err != nil || math.Abs(v.Float-19.0/3) > 1e-15 {
		t.Errorf("the variance of two shards is %v, %v", v, err)
	}
}

func TestInvalidMomentsAreRefused(t *testing.T) {
	good := momentsOf(t, []float64{1, 2}).Partial().Str
	for _, text := range []string{"", "x", "1", "1 2", "1 2 -1", "1 2 3 4", "-1 2 3", "0 1 1", "1 x 1", "9007199254740993 1 1", "\x00", good[:len(good)-1], good + "\x00", "\x00" + "\x00\x00\x00\x00\x00\x00\x00\x00" + good[9:]} {
		if err := new(Moments).AddPartial(Value{Form: FormBytes, Str: text}); err == nil {
			t.Errorf("%q was accepted", text)
		}
	}
	if err := new(Moments).AddPartial(Text(good)); err == nil {
		t.Error("a string was accepted")
	}
}
