package eval_test

import (
	"testing"

	"shardeck/master/eval"
	"shardeck/master/planner"
	"shardeck/shared/api"
	"shardeck/shared/sqltypes"
)

var (
	intType  = sqltypes.IntType
	textType = sqltypes.Type{Kind: sqltypes.NVarChar, Length: 10}
)

func field(t sqltypes.Type, i int) *planner.Expr {
	return &planner.Expr{Op: planner.FieldExpr, Type: t, Field: i}
}

func constant(t sqltypes.Type, v sqltypes.Value) *planner.Expr {
	return &planner.Expr{Op: planner.ValueExpr, Type: t, Value: v}
}

func number(i int64) *planner.Expr { return constant(intType, sqltypes.Int64(i)) }

func text(s string) *planner.Expr { return constant(textType, sqltypes.Text(s)) }

func of(op planner.ExprOp, args ...*planner.Expr) *planner.Expr {
	return &planner.Expr{Op: op, Type: intType, Args: args}
}

func negated(e *planner.Expr) *planner.Expr {
	e.Negated = true
	return e
}

func binary(e *planner.Expr) *planner.Expr {
	e.Binary = true
	return e
}

// The row of these tests: 7, NULL, 'Ann'.
var row = []sqltypes.Value{sqltypes.Int64(7), sqltypes.Null(), sqltypes.Text("Ann")}

func TestPredicatesOfNullAreNeverTrue(t *testing.T) {
	seven, null, ann := field(intType, 0), field(intType, 1), field(textType, 2)
	noText := field(textType, 1)
	for name, c := range map[string]struct {
		e    *planner.Expr
		want bool
	}{
		"equal":                    {of(planner.EqExpr, seven, number(7)), true},
		"not equal to NULL":        {of(planner.NeExpr, seven, null), false},
		"NULL equals NULL":         {of(planner.EqExpr, null, null), false},
		"less":                     {of(planner.LtExpr, seven, number(8)), true},
		"IN":                       {of(planner.InExpr, seven, number(1), number(7)), true},
		"NOT IN":                   {negated(of(planner.InExpr, seven, number(1), number(7))), false},
		"NULL NOT IN":              {negated(of(planner.InExpr, null, number(1))), false},
		"LIKE":                     {of(planner.LikeExpr, ann, text("a%")), true},
		"LIKE by case":             {binary(of(planner.LikeExpr, ann, text("a%"))), false},
		"NULL NOT LIKE":            {negated(of(planner.LikeExpr, noText, text("a%"))), false},
		"LIKE with NULL as escape": {of(planner.LikeExpr, ann, text("a%"), noText), false},
		"text without case":        {of(planner.EqExpr, ann, text("ANN ")), true},
		"text by case":             {binary(of(planner.EqExpr, ann, text("ANN "))), false},
		"IS NULL":                  {of(planner.IsNullExpr, null), true},
		"IS NOT NULL":              {negated(of(planner.IsNullExpr, null)), false},
		"AND with UNKNOWN":         {of(planner.AndExpr, of(planner.TrueExpr), of(planner.EqExpr, null, number(1))), false},
		"OR with UNKNOWN":          {of(planner.OrExpr, of(planner.EqExpr, null, number(1)), of(planner.TrueExpr)), true},
		"none of OR":               {of(planner.OrExpr, of(planner.FalseExpr), of(planner.FalseExpr)), false},
	} {
		if got, err := eval.Holds(c.e, row); err != nil || got != c.want {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
}

func TestCaseAndCoalesceComputeNoMoreThanTheyNeed(t *testing.T) {
	fails := of(planner.DivExpr, number(1), number(0))
	null := field(intType, 1)
	coalesce := of(planner.FuncExpr, null, number(5), fails)
	coalesce.Func = planner.CoalesceFunc
	for name, e := range map[string]*planner.Expr{
		"a branch that is taken": of(planner.CaseExpr, of(planner.TrueExpr), number(5), of(planner.EqExpr, fails, number(1)), number(6), fails),
		"ELSE":                   of(planner.CaseExpr, of(planner.FalseExpr), fails, number(5)),
		"COALESCE":               coalesce,
	} {
		if v, err := eval.Eval(e, row); err != nil || v != sqltypes.Int64(5) {
			t.Errorf("%s: %v, %v", name, v, err)
		}
	}
	if _, err := eval.Eval(of(planner.AddExpr, null, fails), row); api.CodeOf(err) != api.CodeDivideByZero || api.AsProblem(err).SQLNumber != 8134 {
		t.Errorf("NULL + 1/0: %v", err)
	}
}

func TestWhatOnlyAnEngineComputesIsRefused(t *testing.T) {
	for _, e := range []*planner.Expr{
		{Op: planner.ColumnExpr, Column: "age"}, {Op: planner.CountExpr}, field(intType, 3), field(intType, -1), of(planner.TrueExpr),
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
	e := of(planner.CaseExpr, of(planner.GtExpr, field(intType, 0), number(5)), of(planner.AddExpr, field(intType, 0), number(1)), number(0))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := eval.Eval(e, row); err != nil {
			b.Fatal(err)
		}
	}
}
