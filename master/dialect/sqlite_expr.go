package dialect

import (
	"slices"

	"shardeck/master/plan"
	"shardeck/shared/sqlfunc"
	"shardeck/shared/sqltypes"
)

// collationOf returns the collation that values of type t are compared in, or "" for
// SQLite's default order of numbers, dates and blobs.
func collationOf(t sqltypes.Type, binary bool) string {
	switch {
	case t.Kind.IsString() && binary:
		return sqlfunc.BinaryCollation
	case t.Kind.IsString():
		return sqlfunc.TextCollation
	case t.Class() == sqltypes.Decimals:
		return sqlfunc.DecimalCollation
	case t.Kind == sqltypes.UniqueIdentifier:
		return sqlfunc.GUIDCollation
	}
	return ""
}

// asStored is SQLite's default collation, which dates and times are compared in.
const asStored = "BINARY"

// comparedIn returns the collation that an expression must be compared in, or "" if its values are not
// stored as text.
func comparedIn(t sqltypes.Type, binary bool) string {
	if t.Class() == sqltypes.Temporals {
		return asStored
	}
	return collationOf(t, binary)
}

// hasCollation reports whether e, written as it is, compares in coll, the collation of the comparison.
// Only columns have a collation of their own.
func hasCollation(e *plan.Expr, coll string) bool {
	switch {
	case coll == "" || e.Op == plan.CollateExpr:
		return true
	case coll == asStored:
		return !leaks(e)
	}
	return e.Op == plan.ColumnExpr && !e.Derived && collationOf(e.Type, e.Binary) == coll
}

// leaks reports whether SQLite may take e to have an explicit collation, which is one that is written
// anywhere within it, such as in the condition of a CASE. See sqlite3ExprCollSeq in SQLite's expr.c.
func leaks(e *plan.Expr) bool {
	switch e.Op {
	case plan.ColumnExpr:
		return e.Derived // from an expression that may leak
	case plan.CollateExpr:
		return true
	case plan.EqExpr, plan.NeExpr, plan.LtExpr, plan.LeExpr, plan.GtExpr, plan.GeExpr, plan.InExpr, plan.InSetExpr, plan.AggExpr, plan.WindowExpr:
		if slices.ContainsFunc(e.Args, func(a *plan.Expr) bool { return collationOf(a.Type, a.Binary) != "" }) {
			return true
		}
	}
	return slices.ContainsFunc(e.Args, leaks)
}

// collated writes e, with COLLATE if it does not have the collation already.
func (w *sqliteWriter) collated(e *plan.Expr, coll string) {
	if hasCollation(e, coll) {
		w.expr(e)
		return
	}
	w.withCollation(e, coll)
}

// withCollation writes e with COLLATE.
func (w *sqliteWriter) withCollation(e *plan.Expr, coll string) {
	w.expr(e)
	w.text(" COLLATE ")
	w.text(coll)
}

// inOwnCollation writes e in a place where SQLite compares its values with each other.
func (w *sqliteWriter) inOwnCollation(e *plan.Expr) { w.collated(e, comparedIn(e.Type, e.Binary)) }

// expr writes e, in parentheses if necessary to be an operand of any operator.
func (w *sqliteWriter) expr(e *plan.Expr) {
	switch e.Op {
	case plan.ColumnExpr:
		w.columnOf(e)
	case plan.ValueExpr:
		if e.Value.IsNull() {
			w.text("NULL")
			return
		}
		w.param(e.Type, e.Value)
	case plan.ConvertExpr:
		if e.Conversion != (plan.Conversion{}) {
			w.styled(e)
			return
		}
		w.cast(e.Args[0], e.Type)
	case plan.AssignExpr:
		w.convert(e.Args[0], e.Type)
	case plan.FuncExpr:
		w.function(e)
	case plan.CoalesceExpr:
		w.coalesce(e)
	case plan.CaseExpr:
		w.caseOf(e)
	case plan.AggExpr:
		w.aggregate(e)
	case plan.CountExpr:
		w.text("count(*)")
	case plan.NegExpr:
		w.negative(e)
	case plan.CollateExpr:
		w.text("(")
		w.expr(e.Args[0])
		w.text(" COLLATE " + collationOf(e.Type, e.Binary) + ")")
	case plan.AddExpr, plan.SubExpr, plan.MulExpr, plan.DivExpr, plan.ModExpr, plan.BitAndExpr, plan.BitOrExpr, plan.BitXorExpr:
		// Natives have T-SQL's overflow, division and rounding.
		w.native(sqlfunc.ArithmeticName(plan.ArithOf[e.Op]), e.Args[0], e.Args[1], e.Type)
	case plan.ConcatExpr:
		w.concat(e)
	case plan.InExpr:
		w.in(e)
	case plan.LikeExpr:
		w.like(e)
	case plan.SubqueryExpr:
		w.scalar(e)
	case plan.WindowExpr:
		w.window(e)
	case plan.InSetExpr:
		w.inSet(e)
	default:
		if !logic(w, e) && !subquery(w, e) {
			w.compare(e)
		}
	}
}

