package main_test

import (
	"fmt"
	"strings"
	"testing"

	"shardeck/shared/sqltypes"
	"shardeck/worker/engine/sqlserver/foreign"
)

// TestSQLServerFunctionsThroughTheExtension holds the extension against the package that it is
// built from, whose results have tests of their own.
func TestSQLServerFunctionsThroughTheExtension(t *testing.T) {
	lib := library(t)
	const (
		write = `{"db_name":"d","fence":{"term":3,"map_version":1},"statements":[{"sql":"INSERT INTO [t] ([a]) VALUES (@p1)","table":"t",` +
			`"effect":"insert","schema_version":"v","types":["NVARCHAR(9)"],"columns":["a"],"rows":[["it's 😀"],[null]]}]}`
		query   = `{"db_name":"d","sql":"SELECT [a] FROM [t] WHERE [a] = @p1","types":["BIGINT"],"params":[1],"result_types":["BIGINT"],"schemas":{"t":"v"}}`
		context = `{"suffix":"PY","now_ms":1700000000000,"ttl_ms":1000}`
		outcome = `["done",0,1,3,1,"","","v",null,",2",0,""]`
		failed  = `{"phase":"read","errors":[{"number":8134,"severity":16,"message":"x"}]}`
	)
	calls := map[string][]string{
		"sd_mssql_write":     {write, context},
		"sd_mssql_finish":    {write, context, "[" + outcome + "]"},
		"sd_mssql_answer":    {write, outcome},
		"sd_mssql_query":     {query},
		"sd_mssql_refused":   {query, `["t",null]`},
		"sd_mssql_stale":     {query, "t", "w"},
		"sd_mssql_error":     {failed, ""}, // NULL
		"sd_mssql_statement": {"record", `{"name":"SchoolDB"}`},
	}
	for _, f := range foreign.Functions() {
		args := calls[f.Name]
		if len(args) != f.Args {
			t.Errorf("%s takes %d arguments, which this test does not have", f.Name, f.Args)
			continue
		}
		literals, values := make([]string, len(args)), make([]sqltypes.Value, len(args))
		for i, a := range args {
			literals[i] = "NULL"
			if a != "" {
				literals[i], values[i] = "'"+strings.ReplaceAll(a, "'", "''")+"'", sqltypes.Text(a)
			}
		}
		want, err := f.Call(values)
		if err != nil {
			t.Fatalf("%s: %v", f.Name, err)
		}
		out, errs := shell(t, lib, fmt.Sprintf("SELECT %s(%s);", f.Name, strings.Join(literals, ", ")))
		if errs != "" || out != want.Str {
			t.Errorf("%s: got %s%s, want %s", f.Name, out, errs, want.Str)
		}
	}
	if out, errs := shell(t, lib, "SELECT sd_mssql_statement('nothing', NULL);"); !strings.Contains(errs, "shardeck: there is no statement") {
		t.Errorf("got %s%s, want an error", out, errs)
	}
}

func TestRowsOfSQLServerThroughTheExtension(t *testing.T) {
	lib := library(t)
	for sql, want := range map[string]string{
		`SELECT sd_mssql_cells('["BIGINT","DECIMAL(38,2)","DATETIME2(7)","BIT","UNIQUEIDENTIFIER"]', '9007199254740993', '0.50', '2026-11-22 20:24:00.1234567', 1, '00112233-4455-6677-8899-aabbccddeeff')`: `"9007199254740993","0.50","2026-11-22T20:24:00.1234567",true,"00112233-4455-6677-8899-AABBCCDDEEFF"`,
		`SELECT sd_mssql_cells('["INT","VARBINARY(5)","FLOAT","NVARCHAR(5)"]', NULL, x'00ff', 1.5, 'é')`:                                                                                                    `null,"0x00FF",1.5,"é"`,
		`SELECT sd_mssql_cells('["REAL"]', 0.10000000149011612)`:                                                                                                                                            "0.1",
	} {
		if out, errs := shell(t, lib, sql+";"); out != want || errs != "" {
			t.Errorf("%s: got %s%s, want %s", sql, out, errs, want)
		}
	}
	for sql, want := range map[string]string{
		`SELECT sd_mssql_cells('["INT"]', 'x')`:                                     "the server sent text for a column of type INT",
		`SELECT sd_mssql_cells('["INT"]')`:                                          "one value for each type",
		`SELECT sd_mssql_cells('["NVARCHAR(MAX)"]', printf('%.*c', 16777214, 'a'))`: `"reason":"too complex"`,
	} {
		if out, errs := shell(t, lib, sql+";"); !strings.Contains(errs, want) {
			t.Errorf("%s: got %s%s, want the error %s", sql, out, errs, want)
		}
	}
}
