package planner_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"shardeck/master/dialect"
	"shardeck/master/gather"
	"shardeck/master/plan"
	"shardeck/master/planner"
	"shardeck/shared/api"
)

// FuzzSelect plans and renders any condition and order. The result is a client error
// or a statement without any byte of the client's strings, never a panic.
func FuzzSelect(f *testing.F) {
	for _, s := range [][2]string{
		{"student_id = 5", "gpa DESC"}, {"name LIKE '~secret~%' OR gpa / 3 > 1.5", "age + level, name + email DESC"},
		{"NOT (age IN (1, 2.5, '3', NULL) AND born >= '2001-02-03')", "code"}, {"score * 1e308 * 10 > -0x00", "photo"},
		{"age = 1/0", ""}, {"big BETWEEN -9223372036854775808 AND 9e18", "-score"}, {"'a' + N'b' = email + 5", "seen"},
	} {
		f.Add(s[0], s[1])
	}
	table, m := newTable(f, studentsTable), newMap(f, 3)
	d, err := dialect.For("sqlite")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, condition, order string) {
		p, err := planner.Select(table, m, &api.SelectRequest{Condition: condition, OrderBy: order})
		if err != nil {
			checkClientError(t, err)
			return
		}
		if _, err := json.Marshal(p); err != nil && strings.ToValidUTF8(condition+order, "") == condition+order {
			t.Fatalf("the plan does not marshal: %v", err)
		}
		for i := range p.Fragments {
			q, err := d.Query(p, &p.Fragments[i])
			if err != nil {
				checkClientError(t, err)
				return
			}
			for _, leak := range []string{"~secret~", "--", "/*", ";", "\x00"} {
				if strings.Contains(q.SQL, leak) {
					t.Fatalf("%q is in the statement %s", leak, q.SQL)
				}
			}
			if len(q.Types) > 0 && !q.Params.IsValid() {
				t.Fatalf("the parameters are not JSON: %s", q.Params)
			}
		}
	})
}

// FuzzStatement plans and renders any statement. The result is a plan that the dialect
// can render, or a client error, never a panic.
func FuzzStatement(f *testing.F) {
	files, err := filepath.Glob("testdata/statements/*.txt")
	if err != nil || len(files) == 0 {
		f.Fatal("no scripts", err)
	}
	for _, file := range files {
		script, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		for _, part := range strings.Split("\n"+string(script), "\n== ")[1:] {
			_, rest, _ := strings.Cut(part, "\n")
			text, _, _ := strings.Cut(rest, "\n\n")
			f.Add(text)
		}
	}
	c, m := newCatalog(f), newMap(f, 3)
	d, err := dialect.For("sqlite")
	if err != nil {
		f.Fatal(err)
	}
	params := api.Object[jsontext.Value]{
		{Name: "id", Value: jsontext.Value("5")}, {Name: "n", Value: jsontext.Value("null")}, {Name: "x", Value: jsontext.Value(`"~secret~"`)},
		{Name: "a", Value: jsontext.Value("1.5")}, {Name: "b", Value: jsontext.Value("true")},
	}
	f.Fuzz(func(t *testing.T, text string) {
		st, err := parseOne(text)
		if err != nil {
			return
		}
		plans, err := allPlans(c, m, st, planner.Options{Params: params, AllShards: true})
		if err != nil {
			checkClientError(t, err)
		}
		for _, p := range plans {
			checkPlan(t, p)
			checkRendered(t, d, p)
		}
	})
}

// checkRendered renders a plan, and computes its OUTPUT.
func checkRendered(t *testing.T, d dialect.Dialect, p *plan.Plan) {
	if p.Write != nil && p.Write.Output != nil {
		if _, _, err := gather.Output(t.Context(), p); err != nil {
			checkClientError(t, err)
		}
	}
	for i := range p.Fragments {
		var err error
		if p.Op.IsRead() {
			_, err = d.Query(p, &p.Fragments[i])
		} else {
			_, err = d.Exec(p, &p.Fragments[i])
		}
		if err != nil {
			checkClientError(t, err)
			return
		}
	}
}

