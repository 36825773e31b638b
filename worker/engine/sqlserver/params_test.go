package sqlserver

import (
	"database/sql"
	"database/sql/driver"
	"testing"

	"github.com/google/go-cmp/cmp"

	"shardeck/shared/sqltypes"
)

func mustType(t *testing.T, s string) sqltypes.Type {
	t.Helper()
	typ, err := sqltypes.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return typ
}

func TestArgumentsAreWhatTheServerConvertsWithoutLoss(t *testing.T) {
	for _, c := range []struct {
		name, typ, json string
		want            any
	}{
		{"an integer", "INT", "-7", int64(-7)},
		{"the largest BIGINT", "BIGINT", `"9223372036854775807"`, int64(9223372036854775807)},
		{"a bit", "BIT", "true", true},
		{"a float", "FLOAT", "1.5e300", 1.5e300},
		{"a real", "REAL", "0.1", float64(float32(0.1))},
		{"a decimal by its digits", "DECIMAL(20,10)", "1234567890.0123456789", "1234567890.0123456789"},
		{"text beyond the BMP", "NVARCHAR(10)", `"a😀"`, "a😀"},
		{"padded text", "CHAR(3)", `"a"`, "a  "},
		{"empty text", "VARCHAR(3)", `""`, ""},
		{"bytes", "VARBINARY(4)", `"0x00FF"`, []byte{0, 0xFF}},
		{"no bytes", "VARBINARY(4)", `"0x"`, []byte{}},
		{"a date", "DATE", `"2026-11-22"`, "2026-11-22"},
		{"a moment", "DATETIME2(7)", `"2026-11-22 20:24:00.1234567"`, "2026-11-22T20:24:00.1234567"},
		{"a GUID", "UNIQUEIDENTIFIER", `"6f9619ff-8b86-d011-b42d-00c04fc964ff"`, "6F9619FF-8B86-D011-B42D-00C04FC964FF"},
		{"no bit", "BIT", "null", sql.NullBool{}},
		{"no integer", "SMALLINT", "null", sql.NullInt64{}},
		{"no float", "REAL", "null", sql.NullFloat64{}},
		{"no decimal", "DECIMAL(3,1)", "null", sql.NullString{}},
		{"no text", "NVARCHAR(5)", "null", sql.NullString{}},
		{"NULL bytes", "BINARY(2)", "null", []byte(nil)},
		{"no date", "DATE", "null", sql.NullString{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			typ := mustType(t, c.typ)
			v, err := sqltypes.DecodeJSON(typ, []byte(c.json))
			if err != nil {
				t.Fatal(err)
			}
			got := argument(typ, v)
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if b, ok := got.([]byte); ok && (b == nil) != v.IsNull() {
				t.Error("NULL and an empty binary value are not distinguished")
			}
			if valuer, ok := got.(driver.Valuer); ok {
				if inner, err := valuer.Value(); inner != nil || err != nil {
					t.Errorf("a NULL has the value %v, %v", inner, err)
				}
			}
		})
	}
}
