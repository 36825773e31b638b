package sqlite

import (
	"fmt"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"

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
		{`sd_add(2, 3, 'BIGINT')`, "INT", `5`},
		{`sd_add(2147483647, 1, 'BIGINT')`, "BIGINT", `2147483648`},
		{`sd_add(2147483647, 1, 'INT')`, "INT", `8115`},
		{`sd_add(9223372036854775807, 1, 'BIGINT')`, "BIGINT", `8115`},
		{`sd_sub(-9223372036854775807, 2, 'BIGINT')`, "BIGINT", `8115`},
		{`sd_mul(4611686018427387904, 2, 'BIGINT')`, "BIGINT", `8115`},
		{`sd_mul(-1, -9223372036854775807 - 1, 'BIGINT')`, "BIGINT", `8115`},
		{`sd_mul(0, -9223372036854775807 - 1, 'BIGINT')`, "BIGINT", `0`},
		{`sd_div(7, 2, 'BIGINT')`, "INT", `3`},
		{`sd_div(-7, 2, 'BIGINT')`, "INT", `-3`},
		{`sd_div(7, 0, 'BIGINT')`, "INT", `8134`},
		{`sd_mod(-7, 3, 'BIGINT')`, "INT", `-1`},
		{`sd_mod(7, 0, 'BIGINT')`, "INT", `8134`},
		{`sd_add(NULL, 1, 'BIGINT')`, "INT", `null`},
		{`sd_div(NULL, 0, 'BIGINT')`, "INT", `null`},
		{`sd_add('1', 1, 'BIGINT')`, "INT", `8114`},
		{`sd_add('0.1', '0.2', 'DECIMAL(38,1)')`, "DECIMAL(38,1)", `"0.3"`},
		{`sd_add('9.99', '0.01', 'DECIMAL(3,2)')`, "DECIMAL(3,2)", `8115`},
		{`sd_sub('1.00', '2.55', 'DECIMAL(5,1)')`, "DECIMAL(5,1)", `"-1.6"`},
		{`sd_mul('1.5', 3, 'DECIMAL(10,2)')`, "DECIMAL(10,2)", `"4.50"`},
		{`sd_mul('-0.05', '0.1', 'DECIMAL(10,2)')`, "DECIMAL(10,2)", `"-0.01"`},
		{`sd_div('2.0', '3', 'DECIMAL(8,6)')`, "DECIMAL(8,6)", `"0.666666"`},
		{`sd_div('2.0', '0.00', 'DECIMAL(8,6)')`, "DECIMAL(8,6)", `8134`},
		{`sd_mod('-7.5', '2', 'DECIMAL(8,1)')`, "DECIMAL(8,1)", `"-1.5"`},
		{`sd_convert('x', 'DECIMAL(8,1)', 'VARCHAR(9)')`, "DECIMAL(8,1)", `8114`},
		{`sd_convert('12.345', 'DECIMAL(8,2)', 'DECIMAL(5,3)')`, "DECIMAL(8,2)", `"12.35"`},
		{`sd_convert(1e3, 'DECIMAL(8,2)', 'FLOAT')`, "DECIMAL(8,2)", `"1000.00"`},
		{`sd_div(1.0, 4.0, 'FLOAT')`, "FLOAT", `0.25`},
		{`sd_div(1.0, 0.0, 'FLOAT')`, "FLOAT", `8134`},
		{`sd_convert(300, 'TINYINT', 'INT')`, "TINYINT", `8115`},
		{`sd_convert('12', 'INT', 'VARCHAR(9)')`, "INT", `12`},
		{`sd_convert('12.7', 'INT', 'VARCHAR(9)')`, "INT", `245`},
		{`sd_convert('12.7', 'INT', 'DECIMAL(3,1)')`, "INT", `12`},
		{`sd_convert(2.9, 'INT', 'FLOAT')`, "INT", `2`},
		{`sd_convert('abc', 'NVARCHAR(2)', 'NVARCHAR(9)')`, "NVARCHAR(2)", `2628`},
		{`sd_convert('ab   ', 'NVARCHAR(2)', 'NVARCHAR(9)')`, "NVARCHAR(2)", `"ab"`},
		{`sd_convert(12, 'NVARCHAR(5)', 'INT')`, "NVARCHAR(5)", `"12"`},
		{`sd_cast('abc', 'NVARCHAR(2)', 'NVARCHAR(9)')`, "NVARCHAR(2)", `"ab"`},
		{`sd_cast(1.5, 'VARCHAR(9)', 'FLOAT')`, "VARCHAR(9)", `"1.5"`},
		{`sd_abs(-5, 'INT')`, "INT", `5`},
		{`sd_abs(-2147483648, 'INT')`, "INT", `8115`},
		{`sd_abs('-1.50', 'DECIMAL(4,2)')`, "DECIMAL(4,2)", `"1.50"`},
		{`sd_round('748.58', -1, 'DECIMAL(5,2)')`, "DECIMAL(5,2)", `"750.00"`},
		{`sd_round('748.58', -3, 'DECIMAL(5,2)')`, "DECIMAL(5,2)", `8115`},
		{`sd_round(25, -1, 'INT')`, "INT", `30`},
		{`sd_round(2.675, 2, 'FLOAT')`, "FLOAT", `2.68`},
		{`sd_round(25, NULL, 'INT')`, "INT", `null`},
		{`sd_upper('zoë')`, "NVARCHAR(9)", `"ZOË"`},
		{`sd_lower('ZOË')`, "NVARCHAR(9)", `"zoë"`},
		{`sd_len('Zoë  ')`, "INT", `3`},
		{`sd_len(NULL)`, "INT", `null`},
		{`sd_ltrim('  a ')`, "NVARCHAR(9)", `"a "`},
		{`sd_rtrim('  a ')`, "NVARCHAR(9)", `"  a"`},
		{`sd_substring('Zoë', 0, 3)`, "NVARCHAR(9)", `"Zo"`},
		{`sd_substring('Zoë', 1, -1)`, "NVARCHAR(9)", `537`},
		{`sd_concat('ab', 'cd', 'VARCHAR(3)')`, "VARCHAR(3)", `"abc"`},
		{`sd_datepart('year', '2026-11-22', 'DATE')`, "INT", `2026`},
		{`sd_datepart('hour', '2026-11-22', 'DATE')`, "INT", `9810`},
		{`sd_datepart('fortnight', '2026-11-22', 'DATE')`, "INT", `8114`},
		{`sd_like('%ÖE%', 'Zoë oder Zöe')`, "BIT", `true`},
		{`sd_like_bin('%ÖE%', 'Zoë oder Zöe')`, "BIT", `false`},
		{`sd_like(NULL, 'x')`, "BIT", `null`},
		{`sd_like('x', 'x', 'ab')`, "BIT", `506`},
		{`'straße' = 'STRASSE' COLLATE SHARDECK_TEXT`, "BIT", `false`},
		{`'Zoë  ' = 'zOË' COLLATE SHARDECK_TEXT`, "BIT", `true`},
		{`'9.5' < '10.25' COLLATE SHARDECK_DECIMAL`, "BIT", `true`},
	} {
		if got := evaluate(t, e, c.typ, "SELECT "+c.expr); got != "["+c.want+"]" {
			t.Errorf("%s is %s, want %s", c.expr, got, c.want)
		}
	}
}

