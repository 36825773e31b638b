package sqlite

import (
	"fmt"
	"math/big"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
	"pgregory.net/rapid"

	"shardeck/shared/api"
	"shardeck/shared/sqltypes"
	"shardeck/worker/engine/contract"
)

func TestFunctionsComputeAsTSQLDoes(t *testing.T) {
	e := school(t, Config{})
	for _, c := range []struct {
		expr, typ string
		want      string // a value, or the SQL number of the refusal
	}{
		{`sd_add(2, 3)`, "INT", `5`},
		{`sd_add(2147483647, 1)`, "BIGINT", `2147483648`},
		{`sd_add(2147483647, 1, 'INT')`, "INT", `8115`},
		{`sd_add(9223372036854775807, 1)`, "BIGINT", `8115`},
		{`sd_sub(-9223372036854775807, 2)`, "BIGINT", `8115`},
		{`sd_mul(4611686018427387904, 2)`, "BIGINT", `8115`},
		{`sd_mul(-1, -9223372036854775807 - 1)`, "BIGINT", `8115`},
		{`sd_mul(0, -9223372036854775807 - 1)`, "BIGINT", `0`},
		{`sd_div(7, 2)`, "INT", `3`},
		{`sd_div(-7, 2)`, "INT", `-3`},
		{`sd_div(7, 0)`, "INT", `8134`},
		{`sd_mod(-7, 3)`, "INT", `-1`},
		{`sd_mod(7, 0)`, "INT", `8134`},
		{`sd_add(NULL, 1)`, "INT", `null`},
		{`sd_div(NULL, 0)`, "INT", `null`},
		{`sd_add('1', 1)`, "INT", `8114`},
		{`sd_dec_add('0.1', '0.2', 38, 1)`, "DECIMAL(38,1)", `"0.3"`},
		{`sd_dec_add('9.99', '0.01', 3, 2)`, "DECIMAL(3,2)", `8115`},
		{`sd_dec_sub('1.00', '2.55', 5, 1)`, "DECIMAL(5,1)", `"-1.6"`},
		{`sd_dec_mul('1.5', 3, 10, 2)`, "DECIMAL(10,2)", `"4.50"`},
		{`sd_dec_mul('-0.05', '0.1', 10, 2)`, "DECIMAL(10,2)", `"-0.01"`},
		{`sd_dec_div('2.0', '3', 8, 6)`, "DECIMAL(8,6)", `"0.666666"`},
		{`sd_dec_div('2.0', '0.00', 8, 6)`, "DECIMAL(8,6)", `8134`},
		{`sd_dec_mod('-7.5', '2', 8, 1)`, "DECIMAL(8,1)", `"-1.5"`},
		{`sd_dec('x', 8, 1)`, "DECIMAL(8,1)", `8114`},
		{`sd_dec('12.345', 8, 2)`, "DECIMAL(8,2)", `"12.35"`},
		{`sd_dec(1e3, 8, 2)`, "DECIMAL(8,2)", `"1000.00"`},
		{`sd_div_f(1.0, 4.0)`, "FLOAT", `0.25`},
		{`sd_div_f(1.0, 0.0)`, "FLOAT", `8134`},
		{`sd_int(300, 'TINYINT')`, "TINYINT", `8115`},
		{`sd_int('12', 'INT')`, "INT", `12`},
		{`sd_int('12.7', 'INT')`, "INT", `245`},
		{`sd_int('12.7', 'INT', 'DECIMAL(3,1)')`, "INT", `12`},
		{`sd_int(2.9, 'INT')`, "INT", `2`},
		{`sd_text('abc', 'NVARCHAR(2)')`, "NVARCHAR(2)", `2628`},
		{`sd_text('ab   ', 'NVARCHAR(2)')`, "NVARCHAR(2)", `"ab"`},
		{`sd_text(12, 'NVARCHAR(5)')`, "NVARCHAR(5)", `"12"`},
		{`sd_like('%ÖE%', 'Zoë oder Zöe')`, "BIT", `true`},
		{`sd_like_bin('%ÖE%', 'Zoë oder Zöe')`, "BIT", `false`},
		{`sd_like(NULL, 'x')`, "BIT", `null`},
		{`sd_like('x', 'x', 'ab')`, "BIT", `506`},
		{`'straße' = 'STRASSE' COLLATE SHARDECK_TEXT`, "BIT", `false`},
		{`'Zoë  ' = 'zOË' COLLATE SHARDECK_TEXT`, "BIT", `true`},
		{`'Zoë  ' = 'zOË' COLLATE SHARDECK_BIN`, "BIT", `false`},
		{`'9.5' < '10.25' COLLATE SHARDECK_DECIMAL`, "BIT", `true`},
	} {
		got := []string{}
		err := e.Query(t.Context(), &api.QueryRequest{
			DB: "SchoolDB", SQL: "SELECT " + c.expr, Columns: []api.Column{{Name: "x", Type: c.typ}},
		}, func(line []byte) error {
			got = append(got, string(line))
			return nil
		})
		if err != nil {
			got = append(got, fmt.Sprintf("[%d]", api.AsProblem(err).SQLNumber))
		}
		if len(got) != 1 || got[0] != "["+c.want+"]" {
			t.Errorf("%s is %v (%v), want %s", c.expr, got, err, c.want)
		}
	}
}

