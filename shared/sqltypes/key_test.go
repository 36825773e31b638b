package sqltypes_test

import (
	"testing"

	"pgregory.net/rapid"

	"shardeck/shared/sqltypes"
)

// TestEqualityKeyAgreesWithCompare draws values that often differ only in what the comparison
// ignores.
func TestEqualityKeyAgreesWithCompare(t *testing.T) {
	values := map[string]*rapid.Generator[sqltypes.Value]{
		"BIGINT":        rapid.Map(rapid.Int64Range(-2, 2), sqltypes.Int64),
		"FLOAT":         rapid.Map(rapid.SampledFrom([]float64{0, -1 / 1e300 / 1e300, 1, 1.5, 1e300}), sqltypes.Float64),
		"NVARCHAR(9)":   rapid.Map(rapid.StringMatching(`[aAbBäÄßẞıIİσςΣ ]{0,4}`), sqltypes.Text),
		"DECIMAL(9,2)":  rapid.Map(rapid.StringMatching(`-?[0-2]{1,2}(\.[0-1]{1,2})?`), sqltypes.Text),
		"VARBINARY(9)":  rapid.Map(rapid.StringMatching(`[aA ]{0,3}`), func(s string) sqltypes.Value { return sqltypes.Bytes([]byte(s)) }),
		"DATE":          rapid.Map(rapid.SampledFrom([]string{"2026-11-22", "2026-11-23"}), sqltypes.Text),
		"NVARCHAR(MAX)": rapid.Map(rapid.SampledFrom([]string{"\xff", "\xfe", "a\xff", "A\xff"}), sqltypes.Text),
	}
	for name, gen := range values {
		t.Run(name, func(t *testing.T) {
			typ, err := sqltypes.Parse(name)
			if err != nil {
				t.Fatal(err)
			}
			rapid.Check(t, func(t *rapid.T) {
				maybe := rapid.OneOf(gen, rapid.Just(sqltypes.Null()))
				a, b := maybe.Draw(t, "a"), maybe.Draw(t, "b")
				same := sqltypes.EqualityKey(typ, a, false) == sqltypes.EqualityKey(typ, b, false)
				if equal := sqltypes.Compare(typ, a, b) == 0; same != equal {
					t.Fatalf("keys are the same: %v, values are equal: %v", same, equal)
				}
				if !typ.Kind.IsString() || a.IsNull() || b.IsNull() {
					return
				}
				same = sqltypes.EqualityKey(typ, a, true) == sqltypes.EqualityKey(typ, b, true)
				if equal := sqltypes.CompareBinary(a.Str, b.Str) == 0; same != equal {
					t.Fatalf("binary: keys are the same: %v, values are equal: %v", same, equal)
				}
			})
		})
	}
}
