package dialect

import (
	"shardeck/master/plan"
	"shardeck/shared/sqlfunc"
	"shardeck/shared/sqltypes"
)

// function writes a call of the T-SQL function itself.
func (w *sqlServerWriter) function(e *plan.Expr) {
	w.text(e.Func.Name + "(")
	if e.Func.NamesPart() {
		w.text(e.Part.String() + ", ")
	}
	if e.Func.Name == "TRIM" && len(e.Args) > 1 {
		w.argument(e, e.Args[1])
		w.text(" FROM ")
		w.argument(e, e.Args[0])
		w.text(")")
		return
	}
	for i, a := range e.Args {
		w.comma(i)
		w.argument(e, a)
	}
	if e.Func.TakesPrecision() {
		w.text(", ")
		w.number(e.Type.Scale)
	}
	w.text(")")
}

// argument writes an argument of a function. A constant of a MAX type keeps its type, which
// decides whether the server cuts the result off. Strings that are compared in the collation of
// shard keys all need it.
func (w *sqlServerWriter) argument(e, x *plan.Expr) {
	if !e.Func.Collated || !e.Binary || !x.Type.Kind.IsString() || x.IsConst() || isKey(x) {
		w.concatOperand(x, signed)
		return
	}
	kind := sqltypes.VarChar
	for _, a := range e.Args {
		if a.Type.Kind.IsUnicode() {
			kind = sqltypes.NVarChar
		}
	}
	w.binary(x, kind)
}

func (w *sqlServerWriter) coalesce(e *plan.Expr) {
	if len(e.Args) == 1 {
		w.expr(e.Args[0]) // COALESCE requires at least two arguments
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

// result writes x, one of the results of e. Strings of different collations need an
// explicit COLLATE to be results of one expression.
func (w *sqlServerWriter) result(e, x *plan.Expr) {
	if e.Binary && e.Type.Kind.IsString() && !x.IsConst() && !isKey(x) {
		w.binary(x, e.Type.Kind)
		return
	}
	w.expr(x)
}

// aggregate writes an aggregate. Integers are added as BIGINT, because the partial sum of
// a shard may overflow INT even if the total does not.
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
	case e.Agg == sqlfunc.Moments:
		w.moments(x)
		return
	case e.Agg == sqlfunc.Strings:
		w.strings(e)
		return
	case e.Agg == sqlfunc.StringAgg:
		w.stringAgg(e)
		return
	case x.Type.Kind.IsString() && !x.Binary:
		w.minMax(e)
		return
	default:
		w.text(e.Agg.String() + "(")
		w.expr(x)
	}
	w.text(")")
}

// minMax writes MIN or MAX of strings, which are ordered by their folded forms. It computes
// the minimum or maximum of the folded form followed by a separator and the string itself,
// and extracts the string from that. The separator sorts before any letter. If the pair
// might not fit, it is an NVARCHAR(MAX), because the server would truncate it.
func (w *sqlServerWriter) minMax(e *plan.Expr) {
	x := e.Args[0]
	if t := asUnicode(x.Type); t.Length != sqltypes.Max && 2*t.Length+1 > maxChars {
		x = &plan.Expr{Op: plan.ConvertExpr, Type: unboundedText, Args: []*plan.Expr{x}}
	}
	pair := func() {
		w.text(e.Agg.String() + "(")
		w.folded(x)
		w.text(" + NCHAR(1) + ")
		w.unicode(x)
		w.text(")")
	}
	w.text("SUBSTRING(")
	pair()
	w.text(", CHARINDEX(NCHAR(1), ")
	pair()
	w.text(") + 1, 2147483647)")
}

// window writes a window function.
func (w *sqlServerWriter) window(e *plan.Expr) {
	w.text(e.Func.Name + "(")
	if len(e.Args) == 0 && e.Func.Star {
		w.text("*")
	}
	for i, a := range e.Args {
		w.comma(i)
		w.expr(a)
	}
	w.text(")")
	if len(e.Window.OrderBy) == 0 && e.Func.Class == sqlfunc.Windowed { // ordered by constants only
		w.text(" OVER (")
		for i, x := range e.Window.PartitionBy {
			w.item(i, "PARTITION BY ")
			w.ordered(x)
		}
		w.text(" ORDER BY (SELECT NULL))")
		return
	}
	over(w, e, w.ordered)
}
