package sqltypes_test

import (
	"testing"

	"shardeck/shared/sqltypes"
)

// Each golden sample's wire form decodes to its value.
func TestEveryWireFormIsDecoded(t *testing.T) {
	_, samples := readSamples(t)
	for _, s := range samples {
		if s.Error != nil {
			continue
		}
		typ := mustParse(t, s.Type)
		want, err := sqltypes.DecodeJSON(typ, s.Wire)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := sqltypes.DecodeWire(typ, s.Wire); err != nil || got != want {
			t.Errorf("%s %s decodes to %v, %v; want %v", s.Type, s.Wire, got, err, want)
		}
	}
}

func TestOtherFormsAreNotDecoded(t *testing.T) {
	for typ, forms := range map[string][]string{
		"INT":              {`"1"`, `""`, `"+1"`, `" 1"`, `1.0`, `1e0`, `true`, `1.5`, `+1`, `01`, `[1]`, `{}`, ``, `nul`},
		"BIGINT":           {`"9007199254740991"`, `9007199254740992`, `"+9007199254740993"`, `"09007199254740993"`, `"9223372036854775808"`, `-9007199254740993`},
		"BIT":              {`1`, `0`, `"true"`, `"1"`},
		"DECIMAL(10,2)":    {`1.50`, `1`, `"1."`, `"1"`, `"1.5"`, `"1.500"`, `"+1.50"`, `" 1.50"`, `"01.50"`, `".50"`, `"1e2"`, `true`, `"\u0031.50"`},
		"FLOAT":            {`"1"`, `true`, `"1e400"`, `1e400`, `NaN`, `.5`},
		"REAL":             {`"0.1"`, `1e39`},
		"NVARCHAR(5)":      {`1`, `true`, `"123456"`, "\"a\x01\"", `"a`},
		"VARBINARY(5)":     {`1`, `"01"`, `"0x0"`, `"0x010203040506"`},
		"DATE":             {`"20261122"`, `"2026-11-22 "`, `20261122`},
		"DATETIME2(3)":     {`"2026-11-22 20:24:00"`, `"2026-11-22T20:24:00.500"`, `"2026-11-22"`},
		"UNIQUEIDENTIFIER": {`"6f9619ff-8b86-d011-b42d-00c04fc964ff"`, `"{6F9619FF-8B86-D011-B42D-00C04FC964FF}"`},
	} {
		for _, raw := range forms {
			if v, err := sqltypes.DecodeWire(mustParse(t, typ), []byte(raw)); err == nil {
				t.Errorf("%s %s decodes to %v", typ, raw, v)
			}
		}
	}
}
