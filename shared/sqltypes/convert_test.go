package sqltypes_test

import (
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"shardeck/shared/sqltypes"
)

func TestConvertAsAnAssignmentDoes(t *testing.T) {
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

// Decimals are checked against exact rational arithmetic: the nearest multiple of
// 10^-scale, away from zero when two are as near, refused beyond the precision.
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