// compare writes a comparison. SQLite uses the explicit collation of an operand, first the left one, or
// else that of a column.
func (w *sqliteWriter) compare(e *plan.Expr) {
	l, r := e.Args[0], e.Args[1]
	coll := comparedIn(l.Type, e.Binary)
	w.text("(")
	switch {
	case coll != "" && l.Op != plan.CollateExpr && (leaks(l) || leaks(r)):
		w.withCollation(l, coll)
	case l.Op != plan.ColumnExpr && hasCollation(r, coll):
		w.expr(l)
	default:
		w.collated(l, coll)
	}
	w.text(comparisons[e.Op])
	w.expr(r)
	w.text(")")
}

func (w *sqliteWriter) in(e *plan.Expr) {
	x, list := e.Args[0], e.Args[1:]
	w.text("(")
	w.collated(x, comparedIn(x.Type, e.Binary))
	if e.Negated {
		w.text(" NOT")
	}
	if len(list) > maxInParams && !x.Type.Kind.IsBinary() {
		value := "value"
		if x.Type.Kind.IsFloat() {
			value = "sd_convert(value, 'FLOAT', 'VARCHAR(MAX)')"
		}
		w.text(" IN (SELECT " + value + " FROM json_each(")
		w.param(sqltypes.Type{Kind: sqltypes.NVarChar, Length: sqltypes.Max}, sqltypes.Text(jsonList(list)))
		w.text(")))")
		return
	}
	for i, v := range list {
		w.item(i, " IN (")
		w.expr(v)
	}
	w.text("))")
}

// inSet writes IN with a nested query. SQLite compares by the collation of the left operand.
func (w *sqliteWriter) inSet(e *plan.Expr) {
	w.text("(")
	w.collated(e.Args[0], comparedIn(e.Args[0].Type, e.Binary))
	inQuery(w, e)
}

// scalar writes a subquery as a value. SQLite would take the first of several rows; sd_single
// refuses a second one.
func (w *sqliteWriter) scalar(e *plan.Expr) {
	w.text("(SELECT sd_single(")
	w.name(plan.DerivedName(0))
	w.text(") FROM (")
	w.query(e.Query, "", true)
	w.text("))")
}

func (w *sqliteWriter) like(e *plan.Expr) {
	if e.Negated {
		w.text("(NOT ")
	}
	name := "sd_like"
	if e.Binary {
		name = "sd_like_bin"
	}
	if !e.Args[0].Type.Kind.IsUnicode() && !e.Args[1].Type.Kind.IsUnicode() {
		// Trailing spaces of the value are significant only if one of the two is Unicode.
		name += "_pad"
	}
	operands(w, name+"(", e.Args[1], ", ", e.Args[0], "")
	if len(e.Args) > 2 {
		w.text(", ")
		w.expr(e.Args[2])
	}
	w.text(")")
	if e.Negated {
		w.text(")")
	}
}

func (w *sqliteWriter) negative(e *plan.Expr) {
	if e.Type.Kind.IsFloat() {
		w.text("(-")
		w.expr(e.Args[0])
		w.text(")")
		return
	}
	w.text(sqlfunc.ArithmeticName(sqltypes.OpSub) + "(0, ")
	w.expr(e.Args[0])
	w.typeArg(e.Type)
	w.text(")")
}

// cast writes x converted to t as CAST does, which truncates strings that are too long.
func (w *sqliteWriter) cast(x *plan.Expr, t sqltypes.Type) {
	if t.Kind.IsString() || t.Kind.IsBinary() || x.Type.Kind.IsBinary() {
		w.conversion("sd_cast(", x, t)
		return
	}
	w.convert(x, t)
}

// styled writes a CONVERT with a style, or a TRY_CONVERT.
func (w *sqliteWriter) styled(e *plan.Expr) {
	name := "sd_style("
	if e.Conversion.Try {
		name = "sd_try("
	}
	w.text(name)
	w.expr(e.Args[0])
	w.typeArg(e.Type)
	w.typeArg(e.Args[0].Type)
	w.text(", ")
	w.number(e.Conversion.StyleOr())
	w.text(")")
}

// convert writes x converted to t as an assignment does, using SQLite's own operators if
// they agree with T-SQL.
func (w *sqliteWriter) convert(x *plan.Expr, t sqltypes.Type) {
	from := x.Type
	switch {
	case t.Kind == sqltypes.Float && (from.Kind.IsInteger() || from.Kind.IsFloat()):
		w.text("CAST(")
		w.expr(x)
		w.text(" AS REAL)")
	case t.Kind == sqltypes.DateTime2 && from.Kind == sqltypes.Date:
		w.text("(")
		w.expr(x)
		w.text(" || 'T00:00:00')")
	default:
		w.conversion("sd_convert(", x, t)
	}
}

// conversion writes a call of a native that takes the types to convert to and from.
func (w *sqliteWriter) conversion(name string, x *plan.Expr, t sqltypes.Type) {
	w.text(name)
	w.expr(x)
	w.typeArg(t)
	w.typeArg(x.Type)
	w.text(")")
}
