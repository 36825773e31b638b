package sqlserver

import (
	"testing"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"

	"shardeck/shared/api"
	"shardeck/shared/sqltypes"
	"shardeck/worker/engine/contract"
)

func TestAnInsertOfTheDialectsFormIsRead(t *testing.T) {
	for _, c := range []struct {
		name, sql string
		params    int
		want      []bulkColumn
	}{
		{"in brackets", "INSERT INTO [t] ([a], [b]) VALUES (@p1, @p2)", 2, []bulkColumn{{"a", 0}, {"b", 1}}},
		{"in quotes, in another order", `INSERT INTO "t" ("a","b") VALUES (@p2,@p1)`, 2, []bulkColumn{{"a", 1}, {"b", 0}}},
		{"a constant among the values", "INSERT INTO [t] ([a], [b]) VALUES (@p1, 0)", 1, nil},
		{"an expression", "INSERT INTO [t] ([a]) VALUES (@p1 + 1)", 1, nil},
		{"a parameter twice", "INSERT INTO [t] ([a], [b]) VALUES (@p1, @p1)", 2, nil},
		{"fewer columns than values", "INSERT INTO [t] ([a]) VALUES (@p1, @p2)", 2, nil},
		{"no columns", "INSERT INTO [t] VALUES (@p1)", 1, nil},
		{"two rows", "INSERT INTO [t] ([a]) VALUES (@p1), (@p2)", 2, nil},
		{"a SELECT", "INSERT INTO [t] ([a]) SELECT @p1", 1, nil},
		{"cut short", "INSERT INTO [t] ([a]) VALUES (@p1", 1, nil},
		{"a quote that does not end", "INSERT INTO [t] ([a", 1, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := insertedColumns(c.sql, c.params)
			if diff := cmp.Diff(c.want, got, cmp.AllowUnexported(bulkColumn{})); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestBulkLeavesNULLsOutWhereAColumnHasNone: of a column without NULLs the driver has
// no form for one, and would shift what comes after it.
func TestBulkLeavesNULLsOutWhereAColumnHasNone(t *testing.T) {
	def := api.TableDef{Name: "t", Columns: []api.ColumnDef{{Name: "a", Type: "INT"}, {Name: "b", Type: "INT", Nullable: true}}}
	cols := []bulkColumn{{"a", 0}, {"b", 1}, {slotColumn, 2}}
	for row, want := range map[string]bool{"[1,2,3]": true, "[1,null,3]": true, "[null,2,3]": false, "[1,2,null]": false} {
		x, err := contract.DecodeExec(&api.ExecRequest{Statements: []api.Statement{{
			SQL: "INSERT", Table: "t", Effect: api.EffectInsert, Types: []string{"INT", "INT", "INT"},
			Rows: []jsontext.Value{jsontext.Value("[1,2,3]"), jsontext.Value(row)},
		}}})
		if err != nil {
			t.Fatal(err)
		}
		if got := fits(&def, &x.Decoded[0], cols); got != want {
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

// TestBulkMomentsKeepTheirFraction: what goes in as canonical text comes out as it.
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