func TestAFunctionErrorUndoesTheUpdate(t *testing.T) {
	e := school(t, Config{})
	mustExec(t, e, request(insert(student(1), student(2), student(3))))
	_, err := e.Exec(t.Context(), request(api.Statement{
		SQL:   `UPDATE "Students" SET "age" = sd_div(60, sd_sub(3, "student_id", 'INT'), 'INT')`,
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

func FuzzAppendRow(f *testing.F) {
	f.Add([]byte(`[1, "a"]", null]`))
	f.Add([]byte(` [ true ,-1.5e3,"" ] `))
	f.Add([]byte(`["\"]`))
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
		// Accepted input is a JSON array of the right length, unless one of its values is not
		// valid.
		if len(values) != len(types) {
			t.Fatalf("%d values of %q", len(values), row)
		}
		if v := jsontext.Value(row); !v.IsValid() {
			t.Fatalf("%q is accepted but is not JSON", row)
		}
	})
}

// One group of rows each; the states of groups that end early are discarded too.
func TestAggregatesAddUpExactly(t *testing.T) {
	e := school(t, Config{})
	for _, c := range []struct {
		expr, from, typ string
		want            string // a value, or the SQL number of the refusal
	}{
		{`sd_sum(x, 'BIGINT')`, `SELECT 1 AS x UNION ALL SELECT NULL UNION ALL SELECT 41`, "BIGINT", `42`},
		{`sd_sum(x, 'BIGINT')`, `SELECT 1 AS x WHERE 1 = 0`, "BIGINT", `null`},
		{`sd_sum(x, 'BIGINT')`, `SELECT NULL AS x`, "BIGINT", `null`},
		{`sd_sum(x, 'BIGINT')`, `SELECT 9223372036854775807 AS x UNION ALL SELECT 1`, "BIGINT", `8115`},
		{`sd_sum(x, 'BIGINT')`, `SELECT 9223372036854775807 AS x UNION ALL SELECT 1 UNION ALL SELECT -1`, "BIGINT", `"9223372036854775807"`},
		{`sd_sum(x, 'BIGINT')`, `SELECT 'a' AS x UNION ALL SELECT 1`, "BIGINT", `8114`},
		{`sd_sum(x, 'DECIMAL(38,2)')`, `SELECT '0.10' AS x UNION ALL SELECT '0.20' UNION ALL SELECT NULL`, "DECIMAL(38,2)", `"0.30"`},
		{`sd_sum(x, 'DECIMAL(38,2)')`, `SELECT '1' AS x WHERE 1 = 0`, "DECIMAL(38,2)", `null`},
		{`sd_sum(x, 'DECIMAL(38,2)')`, `SELECT NULL AS x`, "DECIMAL(38,2)", `null`},
		{`sd_sum(x, 'DECIMAL(3,2)')`, `SELECT '9.99' AS x UNION ALL SELECT '0.01'`, "DECIMAL(3,2)", `8115`},
		{`sd_sum(x, 'DECIMAL(39,2)')`, `SELECT '9.99' AS x`, "DECIMAL(38,2)", `2750`},
		{`sd_sum(x, 'DECIMAL(38,2)')`, `SELECT 'y' AS x`, "DECIMAL(38,2)", `8114`},
		// Another function fails while the group has a sum that would finally be refused.
		{`sd_sum(x, 'BIGINT') + sum(sd_div(1, x - 1, 'INT'))`, `SELECT 9223372036854775807 AS x UNION ALL SELECT 1`, "BIGINT", `8134`},
	} {
		if got := evaluate(t, e, c.typ, "SELECT "+c.expr+" FROM ("+c.from+")"); got != "["+c.want+"]" {
			t.Errorf("%s FROM (%s) is %s, want %s", c.expr, c.from, got, c.want)
		}
	}
}

func TestAggregatesOfManyGroupsAreIndependent(t *testing.T) {
	e := school(t, Config{})
	got := evaluate(t, e, "BIGINT", `SELECT sd_sum(x, 'BIGINT') FROM (
		WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 10) SELECT x FROM n) GROUP BY sd_mod(x, 3, 'INT') ORDER BY sd_mod(x, 3, 'INT')`)
	if got != "[18][22][15]" {
		t.Errorf("got %s", got)
	}
}

// evaluate returns the rows of a single-column query, or the SQL number of its error.
func evaluate(t *testing.T, e *Engine, typ, sql string) string {
	t.Helper()
	var got strings.Builder
	err := e.Query(t.Context(), &api.QueryRequest{
		DB: "SchoolDB", SQL: sql, ResultTypes: []string{typ},
	}, func(line []byte) error {
		got.Write(line)
		return nil
	})
	if err != nil {
		return fmt.Sprintf("[%d]", api.AsProblem(err).SQLNumber)
	}
	return got.String()
}
