package eval_test

import (
	"testing"

	"shardeck/master/eval"
	"shardeck/master/plan"
	"shardeck/shared/api"
	"shardeck/shared/sqltypes"
)

var (
	intType  = sqltypes.IntType
	textType = sqltypes.Type{Kind: sqltypes.NVarChar, Length: 10}
)

func field(t sqltypes.Type, i int) *plan.Expr {
	return &plan.Expr{Op: plan.FieldExpr, Type: t, Field: i}
}

func constant(t sqltypes.Type, v sqltypes.Value) *plan.Expr {
	return &plan.Expr{Op: plan.ValueExpr, Type: t, Value: v}
}

func number(i int64) *plan.Expr { return constant(intType, sqltypes.Int64(i)) }

func text(s string) *plan.Expr { return constant(textType, sqltypes.Text(s)) }

func of(op plan.ExprOp, args ...*plan.Expr) *plan.Expr {
	return &plan.Expr{Op: op, Type: intType, Args: args}
}

func negated(e *plan.Expr) *plan.Expr {
	e.Negated = true
	return e
}

func binary(e *plan.Expr) *plan.Expr {
	e.Binary = true
	return e
}

// row is the row of these tests: 7, NULL, 'Ann'.
var row = []sqltypes.Value{sqltypes.Int64(7), sqltypes.Null(), sqltypes.Text("Ann")}

func TestPredicatesOfNullAreNeverTrue(t *testing.T) {
	seven, null, ann := field(intType, 0), field(intType, 1), field(textType, 2)
	noText := field(textType, 1)
	for name, c := range map[string]struct {
		e    *plan.Expr
		want bool
	}{
		"equal":                     {of(plan.EqExpr, seven, number(7)), true},
		"not equal to NULL":         {of(plan.NeExpr, seven, null), false},
		"NULL equals NULL":          {of(plan.EqExpr, null, null), false},
		"less":                      {of(plan.LtExpr, seven, number(8)), true},
		"IN":                        {of(plan.InExpr, seven, number(1), number(7)), true},
		"NOT IN":                    {negated(of(plan.InExpr, seven, number(1), number(7))), false},
		"NULL NOT IN":               {negated(of(plan.InExpr, null, number(1))), false},
		"LIKE":                      {of(plan.LikeExpr, ann, text("a%")), true},
		"case-sensitive LIKE":       {binary(of(plan.LikeExpr, ann, text("a%"))), false},
		"NULL NOT LIKE":             {negated(of(plan.LikeExpr, noText, text("a%"))), false},
		"LIKE with NULL as escape":  {of(plan.LikeExpr, ann, text("a%"), noText), false},
		"case-insensitive equality": {of(plan.EqExpr, ann, text("ANN ")), true},
		"case-sensitive equality":   {binary(of(plan.EqExpr, ann, text("ANN "))), false},
		"IS NULL":                   {of(plan.IsNullExpr, null), true},
		"IS NOT NULL":               {negated(of(plan.IsNullExpr, null)), false},
		"AND with UNKNOWN":          {of(plan.AndExpr, of(plan.TrueExpr), of(plan.EqExpr, null, number(1))), false},
		"OR with UNKNOWN":           {of(plan.OrExpr, of(plan.EqExpr, null, number(1)), of(plan.TrueExpr)), true},
		"OR of false terms":         {of(plan.OrExpr, of(plan.FalseExpr), of(plan.FalseExpr)), false},
	} {
		if got, err := eval.Holds(c.e, row); err != nil || got != c.want {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
}

func TestCaseAndCoalesceShortCircuit(t *testing.T) {
	fails := of(plan.DivExpr, number(1), number(0))
	null := field(intType, 1)
	for name, e := range map[string]*plan.Expr{
		"a branch that is taken": of(plan.CaseExpr, of(plan.TrueExpr), number(5), of(plan.EqExpr, fails, number(1)), number(6), fails),
		"ELSE":                   of(plan.CaseExpr, of(plan.FalseExpr), fails, number(5)),
		"COALESCE":               of(plan.CoalesceExpr, null, number(5), fails),
	} {
		if v, err := eval.Eval(e, row); err != nil || v != sqltypes.Int64(5) {
			t.Errorf("%s: %v, %v", name, v, err)
		}
	}
	if _, err := eval.Eval(of(plan.AddExpr, null, fails), row); api.CodeOf(err) != api.CodeDivideByZero || api.AsProblem(err).SQLNumber != 8134 {
		t.Errorf("NULL + 1/0: %v", err)
	}
}

func TestUnsupportedExpressions(t *testing.T) {
	for _, e := range []*plan.Expr{
		{Op: plan.ColumnExpr, Column: "age"}, {Op: plan.CountExpr}, field(intType, 3), field(intType, -1), of(plan.TrueExpr),
	} {
		if v, err := eval.Eval(e, row); api.CodeOf(err) != api.CodeInternal {
			t.Errorf("%s: %v, %v", e, v, err)
		}
	}
	if _, err := eval.Holds(number(1), row); api.CodeOf(err) != api.CodeInternal {
		t.Errorf("a value for a predicate: %v", err)
	}
}

func BenchmarkEval(b *testing.B) {
	e := of(plan.CaseExpr, of(plan.GtExpr, field(intType, 0), number(5)), of(plan.AddExpr, field(intType, 0), number(1)), number(0))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := eval.Eval(e, row); err != nil {
			b.Fatal(err)
		}
	}
}