// checkPlan checks the invariants of plans for reads.
func checkPlan(t *testing.T, p *plan.Plan) {
	if _, err := json.Marshal(p, jsontext.AllowInvalidUTF8(true)); err != nil {
		t.Fatalf("the plan does not marshal: %v", err)
	}
	if !p.Op.IsRead() {
		return
	}
	width := len(p.Query.Output)
	rows := width - p.Hidden // the columns of the rows that come out of the merge, the groups and the windows
	if p.Final != nil {
		rows = len(p.Final.Output)
	}
	if o := p.Over; o != nil {
		checkOver(t, o, rows)
		rows = len(o.Output)
	}
	if rows != len(p.Columns) {
		t.Fatalf("%d columns, %d hidden, the workers' rows have %d", len(p.Columns), p.Hidden, width)
	}
	for _, k := range p.Merge {
		if k.Column >= width {
			t.Fatalf("merged by column %d of %d", k.Column, width)
		}
	}
	if p.Final == nil {
		return
	}
	fields := p.Final.Keys + len(p.Final.Aggregates)
	exprs := append([]*plan.Expr{}, p.Final.Output...)
	if p.Final.Having != nil {
		exprs = append(exprs, p.Final.Having)
	}
	for _, k := range p.Final.Sort {
		exprs = append(exprs, k.Expr)
	}
	for _, e := range exprs {
		checkFinal(t, e, fields)
	}
	for _, a := range p.Final.Aggregates {
		if a.Column >= width {
			t.Fatalf("an aggregate of column %d of %d", a.Column, width)
		}
	}
}

// checkOver checks that windows over rows of that many columns refer only to these.
func checkOver(t *testing.T, o *plan.Over, columns int) {
	if len(o.Types) != columns {
		t.Fatalf("windows over %d of %d columns", len(o.Types), columns)
	}
	keys := slices.Clone(o.Partition)
	for i := range o.Windows {
		w := &o.Windows[i]
		keys = append(append(keys, w.PartitionBy...), w.OrderBy...)
		for _, a := range w.Args {
			checkFinal(t, a, columns)
		}
	}
	for _, k := range keys {
		if k.Column >= columns {
			t.Fatalf("column %d of %d", k.Column, columns)
		}
	}
	for _, e := range o.Output {
		checkFinal(t, e, columns+len(o.Windows))
	}
}

// checkFinal checks that e refers only to a group's fields.
func checkFinal(t *testing.T, e *plan.Expr, fields int) {
	switch e.Op {
	case plan.ColumnExpr, plan.AggExpr, plan.CountExpr:
		t.Fatalf("%s is not computed by the workers", e)
	case plan.FieldExpr:
		if e.Field >= fields {
			t.Fatalf("field %d of %d", e.Field, fields)
		}
	}
	for _, a := range e.Args {
		checkFinal(t, a, fields)
	}
}

// FuzzInsert plans any row: each valid row becomes one JSON array with all columns and
// the slot.
func FuzzInsert(f *testing.F) {
	for _, s := range []string{
		`{"student_id": 1, "name": "x"}`, `{"student_id": "7", "name": "\u0000", "gpa": 1e2, "photo": "0xFF"}`,
		`{"student_id": 1, "name": null}`, `{"STUDENT_ID": -0, "Name": {}, "born": "2001-02-30"}`,
	} {
		f.Add(s)
	}
	table, m := newTable(f, studentsTable), newMap(f, 3)
	f.Fuzz(func(t *testing.T, row string) {
		var data api.Object[jsontext.Value]
		if json.Unmarshal([]byte(row), &data) != nil || data == nil {
			return
		}
		p, err := planner.Insert(table, m, &api.InsertRequest{Data: data})
		if err != nil {
			checkClientError(t, err)
			return
		}
		if len(p.Fragments) != 1 || len(p.Fragments[0].Rows) != 1 {
			t.Fatalf("one row became %+v", p.Fragments)
		}
		var values []jsontext.Value
		if err := json.Unmarshal(p.Fragments[0].Rows[0], &values); err != nil || len(values) != len(table.Columns)+1 {
			t.Fatalf("%s became %s: %v", row, p.Fragments[0].Rows[0], err)
		}
	})
}

func checkClientError(t *testing.T, err error) {
	p, ok := errors.AsType[*api.Problem](err)
	if !ok || p.Status/100 != 4 {
		t.Fatalf("not a client error: %v", err)
	}
}