func TestAFunctionThatRefusesInAnUpdateUndoesIt(t *testing.T) {
	e := school(t, Config{})
	mustExec(t, e, request(insert(student(1), student(2), student(3))))
	_, err := e.Exec(t.Context(), request(api.Statement{
		SQL:   `UPDATE "Students" SET "age" = sd_div(60, sd_sub(3, "student_id"))`,
		Table: "Students", Effect: api.EffectUpdate, SchemaVersion: studentsDef.Version(),
	}))
	if p := api.AsProblem(err); p == nil || p.Code != api.CodeDivideByZero || p.SQLNumber != 8134 {
		t.Errorf("Exec: %v", err)
	}
	for _, line := range rows(t, e, selectAll("")) {
		if !strings.Contains(line, ",20,") {
			t.Errorf("row %s was changed", line)
		}
	}
}

// dumbLike is LIKE by definition, one character at a time.
func dumbLike(p, v []rune) bool {
	switch {
	case len(p) == 0:
		return len(v) == 0
	case p[0] == '%':
		return dumbLike(p[1:], v) || len(v) > 0 && dumbLike(p, v[1:])
	case len(v) == 0:
		return false
	case p[0] == '[' && len(p) >= 5 && p[2] == '-' && p[4] == ']':
		return p[1] <= v[0] && v[0] <= p[3] && dumbLike(p[5:], v[1:])
	}
	return (p[0] == '_' || p[0] == v[0]) && dumbLike(p[1:], v[1:])
}

func TestLikeAgreesWithItsDefinition(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		value := rapid.StringOfN(rapid.SampledFrom([]rune("abcé")), 0, 10, -1).Draw(t, "value")
		parts := rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "é", "%", "_", "[a-c]"}), 0, 8).Draw(t, "pattern")
		pattern := strings.Join(parts, "")
		if got, want := like(pattern, value, -1, false), dumbLike([]rune(pattern), []rune(value)); got != want {
			t.Fatalf("like(%q, %q) is %v", pattern, value, got)
		}
	})
}

func TestLikeSetsEscapesAndCase(t *testing.T) {
	for _, c := range []struct {
		pattern, value string
		escape         rune
		want           bool
	}{
		{"100!%", "100%", '!', true},
		{"100!%", "1000", '!', false},
		{"[abc]x", "Bx", -1, true},
		{"[^abc]x", "Bx", -1, false},
		{"[^a-c]x", "Dx", -1, true},
		{"[]]", "]", -1, true},
		{"[[]x]", "[x]", -1, true},
		{"[a-", "[a-", -1, true}, // no set: it is not closed
		{"a%%b", "aXXb", -1, true},
		{"", "", -1, true},
		{"%", "", -1, true},
		{"_", "", -1, false},
		{"a", "A", -1, true},
		{"k", "\u212a", -1, true}, // the Kelvin sign
	} {
		if got := like(c.pattern, c.value, c.escape, true); got != c.want {
			t.Errorf("like(%q, %q) is %v", c.pattern, c.value, got)
		}
	}
}

func FuzzLikeNeverPanics(f *testing.F) {
	f.Add("%a[b-]_!", "xabc", '!')
	f.Add("[", "[", rune(-1))
	f.Fuzz(func(t *testing.T, pattern, value string, escape rune) {
		like(pattern, value, escape, true)
		if utf8.ValidString(value) && !like("%", value, -1, false) {
			t.Errorf("%% does not match %q", value)
		}
	})
}

func TestDecimalsRoundHalfAwayFromZeroExactly(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		unscaled := rapid.Int64().Draw(t, "unscaled")
		from := rapid.IntRange(0, 20).Draw(t, "from")
		to := rapid.IntRange(0, 20).Draw(t, "to")
		d := decimal{big.NewInt(unscaled), from}.to(to)
		exact := new(big.Rat).SetFrac(big.NewInt(unscaled), pow10(from))
		text, ok := d.text(100)
		if !ok || text != strings.TrimPrefix(exact.FloatString(to), "") && !isZero(text) {
			t.Fatalf("%s to scale %d is %s, big.Rat says %s", exact, to, text, exact.FloatString(to))
		}
		back, ok := parseDecimal(text)
		if !ok || back.unscaled.Cmp(d.unscaled) != 0 || back.scale != to {
			t.Fatalf("%q is read back as %v", text, back)
		}
	})
}

func isZero(text string) bool { return strings.Trim(text, "0.") == "" }

func FuzzAppendRow(f *testing.F) {
	f.Add([]byte(`[1, "a\"]", null]`))
	f.Add([]byte(` [ true ,-1.5e3,"" ] `))
	f.Add([]byte(`["\\"]`))
	f.Add([]byte(`[1,]`))
	types := []sqltypes.Type{}
	for range 3 {
		types = append(types, sqltypes.Type{Kind: sqltypes.NVarChar, Length: -1})
	}
	f.Fuzz(func(t *testing.T, row []byte) {
		values, _, err := contract.AppendRow(nil, types, row)
		if err != nil {
			return
		}
		// What is taken is a JSON array of as many values, unless a value was taken that is none.
		if len(values) != len(types) {
			t.Fatalf("%d values of %q", len(values), row)
		}
		if v := jsontext.Value(row); !v.IsValid() {
			t.Fatalf("%q is taken and is no JSON", row)
		}
	})
}

func TestLikePaddedPassesOverBlanksAtTheEndOfTheValueAlone(t *testing.T) {
	for _, c := range []struct {
		pattern, value string
		want           bool
	}{
		{"ab", "ab   ", true}, {"ab ", "ab   ", true}, {"ab   ", "ab   ", true}, {"ab ", "ab", false},
		{"%b", "ab  ", true}, {"a_", "ab  ", true}, {"ab_", "ab  ", true}, {"ab_", "ab", false},
		{"", "   ", true}, {"", " a", false}, {"a", "a b", false}, {"%a", "a b ", false}, {"b", " b", false},
	} {
		if got := likePadded(c.pattern, c.value, -1, true); got != c.want {
			t.Errorf("likePadded(%q, %q) is %v", c.pattern, c.value, got)
		}
	}
}
