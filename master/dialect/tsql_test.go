package dialect_test

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/sqlc-dev/teesql/ast"
	"github.com/sqlc-dev/teesql/parser"

	"shardeck/master/plan"
	"shardeck/master/planner"
	"shardeck/shared/api"
)

// parseTSQL returns the kind of the single statement in text, parsed by the grammar of
// T-SQL. (The parser is only for tests: it is not safe for hostile input.)
func parseTSQL(t *testing.T, text string) string {
	t.Helper()
	script, err := parser.Parse(t.Context(), strings.NewReader(text))
	if err != nil {
		t.Errorf("%v\n%s", err, text)
		return ""
	}
	var statements []ast.Statement
	for _, b := range script.Batches {
		statements = append(statements, b.Statements...)
	}
	if len(statements) != 1 {
		t.Errorf("%d statements, want 1:\n%s", len(statements), text)
		return ""
	}
	return strings.TrimPrefix(reflect.TypeOf(statements[0]).String(), "*ast.")
}

func TestTSQLParserRejectsInvalidSyntax(t *testing.T) {
	for _, bad := range []string{
		"SELECT TOP ( [a] FROM [t]", "SELECT [a] FROM [t] WHERE", "SELECT [a] FROM [t] WHERE (([a] = 1)", "SELECT [a] FROM [t] WHERE ([a] LIKE)",
		"SELECT CAST([a] AS) FROM [t]", "DELETE FROM [t] WHERE ([a] IN ())", "UPDATE [t] SET [a] = WHERE ([b] = 1)", "INSERT INTO [t] ([a] VALUES (1)",
	} {
		if _, err := parser.Parse(t.Context(), strings.NewReader(bad)); err == nil {
			t.Errorf("no error in %s", bad)
		}
	}
}

// Every statement of the golden files is valid T-SQL; this test needs no server.
func TestPlansAreValidTSQL(t *testing.T) {
	files, err := filepath.Glob("testdata/plans/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no scripts in testdata/plans", err)
	}
	want := map[plan.Op]string{
		plan.OpSelect: "SelectStatement", plan.OpCount: "SelectStatement", plan.OpInsert: "InsertStatement",
		plan.OpUpdate: "UpdateStatement", plan.OpDelete: "DeleteStatement", plan.OpDropTable: "DropTableStatement",
		plan.OpCreateTable: "CreateTableStatement",
	}
	g, d := newGolden(t), sqlServer(t)
	seen := 0
	for _, file := range files {
		script, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		g.each(t, string(script), func(c goldenCase) {
			p, err := g.plan(t, c.op, c.request)
			if err != nil {
				return // the golden file has the error
			}
			for i := range p.Fragments {
				for j, text := range texts(t, d, p, &p.Fragments[i]) {
					seen++
					got := parseTSQL(t, text)
					if got != want[p.Op] && !(j > 0 && got == "CreateIndexStatement") {
						t.Errorf("%s: a %s, want %s:\n%s", c.name, got, want[p.Op], text)
					}
				}
			}
		})
	}
	if seen < 100 {
		t.Errorf("only %d statements were parsed", seen)
	}
}

// The SQL for big requests is valid T-SQL, too.
func TestBigConditionsAreValidTSQL(t *testing.T) {
	table := newTable(t, studentsTable)
	for name, condition := range bigConditions() {
		p, err := planner.Select(table, newMap(t, 1), &api.SelectRequest{Columns: api.NameList{"student_id"}, Condition: condition})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for _, text := range texts(t, sqlServer(t), p, &p.Fragments[0]) {
			parseTSQL(t, text)
		}
	}
}

// Joins, groups, functions and aggregates are valid T-SQL.
func TestStatementsAreValidTSQL(t *testing.T) {
	c := newCatalog(t, studentsTable, gradesTable)
	for _, tt := range statements() {
		p, err := c.statement(t, tt.text)
		if err != nil {
			t.Errorf("%s: %v", tt.text, err)
			continue
		}
		for _, text := range texts(t, sqlServer(t), p, &p.Fragments[0]) {
			if got := parseTSQL(t, text); got != "SelectStatement" {
				t.Errorf("%s: a %s:\n%s", tt.text, got, text)
			}
		}
	}
}
