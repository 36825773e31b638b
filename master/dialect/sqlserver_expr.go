package dialect

import (
	"shardeck/master/plan"
	"shardeck/shared/sqltypes"
)

var sqlServerArith = [...]string{
	plan.AddExpr: " + ", plan.SubExpr: " - ", plan.MulExpr: " * ", plan.DivExpr: " / ", plan.ModExpr: " % ",
	plan.ConcatExpr: " + ", plan.BitAndExpr: " & ", plan.BitOrExpr: " | ", plan.BitXorExpr: " ^ ",
}

// expr writes e, in parentheses if necessary to be an operand of a comparison; a
// predicate, of any operator.
func (w *sqlServerWriter) expr(e *plan.Expr) {
	switch e.Op {
	case plan.ColumnExpr:
		w.columnOf(e)
	case plan.ValueExpr:
		w.constant(e)
	case plan.ConvertExpr:
		if e.Conversion != (plan.Conversion{}) {
			w.styled(e)
			return
		}
		w.cast(e.Args[0], e.Type)
	case plan.AssignExpr:
		w.assigned(e)
	case plan.FuncExpr:
		w.function(e)
	case plan.CoalesceExpr:
		w.coalesce(e)
	case plan.CaseExpr:
		w.caseOf(e)
	case plan.AggExpr:
		w.aggregate(e)
	case plan.CountExpr:
		w.text("COUNT_BIG(*)")
	case plan.NegExpr:
		w.text("-")
		w.operand(e.Args[0], primary)
	case plan.CollateExpr:
		w.collate(e)
	case plan.AddExpr, plan.SubExpr, plan.MulExpr, plan.DivExpr, plan.ModExpr, plan.BitAndExpr, plan.BitOrExpr, plan.BitXorExpr:
		level := levelOf(e.Op)
		w.operand(e.Args[0], level)
		w.text(sqlServerArith[e.Op])
		w.operand(e.Args[1], level+1)
	case plan.ConcatExpr:
		w.concat(e)
	case plan.InExpr:
		w.in(e)
	case plan.LikeExpr:
		w.like(e)
	case plan.InSetExpr:
		w.inSet(e)
	case plan.WindowExpr:
		w.window(e)
	default:
		if !logic(w, e) && !subquery(w, e) {
			w.compare(e)
		}
	}
}

// The precedence levels of T-SQL's operators on values, lowest first. Unary minus has the
// precedence of +, and two of them in a row would start a comment.
const (
	signed = iota
	additive
	multiplicative
	primary
)

func levelOf(op plan.ExprOp) int {
	switch op {
	case plan.NegExpr:
		return signed
	case plan.AddExpr, plan.SubExpr, plan.ConcatExpr, plan.BitAndExpr, plan.BitOrExpr, plan.BitXorExpr:
		return additive
	case plan.MulExpr, plan.DivExpr, plan.ModExpr:
		return multiplicative
	}
	return primary
}

// operand writes e, in parentheses if its precedence is lower than level.
func (w *sqlServerWriter) operand(e *plan.Expr, level int) {
	if levelOf(e.Op) >= level {
		w.expr(e)
		return
	}
	w.text("(")
	w.expr(e)
	w.text(")")
}

// constant writes a parameter. NULL is written with its type, because a CASE whose results
// are all NULL needs one.
func (w *sqlServerWriter) constant(e *plan.Expr) {
	if e.Value.IsNull() {
		w.text("CAST(NULL AS " + e.Type.String() + ")")
		return
	}
	if e.Type.Kind.IsMoney() { // a worker's parameter for it is a DECIMAL
		w.text("CAST(")
		w.param(e.Type, e.Value)
		w.text(" AS " + e.Type.String() + ")")
		return
	}
	w.param(declared(e.Type, e.Value), e.Value)
}

func (w *sqlServerWriter) cast(x *plan.Expr, t sqltypes.Type) {
	w.text("CAST(")
	w.expr(x)
	w.text(" AS " + t.String() + ")")
}

// styled writes a CONVERT with a style, or a TRY_CONVERT.
func (w *sqlServerWriter) styled(e *plan.Expr) {
	if e.Conversion.Try {
		w.text("TRY_")
	}
	w.text("CONVERT(" + e.Type.String() + ", ")
	w.expr(e.Args[0])
	if e.Conversion.Styled {
		w.text(", ")
		w.number(e.Conversion.Style)
	}
	w.text(")")
}

// assigned writes what is assigned to a column, which converts it. An integer that does
// not fit a VARCHAR would be stored as *; as an NVARCHAR it is refused (8115).
func (w *sqlServerWriter) assigned(e *plan.Expr) {
	x, t := e.Args[0], e.Type
	if x.Type.Kind.IsInteger() && t.Kind.IsString() && t.Length != sqltypes.Max {
		w.cast(x, asUnicode(t))
		return
	}
	w.expr(x)
}

