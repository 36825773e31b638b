package dialect

import (
	"shardeck/master/plan"
	"shardeck/shared/sqltypes"
)

// The collations of the embedded engine. RTRIM is SQLite's own: code points, but
// for spaces at the end.
const (
	sqliteText    = "SHARDECK_TEXT"
	sqliteBinary  = "RTRIM"
	sqliteDecimal = "SHARDECK_DECIMAL"
	sqliteGUID    = "SHARDECK_GUID"
)

// collationOf is the collation that values of type t compare in; empty for
// SQLite's own order of numbers, dates and blobs.
func collationOf(t sqltypes.Type, binary bool) string {
	switch {
	case t.Kind.IsString() && binary:
		return sqliteBinary
	case t.Kind.IsString():
		return sqliteText
	case t.Kind == sqltypes.Decimal:
		return sqliteDecimal
	case t.Kind == sqltypes.UniqueIdentifier:
		return sqliteGUID
	}
	return ""
}

// hasCollation says whether e compares in coll without being told: only a column
// does, in its own.
func hasCollation(e *plan.Expr, coll string) bool {
	return coll == "" || e.Op == plan.ColumnExpr && collationOf(e.Type, e.Binary) == coll
}

// collated writes e with the collation where it does not have it.
func (w *sqliteWriter) collated(e *plan.Expr, coll string) {
	w.expr(e)
	if !hasCollation(e, coll) {
		w.text(" COLLATE ")
		w.text(coll)
	}
}

// inOwnCollation writes e where SQLite compares values of it with each other.
func (w *sqliteWriter) inOwnCollation(e *plan.Expr) { w.collated(e, collationOf(e.Type, e.Binary)) }

// sqliteOps are SQLite's own operators on floats.
var sqliteOps = [...]string{plan.AddExpr: " + ", plan.SubExpr: " - ", plan.MulExpr: " * "}

// Names of the engine's arithmetic on integers and on decimals.
var (
	sqliteIntFuncs = [...]string{
		plan.AddExpr: "sd_add(", plan.SubExpr: "sd_sub(", plan.MulExpr: "sd_mul(", plan.DivExpr: "sd_div(", plan.ModExpr: "sd_mod(",
	}
	sqliteDecimalFuncs = [...]string{
		plan.AddExpr: "sd_dec_add(", plan.SubExpr: "sd_dec_sub(", plan.MulExpr: "sd_dec_mul(", plan.DivExpr: "sd_dec_div(", plan.ModExpr: "sd_dec_mod(",
	}
)

// expr writes e so that it can stand beside any operator.
func (w *sqliteWriter) expr(e *plan.Expr) {
	switch e.Op {
	case plan.ColumnExpr:
		w.column(e)
	case plan.ValueExpr:
		if e.Value.IsNull() {
			w.text("NULL")
			return
		}
		w.param(e.Type, e.Value)
	case plan.ConvertExpr:
		w.cast(e.Args[0], e.Type)
	case plan.AssignExpr:
		w.convert(e.Args[0], e.Type)
	case plan.FuncExpr:
		w.function(e)
	case plan.CaseExpr:
		w.caseOf(e)
	case plan.AggExpr:
		w.aggregate(e)
	case plan.CountExpr:
		w.text("count(*)")
	case plan.NegExpr:
		w.negative(e)
	case plan.AddExpr, plan.SubExpr, plan.MulExpr, plan.DivExpr, plan.ModExpr:
		w.arith(e)
	case plan.ConcatExpr:
		w.concat(e)
	case plan.InExpr:
		w.in(e)
	case plan.LikeExpr:
		w.like(e)
	default:
		if !logic(w, e) {
			w.compare(e)
		}
	}
}

// compare writes a comparison. SQLite takes the collation from the left operand,
// or from the right where the left has none.
func (w *sqliteWriter) compare(e *plan.Expr) {
	l, r := e.Args[0], e.Args[1]
	coll := collationOf(l.Type, e.Binary)
	w.text("(")
	if l.Op != plan.ColumnExpr && hasCollation(r, coll) {
		w.expr(l)
	} else {
		w.collated(l, coll)
	}
	w.text(comparisons[e.Op])
	w.expr(r)
	w.text(")")
}

