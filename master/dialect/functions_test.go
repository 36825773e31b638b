package dialect_test

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"

	"shardeck/master/dialect"
	"shardeck/master/eval"
	"shardeck/master/plan"
	"shardeck/master/planner"
	"shardeck/master/tsql"
	"shardeck/shared/api"
	"shardeck/shared/sqlfunc"
	"shardeck/shared/sqltypes"
)

// The tests of this file walk the table of functions: what a row says must hold in the
// parser, the binder, the evaluator, both dialects, EXPLAIN and the engine. (Those of
// package sqlfunc hold the documents to it, those of tui/widget the console.)

const functionTable = `{"db_name": "School", "table": "F", "columns": {"user_id": "INT PRIMARY KEY", "x": "INT"}}`

func newFunctionTable(t *testing.T) *spread {
	s := newSpread(t, 3, functionTable)
	s.write(t, "INSERT INTO F VALUES (1, 1), (2, 2), (3, 2), (4, NULL)")
	return s
}

func TestEveryRowOfTheFunctionTableHoldsEverywhere(t *testing.T) {
	s := newFunctionTable(t)
	for _, f := range sqlfunc.All() {
		t.Run(f.Name, func(t *testing.T) {
			if len(f.Examples) == 0 {
				t.Fatal("the row has no example")
			}
			for _, x := range f.Examples {
				switch f.Class {
				case sqlfunc.Aggregate:
					holds(t, s, x, "SELECT "+x.Expr+" AS r FROM F")
				default:
					holds(t, s, x, "SELECT "+x.Expr+" AS r FROM F WHERE user_id = 1")
				}
				if f.Class == sqlfunc.Scalar {
					ofARow(t, s, f, x)
				}
			}
			if f.Class == sqlfunc.Scalar {
				refusesWrongArguments(t, s, f)
			}
		})
	}
}

// holds checks what a statement of one value answers, as the client is told.
func holds(t *testing.T, s *spread, x sqlfunc.Example, text string) {
	t.Helper()
	rows, err := s.read(t, text)
	if x.Error != 0 {
		if err == nil || api.AsProblem(err).SQLNumber != x.Error {
			t.Errorf("%s: %v, %v; want a refusal with %d", text, rows, err, x.Error)
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

// ofARow checks an example whose arguments come of a row, so that nothing is folded: as
// the engine computes it, as the master does, and as both dialects and EXPLAIN write it.
func ofARow(t *testing.T, s *spread, f *sqlfunc.Func, x sqlfunc.Example) {
	t.Helper()
	p := unfolded(t, s, x)
	if p == nil || x.Want == "null" {
		return // refused by the types alone, or NULL at once
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
		t.Errorf("%s: the engine gives %s (%v), want %s", x.Expr, got, err, want)
	}
	v, err := eval.Eval(overUserID(e), []sqltypes.Value{sqltypes.Int64(1)})
	if got := "[" + string(sqltypes.AppendJSON(nil, e.Type, v)) + "]"; show(got, err) != want {
		t.Errorf("%s: the master gives %s (%v), want %s", x.Expr, got, err, want)
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

// unfolded plans an example with each argument within a CASE of the row; nil where its
// types are refused, as they should be.
func unfolded(t *testing.T, s *spread, x sqlfunc.Example) *plan.Plan {
	t.Helper()
	st, err := tsql.ParseStatement("SELECT " + x.Expr + " AS r FROM F WHERE user_id = 1")
	if err != nil {
		t.Fatal(err)
	}
	call, ok := st.(*tsql.Select).List[0].X.(*tsql.Call)
	if !ok {
		t.Fatalf("%s is not a call", x.Expr)
	}
	isFirst, err := tsql.ParseCondition("user_id = 1")
	if err != nil {
		t.Fatal(err)
	}
	for i, a := range call.Args {
		if sqlfunc.Lookup(call.Name).Param(i).Kind != sqlfunc.DatePart {
			call.Args[i] = &tsql.Case{At: a.Pos(), Whens: []tsql.When{{If: isFirst, Then: a}}}
		}
	}
	p, err := planner.Statement(s, s.m, "School", st, planner.Options{})
	if err != nil && x.Error != 0 && api.AsProblem(err).SQLNumber == x.Error {
		return nil
	}
	if err != nil {
		t.Fatalf("%s: %v", x.Expr, err)
	}
	return p
}

// overUserID reads the column user_id as field 0.
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

func refusesWrongArguments(t *testing.T, s *spread, f *sqlfunc.Func) {
	t.Helper()
	for _, n := range []int{f.MinArgs() - 1, f.MaxArgs() + 1} {
		text := "SELECT " + f.Name + "(" + strings.TrimSuffix(strings.Repeat("1, ", n), ", ") + ") AS r FROM F"
		_, err := s.plan(text)
		if p := api.AsProblem(err); p == nil || p.SQLNumber != 174 || !strings.Contains(p.Hint, f.Usage()) {
			t.Errorf("%s: %v, want 174 with %s", text, p, f.Usage())
		}
	}
	for i, p := range f.Params {
		if p.Kind == sqlfunc.DatePart || p.Kind == sqlfunc.Value {
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
		args[i] = "0x01" // of a type that nothing takes
		for j := range i {
			if f.Params[j].Kind == sqlfunc.Characters || f.Params[j].Kind == sqlfunc.Moment {
				args[j] = "'2026-11-22'"
			}
		}
		text := "SELECT " + f.Name + "(" + strings.Join(args, ", ") + ") AS r FROM F"
		if _, err := s.plan(text); err == nil || api.AsProblem(err).SQLNumber != 8116 {
			t.Errorf("%s: %v, want 8116", text, err)
		}
	}
}

// vector is a call of a native with the types and values of its parameters, as a worker
// gets them, and the value that it must give or the number of its refusal.
type vector struct {
	Function string         `json:"function"` // of T-SQL
	SQL      string         `json:"sql"`
	Types    []string       `json:"types"`
	Params   jsontext.Value `json:"params"`
	Column   string         `json:"column"` // the type of the value
	Want     jsontext.Value `json:"want,omitempty"`
	Error    int            `json:"error,omitzero"`
}

// The golden vectors are the examples of the functions as a worker over SQLite is asked
// them, in whatever language it is written.
func TestFunctionVectorsAreTheExamples(t *testing.T) {
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
		t.Errorf("functions.json (rewrite with -update, and read the change):\n%s", diff)
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

// vectorOf writes an example with its arguments as parameters.
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
