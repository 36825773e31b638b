package bind_test

import (
	"fmt"
	"maps"
	"slices"

	"shardeck/master/eval"
	"shardeck/master/plan"
	"shardeck/shared/sqltypes"
)

// outcome is what T-SQL allows an expression to give. There is never more than one value,
// so a row that matches may not fail to match; but where an operand that decides the
// result stands beside one that fails, the failure may or may not be raised.
type outcome struct {
	value  sqltypes.Value // of a predicate: 1 for true, 0 for false or UNKNOWN
	ok     bool           // whether the expression may give value
	errors map[int]bool   // the errors that it may raise; if it is not ok, it raises one of them
}

func (o outcome) String() string {
	return fmt.Sprintf("{%v (%v), errors %v}", o.value, o.ok, slices.Sorted(maps.Keys(o.errors)))
}

func (o outcome) holds() bool { return o.ok && o.value.Int == 1 }

func (o outcome) allows(truth bool, err error) bool {
	if err != nil {
		return o.errors[numberOf(err)]
	}
	return o.ok && truth == o.holds()
}

// oracle evaluates a condition over the constant columns. It evaluates every operand,
// except where T-SQL guarantees an order (CASE and COALESCE), and combines the outcomes.
type oracle struct {
	f   *fixture
	row []sqltypes.Value
}

func truthValue(b bool) sqltypes.Value {
	if b {
		return sqltypes.Int64(1)
	}
	return sqltypes.Int64(0)
}

func (o oracle) eval(e *plan.Expr) outcome {
	switch e.Op {
	case plan.TrueExpr, plan.FalseExpr:
		return outcome{value: truthValue(e.Op == plan.TrueExpr), ok: true}
	case plan.ValueExpr:
		return outcome{value: e.Value, ok: true}
	case plan.ColumnExpr:
		return outcome{value: o.row[o.f.index[e.Column]], ok: true}
	case plan.AndExpr, plan.OrExpr:
		return o.logic(e)
	case plan.CaseExpr:
		return o.caseOf(e)
	case plan.CoalesceExpr:
		return o.coalesce(e)
	}
	return o.strict(e)
}

func (o oracle) all(es []*plan.Expr) ([]outcome, map[int]bool) {
	errors := map[int]bool{}
	outcomes := make([]outcome, len(es))
	for i, e := range es {
		outcomes[i] = o.eval(e)
		maps.Copy(errors, outcomes[i].errors)
	}
	return outcomes, errors
}

// logic evaluates AND, OR, and so BETWEEN and IN, which stand for them. T-SQL does not
// guarantee the order of their terms: if one decides, another may or may not raise its
// error. If none decides, an error is raised.
func (o oracle) logic(e *plan.Expr) outcome {
	terms, errors := o.all(e.Args)
	or := e.Op == plan.OrExpr
	ok := true
	for _, t := range terms {
		if t.ok && t.holds() == or {
			return outcome{value: truthValue(or), ok: true, errors: errors}
		}
		ok = ok && t.ok
	}
	return outcome{value: truthValue(!or), ok: ok, errors: errors}
}

func (o oracle) caseOf(e *plan.Expr) outcome {
	errors := map[int]bool{}
	i := 0
	for ; i+1 < len(e.Args); i += 2 {
		when := o.eval(e.Args[i])
		maps.Copy(errors, when.errors)
		if !when.ok {
			return outcome{errors: errors}
		}
		if when.holds() {
			i++
			break
		}
	}
	result := o.eval(e.Args[i])
	maps.Copy(errors, result.errors)
	return outcome{value: result.value, ok: result.ok, errors: errors}
}

func (o oracle) coalesce(e *plan.Expr) outcome {
	errors := map[int]bool{}
	for _, a := range e.Args {
		x := o.eval(a)
		maps.Copy(errors, x.errors)
		if !x.ok || !x.value.IsNull() {
			return outcome{value: x.value, ok: x.ok, errors: errors}
		}
	}
	return outcome{ok: true, errors: errors}
}

// strict evaluates an operation that needs all its operands. An operand that fails raises
// its error, with one exception: if another operand is a constant that is NULL, the result
// is known to be NULL, or UNKNOWN, and the error may or may not be raised.
func (o oracle) strict(e *plan.Expr) outcome {
	args, errors := o.all(e.Args)
	ok, null := true, false
	values := *e
	values.Args = make([]*plan.Expr, len(args))
	for i, a := range args {
		ok = ok && a.ok
		null = null || a.ok && a.value.IsNull() && constant(e.Args[i])
		values.Args[i] = &plan.Expr{Op: plan.ValueExpr, Type: e.Args[i].Type, Value: a.value, Binary: e.Args[i].Binary}
	}
	switch {
	case !ok && null && e.IsPredicate():
		return outcome{value: truthValue(false), ok: true, errors: errors}
	case !ok:
		return outcome{ok: null, errors: errors}
	}
	v, err := o.apply(&values)
	if err != nil {
		errors[numberOf(err)] = true
	}
	return outcome{value: v, ok: err == nil, errors: errors}
}

func (o oracle) apply(e *plan.Expr) (sqltypes.Value, error) {
	if e.IsPredicate() {
		truth, err := eval.Holds(e, nil)
		return truthValue(truth), err
	}
	return eval.Eval(e, nil)
}

// constant reports whether e has only constant columns.
func constant(e *plan.Expr) bool {
	if e.Op == plan.ColumnExpr {
		return isConstantColumn(e.Column)
	}
	return !slices.ContainsFunc(e.Args, func(a *plan.Expr) bool { return !constant(a) })
}
