package dialect

import (
	"shardeck/master/plan"
	"shardeck/shared/sqlfunc"
	"shardeck/shared/sqltypes"
)

// function writes a call, whose name and meaning are T-SQL's own.
func (w *sqlServerWriter) function(e *plan.Expr) {
	w.text(e.Func.Name + "(")
	if e.Func.NamesPart() {
		w.text(e.Part.String() + ", ")
	}
	for i, a := range e.Args {
		w.comma(i)
		w.expr(a)
	}
	w.text(")")
}

func (w *sqlServerWriter) coalesce(e *plan.Expr) {
	if len(e.Args) == 1 {
		w.expr(e.Args[0]) // COALESCE takes two at least
		return
	}
	w.text("COALESCE(")
	for i, a := range e.Args {
		w.comma(i)
		w.result(e, a)
	}
	w.text(")")
}

func (w *sqlServerWriter) caseOf(e *plan.Expr) {
	w.text("CASE")
	last := len(e.Args) - 1
	for i := 0; i < last; i += 2 {
		w.text(" WHEN ")
		w.expr(e.Args[i])
		w.text(" THEN ")
		w.result(e, e.Args[i+1])
	}
	w.text(" ELSE ")
	w.result(e, e.Args[last])
	w.text(" END")
}

// result writes x, one of the values that e may have. Strings of different
// collations do not make one value unless one is said.
func (w *sqlServerWriter) result(e, x *plan.Expr) {
	if e.Binary && e.Type.Kind.IsString() && !x.IsConst() && !isKey(x) {
		w.binary(x, e.Type.Kind)
		return
	}
	w.expr(x)
}

// aggregate writes an aggregate. Integers are added as BIGINT, as the partial sums
// of shards may be beyond INT where the whole is not.
func (w *sqlServerWriter) aggregate(e *plan.Expr) {
	x := e.Args[0]
	switch {
	case e.Agg == sqlfunc.Count:
		w.text("COUNT_BIG(")
		w.expr(x)
	case e.Agg == sqlfunc.Sum:
		w.text("SUM(")
		if e.Type.Kind != x.Type.Kind && e.Type.Kind != sqltypes.Decimal {
			w.cast(x, e.Type)
		} else {
			w.expr(x)
		}
	case x.Type.Kind.IsString() && !x.Binary:
		w.extreme(e)
		return
	default:
		w.text(e.Agg.String() + "(")
		w.expr(x)
	}
	w.text(")")
}

// extreme writes the least or greatest of strings, which stand in the order of
// their folded forms: that of the folded form with the string itself after it, of
// which the string is then taken. What is between the two comes before any letter.
// Strings that might not fit twice are NVARCHAR(MAX), as the server would cut them off.
func (w *sqlServerWriter) extreme(e *plan.Expr) {
	x := e.Args[0]
	if t := asUnicode(x.Type); t.Length != sqltypes.Max && 2*t.Length+1 > maxChars {
		x = &plan.Expr{Op: plan.ConvertExpr, Type: unboundedText, Args: []*plan.Expr{x}}
	}
	pairs := func() {
		w.text(e.Agg.String() + "(")
		w.folded(x)
		w.text(" + NCHAR(1) + ")
		w.unicode(x)
		w.text(")")
	}
	w.text("SUBSTRING(")
	pairs()
	w.text(", CHARINDEX(NCHAR(1), ")
	pairs()
	w.text(") + 1, 2147483647)")
}
