package batch

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/sqlc-dev/teesql/parser"

	"shardeck/shared/api"
	"shardeck/shared/sqltypes"
)

// TestPartsAreValid parses the parts of a write with an independent T-SQL parser, and checks that
// they begin and end no transaction.
func TestPartsAreValid(t *testing.T) {
	rows := make([]string, 150)
	for i := range rows {
		rows[i] = fmt.Sprintf("[%d,null,0]", i)
	}
	remove := api.Statement{SQL: "DELETE FROM [dbo].[Students]", Table: "STUDENTS", Effect: api.EffectDelete, SchemaVersion: testDef.Version()}
	w := testWrite(t, &api.ExecRequest{Idempotency: &api.Idempotency{Key: "k", Hash: "ab"}, Statements: []api.Statement{testInsert(rows...), remove}})
	if !w.InParts() || w.Step(0) != MaxExecutions {
		t.Fatalf("in parts: %v, of %d executions", w.InParts(), w.Step(0))
	}
	part, err := w.Part(0, 64, 128)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]*Call{"head": w.Head(), "part": part, "table": w.Table(1), "finish": w.Finish([]int64{150, 30})} {
		if _, err := parser.Parse(t.Context(), strings.NewReader(c.Text)); err != nil {
			t.Errorf("%s: %v\n%s", name, err, c.Text)
		}
		for _, word := range []string{"BEGIN TRANSACTION", "COMMIT", "ROLLBACK"} {
			if strings.Contains(c.Text, word) {
				t.Errorf("%s: %s\n%s", name, word, c.Text)
			}
		}
		if len(c.Args) > MaxArguments || strings.Count(c.Declarations, "@") != len(c.Args) {
			t.Errorf("%s has %d arguments for %s", name, len(c.Args), c.Declarations)
		}
	}
	if n := strings.Count(part.Text, "EXEC sys.sp_executesql"); n != 64 {
		t.Errorf("the part runs %d executions", n)
	}
	args := map[string]sqltypes.Value{}
	for _, a := range w.Finish([]int64{150, 30}).Args {
		args[a.Name] = a.Value
	}
	if args["t0"].Str != "students" || args["c0"].Int != 120 || args["r0"].Int != 150 || args["r1"].Int != 30 || args["t1"].Str != "" {
		t.Errorf("the last part has %v", args)
	}
}

func TestRowsOfADroppedTableAreNotCounted(t *testing.T) {
	drop := api.Statement{SQL: "DROP TABLE [dbo].[Students]", Table: "students", Effect: api.EffectDropTable}
	other := testInsert(`[1,null,0]`)
	other.Table = "Alumni"
	w := testWrite(t, &api.ExecRequest{Statements: []api.Statement{testInsert(`[1,null,0]`), drop, other}})
	want := []sum{{"alumni", 1}, {"students", 0}}
	if diff := cmp.Diff(want, w.sums([]int64{1, 0, 1}), cmp.AllowUnexported(sum{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
