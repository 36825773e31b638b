package sqltypes

import (
	"math"
	"testing"
)

// The rules are those of https://www.archives.gov/research/census/soundex.html, with its examples.
func TestSoundex(t *testing.T) {
	for s, want := range map[string]string{
		"Washington": "W252", "Lee": "L000", "Gutierrez": "G362", "Pfister": "P236", "Jackson": "J250", "Tymczak": "T522",
		"Ashcraft": "A261", "": "0000", "ashcraft": "A261", "Smith, John": "S530", "1": "0000",
	} {
		if got := Soundex(s); got != want {
			t.Errorf("Soundex(%q) = %s, want %s", s, got, want)
		}
	}
}

func TestCharactersOfCodePage1252(t *testing.T) {
	for n := range int64(256) {
		c := CharOf(n)
		if got := ASCII(c.Str); got != Int64(n) {
			t.Errorf("the code of %q is %v, not %d", c.Str, got, n)
		}
	}
	for s, want := range map[string]int64{"€": 128, "Ÿ": 159, "é": 233, "Ω": '?', "😀": '?'} {
		if got := ASCII(s); got != Int64(want) {
			t.Errorf("the code of %s is %v, not %d", s, got, want)
		}
	}
}

// https://learn.microsoft.com/sql/t-sql/functions/datalength-transact-sql and the pages of the
// types.
func TestDataLengthOfEveryKind(t *testing.T) {
	samples := map[Kind]Value{
		Bit: Int64(1), TinyInt: Int64(1), SmallInt: Int64(1), Int: Int64(1), BigInt: Int64(1), Decimal: Text("1.50"), Money: Text("1.5000"), SmallMoney: Text("1.5000"),
		Real: Float64(1), Float: Float64(1), Char: Text("é"), VarChar: Text("é"), NChar: Text("é"), NVarChar: Text("é😀"), Binary: Bytes([]byte{1}), VarBinary: Bytes([]byte{1, 2}),
		Date: Text("2026-11-22"), Time: Text("20:24:00"), DateTime: Text("2026-11-22T20:24:00"), SmallDateTime: Text("2026-11-22T20:24:00"), DateTime2: Text("2026-11-22T20:24:00"),
		UniqueIdentifier: Text("6F9619FF-8B86-D011-B42D-00C04FC964FF"),
	}
	want := map[Kind]int64{
		Bit: 1, TinyInt: 1, SmallInt: 2, Int: 4, BigInt: 8, Decimal: 5, Money: 8, SmallMoney: 4, Real: 4, Float: 8, Char: 2, VarChar: 2, NChar: 2, NVarChar: 6, Binary: 1, VarBinary: 2,
		Date: 3, Time: 3, DateTime: 8, SmallDateTime: 4, DateTime2: 6, UniqueIdentifier: 16,
	}
	for k := Invalid + 1; int(k) < len(kinds); k++ {
		v, err := DataLength(Type{Kind: k, Length: 4, Precision: 3}, samples[k])
		if err != nil || v != Int64(want[k]) {
			t.Errorf("%s: %v, %v; want %d", k, v, err, want[k])
		}
	}
	for scale, bytes := range []int64{3, 3, 3, 4, 4, 5, 5, 5} {
		if v, err := DataLength(Type{Kind: Time, Scale: scale}, Text("00:00:00")); err != nil || v != Int64(bytes) {
			t.Errorf("TIME(%d): %v, %v", scale, v, err)
		}
	}
	for s, bytes := range map[string]int64{"0": 5, "4294967295": 5, "4294967296": 9, "-11111111111": 9, "99999999999999999999999999999999999999": 17} {
		if v, err := DataLength(Type{Kind: Decimal, Precision: 38}, Text(s)); err != nil || v != Int64(bytes) {
			t.Errorf("%s: %v, %v", s, v, err)
		}
	}
}

func TestLog10IsCorrectlyRounded(t *testing.T) {
	for n := -300; n <= 300; n++ {
		if got := Log10(math.Pow10(n)); n >= -22 && n <= 22 && got != float64(n) || math.Abs(got-float64(n)) > 1e-13 {
			t.Errorf("Log10(1e%d) = %v", n, got)
		}
	}
	// Digits of a table of logarithms.
	for x, want := range map[float64]float64{2: 0.30102999566398119521, 3: 0.47712125471966243730, 5: 0.69897000433601880479, 7: 0.84509804001425683071, 0.5: -0.30102999566398119521} {
		if got := Log10(x); got != want {
			t.Errorf("Log10(%v) = %v, want %v", x, got, want)
		}
	}
}