func (w *sqliteWriter) in(e *plan.Expr) {
	x, list := e.Args[0], e.Args[1:]
	w.text("(")
	w.collated(x, collationOf(x.Type, e.Binary))
	if e.Negated {
		w.text(" NOT")
	}
	if len(list) > maxInParams && !x.Type.Kind.IsBinary() {
		value := "value"
		if x.Type.Kind == sqltypes.Real || x.Type.Kind == sqltypes.Float {
			value = "sd_text(value, 'FLOAT', 'VARCHAR(MAX)')"
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

func (w *sqliteWriter) like(e *plan.Expr) {
	if e.Negated {
		w.text("(NOT ")
	}
	name := "sd_like"
	if e.Binary {
		name = "sd_like_bin"
	}
	if !e.Args[0].Type.Kind.IsUnicode() && !e.Args[1].Type.Kind.IsUnicode() {
		// Blanks at the end of the value count only where one of the two is Unicode.
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

// arith writes arithmetic with T-SQL's overflow, division and rounding.
func (w *sqliteWriter) arith(e *plan.Expr) {
	l, r := e.Args[0], e.Args[1]
	switch {
	case e.Type.Kind == sqltypes.Decimal:
		operands(w, sqliteDecimalFuncs[e.Op], l, ", ", r, "")
		w.precision(e.Type)
	case e.Type.Kind.IsInteger():
		operands(w, sqliteIntFuncs[e.Op], l, ", ", r, "")
		w.intType(e.Type)
	default:
		w.float(e, l, r)
	}
}

func (w *sqliteWriter) negative(e *plan.Expr) {
	x := e.Args[0]
	switch {
	case e.Type.Kind == sqltypes.Decimal:
		w.text("sd_dec_sub(0, ")
		w.expr(x)
		w.precision(e.Type)
	case e.Type.Kind.IsInteger():
		w.text("sd_sub(0, ")
		w.expr(x)
		w.intType(e.Type)
	default:
		w.text("(-")
		w.expr(x)
		w.text(")")
	}
}

// precision writes the last arguments of a decimal function and closes it.
func (w *sqliteWriter) precision(t sqltypes.Type) {
	w.text(", ")
	w.number(t.Precision)
	w.text(", ")
	w.number(t.Scale)
	w.text(")")
}

// intType writes the last argument of an integer function, the type whose range
// the result must be in, and closes it. BIGINT's is checked anyway.
func (w *sqliteWriter) intType(t sqltypes.Type) {
	if t.Kind != sqltypes.BigInt {
		w.text(", '" + t.Kind.String() + "'")
	}
	w.text(")")
}

// float writes arithmetic on floats, rounded to REAL where that is the type.
// SQLite's own sums and products may be infinite, which T-SQL refuses; sd_div_f
// refuses it too, and a division by 1 changes nothing else.
func (w *sqliteWriter) float(e, l, r *plan.Expr) {
	isReal := e.Type.Kind == sqltypes.Real
	if isReal {
		w.text("sd_text(")
	}
	if e.Op == plan.DivExpr {
		operands(w, "sd_div_f(", l, ", ", r, ")")
	} else {
		operands(w, "sd_div_f(", l, sqliteOps[e.Op], r, ", 1)")
	}
	if isReal {
		w.text(", 'REAL', 'FLOAT')")
	}
}

// cast writes x converted to t within an expression, which cuts strings that are too long.
func (w *sqliteWriter) cast(x *plan.Expr, t sqltypes.Type) {
	if !t.Kind.IsString() && !t.Kind.IsBinary() {
		w.convert(x, t)
		return
	}
	w.text("sd_cast(")
	w.expr(x)
	w.text(", '" + t.String() + "', '" + x.Type.String() + "')")
}

// convert writes x converted to t as an assignment does: by SQLite's own means where they do what T-SQL
// does, else by the engine's sd_int and sd_text, which are told both types.
func (w *sqliteWriter) convert(x *plan.Expr, t sqltypes.Type) {
	from := x.Type
	switch {
	case t.Kind == sqltypes.Decimal && from.Kind.IsInteger():
		w.text("sd_dec(")
		w.expr(x)
		w.precision(t)
	case t.Kind == sqltypes.Float && from.Kind.IsNumeric():
		w.text("CAST(")
		w.expr(x)
		w.text(" AS REAL)")
	case t.Kind == sqltypes.DateTime2 && from.Kind == sqltypes.Date:
		w.text("(")
		w.expr(x)
		w.text(" || 'T00:00:00')")
	default:
		name := "sd_text("
		if t.Kind.IsInteger() {
			name = "sd_int("
		}
		w.text(name)
		w.expr(x)
		w.text(", '" + t.String() + "', '" + from.String() + "')")
	}
}
