package sqltypes_test

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"shardeck/shared/sqltypes"
)

func TestConvertFollowsAssignmentRules(t *testing.T) {
	for _, c := range []struct {
		from string
		v    sqltypes.Value
		to   string
		want string // wire form, or the number of the refusal
	}{
		{"INT", sqltypes.Null(), "DATE", "null"},
		{"INT", sqltypes.Int64(300), "TINYINT", "8115"},
		{"INT", sqltypes.Int64(7), "BIT", "true"},
		{"INT", sqltypes.Int64(7), "DECIMAL(5,2)", `"7.00"`},
		{"INT", sqltypes.Int64(7), "NVARCHAR(5)", `"7"`},
		{"INT", sqltypes.Int64(7), "FLOAT", "7"},
		{"INT", sqltypes.Int64(7), "DATE", "206"},
		{"INT", sqltypes.Int64(7), "UNIQUEIDENTIFIER", "206"},
		{"INT", sqltypes.Int64(7), "VARBINARY(5)", "206"},
		{"BIT", sqltypes.Int64(1), "INT", "1"},
		{"DECIMAL(5,2)", sqltypes.Text("7.50"), "INT", "7"},
		{"DECIMAL(5,2)", sqltypes.Text("7.55"), "DECIMAL(5,1)", `"7.6"`},
		{"DECIMAL(5,2)", sqltypes.Text("7.55"), "FLOAT", "7.55"},
		{"DECIMAL(5,2)", sqltypes.Text("7.50"), "VARCHAR(5)", `"7.50"`},
		{"DECIMAL(5,2)", sqltypes.Text("7.50"), "DATE", "206"},
		{"FLOAT", sqltypes.Float64(1e3), "INT", "1000"},
		{"FLOAT", sqltypes.Float64(1e30), "INT", "8115"},
		{"FLOAT", sqltypes.Float64(0.1), "DECIMAL(5,2)", `"0.10"`},
		{"FLOAT", sqltypes.Float64(0.1), "BIT", "true"},
		{"FLOAT", sqltypes.Float64(0.5), "REAL", "0.5"},
		{"FLOAT", sqltypes.Float64(1e39), "REAL", "8115"},
		{"FLOAT", sqltypes.Float64(12345678.9), "VARCHAR(40)", `"1.23457e+007"`},
		{"FLOAT", sqltypes.Float64(12345678.9), "VARCHAR(5)", "8115"},
		{"FLOAT", sqltypes.Float64(1 << 62), "BIGINT", `"4611686018427387904"`},
		{"FLOAT", sqltypes.Float64(1.2345678901234567e18), "BIGINT", `"1234567890123456768"`},
		{"FLOAT", sqltypes.Float64(1 << 63), "BIGINT", "8115"},
		{"FLOAT", sqltypes.Float64(-2147483648.9), "INT", "-2147483648"},
		{"REAL", sqltypes.Float64(float64(float32(0.1))), "DECIMAL(20,15)", `"0.100000001490116"`},
		{"REAL", sqltypes.Float64(float64(float32(0.1))), "FLOAT", "0.10000000149011612"},
		{"REAL", sqltypes.Float64(float64(float32(0.1))), "VARCHAR(20)", `"0.1"`},
		{"INT", sqltypes.Int64(12345), "VARCHAR(4)", "8115"}, // CAST makes it *, which must not be stored
		{"DATETIME2(3)", sqltypes.Text("2026-11-22T20:24:00.5"), "VARCHAR(40)", `"2026-11-22 20:24:00.500"`},
		{"DATETIME2(3)", sqltypes.Text("2026-11-22T20:24:00.5"), "VARCHAR(10)", "2628"},
		{"TIME(7)", sqltypes.Text("20:24:00"), "VARCHAR(40)", `"20:24:00.0000000"`},
		{"NVARCHAR(20)", sqltypes.Text("12"), "INT", "12"},
		{"NVARCHAR(20)", sqltypes.Text("12.5"), "INT", "245"},
		{"NVARCHAR(20)", sqltypes.Text("2026-11-22"), "DATETIME2(0)", `"2026-11-22T00:00:00"`},
		{"NVARCHAR(20)", sqltypes.Text("0x12"), "VARBINARY(5)", "257"},
		{"NVARCHAR(20)", sqltypes.Text("abcdef"), "CHAR(3)", "2628"},
		{"VARBINARY(5)", sqltypes.Bytes([]byte{1, 2}), "BINARY(3)", `"0x010200"`},
		{"VARBINARY(5)", sqltypes.Bytes([]byte{1, 2}), "NVARCHAR(5)", "257"},
		{"VARBINARY(5)", sqltypes.Bytes([]byte{1, 2}), "INT", "257"},
		{"DATE", sqltypes.Text("2026-11-22"), "DATETIME2(0)", `"2026-11-22T00:00:00"`},
		{"DATE", sqltypes.Text("2026-11-22"), "NVARCHAR(10)", `"2026-11-22"`},
		{"DATE", sqltypes.Text("2026-11-22"), "INT", "206"},
		{"TIME(7)", sqltypes.Text("20:24:00"), "DATE", "206"},
		{"TIME(7)", sqltypes.Text("20:24:00"), "DATETIME2(0)", `"1900-01-01T20:24:00"`},
		{"DATETIME2(7)", sqltypes.Text("2026-11-22T20:24:00.5"), "TIME(0)", `"20:24:01"`},
		{"UNIQUEIDENTIFIER", sqltypes.Text("6F9619FF-8B86-D011-B42D-00C04FC964FF"), "NVARCHAR(36)", `"6F9619FF-8B86-D011-B42D-00C04FC964FF"`},
		{"UNIQUEIDENTIFIER", sqltypes.Text("6F9619FF-8B86-D011-B42D-00C04FC964FF"), "INT", "206"},
	} {
		to := mustParse(t, c.to)
		v, err := sqltypes.Convert(c.v, mustParse(t, c.from), to)
		got := string(sqltypes.AppendJSON(nil, to, v))
		if se, ok := errors.AsType[*sqltypes.Error](err); ok {
			got = fmt.Sprint(se.Number)
		}
		if got != c.want {
			t.Errorf("%s %+v to %s = %s, want %s (%v)", c.from, c.v, c.to, got, c.want, err)
		}
	}
}

