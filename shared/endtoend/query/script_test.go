package query

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"shardeck/shared/api"
	"shardeck/shared/client"
)

// scripts are texts of several statements, and the rows or numbers of rows that each returns.
var scripts = []struct{ name, sql, want string }{
	{"two statements", "SELECT 1 AS a; SELECT id FROM Lonely", "1: [1]\n2: [7]"},
	{"without semicolons", "SELECT 1 AS a SELECT 2 AS b\nUPDATE Lonely SET v = 6 WHERE id = 7", "1: [1]\n2: [2]\n3: 1 rows"},
	{"GO", "SELECT 1 AS a\nGO\nSELECT 2 AS a;\ngo\n;", "1: [1]\n2: [2]"},
	{"a string with GO in it", "SELECT N'x\nGO\ny' AS a; SELECT 1 AS b", "1: [\"x\\nGO\\ny\"]\n2: [1]"},
	{"a variable", "DECLARE @id INT = 3; SELECT name FROM Students WHERE id = @id", `2: ["ada"]`},
	{"a variable routes", "DECLARE @id INT; SET @id = (SELECT MAX(student) FROM Marks); SELECT name FROM Students WHERE id = @id", `3: ["Zoe"]`},
	{"a variable without a value", "DECLARE @x INT, @y NVARCHAR(5); SELECT @x AS x, @y AS y, COALESCE(@x, 4) AS z", "2: [null,null,4]"},
	// "SET @local_variable": a string that is too long is cut off.
	{"a string is cut off", "DECLARE @s VARCHAR(3) = 'abcdef'; SELECT @s + '!' AS s", `2: ["abc!"]`},
	{"a decimal is rounded", "DECLARE @d DECIMAL(4,1) = 2.25; SELECT @d AS d", `2: ["2.3"]`},
	{"a compound assignment", "DECLARE @n INT = 5; SET @n += 2; SET @n *= 3; SELECT @N AS n", "4: [21]"},
	{"SELECT assigns", "DECLARE @a INT, @b NVARCHAR(20); SELECT @a = id, @b = name FROM Students WHERE id = 6; SELECT @a AS a, @b AS b", `3: [6,"Dan"]`},
	{"SELECT of no row assigns nothing", "DECLARE @a INT = 9; SELECT @a = id FROM Students WHERE id = 99; SELECT @a AS a", "3: [9]"},
	{"SELECT TOP assigns", "DECLARE @a INT; SELECT TOP (1) @a = id FROM Students ORDER BY gpa DESC; SELECT @a AS a", "3: [6]"},
	{"an aggregate assigns", "DECLARE @n INT; SELECT @n = COUNT(*) FROM Students; SELECT @n AS n", "3: [9]"},
	{"a variable of a condition", "DECLARE @x INT = CASE WHEN 7 IN (SELECT id FROM Lonely) THEN 1 ELSE 2 END; SELECT @x AS x", "2: [1]"},
	{"a variable in TOP", "DECLARE @n INT = 2; SELECT TOP (@n) id FROM Students ORDER BY id", "2: [1]\n[2]"},
	{"a parameter and a variable", "DECLARE @x INT = @p + 1; SELECT @x + @p AS s\nGO\nSELECT @p AS p", "2: [21]\n3: [10]"},
	{"a table of its own", "CREATE TABLE Scripted (id INT PRIMARY KEY, n INT) WITH (DISTRIBUTION = HASH(id)); INSERT INTO Scripted VALUES (1, 2), (2, 3); DECLARE @s INT; SELECT @s = SUM(n) FROM Scripted; UPDATE Scripted SET n = @s WHERE id = 1; SELECT n FROM Scripted ORDER BY id; DROP TABLE Scripted",
		"1: none\n2: 2 rows\n5: 1 rows\n6: [5]\n[3]\n7: none"},
	{"settings and hints", "SET NOCOUNT ON; USE School; SELECT id FROM Lonely WITH (NOLOCK) OPTION (RECOMPILE, MAXDOP 1)",
		"3: [7] (WITH (NOLOCK) has no effect: reads do not wait for writes, and each statement is one transaction on each shard; OPTION (RECOMPILE, MAXDOP 1) has no effect: the master and the shards choose how to run a statement)"},
	{"declared again after GO", "DECLARE @x INT = 1; SELECT @x AS x\nGO\nDECLARE @x NVARCHAR(5) = N'b'; SELECT @x AS x", "2: [1]\n4: [\"b\"]"},
}

