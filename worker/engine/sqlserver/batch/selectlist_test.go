package batch

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/sqlc-dev/teesql/parser"

	"shardeck/shared/api"
	"shardeck/shared/sqltypes"
)

// TestColumnsAreSelectedAsText: what a driver could read with loss is converted, and nothing else.
func TestColumnsAreSelectedAsText(t *testing.T) {
	const text, moment = "CONVERT(NVARCHAR(50), ", ", 121)"
	for _, c := range []struct{ sql, types, want string }{
		{"SELECT [a] FROM [t]", "INT", "SELECT [a] FROM [t]"},
		{"SELECT [a],[b] FROM [t]", "BIGINT|NVARCHAR(5)", "SELECT " + text + "[a]),[b] FROM [t]"},
		{"SELECT [a], [b], [c] FROM [t] ORDER BY [b]", "DECIMAL(5,2)|DATETIME2(7)|TIME(3)", "SELECT " + text + "[a]), " + text + "[b]" + moment + ", " + text + "[c]" + moment + " FROM [t] ORDER BY [b]"},
		{"SELECT [a], [b] FROM [t]", "DATE|UNIQUEIDENTIFIER", "SELECT " + text + "[a]" + moment + ", " + text + "[b]) FROM [t]"},
		{"SELECT [a], [b], [c], [d] FROM [t]", "FLOAT|REAL|BIT|VARBINARY(5)", "SELECT CAST([a] AS FLOAT), CAST([b] AS FLOAT), [c], [d] FROM [t]"},
		{"select top (@p1) [a] from [t] order by [a]", "BIGINT", "select top (@p1) " + text + "[a]) from [t] order by [a]"},
		{"SELECT TOP 3 [a] FROM [t]", "BIGINT", "SELECT TOP 3 " + text + "[a]) FROM [t]"},
		{"SELECT DISTINCT TOP (1) @p1, 'x,y FROM'", "BIGINT|VARCHAR(9)", "SELECT DISTINCT TOP (1) " + text + "@p1), 'x,y FROM'"},
		{"SELECT COUNT_BIG(*), SUM([a] * [b]) FROM [t] GROUP BY [c]", "BIGINT|DECIMAL(38,2)", "SELECT " + text + "COUNT_BIG(*)), " + text + "SUM([a] * [b])) FROM [t] GROUP BY [c]"},
		{"SELECT [a FROM, b] AS [x], CAST([b] AS BIGINT) AS y FROM [t]", "BIGINT|BIGINT", "SELECT " + text + "[a FROM, b]), " + text + "CAST([b] AS BIGINT)) FROM [t]"},
		{"SELECT [a] AS [x], [b] AS [y] FROM [t] ORDER BY [x]", "INT|BIGINT", "SELECT [a] AS [x], " + text + "[b]) FROM [t] ORDER BY [x]"},
		{"SELECT (SELECT MAX([a]) FROM [u]), [b] FROM [t]", "BIGINT|INT", "SELECT " + text + "(SELECT MAX([a]) FROM [u])), [b] FROM [t]"},
		{"WITH [n] AS (SELECT 1 AS [i] UNION ALL SELECT 2) SELECT [i] FROM [n]", "BIGINT", "WITH [n] AS (SELECT 1 AS [i] UNION ALL SELECT 2) SELECT " + text + "[i]) FROM [n]"},
		{"SELECT CASE WHEN [a] = 1 THEN [b] ELSE [c] END FROM [t]", "BIGINT", "SELECT " + text + "CASE WHEN [a] = 1 THEN [b] ELSE [c] END) FROM [t]"},
		{"SELECT /* a, b */ [a] -- FROM\n, 2 * [b] FROM [t]", "BIGINT|BIGINT", "SELECT /* a, b */ " + text + "[a]) -- FROM\n, " + text + "2 * [b]) FROM [t]"},
		{"SELECT 1", "BIGINT", "SELECT " + text + "1)"},
		{"SELECT 1 ;  ", "BIGINT", "SELECT " + text + "1) ;  "},
	} {
		got, err := asText(c.sql, typesOf(t, c.types))
		if err != nil || got != c.want {
			t.Errorf("%s\ngot  %s, %v\nwant %s", c.sql, got, err, c.want)
		}
		if _, err := parser.Parse(t.Context(), strings.NewReader(got)); err != nil {
			t.Errorf("%s: teesql: %v", got, err)
		}
	}
}

