package eval

import (
	"shardeck/master/plan"
	"shardeck/shared/api"
	"shardeck/shared/sqltypes"
)

// Eval evaluates an expression over a row. FieldExpr reads its columns, which must have
// the types given in the expressions. CASE and COALESCE short-circuit from left to right.
// The time is proportional to the size of the expression, except for LIKE.
//
// The error is an *api.Problem: with SQL Server's error number if T-SQL fails (8115, 8134,
// 537, conversions), or with the code internal for an expression that is not a value or
// that only an engine can evaluate: a predicate, a column, an aggregate.
func Eval(e *plan.Expr, row []sqltypes.Value) (sqltypes.Value, error) {
	v, err := value(e, row)
	return v, problem(err)
}

// Holds reports whether a predicate is true for a row. UNKNOWN counts as false: the
// planner leaves no NOT above a comparison that could turn it into true. The errors are
// those of [Eval].
func Holds(e *plan.Expr, row []sqltypes.Value) (bool, error) {
	truth, err := holds(e, row)
	return truth, problem(err)
}

func problem(err error) error {
	if p, ok := api.ProblemOf(err); ok {
		return p
	}
	return err
}

func value(e *plan.Expr, row []sqltypes.Value) (sqltypes.Value, error) {
	switch e.Op {
	case plan.ValueExpr:
		return e.Value, nil
	case plan.FieldExpr:
		if e.Field < 0 || e.Field >= len(row) {
			return sqltypes.Null(), api.NewProblem(api.CodeInternal, "an expression reads field %d of a row with %d fields", e.Field, len(row))
		}
		return row[e.Field], nil
	case plan.CaseExpr:
		return evalCase(e, row)
	case plan.ConvertExpr, plan.AssignExpr, plan.NegExpr, plan.ConcatExpr, plan.FuncExpr,
		plan.AddExpr, plan.SubExpr, plan.MulExpr, plan.DivExpr, plan.ModExpr, plan.BitAndExpr, plan.BitOrExpr, plan.BitXorExpr:
		return apply(e, row)
	case plan.CollateExpr:
		return value(e.Args[0], row)
	case plan.CoalesceExpr:
		return coalesce(e, row)
	}
	return sqltypes.Null(), unsupported(e)
}

// apply evaluates an operation that needs all its arguments: an argument that fails does
// so even if another is NULL, as in an engine.
func apply(e *plan.Expr, row []sqltypes.Value) (sqltypes.Value, error) {
	var few [4]sqltypes.Value
	args := few[:0]
	for _, a := range e.Args {
		v, err := value(a, row)
		if err != nil {
			return sqltypes.Null(), err
		}
		args = append(args, v)
	}
	return Apply(e, args)
}

func evalCase(e *plan.Expr, row []sqltypes.Value) (sqltypes.Value, error) {
	i := 0
	for ; i+1 < len(e.Args); i += 2 {
		when, err := holds(e.Args[i], row)
		if err != nil {
			return sqltypes.Null(), err
		}
		if when {
			return value(e.Args[i+1], row)
		}
	}
	return value(e.Args[i], row)
}

func coalesce(e *plan.Expr, row []sqltypes.Value) (sqltypes.Value, error) {
	for _, a := range e.Args {
		if v, err := value(a, row); err != nil || !v.IsNull() {
			return v, err
		}
	}
	return sqltypes.Null(), nil
}

func holds(e *plan.Expr, row []sqltypes.Value) (bool, error) {
	switch e.Op {
	case plan.TrueExpr:
		return true, nil
	case plan.FalseExpr:
		return false, nil
	case plan.AndExpr, plan.OrExpr:
		decisive := e.Op == plan.OrExpr // the truth value that short-circuits
		for _, term := range e.Args {
			if truth, err := holds(term, row); err != nil || truth == decisive {
				return truth, err
			}
		}
		return !decisive, nil
	case plan.EqExpr, plan.NeExpr, plan.LtExpr, plan.LeExpr, plan.GtExpr, plan.GeExpr:
		return compare(e, row)
	case plan.InExpr:
		return in(e, row)
	case plan.LikeExpr:
		return like(e, row)
	case plan.IsNullExpr:
		v, err := value(e.Args[0], row)
		return v.IsNull() != e.Negated && err == nil, err
	}
	return false, unsupported(e)
}

func compare(e *plan.Expr, row []sqltypes.Value) (bool, error) {
	l, r, known, err := both(e.Args[0], e.Args[1], row)
	if !known || err != nil {
		return false, err
	}
	return plan.Holds(e.Op, order(e, l, r)), nil
}

// order compares two values, neither of them NULL, in the collation of e.
func order(e *plan.Expr, l, r sqltypes.Value) int {
	t := e.Args[0].Type
	if e.Binary && t.Kind.IsString() {
		return sqltypes.CompareBinary(l.Str, r.Str)
	}
	return sqltypes.Compare(t, l, r)
}

// both evaluates two values; known means that neither is NULL.
func both(a, b *plan.Expr, row []sqltypes.Value) (l, r sqltypes.Value, known bool, err error) {
	if l, err = value(a, row); err == nil {
		r, err = value(b, row)
	}
	return l, r, !l.IsNull() && !r.IsNull(), err
}

func in(e *plan.Expr, row []sqltypes.Value) (bool, error) {
	x, err := value(e.Args[0], row)
	if err != nil || x.IsNull() {
		return false, err
	}
	for _, a := range e.Args[1:] {
		v, err := value(a, row)
		if err != nil {
			return false, err
		}
		if order(e, x, v) == 0 {
			return !e.Negated, nil
		}
	}
	return e.Negated, nil
}

func like(e *plan.Expr, row []sqltypes.Value) (bool, error) {
	x, pattern, known, err := both(e.Args[0], e.Args[1], row)
	if !known || err != nil {
		return false, err
	}
	rules := sqltypes.LikeRulesOf(e.Args[0].Type, e.Args[1].Type, e.Binary)
	if len(e.Args) > 2 {
		escape, err := value(e.Args[2], row)
		if err != nil || escape.IsNull() {
			return false, err
		}
		if rules, err = rules.WithEscape(escape.Str); err != nil {
			return false, err
		}
	}
	ok, err := sqltypes.Like(pattern.Str, x.Str, rules)
	return ok != e.Negated, err
}

// unsupported reports an expression that only an engine can evaluate, or that is not of
// the expected kind.
func unsupported(e *plan.Expr) error {
	return api.NewProblem(api.CodeInternal, "the master cannot evaluate this part of the plan: %s", e)
}