// scriptRefusals are texts of which a statement is refused, and the number of the statement.
var scriptRefusals = []struct {
	refusal
	statement int
}{
	{refusal{name: "a statement that fails", req: sqlOf("SELECT 1 AS a; SELECT nothing FROM Students; SELECT 2 AS b"), code: api.CodeUnknownColumn, at: "nothing", says: ""}, 2},
	{refusal{name: "an undeclared variable", req: sqlOf("DECLARE @x INT; SET @y = 1"), code: api.CodeInvalidField, number: 137, at: "@y", says: "DECLARE"}, 2},
	{refusal{name: "a variable of the batch before", req: sqlOf("DECLARE @x INT\nGO\nSELECT @x AS x"), code: api.CodeMissingField, number: 137, at: "@x", says: "GO"}, 2},
	{refusal{name: "declared twice", req: sqlOf("DECLARE @x INT; DECLARE @X INT"), code: api.CodeInvalidField, number: 134, at: "@X", says: "another name"}, 2},
	{refusal{name: "several rows are assigned", req: sqlOf("DECLARE @x INT; SELECT @x = id FROM Students"), code: api.CodeUnsupported, at: "SELECT @x = id", says: "TOP (1)"}, 2},
	{refusal{name: "assigned and selected", req: sqlOf("DECLARE @x INT; SELECT @x = 1, 2 AS b"), code: api.CodeSyntax, number: 141, at: "@x = 1", says: "another"}, 0},
	{refusal{name: "a value that does not convert", req: sqlOf("DECLARE @x INT = N'abc'"), code: api.CodeConversionFailed, number: 245, at: "N'abc'"}, 1},
	{refusal{name: "variables that hold too much", req: sqlOf("DECLARE @a NVARCHAR(MAX) = REPLICATE(CAST(N'x' AS NVARCHAR(MAX)), 7000000); DECLARE @b NVARCHAR(MAX) = @a, @c NVARCHAR(MAX) = @a"), code: api.CodeTooComplex, at: "@c", says: "GO"}, 2},
	{refusal{name: "another database", req: sqlOf("USE master; SELECT 1 AS a"), code: api.CodeUnsupported, at: "master", says: "of their own"}, 1},
	{refusal{name: "a setting that would change answers", req: sqlOf("SET ANSI_NULLS OFF; SELECT 1 AS a"), code: api.CodeUnsupported, at: "ANSI_NULLS"}, 0},
	{refusal{name: "GO with a count", req: sqlOf("SELECT 1 AS a\nGO 5"), code: api.CodeUnsupported, at: "5", says: "line of its own"}, 0},
	{refusal{name: "a table variable", req: sqlOf("DECLARE @t TABLE (id INT)"), code: api.CodeUnsupported, at: "TABLE", says: "common table expression"}, 0},
	{refusal{name: "an error in the last of them runs none", req: sqlOf("DELETE FROM Lonely; SELECT FROM Lonely"), code: api.CodeSyntax, at: "FROM Lonely", says: ""}, 0},
	{refusal{name: "too many statements", req: sqlOf(strings.Repeat("SELECT 1 AS a; ", 65)), code: api.CodeTooComplex, says: "several requests"}, 0},
	{refusal{name: "a plan of several", req: api.SQLRequest{SQL: "SELECT 1 AS a; SELECT 2 AS b", Explain: true}, code: api.CodeUnsupported, says: "one statement at a time"}, 0},
}

