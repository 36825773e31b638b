package dialect_test

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"

	"shardeck/master/bind"
	"shardeck/master/dialect"
	"shardeck/master/plan"
	"shardeck/master/planner"
	"shardeck/shared/api"
	"shardeck/shared/sharding"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// TestPlans runs the scripts of testdata/plans. Each case has a line "== title", a line with
// an operation and its request, and the result on three shards: the plan and the SQL for
// each shard in each dialect, or the error.
func TestPlans(t *testing.T) {
	files, err := filepath.Glob("testdata/plans/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no scripts in testdata/plans", err)
	}
	g := newGolden(t)
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			old, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := g.run(t, string(old))
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(string(old), got); diff != "" {
				t.Errorf("the plans have changed (rewrite them with -update, and review the diff):\n%s", diff)
			}
		})
	}
}

type golden struct {
	m        *sharding.Map
	dialects []dialect.Dialect
	tables   map[string]*bind.Table
}

func newGolden(t *testing.T) *golden {
	return &golden{m: newMap(t, 3), dialects: []dialect.Dialect{sqlite(t), sqlServer(t)}, tables: map[string]*bind.Table{
		"Students": newTable(t, studentsTable), "Courses": newTable(t, coursesTable),
		"Enrollments": newTable(t, enrollmentsTable), "Log": newTable(t, logTable),
	}}
}

// goldenCase is one case of a script: its title, an operation and its request.
type goldenCase struct{ name, op, request string }

// each calls f for each case of the script, and returns the text before the first.
func (g *golden) each(t *testing.T, script string, f func(goldenCase)) (head string) {
	t.Helper()
	head, cases, _ := strings.Cut("\n"+script, "\n== ")
	for c := range strings.SplitSeq(cases, "\n== ") {
		lines := strings.SplitN(c, "\n", 3)
		if len(lines) < 2 {
			t.Fatalf("case %q has no request", c)
		}
		op, request, _ := strings.Cut(lines[1], " ")
		f(goldenCase{lines[0], op, request})
	}
	return strings.TrimPrefix(head, "\n")
}

// run returns the script with its current results.
func (g *golden) run(t *testing.T, script string) string {
	var out strings.Builder
	head := g.each(t, script, func(c goldenCase) {
		fmt.Fprintf(&out, "\n== %s\n%s %s\n", c.name, c.op, c.request)
		p, err := g.plan(t, c.op, c.request)
		if err == nil {
			err = g.writePlan(&out, p)
		}
		if err != nil {
			writeProblem(&out, err)
		}
	})
	return head + out.String()
}

func (g *golden) plan(t *testing.T, op, request string) (*plan.Plan, error) {
	if op == "create_table" {
		return planner.CreateTable(decode[api.CreateTableRequest](t, request), g.m)
	}
	var target struct {
		Table string `json:"table"`
	}
	if err := json.Unmarshal([]byte(request), &target); err != nil {
		t.Fatal(err)
	}
	table := g.tables[target.Table]
	if table == nil {
		t.Fatalf("no such table: %s", request)
	}
	switch op {
	case "drop_table":
		return planner.DropTable(table, g.m, decode[api.DeleteTableRequest](t, request))
	case "insert":
		return planner.Insert(table, g.m, decode[api.InsertRequest](t, request))
	case "select":
		return planner.Select(table, g.m, decode[api.SelectRequest](t, request))
	case "update":
		return planner.Update(table, g.m, decode[api.UpdateRequest](t, request))
	case "delete":
		return planner.Delete(table, g.m, decode[api.DeleteRequest](t, request))
	case "count":
		return planner.Count(table, g.m, decode[api.MapReduceCountRequest](t, request))
	}
	t.Fatalf("no such operation: %s", op)
	return nil, nil
}

func (g *golden) writePlan(out *strings.Builder, p *plan.Plan) error {
	var texts [][]string // by fragment and dialect
	for i := range p.Fragments {
		var fragment []string
		for _, d := range g.dialects {
			text, err := render(d, p, &p.Fragments[i])
			if err != nil {
				return err
			}
			fragment = append(fragment, text)
		}
		texts = append(texts, fragment)
	}
	text, err := json.Marshal(p, json.Deterministic(true), jsontext.SpaceAfterComma(true), jsontext.SpaceAfterColon(true))
	if err != nil {
		return err
	}
	var members api.Object[jsontext.Value]
	if err := json.Unmarshal(text, &members); err != nil {
		return err
	}
	for _, m := range members {
		fmt.Fprintf(out, "%s: %s\n", m.Name, m.Value)
	}
	for i, fragment := range texts {
		if i > 0 && slices.Equal(fragment, texts[i-1]) {
			fmt.Fprintf(out, "-- shard %d: the same\n", p.Fragments[i].Shard)
			continue
		}
		for d, text := range fragment {
			fmt.Fprintf(out, "-- shard %d, %s\n%s", p.Fragments[i].Shard, g.dialects[d].Name(), text)
		}
	}
	return nil
}

// render returns the SQL of a fragment with its parameters.
func render(d dialect.Dialect, p *plan.Plan, f *plan.Fragment) (string, error) {
	var out bytes.Buffer
	if p.Op.IsRead() {
		q, err := d.Query(p, f)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(&out, "%s\n", q.SQL)
		if len(q.Types) > 0 {
			fmt.Fprintf(&out, "%s %s\n", strings.Join(q.Types, " "), q.Params)
		}
		for i := len(p.Columns); i < len(q.ResultTypes); i++ {
			fmt.Fprintf(&out, "hidden: %s %s\n", p.Query.Output[i].Name, q.ResultTypes[i])
		}
		return out.String(), nil
	}
	statements, err := d.Exec(p, f)
	if err != nil {
		return "", err
	}
	for _, s := range statements {
		fmt.Fprintf(&out, "%s\n", s.SQL)
		if len(s.Types) > 0 {
			fmt.Fprintf(&out, "%s\n", strings.Join(s.Types, " "))
		}
		for _, r := range s.Rows {
			fmt.Fprintf(&out, "%s\n", r)
		}
	}
	return out.String(), nil
}

// texts returns the SQL of a fragment's statements.
func texts(t *testing.T, d dialect.Dialect, p *plan.Plan, f *plan.Fragment) []string {
	t.Helper()
	if p.Op.IsRead() {
		q, err := d.Query(p, f)
		if err != nil {
			t.Fatal(err)
		}
		return []string{q.SQL}
	}
	statements, err := d.Exec(p, f)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, s := range statements {
		out = append(out, s.SQL)
	}
	return out
}

func writeProblem(out *strings.Builder, err error) {
	p, ok := errors.AsType[*api.Problem](err)
	if !ok {
		fmt.Fprintf(out, "!! not a problem: %v\n", err)
		return
	}
	fmt.Fprintf(out, "refused: %s", p.Code)
	if p.SQLNumber != 0 {
		fmt.Fprintf(out, " (%d)", p.SQLNumber)
	}
	if p.Field != "" {
		fmt.Fprintf(out, " at %s", p.Field)
	}
	if p.Offset != nil {
		fmt.Fprintf(out, " byte %d", *p.Offset)
	}
	fmt.Fprintf(out, "\n  %s\n", p.Detail)
	if p.Hint != "" {
		fmt.Fprintf(out, "  hint: %s\n", p.Hint)
	}
}
