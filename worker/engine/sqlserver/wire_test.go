package sqlserver

import (
	"database/sql/driver"
	"math"
	"strings"
	"testing"
	"time"

	mssql "github.com/microsoft/go-mssqldb"

	"github.com/go-json-experiment/json/jsontext"
	"pgregory.net/rapid"

	"shardeck/shared/sqltypes"
)

func TestRowsAreWrittenInWireForm(t *testing.T) {
	at := func(s string) time.Time {
		v, err := time.Parse("2006-01-02T15:04:05.999999999", s)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	for _, c := range []struct {
		name, typ string
		value     driver.Value
		want      string
	}{
		{"NULL", "INT", nil, "null"},
		{"integer", "INT", int64(-5), "-5"},
		{"integer beyond 2^53", "BIGINT", int64(math.MinInt64), `"-9223372036854775808"`},
		{"bit", "BIT", true, "true"},
		{"bit that was computed", "BIT", int64(0), "false"},
		{"float", "FLOAT", 1e300, "1e+300"},
		{"real", "REAL", float64(float32(0.1)), "0.1"},
		{"negative zero", "FLOAT", math.Copysign(0, -1), "0"},
		{"decimal", "DECIMAL(10,2)", []byte("-0.50"), `"-0.50"`},
		{"decimal of another scale", "DECIMAL(10,2)", []byte("1.005"), `"1.01"`},
		{"decimal sum of integers", "BIGINT", []byte("42"), "42"},
		{"integer for a decimal", "DECIMAL(10,2)", int64(3), `"3.00"`},
		{"decimal for a float", "FLOAT", []byte("2.50"), "2.5"},
		{"text", "NVARCHAR(20)", "a\"\n😀", `"a\"\n😀"`},
		{"bytes", "VARBINARY(MAX)", []byte{0xDE, 0xAD}, `"0xDEAD"`},
		{"no bytes", "VARBINARY(5)", []byte{}, `"0x"`},
		{"GUID", "UNIQUEIDENTIFIER", []byte{0xFF, 0x19, 0x96, 0x6F, 0x86, 0x8B, 0x11, 0xD0, 0xB4, 0x2D, 0, 0xC0, 0x4F, 0xC9, 0x64, 0xFF},
			`"6F9619FF-8B86-D011-B42D-00C04FC964FF"`},
		{"date", "DATE", at("0001-01-01T00:00:00"), `"0001-01-01"`},
		{"time", "TIME", at("0001-01-01T20:24:00.5"), `"20:24:00.5"`},
		{"time of a whole second", "TIME", at("0001-01-01T00:00:00"), `"00:00:00"`},
		{"moment", "DATETIME2", at("9999-12-31T23:59:59.9999999"), `"9999-12-31T23:59:59.9999999"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := appendRow([]byte("before"), []sqltypes.Type{mustType(t, c.typ)}, []driver.Value{c.value})
			if err != nil || string(got) != "before["+c.want+"]" {
				t.Errorf("got %s, %v; want [%s]", got, err, c.want)
			}
		})
	}
}

func TestAValueOfAnotherTypeIsRefused(t *testing.T) {
	for typ, v := range map[string]driver.Value{
		"INT": "1", "NVARCHAR(5)": int64(1), "DATE": "2026-11-22", "UNIQUEIDENTIFIER": []byte{1, 2}, "BIGINT": []byte("1.5"),
		"DECIMAL(3,1)": true, "BIT": 1.0, "VARBINARY(4)": "x", "FLOAT": time.Time{}, "TIME": struct{}{},
	} {
		got, err := appendRow([]byte("["), []sqltypes.Type{mustType(t, typ)}, []driver.Value{v})
		if err == nil || string(got) != "[" {
			t.Errorf("%T as %s became %s", v, typ, got)
		}
	}
}

// A value converted for the server, if returned by it unchanged, must be encoded as the value
// itself would be.
func TestValuesRoundTrip(t *testing.T) {
	types := []string{"BIT", "TINYINT", "INT", "BIGINT", "DECIMAL(20,5)", "REAL", "FLOAT", "NVARCHAR(MAX)", "VARBINARY(MAX)",
		"DATE", "TIME(7)", "DATETIME2(7)", "UNIQUEIDENTIFIER"}
	rapid.Check(t, func(t *rapid.T) {
		typ, err := sqltypes.Parse(rapid.SampledFrom(types).Draw(t, "type"))
		if err != nil {
			t.Fatal(err)
		}
		v, err := sqltypes.DecodeJSON(typ, []byte(drawJSON(t, typ)))
		if err != nil {
			t.Skip(err)
		}
		got, err := appendRow(nil, []sqltypes.Type{typ}, []driver.Value{asDriver(t, typ, argument(typ, v))})
		if err != nil {
			t.Fatal(err)
		}
		if want := string(sqltypes.AppendJSON(nil, typ, v)); string(got) != "["+want+"]" {
			t.Errorf("%s: got %s, want [%s]", typ, got, want)
		}
	})
}

func drawJSON(t *rapid.T, typ sqltypes.Type) string {
	quoted := func(s string) string {
		b, err := jsontext.AppendQuote(nil, s)
		if err != nil {
			t.Skip(err)
		}
		return string(b)
	}
	switch {
	case rapid.IntRange(0, 9).Draw(t, "null") == 0:
		return "null"
	case typ.Kind.IsInteger(), typ.Kind == sqltypes.Decimal:
		return string(sqltypes.AppendJSON(nil, sqltypes.BigIntType, sqltypes.Int64(rapid.Int64().Draw(t, "n"))))
	case typ.Kind.IsNumeric():
		f := rapid.Float64().Draw(t, "f")
		return string(sqltypes.AppendJSON(nil, sqltypes.FloatType, sqltypes.Float64(f)))
	case typ.Kind.IsBinary():
		return string(sqltypes.AppendJSON(nil, typ, sqltypes.Bytes(rapid.SliceOf(rapid.Byte()).Draw(t, "bytes"))))
	case typ.Kind == sqltypes.UniqueIdentifier:
		var id mssql.UniqueIdentifier
		copy(id[:], rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "guid"))
		return quoted(id.String())
	case typ.Kind.IsTemporal():
		at := time.Unix(rapid.Int64Range(-62135596800, 253402300799).Draw(t, "s"), 100*rapid.Int64Range(0, 9_999_999).Draw(t, "ns")).UTC()
		return quoted(at.Format(map[sqltypes.Kind]string{sqltypes.Date: "2006-01-02", sqltypes.Time: "15:04:05.9999999",
			sqltypes.DateTime2: "2006-01-02T15:04:05.9999999"}[typ.Kind]))
	}
	return quoted(rapid.String().Draw(t, "text"))
}

// asDriver converts an argument to what the driver returns for the column it was stored in.
func asDriver(t *rapid.T, typ sqltypes.Type, arg any) driver.Value {
	if v, ok := arg.(driver.Valuer); ok {
		inner, err := v.Value()
		if err != nil {
			t.Fatal(err)
		}
		return inner
	}
	if b, ok := arg.([]byte); ok && b == nil {
		return nil
	}
	text, ok := arg.(string)
	switch {
	case !ok || typ.Kind.IsString():
		return arg
	case typ.Kind == sqltypes.Decimal:
		return []byte(text)
	case typ.Kind == sqltypes.UniqueIdentifier:
		var id mssql.UniqueIdentifier
		if err := id.Scan(text); err != nil {
			t.Fatal(err)
		}
		raw, err := id.Value()
		if err != nil {
			t.Fatal(err)
		}
		return raw
	}
	layout := map[sqltypes.Kind]string{sqltypes.Date: "2006-01-02", sqltypes.Time: "15:04:05", sqltypes.DateTime2: "2006-01-02T15:04:05"}[typ.Kind]
	at, err := time.Parse(layout, text)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

// FuzzAppendRow encodes rows of arbitrary bytes and texts: the result must be one line of valid
// JSON, or an error.
func FuzzAppendRow(f *testing.F) {
	f.Add("NVARCHAR(10)", "text", []byte("bytes"), int64(1), 1.5)
	f.Add("UNIQUEIDENTIFIER", "\xff\xfe", []byte("0123456789abcdef"), int64(math.MinInt64), math.Inf(1))
	f.Add("DECIMAL(5,2)", "\n", []byte("-1.2e5"), int64(0), math.NaN())
	f.Fuzz(func(t *testing.T, typ, text string, b []byte, n int64, x float64) {
		parsed, err := sqltypes.Parse(typ)
		if err != nil {
			return
		}
		for _, v := range []driver.Value{nil, text, b, n, x, n%2 == 0, time.Unix(n%1e9, int64(len(text))).UTC()} {
			line, err := appendRow(nil, []sqltypes.Type{parsed}, []driver.Value{v})
			if err == nil && (!jsontext.Value(line).IsValid() || strings.Contains(string(line), "\n")) {
				t.Errorf("%v as %s became %s", v, typ, line)
			}
		}
	})
}

func BenchmarkAppendRow(b *testing.B) {
	types := []sqltypes.Type{{Kind: sqltypes.Int}, {Kind: sqltypes.NVarChar, Length: 50}, {Kind: sqltypes.Decimal, Precision: 10, Scale: 2},
		{Kind: sqltypes.DateTime2, Scale: 7}, {Kind: sqltypes.UniqueIdentifier}}
	row := []driver.Value{int64(12345), "Student 12345", []byte("3.50"), time.Date(2026, 11, 22, 20, 24, 0, 123456700, time.UTC), []byte("0123456789abcdef")}
	var buf []byte
	b.ReportAllocs()
	for b.Loop() {
		buf, _ = appendRow(buf[:0], types, row)
	}
}
