package eval_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
	"pgregory.net/rapid"

	"shardeck/master/bind"
	"shardeck/master/dialect"
	"shardeck/master/eval"
	"shardeck/master/plan"
	"shardeck/master/planner"
	"shardeck/master/tsql"
	"shardeck/shared/api"
	"shardeck/shared/sharding"
	"shardeck/shared/sqltypes"
	"shardeck/worker/engine/sqlite"
)

// The tests of this file compare the master's evaluation with that of the embedded
// engine, and with the planner's constant folding. (Only tests may import them all:
// see shared/archtest.)

// rig is a table with rows on one engine.
type rig struct {
	table *bind.Table
	m     *sharding.Map
	e     *sqlite.Engine
	rows  [][]sqltypes.Value
}

func (r *rig) Tables(string) ([]*bind.Table, error) { return []*bind.Table{r.table}, nil }

func (r *rig) Table(string, string) (*bind.Table, error) { return r.table, nil }

func newRig(t *testing.T, rows int) *rig {
	t.Helper()
	m, err := sharding.NewMap(1)
	must(t, err)
	e, err := sqlite.Open(t.Context(), sqlite.Config{Dir: t.TempDir(), Suffix: "GO"})
	must(t, err)
	t.Cleanup(func() { must(t, e.Close()) })
	r := &rig{m: m, e: e}
	_, err = e.CreateDB(t.Context(), "D", api.Fence{Term: 1, MapVersion: 1})
	must(t, err)

	req := &api.CreateTableRequest{DB: "D", Table: "T", ShardKey: "id"}
	req.Columns = append(req.Columns, api.Member[string]{Name: "id", Value: "INT PRIMARY KEY"})
	for _, c := range columns {
		req.Columns = append(req.Columns, api.Member[string]{Name: c.name, Value: c.typ})
	}
	p, err := planner.CreateTable(req, m)
	must(t, err)
	r.table, err = bind.NewTable("D", p.Definition)
	must(t, err)
	r.exec(t, p)
	r.insert(t, rows)
	return r
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (r *rig) exec(t *testing.T, p *plan.Plan) {
	t.Helper()
	statements, err := dialect.SQLite{}.Exec(p, &p.Fragments[0])
	must(t, err)
	_, err = r.e.Exec(t.Context(), &api.ExecRequest{DB: "D", Fence: api.Fence{Term: 1, MapVersion: 1}, Statements: statements})
	must(t, err)
}

// insert inserts rows that cycle through each column's values, with different strides.
func (r *rig) insert(t *testing.T, rows int) {
	t.Helper()
	req := &api.InsertRequest{DB: "D", Table: "T"}
	for id := range rows {
		members := api.Object[jsontext.Value]{{Name: "id", Value: jsontext.Value(fmt.Sprint(id))}}
		var row []sqltypes.Value
		for c := range columns {
			v := columns[c].values[(id+id/(c+2))%len(columns[c].values)]
			row = append(row, v)
			members = append(members, api.Member[jsontext.Value]{Name: columns[c].name, Value: sqltypes.AppendJSON(nil, typeOf(t, &columns[c]), v)})
		}
		req.Rows = append(req.Rows, members)
		r.rows = append(r.rows, row)
	}
	p, err := planner.Insert(r.table, r.m, req)
	must(t, err)
	r.exec(t, p)
}

func typeOf(t testing.TB, c *column) sqltypes.Type {
	t.Helper()
	typ, err := sqltypes.Parse(c.typ)
	if err != nil {
		t.Fatal(err)
	}
	return typ
}

// plan plans SELECT expr for one row.
func (r *rig) plan(expr string, id int) (*plan.Plan, error) {
	st, err := parseOne(fmt.Sprintf("SELECT %s AS x FROM T WHERE id = %d", expr, id))
	if err != nil {
		return nil, err
	}
	p, _, err := planner.Statement(r, r.m, "D", st, planner.Options{})
	return p, err
}

// overRow returns e with columns replaced by fields.
func overRow(e *plan.Expr) *plan.Expr {
	c := *e
	for i := range columns {
		if c.Op == plan.ColumnExpr && c.Column == columns[i].name {
			c.Op, c.Field = plan.FieldExpr, i
		}
	}
	c.Args = nil
	for _, a := range e.Args {
		c.Args = append(c.Args, overRow(a))
	}
	return &c
}

// outcome returns the wire format of a value, or the number of the error.
func outcome(t sqltypes.Type, v sqltypes.Value, err error) string {
	if err != nil {
		return refusal(err)
	}
	return string(sqltypes.AppendJSON(nil, t, v))
}

func refusal(err error) string {
	if p := api.AsProblem(err); p != nil && p.SQLNumber != 0 {
		return fmt.Sprintf("refused: %d", p.SQLNumber)
	}
	return "failed: " + err.Error()
}

func (r *rig) onEngine(t *rapid.T, p *plan.Plan) string {
	q, err := dialect.SQLite{}.Query(p, &p.Fragments[0])
	if err != nil {
		return refusal(err)
	}
	var got []string
	err = r.e.Query(t.Context(), q, func(line []byte) error {
		got = append(got, string(line))
		return nil
	})
	if err != nil {
		return refusal(err)
	}
	return strings.TrimSuffix(strings.TrimPrefix(strings.Join(got, " "), "["), "]")
}

func TestMasterAgreesWithEngine(t *testing.T) {
	r := newRig(t, 40)
	rapid.Check(t, func(t *rapid.T) {
		expr := generator{t}.value(rapid.IntRange(0, 3).Draw(t, "depth"))
		id := rapid.IntRange(0, len(r.rows)-1).Draw(t, "row")
		p, err := r.plan(expr, id)
		if err != nil {
			t.Skip(err)
		}
		e := p.Query.Output[0].Expr
		v, err := eval.Eval(overRow(e), r.rows[id])
		if got, want := outcome(e.Type, v, err), r.onEngine(t, p); got != want {
			t.Fatalf("%s\nas %s %s\nover %v\nis %s, and %s on the engine", expr, e, e.Type, r.rows[id], got, want)
		}
	})
}

var columnNames = regexp.MustCompile(`\bc[ibtdfsvcmy]\b`)

// Replacing columns by constants of their types, which the planner folds, does not change
// the result. (NULL is skipped: as a constant it takes the type of the other operand.)
func TestFoldedConstantsAgreeWithColumns(t *testing.T) {
	r := newRig(t, 40)
	rapid.Check(t, func(t *rapid.T) {
		expr := generator{t}.value(rapid.IntRange(0, 3).Draw(t, "depth"))
		id := rapid.IntRange(0, len(r.rows)-1).Draw(t, "row")
		constant := columnNames.ReplaceAllStringFunc(expr, func(name string) string {
			for c := range columns {
				if columns[c].name == name {
					if r.rows[id][c].IsNull() {
						t.Skip("NULL")
					}
					return literal(&columns[c], r.rows[id][c])
				}
			}
			return name
		})
		p, err := r.plan(expr, id)
		if err != nil {
			t.Skip(err)
		}
		e := p.Query.Output[0].Expr
		v, err := eval.Eval(overRow(e), r.rows[id])
		want := outcome(e.Type, v, err)
		got, typ := r.folded(constant, id)
		if strings.HasPrefix(got, "refused") && strings.HasPrefix(want, "refused") {
			return // of two refusals in one expression, nothing says which comes first
		}
		if got != want && !(typ != e.Type && sameNumber(got, want)) {
			t.Fatalf("%s\nis %s %s, but as\n%s\nit is %s %s", expr, e.Type, want, constant, typ, got)
		}
	})
}

func (r *rig) folded(expr string, id int) (string, sqltypes.Type) {
	p, err := r.plan(expr, id)
	if err != nil {
		return refusal(err), sqltypes.Type{}
	}
	e := p.Query.Output[0].Expr
	v, err := eval.Eval(e, nil)
	return outcome(e.Type, v, err), e.Type
}

// sameNumber compares decimals of different scales.
func sameNumber(a, b string) bool {
	return sqltypes.CompareDecimal(strings.Trim(a, `"`), strings.Trim(b, `"`)) == 0
}

// parseOne parses a text of one statement.
func parseOne(text string) (tsql.Statement, error) {
	items, err := tsql.Parse(text)
	if err != nil {
		return nil, err
	}
	return items[0].Statement, nil
}
