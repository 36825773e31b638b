package dialect_test

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"

	"shardeck/master/bind"
	"shardeck/master/dialect"
	"shardeck/master/eval"
	"shardeck/master/plan"
	"shardeck/master/planner"
	"shardeck/master/tsql"
	"shardeck/shared/api"
	"shardeck/shared/sqlfunc"
	"shardeck/shared/sqltypes"
)

// The tests of this file check every row of the table of functions against the parser, the
// binder, the evaluator, both dialects, EXPLAIN and the engine. (Those of package sqlfunc
// check the documentation, those of tui/widget the console.)

// testSession has the time of the statements of tests.
var testSession = bind.Session{Now: time.Date(2026, 11, 22, 20, 24, 0, 123_456_789, time.UTC), Version: "0"}

const functionTable = `{"db_name": "School", "table": "F", "columns": {"user_id": "INT PRIMARY KEY", "x": "INT"}}`

func newFunctionTable(t *testing.T) *shardedDB {
	s := newShardedDB(t, 3, functionTable)
	s.write(t, "INSERT INTO F VALUES (1, 1), (2, 2), (3, 2), (4, NULL)")
	return s
}

func TestFunctionTable(t *testing.T) {
	s := newFunctionTable(t)
	for _, f := range sqlfunc.All() {
		if f.Class == sqlfunc.Windowed {
			continue // over rows: see the tests of master/gather and shared/endtoend/query
		}
		t.Run(f.Name, func(t *testing.T) {
			if len(f.Examples) == 0 {
				t.Fatal("the row has no example")
			}
			for _, x := range f.Examples {
				switch f.Class {
				case sqlfunc.Aggregate:
					checkExample(t, s, x, "SELECT "+x.Expr+" AS r FROM F")
				default:
					checkExample(t, s, x, "SELECT "+x.Expr+" AS r FROM F WHERE user_id = 1")
				}
				if f.Class == sqlfunc.Scalar {
					checkOverRow(t, s, f, x)
				}
			}
			if f.Class == sqlfunc.Scalar {
				checkWrongArguments(t, s, f)
			}
		})
	}
}

// checkExample checks the answer to a statement with a single value.
func checkExample(t *testing.T, s *shardedDB, x sqlfunc.Example, text string) {
	t.Helper()
	rows, err := s.read(t, text)
	if x.Error != 0 {
		if err == nil || api.AsProblem(err).SQLNumber != x.Error {
			t.Errorf("%s: %v, %v; want error %d", text, rows, err, x.Error)
		}
		return
	}
	if want := "[" + strings.ReplaceAll(x.Want, " ", "_") + "]"; err != nil || strings.Join(rows, " ") != want {
		t.Errorf("%s: %v, %v; want %s", text, rows, err, want)
		return
	}
	p, err := s.plan(text)
	if err != nil || p.Columns[0].Type != x.Type {
		t.Errorf("%s is of type %v (%v), want %s", text, p.Columns, err, x.Type)
	}
}

// checkOverRow checks an example with arguments that depend on a row, so that nothing is
// folded: the values of the engine and of the master, and the text of both dialects and
// EXPLAIN.
func checkOverRow(t *testing.T, s *shardedDB, f *sqlfunc.Func, x sqlfunc.Example) {
	t.Helper()
	p := unfolded(t, s, x)
	if p == nil || x.Want == "null" {
		return // a type error, or folded to NULL
	}
	e := p.Query.Output[0].Expr
	if e.Op != plan.FuncExpr || e.Func != f || !strings.Contains(e.String(), f.Name+"(") {
		t.Fatalf("%s is planned as %s", x.Expr, e)
	}
	want := "[" + x.Want + "]"
	if x.Error != 0 {
		want = strconv.Itoa(x.Error)
	}
	rows, err := s.shards[p.Fragments[0].Shard].rows(t, p)
	if got := strings.Join(rows, " "); show(got, err) != want {
		t.Errorf("%s: the engine returns %s (%v), want %s", x.Expr, got, err, want)
	}
	v, err := eval.Eval(overUserID(e), []sqltypes.Value{sqltypes.Int64(1)})
	if got := "[" + string(sqltypes.AppendJSON(nil, e.Type, v)) + "]"; show(got, err) != want {
		t.Errorf("%s: the master returns %s (%v), want %s", x.Expr, got, err, want)
	}
	q, err := sqlServer(t).Query(p, &p.Fragments[0])
	if err != nil || parseTSQL(t, q.SQL) != "SelectStatement" || !strings.Contains(q.SQL, f.Name+"(") {
		t.Errorf("%s: on SQL Server %v, %v", x.Expr, q, err)
	}
}

