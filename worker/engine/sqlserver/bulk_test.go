package sqlserver

import (
	"testing"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"

	"shardeck/shared/api"
	"shardeck/shared/sqltypes"
	"shardeck/worker/engine/contract"
)

// TestBulkRefusesNULLsInNotNullColumns: the driver has no encoding for them, and would shift the
// values that follow.
func TestBulkRefusesNULLsInNotNullColumns(t *testing.T) {
	def := api.TableDef{Name: "t", Columns: []api.ColumnDef{{Name: "a", Type: "INT"}, {Name: "b", Type: "INT", Nullable: true}}}
	for row, want := range map[string]bool{"[1,2,3]": true, "[1,null,3]": true, "[null,2,3]": false, "[1,2,null]": false} {
		x, err := contract.DecodeExec(&api.ExecRequest{Statements: []api.Statement{{
			SQL: "INSERT", Table: "t", Effect: api.EffectInsert, Types: []string{"INT", "INT", "INT"}, Columns: []string{"a", "b", slotColumn},
			Rows: []jsontext.Value{jsontext.Value("[1,2,3]"), jsontext.Value(row)},
		}}})
		if err != nil {
			t.Fatal(err)
		}
		if got := fits(&def, &x.Decoded[0]); got != want {
			t.Errorf("%s: %v", row, got)
		}
	}
}

func TestBulkValuesAreWhatTheDriverEncodes(t *testing.T) {
	for _, c := range []struct {
		typ  string
		v    sqltypes.Value
		want any
	}{
		{"INT", sqltypes.Value{Form: sqltypes.FormInt, Int: 7}, int64(7)},
		{"BIT", sqltypes.Value{Form: sqltypes.FormInt, Int: 1}, true},
		{"DECIMAL(5,2)", sqltypes.Value{Form: sqltypes.FormText, Str: "1.50"}, "1.50"},
		{"NVARCHAR(5)", sqltypes.Value{}, nil},
		{"VARBINARY(5)", sqltypes.Value{Form: sqltypes.FormBytes}, []byte{}},
		{"UNIQUEIDENTIFIER", sqltypes.Value{Form: sqltypes.FormText, Str: "00112233-4455-6677-8899-AABBCCDDEEFF"},
			[]byte{0x33, 0x22, 0x11, 0, 0x55, 0x44, 0x77, 0x66, 0x88, 0x99, 0xAA, 0xBB, 0xCC, 0xDD, 0xEE, 0xFF}},
	} {
		typ, err := sqltypes.Parse(c.typ)
		if err != nil {
			t.Fatal(err)
		}
		got, err := bulkValue(typ, c.v)
		if diff := cmp.Diff(c.want, got); err != nil || diff != "" {
			t.Errorf("%s: %v\n%s", c.typ, err, diff)
		}
	}
}

// TestBulkMomentsKeepTheirFraction: canonical text survives the round trip.
func TestBulkMomentsKeepTheirFraction(t *testing.T) {
	for typ, text := range map[string]string{
		"DATE": "0001-01-01", "TIME(7)": "23:59:59.9999999", "DATETIME2(7)": "9999-12-31T23:59:59.9999999", "DATETIME2(0)": "2026-11-22T20:24:00",
	} {
		parsed, err := sqltypes.Parse(typ)
		if err != nil {
			t.Fatal(err)
		}
		v, err := bulkValue(parsed, sqltypes.Value{Form: sqltypes.FormText, Str: text})
		if err != nil {
			t.Fatal(err)
		}
		back, ok := appendValue(nil, parsed, v)
		if !ok || string(back) != `"`+text+`"` {
			t.Errorf("%s: %s came back as %s", typ, text, back)
		}
	}
}
