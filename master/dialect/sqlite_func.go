package dialect

import (
	"shardeck/master/plan"
	"shardeck/shared/sqltypes"
)

// sqliteFuncs are the engine's functions; those of dates are all sd_datepart.
var sqliteFuncs = [...]string{
	plan.UpperFunc: "sd_upper(", plan.LowerFunc: "sd_lower(", plan.LenFunc: "sd_len(", plan.SubstringFunc: "sd_substring(",
	plan.LTrimFunc: "sd_ltrim(", plan.RTrimFunc: "sd_rtrim(", plan.AbsFunc: "sd_abs(", plan.RoundFunc: "sd_round(",
	plan.CoalesceFunc: "coalesce(",
}

// function writes a call; the engine's functions on numbers and dates are told the type.
func (w *sqliteWriter) function(e *plan.Expr) {
	switch {
	case e.Func >= plan.YearFunc:
		w.text("sd_datepart('" + e.Func.Part().String() + "', ")
		w.expr(e.Args[0])
		w.text(", '" + e.Args[0].Type.String() + "')")
		return
	case e.Func == plan.CoalesceFunc && len(e.Args) == 1:
		w.expr(e.Args[0]) // coalesce takes two at least
		return
	}
	w.text(sqliteFuncs[e.Func])
	for i, a := range e.Args {
		w.comma(i)
		w.expr(a)
	}
	if e.Func == plan.AbsFunc || e.Func == plan.RoundFunc {
		w.text(", '" + e.Type.String() + "'")
	}
	w.text(")")
}

func (w *sqliteWriter) caseOf(e *plan.Expr) {
	w.text("(CASE")
	last := len(e.Args) - 1
	for i := 0; i < last; i += 2 {
		operands(w, " WHEN ", e.Args[i], " THEN ", e.Args[i+1], "")
	}
	w.text(" ELSE ")
	w.expr(e.Args[last])
	w.text(" END)")
}

// aggregate writes an aggregate. SQLite's least and greatest follow the collation of
// the argument. Its own sum is for floats: of integers, and exact ones of decimals,
// are the engine's.
func (w *sqliteWriter) aggregate(e *plan.Expr) {
	x := e.Args[0]
	switch {
	case e.Agg == plan.CountAgg:
		w.text("count(")
		w.expr(x)
		w.text(")")
	case e.Agg == plan.MinAgg || e.Agg == plan.MaxAgg:
		name := "min("
		if e.Agg == plan.MaxAgg {
			name = "max("
		}
		w.text(name)
		w.inOwnCollation(x)
		w.text(")")
	case e.Type.Kind.IsInteger():
		w.text("sd_sum_int(")
		w.expr(x)
		w.text(")")
	case e.Type.Kind == sqltypes.Decimal:
		w.text("sd_sum_dec(")
		w.expr(x)
		w.precision(e.Type)
	default: // refused when it is not finite
		w.text("sd_div_f(sum(")
		w.expr(x)
		w.text("), 1)")
	}
}

// concat writes two strings joined; the engine cuts what is beyond the bytes of T-SQL's type.
func (w *sqliteWriter) concat(e *plan.Expr) {
	l, r := e.Args[0], e.Args[1]
	if t := e.Type; t.Length != sqltypes.Max && l.Type.Length+r.Type.Length > t.Length {
		operands(w, "sd_concat(", l, ", ", r, ", '"+t.String()+"')")
		return
	}
	operands(w, "(", l, " || ", r, ")")
}
