package bind_test

import (
	"fmt"
	"maps"

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
	known  bool           // whether value is the same for all values of the data columns
}

func (o outcome) String() string {
	return fmt.Sprintf("{%v (%v), errors %v}", o.value, o.ok, o.errors)
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
		return outcome{value: truthValue(e.Op == plan.TrueExpr), ok: true, known: true}
	case plan.ValueExpr:
		return outcome{value: e.Value, ok: true, known: true}
	case plan.ColumnExpr:
		return outcome{value: o.row[o.f.index[e.Column]], ok: true, known: isConstantColumn(e.Column)}
	case plan.AndExpr, plan.OrExpr:
		return o.logic(e)
	case plan.CaseExpr:
		return o.caseOf(e)
	case plan.CoalesceExpr:
		return o.coalesce(e)
	}
	return o.strict(e)
}

// then returns the outcome of evaluating x after o.
func (o outcome) then(x outcome) outcome {
	errors := maps.Clone(o.errors)
	if errors == nil {
		errors = map[int]bool{}
	}
	maps.Copy(errors, x.errors)
	return outcome{value: x.value, ok: o.ok && x.ok, errors: errors, known: o.known && x.known}
}

// nothing is the outcome of evaluating nothing: NULL.
var nothing = outcome{ok: true, known: true}

// logic evaluates AND, OR, and so BETWEEN and IN, which stand for them. T-SQL does not
// guarantee the order of their terms: if one decides, another may or may not raise its
// error. If none decides, an error is raised.
func (o oracle) logic(e *plan.Expr) outcome {
	or := e.Op == plan.OrExpr
	result, decided, known := nothing, false, false
	for _, a := range e.Args {
		t := o.eval(a)
		result = result.then(t)
		if t.ok && t.holds() == or {
			decided, known = true, known || t.known
		}
	}
	result.value = truthValue(or == decided)
	if decided {
		result.ok, result.known = true, known
	}
	return result
}

func (o oracle) caseOf(e *plan.Expr) outcome {
	result := nothing
	i := 0
	for ; i+1 < len(e.Args); i += 2 {
		if result = result.then(o.eval(e.Args[i])); !result.ok {
			return result
		}
		if result.holds() {
			i++
			break
		}
	}
	return result.then(o.eval(e.Args[i]))
}

func (o oracle) coalesce(e *plan.Expr) outcome {
	result := nothing
	for _, a := range e.Args {
		if result = result.then(o.eval(a)); !result.ok || !result.value.IsNull() {
			break
		}
	}
	return result
}

// strict evaluates an operation that needs all its operands. An operand that fails raises
// its error, with one exception: if another operand is NULL whatever the row, the result
// is known to be NULL, or UNKNOWN, and the error may or may not be raised.
func (o oracle) strict(e *plan.Expr) outcome {
	result, null := nothing, false
	values := *e
	values.Args = make([]*plan.Expr, len(e.Args))
	for i, a := range e.Args {
		x := o.eval(a)
		result = result.then(x)
		null = null || x.ok && x.known && x.value.IsNull()
		values.Args[i] = &plan.Expr{Op: plan.ValueExpr, Type: a.Type, Value: x.value, Binary: a.Binary}
	}
	result.value, result.known = sqltypes.Null(), result.known || null
	switch {
	case result.ok:
		v, err := o.apply(&values)
		if err != nil {
			result.errors[numberOf(err)] = true
		}
		result.value, result.ok = v, err == nil
		result.known = result.known || err == nil && v.Int == 0 && o.neverHolds(&values, e)
	case null:
		result.ok = true
		if isPredicate(e) {
			result.value = truthValue(false)
		}
	}
	return result
}

// neverHolds reports whether e, with its values in values, compares a data column with a
// constant that is outside the range of the column's type, or for = has more fractional
// digits. It is then known to be false, or UNKNOWN, for all rows.
func (o oracle) neverHolds(values, e *plan.Expr) bool {
	if e.Op < plan.EqExpr || e.Op > plan.GeExpr {
		return false
	}
	for i, a := range e.Args {
		a = o.operand(a)
		if c := values.Args[1-i]; a.Op == plan.ColumnExpr && !isConstantColumn(a.Column) && o.eval(e.Args[1-i]).known {
			own, err := sqltypes.Convert(c.Value, c.Type, a.Type)
			if err != nil {
				return true
			}
			back, err := sqltypes.Convert(own, a.Type, c.Type)
			// Any number converts to BIT, so the range of a BIT shows in the way back.
			exact := e.Op == plan.EqExpr || a.Type.Kind == sqltypes.Bit && c.Type.Kind.IsInteger()
			return exact && (err != nil || sqltypes.Compare(c.Type, back, c.Value) != 0)
		}
	}
	return false
}

// operand returns what e converts, through a CASE, such as NULLIF, that is known to give its ELSE.
func (o oracle) operand(e *plan.Expr) *plan.Expr {
	switch {
	case e.Op == plan.ConvertExpr:
		return o.operand(e.Args[0])
	case e.Op == plan.CaseExpr && len(e.Args) == 3:
		if when := o.eval(e.Args[0]); when.known && !when.holds() {
			return o.operand(e.Args[2])
		}
	}
	return e
}

func (o oracle) apply(e *plan.Expr) (sqltypes.Value, error) {
	if isPredicate(e) {
		truth, err := eval.Holds(e, nil)
		return truthValue(truth), err
	}
	return eval.Eval(e, nil)
}

// isPredicate reports whether e yields a truth value rather than a value.
func isPredicate(e *plan.Expr) bool {
	switch e.Op {
	case plan.EqExpr, plan.NeExpr, plan.LtExpr, plan.LeExpr, plan.GtExpr, plan.GeExpr, plan.InExpr, plan.LikeExpr,
		plan.IsNullExpr, plan.AndExpr, plan.OrExpr, plan.TrueExpr, plan.FalseExpr:
		return true
	}
	return false
}
