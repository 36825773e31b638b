package sqltypes_test

import (
	"testing"

	"shardeck/shared/sqltypes"
)

func BenchmarkDecodeJSON(b *testing.B) {
	for _, c := range []struct{ typ, raw string }{
		{"INT", "123456"}, {"NVARCHAR(50)", `"Ada Lovelace"`}, {"NVARCHAR(50)", `"Zoë Ångström"`}, {"DECIMAL(3,2)", "3.5"},
		{"DECIMAL(3,2)", `"3.50"`}, {"FLOAT", "3.5"}, {"DATE", `"2026-11-22"`}, {"DATETIME2(3)", `"2026-11-22T20:24:00.125"`},
	} {
		typ := mustParse(b, c.typ)
		raw := []byte(c.raw)
		b.Run(c.typ+" "+c.raw, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := sqltypes.DecodeJSON(typ, raw); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkAppendJSON(b *testing.B) {
	for _, c := range []struct{ typ, raw string }{
		{"INT", "123456"}, {"NVARCHAR(50)", `"Ada Lovelace"`}, {"NVARCHAR(50)", `"Zoë Ångström"`}, {"DECIMAL(3,2)", `"3.50"`},
		{"FLOAT", "3.5"}, {"DATE", `"2026-11-22"`},
	} {
		typ := mustParse(b, c.typ)
		v, err := sqltypes.DecodeJSON(typ, []byte(c.raw))
		if err != nil {
			b.Fatal(err)
		}
		dst := make([]byte, 0, 64)
		b.Run(c.typ+" "+c.raw, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				dst = sqltypes.AppendJSON(dst[:0], typ, v)
			}
		})
	}
}

func BenchmarkCompareText(b *testing.B) {
	for name, c := range map[string][2]string{"ascii": {"Ada Lovelace", "ada lovelacf"}, "accents": {"Zoë Ångström", "zoë ångströn"}} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				_ = sqltypes.CompareText(c[0], c[1])
			}
		})
	}
}
