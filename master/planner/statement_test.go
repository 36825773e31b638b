package planner_test

import (
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"

	"shardeck/master/bind"
	"shardeck/master/plan"
	"shardeck/master/planner"
	"shardeck/master/tsql"
	"shardeck/shared/api"
	"shardeck/shared/sharding"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// school is the schema of the tests' statements.
var school = []string{
	studentsTable,
	`{"db_name": "School", "table": "Enrollments", "columns": {"student_id": "INT PRIMARY KEY", "course": "VARCHAR(20) PRIMARY KEY",
		"grade": "DECIMAL(3,1)", "points": "INT", "passed": "DATE"}}`,
	`{"db_name": "School", "table": "Courses", "columns": {"code": "VARCHAR(20) PRIMARY KEY", "title": "NVARCHAR(100)", "seats": "SMALLINT NOT NULL DEFAULT 30"}, "shard_key": "code"}`,
	`{"db_name": "School", "table": "Log", "columns": {"at": "DATETIME2", "text": "NVARCHAR(MAX) NOT NULL", "level": "INT"}}`,
	`{"db_name": "School", "table": "Countries", "columns": {"code": "CHAR(2) PRIMARY KEY", "name": "NVARCHAR(50) NOT NULL UNIQUE", "size": "INT"}, "distribution": "replicate"}`,
}

type catalog map[string]*bind.Table

func newCatalog(t testing.TB) catalog {
	c := catalog{}
	for _, request := range school {
		table := newTable(t, request)
		c[strings.ToLower(table.Name)] = table
	}
	return c
}

func (c catalog) Tables(string) ([]*bind.Table, error) {
	tables := slices.Collect(maps.Values(c))
	slices.SortFunc(tables, func(a, b *bind.Table) int { return strings.Compare(a.Name, b.Name) })
	return tables, nil
}

func (c catalog) Table(_, name string) (*bind.Table, error) {
	if t := c[strings.ToLower(name)]; t != nil {
		return t, nil
	}
	return nil, api.NewProblem(api.CodeUnknownTable, "database School has no table %s", name).At("table").Hinted("see /metadata")
}

// TestStatements runs the scripts of testdata/statements. Each case has a title line
// "== title", the lines of the statement, one of which may be "-- {options as JSON}", an
// empty line, and the plan for three shards or the error. Queries that are run beforehand come
// first, and the plan is that of EXPLAIN, without their rows.
func TestStatements(t *testing.T) {
	files, err := filepath.Glob("testdata/statements/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no scripts in testdata/statements", err)
	}
	c := newCatalog(t)
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			old, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := runScript(t, c, string(old))
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

func runScript(t *testing.T, c catalog, script string) string {
	var out strings.Builder
	for i, part := range strings.Split("\n"+script, "\n== ") {
		if i == 0 {
			out.WriteString(strings.TrimPrefix(part, "\n"))
			continue
		}
		title, rest, _ := strings.Cut(part, "\n")
		text, _, _ := strings.Cut(rest, "\n\n")
		text = strings.TrimSpace(text)
		fmt.Fprintf(&out, "== %s\n%s\n\n", title, text)
		plans, err := planText(t, c, text)
		for i, p := range plans {
			if i > 0 {
				out.WriteString("--\n")
			}
			writePlan(t, &out, p)
		}
		if err != nil {
			writeProblem(&out, text, err)
		}
		out.WriteString("\n")
	}
	return strings.TrimRight(out.String(), "\n") + "\n"
}

// planText returns the plans of a statement with its options.
func planText(t *testing.T, c planner.Catalog, text string) ([]*plan.Plan, error) {
	var o struct {
		Params    api.Object[jsontext.Value] `json:"params"`
		AllShards bool                       `json:"all_shards"`
		MaxRows   *int64                     `json:"max_rows"`
	}
	for line := range strings.Lines(text) {
		if options, ok := strings.CutPrefix(line, "-- "); ok {
			if err := json.Unmarshal([]byte(options), &o, json.RejectUnknownMembers(true)); err != nil {
				t.Fatal(err)
			}
		}
	}
	st, err := parseOne(text)
	if err != nil {
		return nil, err
	}
	return allPlans(c, newMap(t, 3), st, planner.Options{Params: o.Params, AllShards: o.AllShards, MaxRows: o.MaxRows})
}

// allPlans returns the plans of the statement's steps, and then its own, without the rows of the steps.
func allPlans(c planner.Catalog, m *sharding.Map, st tsql.Statement, o planner.Options) ([]*plan.Plan, error) {
	var plans []*plan.Plan
	o.Results = &planner.Results{}
	for {
		p, step, err := planner.Statement(c, m, "School", st, o)
		if step == nil {
			if p != nil {
				plans = append(plans, p)
			}
			return plans, err
		}
		plans = append(plans, step.Plan)
		o.Results.Skip(step)
	}
}

func writePlan(t *testing.T, out *strings.Builder, p *plan.Plan) {
	text, err := json.Marshal(p, json.Deterministic(true), jsontext.SpaceAfterComma(true), jsontext.SpaceAfterColon(true))
	if err != nil {
		t.Fatal(err)
	}
	var members api.Object[jsontext.Value]
	if err := json.Unmarshal(text, &members); err != nil {
		t.Fatal(err)
	}
	for _, m := range members {
		switch m.Name {
		case "db_name", "schema_version":
			continue // the same in all
		case "fragments":
			if p.Op != plan.OpInsert {
				continue // one empty fragment for each shard of the route
			}
		}
		fmt.Fprintf(out, "%s: %s\n", m.Name, m.Value)
	}
}

func writeProblem(out *strings.Builder, text string, err error) {
	p, ok := errors.AsType[*api.Problem](err)
	if !ok {
		fmt.Fprintf(out, "!! not a problem: %v\n", err)
		return
	}
	fmt.Fprintf(out, "refused: %s", p.Code)
	if p.SQLNumber != 0 {
		fmt.Fprintf(out, " (%d)", p.SQLNumber)
	}
	if p.Field != "sql" && p.Field != "" {
		fmt.Fprintf(out, " at %s", p.Field)
	}
	if p.Row != nil {
		fmt.Fprintf(out, " row %d", *p.Row)
	}
	if p.Offset != nil && *p.Offset <= len(text) {
		at, _, _ := strings.Cut(text[*p.Offset:], "\n")
		fmt.Fprintf(out, " at: %.20s", at)
	}
	fmt.Fprintf(out, "\n  %s\n", p.Detail)
	if p.Hint != "" {
		fmt.Fprintf(out, "  hint: %s\n", p.Hint)
	}
}