// Decimals are checked against exact rational arithmetic: the nearest multiple of 10^-scale, ties
// away from zero, refused beyond the precision.
func TestDecimalsAreExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := rapid.IntRange(1, 38).Draw(t, "p")
		s := rapid.IntRange(0, p).Draw(t, "s")
		typ := sqltypes.Type{Kind: sqltypes.Decimal, Precision: p, Scale: s}
		text := rapid.OneOf(
			genDecimal(),
			rapid.StringMatching(`-?[0-9]{1,38}`),
			rapid.StringMatching(`-?(0|9{1,38})\.[0-9]{0,38}[45]9{0,3}`),
		).Draw(t, "text")

		unit := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(s)), nil)
		exact, _ := new(big.Rat).SetString(text)
		scaled := new(big.Rat).Mul(exact, new(big.Rat).SetInt(unit))
		double := new(big.Int).Mul(scaled.Num(), big.NewInt(2))
		double.Abs(double).Add(double, scaled.Denom())
		rounded := double.Quo(double, new(big.Int).Mul(scaled.Denom(), big.NewInt(2)))
		overflow := len(rounded.String()) > p && rounded.Sign() != 0

		v, err := sqltypes.Convert(sqltypes.Text(text), sqltypes.Type{Kind: sqltypes.NVarChar, Length: 200}, typ)
		if overflow {
			if se, ok := errors.AsType[*sqltypes.Error](err); !ok || se.Number != 8115 {
				t.Fatalf("%s to %s = %+v, %v, want 8115", text, typ, v, err)
			}
			return
		}
		if err != nil {
			t.Fatalf("%s to %s: %v", text, typ, err)
		}
		digits := rounded.String()
		if len(digits) <= s {
			digits = strings.Repeat("0", s+1-len(digits)) + digits
		}
		want := digits
		if s > 0 {
			want = digits[:len(digits)-s] + "." + digits[len(digits)-s:]
		}
		if exact.Sign() < 0 && rounded.Sign() != 0 {
			want = "-" + want
		}
		if v.Str != want {
			t.Fatalf("%s to %s = %s, want %s", text, typ, v.Str, want)
		}
	})
}

