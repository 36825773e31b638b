package dialect

import (
	"shardeck/master/planner"
	"shardeck/shared/sqltypes"
)

// sqliteFuncs are the engine's functions; those of dates are all sd_datepart.
var sqliteFuncs = [...]string{
	planner.UpperFunc: "sd_upper(", planner.LowerFunc: "sd_lower(", planner.LenFunc: "sd_len(", planner.SubstringFunc: "sd_substring(",
	planner.LTrimFunc: "sd_ltrim(", planner.RTrimFunc: "sd_rtrim(", planner.AbsFunc: "sd_abs(", planner.RoundFunc: "sd_round(",
	planner.CoalesceFunc: "coalesce(",
}

// function writes a call; the engine's functions on numbers and dates are told the type.
func (w *sqliteWriter) function(e *planner.Expr) {
	switch {
	case e.Func >= planner.YearFunc:
		w.text("sd_datepart('" + e.Func.Part().String() + "', ")
		w.expr(e.Args[0])
		w.text(", '" + e.Args[0].Type.String() + "')")
		return
	case e.Func == planner.CoalesceFunc && len(e.Args) == 1:
		w.expr(e.Args[0]) // coalesce takes two at least
		return
	}
	w.text(sqliteFuncs[e.Func])
	for i, a := range e.Args {
		w.comma(i)
		w.expr(a)
	}
	if e.Func == planner.AbsFunc || e.Func == planner.RoundFunc {
		w.text(", '" + e.Type.String() + "'")
	}
	w.text(")")
}

func (w *sqliteWriter) caseOf(e *planner.Expr) {
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
func (w *sqliteWriter) aggregate(e *planner.Expr) {
	x := e.Args[0]
	switch {
	case e.Agg == planner.CountAgg:
		w.text("count(")
		w.expr(x)
		w.text(")")
	case e.Agg == planner.MinAgg || e.Agg == planner.MaxAgg:
		name := "min("
		if e.Agg == planner.MaxAgg {
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
func (w *sqliteWriter) concat(e *planner.Expr) {
	l, r := e.Args[0], e.Args[1]
	if t := e.Type; t.Length != sqltypes.Max && l.Type.Length+r.Type.Length > t.Length {
		operands(w, "sd_concat(", l, ", ", r, ", '"+t.String()+"')")
		return
	}
	operands(w, "(", l, " || ", r, ")")
}
