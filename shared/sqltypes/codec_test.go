package sqltypes_test

import (
	"math"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"

	"shardeck/shared/api"
	"shardeck/shared/sqltypes"
)

// fuzzTypes has at least one type of every kind.
var fuzzTypes = []string{
	"BIT", "TINYINT", "SMALLINT", "INT", "BIGINT", "DECIMAL(10,2)", "DECIMAL(38,0)", "DECIMAL(38,38)", "DECIMAL(1,0)", "REAL", "FLOAT",
	"CHAR(3)", "VARCHAR(5)", "NCHAR(3)", "NVARCHAR(5)", "NVARCHAR(MAX)", "BINARY(3)", "VARBINARY(5)", "VARBINARY(MAX)",
	"DATE", "TIME(0)", "TIME(7)", "DATETIME2(0)", "DATETIME2(3)", "DATETIME2(7)", "UNIQUEIDENTIFIER",
}

// FuzzDecodeJSON: no input panics; each accepted input has one wire form, which is valid JSON and
// decodes to the same value.
func FuzzDecodeJSON(f *testing.F) {
	_, samples := readSamples(f)
	for _, s := range samples {
		if len(s.Input) > 1000 {
			continue
		}
		for i, typ := range fuzzTypes {
			if strings.HasPrefix(s.Type, strings.TrimRight(typ, "0123456789,()MAX")) {
				f.Add(i, []byte(s.Input))
			}
		}
	}
	types := make([]sqltypes.Type, len(fuzzTypes))
	for i, s := range fuzzTypes {
		types[i] = mustParse(f, s)
	}
	f.Fuzz(func(t *testing.T, i int, raw []byte) {
		typ := types[uint(i)%uint(len(types))]
		v, err := sqltypes.DecodeJSON(typ, raw)
		if err != nil {
			return
		}
		if !jsontext.Value(raw).IsValid() {
			t.Fatalf("%s: %q was accepted but is not JSON", typ, raw)
		}
		wire := sqltypes.AppendJSON(nil, typ, v)
		if !jsontext.Value(wire).IsValid() {
			t.Fatalf("%s: the wire form %q of %q is not JSON", typ, wire, raw)
		}
		again, err := sqltypes.DecodeJSON(typ, wire)
		if err != nil || again != v {
			t.Fatalf("%s: %q is %+v, its wire form %s decodes to %+v, %v", typ, raw, v, wire, again, err)
		}
		if sqltypes.Compare(typ, v, again) != 0 {
			t.Fatalf("%s: %+v does not compare equal to itself", typ, v)
		}
		if same, err := sqltypes.Convert(v, typ, typ); err != nil || same != v {
			t.Fatalf("%s: converting %+v to its own type gives %+v, %v", typ, v, same, err)
		}
	})
}

func TestNaNIsNeverEncoded(t *testing.T) {
	float := mustParse(t, "FLOAT")
	for _, f := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		if v, err := sqltypes.Convert(sqltypes.Float64(f), float, float); err == nil {
			t.Errorf("Convert(%v) = %+v, want a refusal", f, v)
		}
		if got := string(sqltypes.AppendJSON(nil, float, sqltypes.Float64(f))); got != "null" {
			t.Errorf("AppendJSON(%v) = %s, want null", f, got)
		}
	}
}

func TestInvalidJSONIsRefused(t *testing.T) {
	for _, raw := range []string{
		"", " ", "nul", "True", "+1", "01", "-01", ".5", "5.", "1e", "1e+", "-", "--1", "0x10", "1 2", "NaN", "'a'",
		`"`, `"a`, `"a"b"`, `"\ud83d"`, `"\x"`, `"\"`, "\"\x01\"", "\"\xff\"", "\"\xed\xa0\x80\"", `{`, `[`,
	} {
		for _, name := range fuzzTypes {
			if v, err := sqltypes.DecodeJSON(mustParse(t, name), []byte(raw)); err == nil {
				t.Errorf("%s: %q = %+v, want a refusal", name, raw, v)
			}
		}
	}
}