// compare writes a comparison. Strings are compared for equality in the collation of the
// columns, but < and so on use the order of rows, so that a range of values is a range of
// rows.
func (w *sqlServerWriter) compare(e *plan.Expr) {
	l, r := e.Args[0], e.Args[1]
	equality := e.Op == plan.EqExpr || e.Op == plan.NeExpr
	switch {
	case !l.Type.Kind.IsString() || equality && !e.Binary:
		operands(w, "(", l, comparisons[e.Op], r, ")")
	case e.Binary:
		w.text("(")
		w.inBinary(l, r, sqltypes.NVarChar)
		w.text(comparisons[e.Op])
		w.inBinary(r, l, sqltypes.NVarChar)
		w.text(")")
	default:
		w.text("(")
		w.folded(l)
		w.text(comparisons[e.Op])
		w.folded(r)
		w.text(")")
	}
}

func (w *sqlServerWriter) in(e *plan.Expr) {
	x, list := e.Args[0], e.Args[1:]
	word := " IN ("
	if e.Negated {
		word = " NOT IN ("
	}
	w.text("(")
	w.expr(x)
	if len(list) > maxInParams {
		if t, ok := listType(list); ok {
			w.text(word + "SELECT [v]")
			if e.Binary {
				w.text(" COLLATE " + binaryCollation(x.Type.Kind))
			}
			w.text(" FROM OPENJSON(")
			text := sqltypes.Text(jsonList(list))
			w.param(declared(unboundedText, text), text)
			w.text(") WITH ([v] " + t.String() + " '$')))")
			return
		}
	}
	for i, v := range list {
		w.item(i, word)
		w.expr(v)
	}
	w.text("))")
}

// inSet writes IN with a nested query, whose strings are NVARCHAR.
func (w *sqlServerWriter) inSet(e *plan.Expr) {
	x := e.Args[0]
	w.text("(")
	switch {
	case !x.Type.Kind.IsString():
		w.expr(x)
	case e.Binary:
		w.binary(x, sqltypes.NVarChar)
	default:
		w.unicode(x)
	}
	inQuery(w, e)
}

// listType returns a type that holds all of the constants unchanged, or false if there is
// none, or if the server cannot read them from JSON.
func listType(list []*plan.Expr) (sqltypes.Type, bool) {
	t := moneyAsDecimal(list[0].Type)
	if t.Kind.IsBinary() {
		return t, false
	}
	if t.Kind.IsString() {
		t = declared(t, list[0].Value)
	}
	for _, v := range list[1:] {
		o := moneyAsDecimal(v.Type)
		switch {
		case o.Kind.IsString():
			if o = declared(o, v.Value); o.Length == sqltypes.Max {
				t.Length = sqltypes.Max
			}
		case o.Kind == sqltypes.Decimal:
			whole := max(t.Precision-t.Scale, o.Precision-o.Scale)
			t.Scale = max(t.Scale, o.Scale)
			t.Precision = whole + t.Scale
		default:
			t.Scale = max(t.Scale, o.Scale)
		}
		if t.Kind != o.Kind {
			t.Kind = t.Kind.Wider(o.Kind)
		}
	}
	const maxPrecision = 38
	return t, t.Precision <= maxPrecision
}

// moneyAsDecimal returns the DECIMAL of the same digits for money, and t for other types.
func moneyAsDecimal(t sqltypes.Type) sqltypes.Type {
	if t.Kind.IsMoney() {
		return sqltypes.DecimalType(t.Precision, t.Scale)
	}
	return t
}

// like writes LIKE, which is case-sensitive if the collation of its operands is.
func (w *sqlServerWriter) like(e *plan.Expr) {
	x, pattern := e.Args[0], e.Args[1]
	kind := sqltypes.VarChar // trailing spaces are significant only if one of the two is Unicode
	if x.Type.Kind.IsUnicode() || pattern.Type.Kind.IsUnicode() {
		kind = sqltypes.NVarChar
	}
	w.text("(")
	w.likeOperand(e, x, pattern, kind)
	if e.Negated {
		w.text(" NOT")
	}
	w.text(" LIKE ")
	w.likeOperand(e, pattern, x, kind)
	if len(e.Args) > 2 {
		w.text(" ESCAPE ")
		// Declared with its exact length: the server requires one character.
		w.param(e.Args[2].Type, e.Args[2].Value)
	}
	w.text(")")
}

// likeOperand writes one operand of LIKE, given the other.
func (w *sqlServerWriter) likeOperand(e, x, other *plan.Expr, kind sqltypes.Kind) {
	if e.Binary {
		w.inBinary(x, other, kind)
		return
	}
	w.expr(x)
}