func show(got string, err error) string {
	if err != nil {
		return strconv.Itoa(api.AsProblem(err).SQLNumber)
	}
	return got
}

// unfolded plans an example with each argument wrapped in a CASE over the row, or returns
// nil if its types are rejected as expected.
func unfolded(t *testing.T, s *shardedDB, x sqlfunc.Example) *plan.Plan {
	t.Helper()
	st, err := parseOne("SELECT " + x.Expr + " AS r FROM F WHERE user_id = 1")
	if err != nil {
		t.Fatal(err)
	}
	call, ok := st.(*tsql.Select).List[0].X.(*tsql.Call)
	if !ok {
		t.Fatalf("%s is not a call", x.Expr)
	}
	if len(call.Args) == 0 {
		return nil
	}
	isFirst, err := tsql.ParseCondition("user_id = 1")
	if err != nil {
		t.Fatal(err)
	}
	for i, a := range call.Args {
		if lit, ok := a.(*tsql.Literal); ok && lit.Kind == tsql.NullLiteral {
			continue // a CASE of NULL alone has no type
		}
		if kind := sqlfunc.Lookup(call.Name).Param(i).Kind; kind != sqlfunc.DatePart && kind != sqlfunc.Precision {
			call.Args[i] = &tsql.Case{At: a.Pos(), Whens: []tsql.When{{If: isFirst, Then: a}}}
		}
	}
	p, _, err := planner.Statement(s, s.m, "School", st, planner.Options{Session: testSession})
	if err != nil && x.Error != 0 && api.AsProblem(err).SQLNumber == x.Error {
		return nil
	}
	if err != nil {
		t.Fatalf("%s: %v", x.Expr, err)
	}
	return p
}

// overUserID returns e with the column user_id replaced by field 0.
func overUserID(e *plan.Expr) *plan.Expr {
	c := *e
	if c.Op == plan.ColumnExpr {
		c.Op, c.Field = plan.FieldExpr, 0
	}
	c.Args = make([]*plan.Expr, len(e.Args))
	for i, a := range e.Args {
		c.Args[i] = overUserID(a)
	}
	return &c
}

func checkWrongArguments(t *testing.T, s *shardedDB, f *sqlfunc.Func) {
	t.Helper()
	for _, n := range []int{f.MinArgs() - 1, f.MaxArgs() + 1} {
		if n < 0 {
			continue
		}
		text := "SELECT " + f.Name + "(" + strings.TrimSuffix(strings.Repeat("1, ", n), ", ") + ") AS r FROM F"
		_, err := s.plan(text)
		if p := api.AsProblem(err); p == nil || p.SQLNumber != 174 || !strings.Contains(p.Hint, f.Usage()) {
			t.Errorf("%s: %v, want 174 with %s", text, p, f.Usage())
		}
	}
	for i, p := range f.Params {
		if p.Kind == sqlfunc.DatePart || p.Kind == sqlfunc.Value || p.Kind == sqlfunc.Common {
			continue
		}
		args := make([]string, f.MinArgs())
		for j := range args {
			if args[j] = "1"; f.Params[j].Kind == sqlfunc.DatePart {
				args[j] = "year"
			}
		}
		if i >= len(args) {
			continue
		}
		args[i] = "0x01" // a type that no function accepts
		for j := range i {
			if f.Params[j].Kind == sqlfunc.Characters || f.Params[j].Kind == sqlfunc.Moment {
				args[j] = "'2026-11-22'"
			}
		}
		text := "SELECT " + f.Name + "(" + strings.Join(args, ", ") + ") AS r FROM F"
		if _, err := s.plan(text); err == nil || api.AsProblem(err).SQLNumber != 8116 && api.AsProblem(err).Code != api.CodeUnsupported {
			t.Errorf("%s: %v, want 8116, or unsupported where T-SQL accepts it", text, err)
		}
	}
}