func TestCanonicalTimesSortAsText(t *testing.T) {
	typ := sqltypes.Type{Kind: sqltypes.DateTime2, Scale: 7}
	rapid.Check(t, func(t *rapid.T) {
		gen := rapid.Custom(func(t *rapid.T) [7]int {
			return [7]int{
				rapid.IntRange(1, 9999).Draw(t, "year"), rapid.IntRange(1, 12).Draw(t, "month"), rapid.IntRange(1, 28).Draw(t, "day"),
				rapid.IntRange(0, 23).Draw(t, "hour"), rapid.IntRange(0, 59).Draw(t, "minute"), rapid.IntRange(0, 59).Draw(t, "second"),
				rapid.SampledFrom([]int{0, 1, 10, 500, 1000000, 1000001, 9999999}).Draw(t, "fraction"),
			}
		})
		a, b := gen.Draw(t, "a"), gen.Draw(t, "b")
		var v [2]sqltypes.Value
		for i, m := range [][7]int{a, b} {
			var err error
			text := fmt.Sprintf(`"%04d-%02d-%02d %02d:%02d:%02d.%07d"`, m[0], m[1], m[2], m[3], m[4], m[5], m[6])
			if v[i], err = sqltypes.DecodeJSON(typ, []byte(text)); err != nil {
				t.Fatalf("%s: %v", text, err)
			}
		}
		if got, want := sqltypes.Compare(typ, v[0], v[1]), slices.Compare(a[:], b[:]); got != want {
			t.Fatalf("%s against %s = %d, want %d", v[0].Str, v[1].Str, got, want)
		}
	})
}

// An assignment stores the result of CAST wherever nothing is lost.
func TestAssignmentAndCastAreOneConversion(t *testing.T) {
	wide := []string{"VARCHAR(60)", "NVARCHAR(60)", "CHAR(60)", "NVARCHAR(MAX)", "BIGINT", "DECIMAL(38,9)", "REAL", "FLOAT", "BIT", "DATETIME2(7)", "TIME(7)", "VARBINARY(60)"}
	for _, c := range []struct {
		from   string
		values []sqltypes.Value
	}{
		{"BIT", []sqltypes.Value{sqltypes.Int64(0), sqltypes.Int64(1)}},
		{"SMALLINT", []sqltypes.Value{sqltypes.Int64(-7), sqltypes.Int64(30000)}},
		{"BIGINT", []sqltypes.Value{sqltypes.Int64(math.MinInt64), sqltypes.Int64(1 << 60)}},
		{"DECIMAL(12,3)", []sqltypes.Value{sqltypes.Text("0.000"), sqltypes.Text("-123456.789")}},
		{"REAL", []sqltypes.Value{sqltypes.Float64(float64(float32(0.1))), sqltypes.Float64(1 << 30)}},
		{"FLOAT", []sqltypes.Value{sqltypes.Float64(12345678.9), sqltypes.Float64(1e-7), sqltypes.Float64(1e17)}},
		{"NVARCHAR(30)", []sqltypes.Value{sqltypes.Text(" 12 "), sqltypes.Text("2026-11-22 20:24"), sqltypes.Text("x")}},
		{"DATE", []sqltypes.Value{sqltypes.Text("2026-11-22")}},
		{"TIME(3)", []sqltypes.Value{sqltypes.Text("20:24:00"), sqltypes.Text("20:24:00.125")}},
		{"DATETIME2(5)", []sqltypes.Value{sqltypes.Text("2026-11-22T20:24:00"), sqltypes.Text("0001-01-01T00:00:00.5")}},
		{"UNIQUEIDENTIFIER", []sqltypes.Value{sqltypes.Text("6F9619FF-8B86-D011-B42D-00C04FC964FF")}},
		{"VARBINARY(5)", []sqltypes.Value{sqltypes.Bytes([]byte{1, 0})}},
	} {
		for _, to := range wide {
			for _, v := range c.values {
				from, to := mustParse(t, c.from), mustParse(t, to)
				if sqltypes.CastsBinary(from, to) {
					continue // by CAST only
				}
				assigned, errA := sqltypes.Convert(v, from, to)
				cast, errC := sqltypes.Cast(v, from, to)
				if assigned != cast || numberOf(errA) != numberOf(errC) {
					t.Errorf("%s %+v to %s: assigned %+v (%v), cast %+v (%v)", from, v, to, assigned, errA, cast, errC)
				}
			}
		}
	}
}