func typesOf(t *testing.T, names string) []sqltypes.Type {
	t.Helper()
	var types []sqltypes.Type
	for name := range strings.SplitSeq(names, "|") {
		types = append(types, mustType(t, name))
	}
	return types
}

func TestColumnsThatCannotBeToldApartAreRefused(t *testing.T) {
	for sql, want := range map[string]api.Code{
		"SELECT * FROM [t]":                  api.CodeUnsupported,
		"SELECT [t].* FROM [t]":              api.CodeUnsupported,
		"SELECT [a], FROM [t]":               api.CodeUnsupported,
		"SELECT FROM [t]":                    api.CodeUnsupported,
		"SELECT [a] FROM [t] UNION SELECT 1": api.CodeUnsupported,
		"SELECT [a], [b] FROM [t]":           api.CodeInvalidField,
		"WITH [n] AS (SELECT 1 AS [i])":      api.CodeUnsupported,
	} {
		if got, err := asText(sql, typesOf(t, "BIGINT")); api.CodeOf(err) != want {
			t.Errorf("%s: %s, %v; want %s", sql, got, err, want)
		}
	}
}

var plannedSelect = regexp.MustCompile(`(?m)^-- shard 0, sqlserver\n(SELECT .*)$`)

// TestPlannedColumnsAreToldApart converts every column of the SELECTs that masters send.
func TestPlannedColumnsAreToldApart(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("..", "..", "..", "..", "master", "dialect", "testdata", "plans", "*.txt"))
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range plannedSelect.FindAllStringSubmatch(string(text), -1) {
			seen++
			items, ok := selectList(m[1])
			if !ok {
				t.Errorf("%s", m[1])
				continue
			}
			types := make([]sqltypes.Type, len(items))
			for i := range types {
				types[i] = sqltypes.BigIntType
			}
			got, err := asText(m[1], types)
			if err != nil || strings.Count(got, "CONVERT(NVARCHAR(50), ") != len(items) {
				t.Errorf("%s: %s, %v", m[1], got, err)
			}
			if _, err := parser.Parse(t.Context(), strings.NewReader(got)); err != nil {
				t.Errorf("%s: teesql: %v", got, err)
			}
		}
	}
	if seen < 30 {
		t.Errorf("there are only %d SELECTs", seen)
	}
}

// TestCaughtQueries shows the SQL of a query that catches its errors.
func TestCaughtQueries(t *testing.T) {
	call, types, err := NewCaughtQuery(&api.QueryRequest{
		SQL: "SELECT [student_id], [gpa] FROM [dbo].[Students] WHERE [gpa] > @p1 AND [name] = @p2", Types: []string{"DECIMAL(3,2)", "VARCHAR(50)"},
		Params: []byte(`["1.5","x'; DROP TABLE Students; --"]`), ResultTypes: []string{"INT", "DECIMAL(3,2)"}, Schemas: map[string]string{"Students": "v1"},
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(types) != 2 || types[1] != mustType(t, "DECIMAL(3,2)") {
		t.Errorf("the columns have the types %v", types)
	}
	if _, err := parser.Parse(t.Context(), strings.NewReader(call.Text)); err != nil {
		t.Errorf("teesql: %v", err)
	}
	var got strings.Builder
	got.WriteString("-- " + strings.ReplaceAll(call.Declarations, ", ", "\n-- ") + "\n" + call.Text + "\n")
	for _, a := range call.Args {
		got.WriteString("-- " + a.Name + ": " + a.Value.Str + "\n")
	}
	golden(t, filepath.Join("testdata", "query.sql"), got.String())
}
