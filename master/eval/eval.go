package eval

import (
	"shardeck/master/plan"
	"shardeck/shared/api"
	"shardeck/shared/sqltypes"
)

// Eval computes a value over a row; FieldExpr reads its columns, and they have
// the types that the expressions say. CASE and COALESCE compute no more than they need, from
// left to right. It takes time in proportion to the expression, LIKE aside.
//
// The error is an *api.Problem: with the number of SQL Server's error where T-SQL
// refuses the value (8115, 8134, 537, conversions), and of code internal for an
// expression that only an engine can compute: a column, an aggregate, a predicate.
func Eval(e *plan.Expr, row []sqltypes.Value) (sqltypes.Value, error) {
	v, err := value(e, row)
	return v, problem(err)
}

// Holds says whether a predicate is true of a row. UNKNOWN is false: the planner
// leaves no NOT above a comparison, so nothing can make truth of it. The errors are those of [Eval].
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
			return sqltypes.Null(), api.NewProblem(api.CodeInternal, "an expression reads field %d of a row of %d", e.Field, len(row))
		}
		return row[e.Field], nil
	case plan.CaseExpr:
		return evalCase(e, row)
	case plan.ConvertExpr, plan.AssignExpr, plan.NegExpr, plan.ConcatExpr, plan.FuncExpr,
		plan.AddExpr, plan.SubExpr, plan.MulExpr, plan.DivExpr, plan.ModExpr:
		return apply(e, row)
	case plan.CoalesceExpr:
		return coalesce(e, row)
	}
	return sqltypes.Null(), foreign(e)
}

// apply computes an operation that needs all its arguments: one that is refused
// is refused beside a NULL too, as an engine does.
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
		enough := e.Op == plan.OrExpr // the truth that decides the matter
		for _, term := range e.Args {
			if truth, err := holds(term, row); err != nil || truth == enough {
				return truth, err
			}
		}
		return !enough, nil
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
	return false, foreign(e)
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

// both evaluates two values; known says that neither is NULL.
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
	return sqltypes.Like(pattern.Str, x.Str, rules) != e.Negated, nil
}

// foreign refuses what an engine alone can compute, or what is not of the kind that was asked for.
func foreign(e *plan.Expr) error {
	return api.NewProblem(api.CodeInternal, "the plan has the master compute what it cannot: %s", e)
}
