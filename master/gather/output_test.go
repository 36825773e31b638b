package gather_test

import (
	"context"
	"errors"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"

	"shardeck/master/gather"
	"shardeck/master/plan"
	"shardeck/shared/api"
	"shardeck/shared/sqltypes"
)

// insertOf is a plan that inserts four rows (id, name) on two shards, with this OUTPUT.
func insertOf(output ...*plan.Expr) *plan.Plan {
	rows := func(lines ...string) (all []jsontext.Value) {
		for _, l := range lines {
			all = append(all, jsontext.Value(l))
		}
		return all
	}
	return &plan.Plan{
		Op: plan.OpInsert, Field: "sql",
		Write: &plan.Write{Columns: []api.Column{{Name: "id", Type: "INT"}, {Name: "name", Type: "NVARCHAR(5)"}}, Output: output},
		Fragments: []plan.Fragment{
			{Shard: 0, Rows: rows(`[2,"b",9]`, `[0,null,9]`), RowIndex: []int{1, 3}},
			{Shard: 2, Rows: rows(`[1,"a",7]`, `[3,"c",7]`), RowIndex: []int{0, 2}},
		},
	}
}

var (
	idField   = &plan.Expr{Op: plan.FieldExpr, Type: sqltypes.IntType, Field: 0}
	nameField = &plan.Expr{Op: plan.FieldExpr, Type: sqltypes.Type{Kind: sqltypes.NVarChar, Length: 5}, Field: 1}
)

func TestOutputIsInTheOrderOfTheStatement(t *testing.T) {
	p := insertOf(nameField, idField)
	text, rows, err := gather.Output(t.Context(), p)
	if diff := cmp.Diff("[\"a\",1]\n[\"b\",2]\n[\"c\",3]\n[null,0]\n", string(text)); err != nil || rows != 4 || diff != "" {
		t.Errorf("%d rows, %v\n%s", rows, err, diff)
	}
}

func TestOutputHasTheRowsOfCopiesOnce(t *testing.T) {
	p := insertOf(idField)
	first := p.Fragments[0]
	first.RowIndex = []int{0, 1}
	p.Copies, p.Fragments = true, []plan.Fragment{first, first, first}
	if text, rows, err := gather.Output(t.Context(), p); string(text) != "[2]\n[0]\n" || rows != 2 || err != nil {
		t.Errorf("%d rows, %v\n%s", rows, err, text)
	}
}

func TestOutputFailsWithItsExpressionsAndContext(t *testing.T) {
	one := &plan.Expr{Op: plan.ValueExpr, Type: sqltypes.IntType, Value: sqltypes.Int64(1)}
	quotient := &plan.Expr{Op: plan.DivExpr, Type: sqltypes.IntType, Args: []*plan.Expr{one, idField}}
	if _, _, err := gather.Output(t.Context(), insertOf(quotient)); api.CodeOf(err) != api.CodeDivideByZero {
		t.Errorf("a division by zero: %v", err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	cause := errors.New("the client has gone")
	cancel(cause)
	if _, _, err := gather.Output(ctx, insertOf(idField)); !errors.Is(err, cause) {
		t.Errorf("a statement that was cancelled: %v", err)
	}
}

func TestOutputIsBounded(t *testing.T) {
	long := &plan.Expr{Op: plan.ValueExpr, Type: sqltypes.Type{Kind: sqltypes.VarChar, Length: sqltypes.Max}, Value: sqltypes.Text(string(make([]byte, 1<<20)))}
	for n, want := range map[int]api.Code{1: "", 10: api.CodeTooComplex, 200: api.CodeTooComplex} {
		p := insertOf(idField)
		for range n {
			p.Write.Output = append(p.Write.Output, long)
		}
		if _, _, err := gather.Output(t.Context(), p); api.CodeOf(err) != want && (err != nil || want != "") {
			t.Errorf("%d values of a MiB for each of four rows: %v", n, err)
		}
	}
}
