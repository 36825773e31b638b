package batch

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"
	"github.com/sqlc-dev/teesql/parser"

	"shardeck/shared/api"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func testWrite(t *testing.T, req *api.ExecRequest) *Write {
	t.Helper()
	w, err := DecodeWrite(req)
	if err != nil {
		t.Fatal(err)
	}
	w.Own, w.Age = OwnDatabase("GO"), Age{Now: time.UnixMilli(1_700_000_000_000), Ran: 100 * time.Hour, TTL: 24 * time.Hour}
	return w
}

var testDef = api.TableDef{
	Name:    "Students",
	Columns: []api.ColumnDef{{Name: "student_id", Type: "INT"}, {Name: "gpa", Type: "DECIMAL(3,2)", Nullable: true}},
}

func testInsert(rows ...string) api.Statement {
	st := api.Statement{
		SQL: "INSERT INTO [dbo].[Students] ([student_id], [gpa], [_slot]) VALUES (@p1, @p2, @p3)", Table: "Students",
		Effect: api.EffectInsert, SchemaVersion: testDef.Version(), Types: []string{"INT", "DECIMAL(3,2)", "INT"},
		Columns: []string{"student_id", "gpa", "_slot"},
	}
	for _, r := range rows {
		st.Rows = append(st.Rows, jsontext.Value(r))
	}
	return st
}

// TestBatches shows the SQL of writes, and validates it with an independent T-SQL parser.
func TestBatches(t *testing.T) {
	fence := api.Fence{Term: 3, MapVersion: 1}
	update := api.Statement{SQL: "UPDATE [dbo].[Students] SET [gpa] = 1", Table: "STUDENTS", Effect: api.EffectUpdate, SchemaVersion: testDef.Version()}
	remove := api.Statement{SQL: "DELETE FROM [dbo].[Students]", Table: "students", Effect: api.EffectDelete, SchemaVersion: testDef.Version()}
	create := api.Statement{SQL: "CREATE TABLE [dbo].[Students] ([student_id] INT)", Table: "Students", Effect: api.EffectCreateTable, Definition: &testDef}
	drop := api.Statement{SQL: "DROP TABLE [dbo].[Students]", Table: "Students", Effect: api.EffectDropTable}
	for name, req := range map[string]*api.ExecRequest{
		"insert":  {Fence: fence, Statements: []api.Statement{testInsert(`[1,"3.5",7]`)}},
		"keyed":   {Fence: fence, Idempotency: &api.Idempotency{Key: "k", Hash: "ab"}, Statements: []api.Statement{testInsert(`[1,null,7]`, `[2,"1",8]`), update, remove}},
		"key":     {Fence: fence, Idempotency: &api.Idempotency{Key: "k", Hash: "ab"}},
		"replace": {Fence: fence, Statements: []api.Statement{testInsert(`[1,null,7]`), drop, create}},
	} {
		t.Run(name, func(t *testing.T) {
			b, err := testWrite(t, req).Whole()
			if err != nil {
				t.Fatal(err)
			}
			if _, err := parser.Parse(t.Context(), strings.NewReader(b.Text)); err != nil {
				t.Errorf("teesql: %v", err)
			}
			var got strings.Builder
			fmt.Fprintf(&got, "-- %s\n%s\n", strings.ReplaceAll(b.Declarations, ", ", "\n-- "), b.Text)
			golden(t, filepath.Join("testdata", name+".sql"), got.String())
		})
	}
}

func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
}

// TestValuesAreNeverText: a request's content appears only in parameters.
func TestValuesAreNeverText(t *testing.T) {
	const hostile = "x'; DROP TABLE Students; --"
	req := &api.ExecRequest{Idempotency: &api.Idempotency{Key: hostile, Hash: hostile}, Statements: []api.Statement{{
		SQL: "INSERT INTO [t] ([a]) VALUES (@p1) -- " + hostile, Table: "t", Effect: api.EffectInsert, SchemaVersion: hostile,
		Types: []string{"NVARCHAR(50)"}, Columns: []string{"a"}, Rows: []jsontext.Value{jsontext.Value(`["` + hostile + `"]`)},
	}}}
	b, err := testWrite(t, req).Whole()
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(b.Text+b.Declarations, "DROP TABLE") {
		t.Error("a part of the request is in the batch's text")
	}
}

func TestLargeWritesGoInParts(t *testing.T) {
	rows := make([]string, 200)
	for i := range rows {
		rows[i] = fmt.Sprintf("[%d,null,0]", i)
	}
	for n, want := range map[int]bool{1: false, 64: false, 66: true, 200: true} {
		if got := testWrite(t, &api.ExecRequest{Statements: []api.Statement{testInsert(rows[:n]...)}}).InParts(); got != want {
			t.Errorf("%d rows in parts: %v, want %v", n, got, want)
		}
	}
}

func TestStoredAnswersAreRead(t *testing.T) {
	for text, want := range map[string][]int64{"": {}, ",0": {0}, ",12,0,3": {12, 0, 3}} {
		got, err := (&Outcome{Affected: text}).RowsAffected()
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%q: %v %s", text, err, diff)
		}
	}
	if _, err := (&Outcome{Affected: ",x"}).RowsAffected(); err == nil {
		t.Error("an invalid response was accepted")
	}
}

func TestOutcomesAreRetriedOrReported(t *testing.T) {
	w := testWrite(t, &api.ExecRequest{Statements: []api.Statement{testInsert(`[1,null,7]`, `[2,null,7]`)}})
	for _, c := range []struct {
		name  string
		out   Outcome
		tries int // 0: reported at once
		code  api.Code
	}{
		{"a duplicate row", Outcome{Number: 2627, Execution: 1}, 0, api.CodeDuplicateKey},
		{"a duplicate of a unique index", Outcome{Number: 2601}, 0, api.CodeDuplicateKey},
		{"a duplicate of the key", Outcome{Kind: KindKey, Number: 2627}, MaxTries, api.CodeOverloaded},
		{"a table created meanwhile", Outcome{Kind: KindExists, Number: 2627}, 0, api.CodeTableExists},
		{"a deadlock", Outcome{Number: 1205}, MaxTries, api.CodeOverloaded},
		{"a deadlock over the key", Outcome{Kind: KindKey, Number: 1205}, MaxTries, api.CodeOverloaded},
		{"a table dropped meanwhile", Outcome{Number: 208}, SchemaTries, api.CodeUnknownTable},
		{"no table", Outcome{Kind: KindTable, Number: 50000}, 0, api.CodeUnknownTable},
		{"another version", Outcome{Kind: KindTable, Number: 50000, Version: "x"}, 0, api.CodeStaleSchema},
		{"an older fence", Outcome{Kind: KindFence, Number: 50000, State: api.WorkerState{Fence: api.Fence{Term: 9}}}, 0, api.CodeStaleTerm},
		{"a lost race", Outcome{Kind: KindAgain, Number: 50000}, MaxTries, api.CodeOverloaded},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := w.Answer(&c.out)
			tries, err := a.Tries, a.Err
			if a.Response != nil || a.Raise || tries != c.tries || api.CodeOf(err) != c.code {
				t.Errorf("%v, %d tries; want %s, %d", err, tries, c.code, c.tries)
			}
			if c.out.Number == 2627 && c.out.Kind == KindError {
				if p := api.AsProblem(err); p.Row == nil || *p.Row != 1 || p.Field != "statements[0].rows[1]" {
					t.Errorf("the problem names row %v at %s", p.Row, p.Field)
				}
			}
		})
	}
}