// vector is a call of a native with the types and values of its parameters, as sent to a
// worker, and the expected value or error number.
type vector struct {
	Function string         `json:"function"` // of T-SQL
	SQL      string         `json:"sql"`
	Types    []string       `json:"types"`
	Params   jsontext.Value `json:"params"`
	Column   string         `json:"column"` // the type of the value
	Want     jsontext.Value `json:"want,omitzero"`
	Error    int            `json:"error,omitzero"`
}

// The golden vectors are the examples of the functions as sent to a worker over SQLite,
// whatever language that is written in.
func TestFunctionVectors(t *testing.T) {
	s := newFunctionTable(t)
	path := filepath.Join("..", "..", "shared", "api", "testdata", "golden", "functions.json")
	var vectors []vector
	for _, f := range sqlfunc.All() {
		for _, x := range f.Examples {
			if f.Class != sqlfunc.Scalar || x.Want == "null" {
				continue
			}
			if p := unfolded(t, s, x); p != nil {
				vectors = append(vectors, vectorOf(t, p, f, x))
			}
		}
	}
	var lines []string
	for _, v := range vectors {
		line, err := json.Marshal(v, jsontext.SpaceAfterColon(true), jsontext.SpaceAfterComma(true))
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, "  "+string(line))
	}
	text := "[\n" + strings.Join(lines, ",\n") + "\n]\n"
	if *update {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	old, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(old), text); diff != "" {
		t.Errorf("functions.json has changed (rewrite it with -update, and review the diff):\n%s", diff)
	}
	engine := newDB(t, functionTable)
	for _, v := range vectors {
		var rows []string
		err := engine.e.Query(t.Context(), &api.QueryRequest{
			DB: "School", SQL: v.SQL, Types: v.Types, Params: v.Params, ResultTypes: []string{v.Column},
		}, func(line []byte) error {
			rows = append(rows, string(line))
			return nil
		})
		want := "[" + string(v.Want) + "]"
		if v.Error != 0 {
			want = strconv.Itoa(v.Error)
		}
		if got := show(strings.Join(rows, " "), err); got != want {
			t.Errorf("%s %s: %s, want %s", v.SQL, v.Params, got, want)
		}
	}
}

// vectorOf returns the vector of an example, with its arguments as parameters.
func vectorOf(t *testing.T, p *plan.Plan, f *sqlfunc.Func, x sqlfunc.Example) vector {
	t.Helper()
	e := *p.Query.Output[0].Expr
	e.Args = append([]*plan.Expr(nil), e.Args...)
	for i, a := range e.Args {
		v, err := eval.Eval(overUserID(a), []sqltypes.Value{sqltypes.Int64(1)})
		if err != nil {
			t.Fatalf("%s: %v", x.Expr, err)
		}
		e.Args[i] = &plan.Expr{Op: plan.ValueExpr, Type: a.Type, Value: v}
	}
	alone := &plan.Plan{Op: plan.OpSelect, DB: "School", Table: "F", Query: &plan.Query{Output: []plan.Output{{Name: "r", Expr: &e}}}, Columns: p.Columns}
	q, err := dialect.SQLite{}.Query(alone, &plan.Fragment{})
	if err != nil {
		t.Fatalf("%s: %v", x.Expr, err)
	}
	v := vector{Function: f.Name, SQL: strings.TrimSuffix(q.SQL, ` FROM "F"`), Types: q.Types, Params: q.Params, Column: x.Type, Error: x.Error}
	if x.Error == 0 {
		v.Want = jsontext.Value(x.Want)
	}
	if v.SQL == q.SQL {
		t.Fatalf("%s is written %s", x.Expr, q.SQL)
	}
	return v
}