// shown formats the results of a script.
func shown(resp *api.SQLResponse) string {
	var all []string
	for i := range resp.Results {
		r := &resp.Results[i]
		text := fmt.Sprint(r.Statement, ": ")
		switch {
		case r.RowsAffected != nil:
			text += fmt.Sprint(*r.RowsAffected, " rows")
		case r.Columns == nil:
			text += "none"
		default:
			text += lines(r.Rows)
		}
		if r.Query != nil && r.Query.Notes != nil {
			text += " (" + strings.Join(r.Query.Notes, "; ") + ")"
		}
		all = append(all, text)
	}
	return strings.Join(all, "\n")
}

func TestScripts(t *testing.T) {
	b := startBoth(t)
	for _, s := range scripts {
		t.Run(s.name, func(t *testing.T) {
			b.each(func(name string, m *client.Master) {
				req := &api.SQLRequest{DB: dbName, SQL: s.sql, AllShards: true}
				if strings.Contains(s.sql, "@p") {
					req.Params = params(param("p", "10"))
				}
				resp, err := m.Query(t.Context(), req)
				if err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				if diff := cmp.Diff(s.want, shown(resp)); diff != "" {
					t.Errorf("%s (-want +got):\n%s", name, diff)
				}
			})
		})
	}
	for _, x := range scriptRefusals {
		t.Run(x.name, func(t *testing.T) {
			req := x.req
			req.DB, req.AllShards = dbName, true
			_, err := b.three.Query(t.Context(), &req)
			x.check(t, "three shards", err)
			if p := api.AsProblem(err); p.Statement != x.statement {
				t.Errorf("statement %d is named, want %d: %v", p.Statement, x.statement, err)
			}
		})
	}
}

// TestAScriptThatFailsTellsWhatIsDone: the results before are there, and the error says so.
func TestAScriptThatFailsTellsWhatIsDone(t *testing.T) {
	m := start(t, 3).Master(0)
	resp, err := m.Query(t.Context(), &api.SQLRequest{DB: dbName, SQL: "INSERT INTO Lonely VALUES (1, 1);\nINSERT INTO Lonely VALUES (7, 1);\nSELECT 1 AS a"})
	p := api.AsProblem(err)
	if err == nil || p.Code != api.CodeDuplicateKey || p.Statement != 2 || !strings.Contains(p.Detail, "statement 2 of 3 (line 2): ") || !strings.Contains(p.Detail, "before it are done") {
		t.Errorf("%v", err)
	}
	if got := shown(resp); got != "1: 1 rows" {
		t.Errorf("results: %s", got)
	}
}

// TestARepeatedScriptWritesNothingTwice: each write has a key of its own.
func TestARepeatedScriptWritesNothingTwice(t *testing.T) {
	m := start(t, 3).Master(0)
	const sql = "DECLARE @n INT; SELECT @n = COUNT(*) FROM Lonely; INSERT INTO Lonely VALUES (@n + 10, 1), (@n + 20, 1); UPDATE Lonely SET v = v + @n; DELETE FROM Lonely WHERE id = @n + 10"
	var results []string
	for range 2 {
		resp, err := m.Query(t.Context(), &api.SQLRequest{DB: dbName, SQL: sql, AllShards: true}, client.IdempotencyKey("script"))
		if err != nil {
			t.Fatal(err)
		}
		results = append(results, shown(resp))
	}
	if results[0] != results[1] || results[0] != "3: 2 rows\n4: 3 rows\n5: 1 rows" {
		t.Errorf("first %s\nthen %s", results[0], results[1])
	}
	resp, err := m.Query(t.Context(), &api.SQLRequest{DB: dbName, SQL: "SELECT id, v FROM Lonely ORDER BY id"})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff("[7,6]\n[21,2]", lines(resp.Rows)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