func TestWireFormOfComputedValues(t *testing.T) {
	money := mustParse(t, "DECIMAL(10,2)")
	for _, c := range []struct {
		typ  sqltypes.Type
		v    sqltypes.Value
		want string
	}{
		{money, sqltypes.Int64(12), `"12.00"`},
		{money, sqltypes.Float64(12.5), `"12.50"`},
		{money, sqltypes.Text("12.5"), `"12.50"`},
		{money, sqltypes.Text("1234567890123.456"), `"1234567890123.46"`},
		{money, sqltypes.Text("no number"), `"no number"`},
		{mustParse(t, "DECIMAL(5,0)"), sqltypes.Int64(-7), `"-7"`},
		{mustParse(t, "BIT"), sqltypes.Int64(1), `true`},
		{mustParse(t, "NVARCHAR(5)"), sqltypes.Text("a\xffb"), "\"a\uFFFDb\""},
	} {
		if got := string(sqltypes.AppendJSON(nil, c.typ, c.v)); got != c.want {
			t.Errorf("AppendJSON(%s, %+v) = %s, want %s", c.typ, c.v, got, c.want)
		}
	}
}

func TestErrorsDoNotRepeatLongValues(t *testing.T) {
	long := `"` + strings.Repeat("é", 100_000) + `"`
	for _, name := range fuzzTypes {
		_, err := sqltypes.DecodeJSON(mustParse(t, name), []byte(long))
		if err != nil && len(err.Error()) > 300 {
			t.Errorf("%s: the message is %d bytes long", name, len(err.Error()))
		}
	}
}

func TestErrorTravelsAsAProblem(t *testing.T) {
	_, err := sqltypes.DecodeJSON(mustParse(t, "TINYINT"), []byte("256"))
	p := api.AsProblem(err)
	if p.Code != api.CodeOutOfRange || p.SQLNumber != 8115 || p.Status != 422 || p.Detail == "" || p.Hint != "TINYINT holds 0 to 255" {
		t.Errorf("problem = %+v", p)
	}
}

func TestHugeExponentsDoNotAllocateByMagnitude(t *testing.T) {
	digits := strings.Repeat("9", 1<<20)
	for _, name := range fuzzTypes {
		typ := mustParse(t, name)
		for _, raw := range []string{digits, "0." + digits, "1e" + digits, "1e-" + digits, `"` + digits + `"`} {
			v, err := sqltypes.DecodeJSON(typ, []byte(raw))
			if err == nil && len(v.Str) > len(raw) {
				t.Errorf("%s makes %d bytes of %d", typ, len(v.Str), len(raw))
			}
		}
	}
}

func TestHotPathsDoNotAllocate(t *testing.T) {
	integer, text, money := mustParse(t, "INT"), mustParse(t, "NVARCHAR(50)"), mustParse(t, "DECIMAL(10,2)")
	number, name, amount := []byte("123456"), []byte(`"Ada Lovelace"`), []byte(`"12.50"`)
	dst := make([]byte, 0, 256)
	for _, c := range []struct {
		name string
		max  float64
		run  func()
	}{
		{"decode INT", 0, func() { _, _ = sqltypes.DecodeJSON(integer, number) }},
		{"decode NVARCHAR", 1, func() { _, _ = sqltypes.DecodeJSON(text, name) }},
		{"decode DECIMAL", 1, func() { _, _ = sqltypes.DecodeJSON(money, amount) }},
		{"append INT", 0, func() { dst = sqltypes.AppendJSON(dst[:0], integer, sqltypes.Int64(123456)) }},
		{"append NVARCHAR", 0, func() { dst = sqltypes.AppendJSON(dst[:0], text, sqltypes.Text("Ada \"é\" Lovelace")) }},
		{"append DECIMAL", 0, func() { dst = sqltypes.AppendJSON(dst[:0], money, sqltypes.Text("12.5")) }},
		{"compare text", 0, func() { _ = sqltypes.CompareText("Ada Lovelaceé", "ADA LOVELACEÉ  ") }},
		{"compare decimal", 0, func() { _ = sqltypes.CompareDecimal("-12.50", "12.5") }},
	} {
		if got := testing.AllocsPerRun(200, c.run); got > c.max {
			t.Errorf("%s: %v allocations, want at most %v", c.name, got, c.max)
		}
	}
}
