package dialect

import (
	"unicode/utf16"

	"shardeck/master/plan"
	"shardeck/shared/sqltypes"
)

// binaryCollation is the collation of a string shard key: by code point, as its
// text is hashed. VARCHAR needs the one whose code page is UTF-8.
func binaryCollation(k sqltypes.Kind) string {
	if k.IsUnicode() {
		return "Latin1_General_100_BIN2"
	}
	return "Latin1_General_100_BIN2_UTF8"
}

// The greatest lengths of strings that SQL Server keeps within a row.
const (
	maxChars = 4_000
	maxBytes = 8_000
)

var unboundedText = sqltypes.Type{Kind: sqltypes.NVarChar, Length: sqltypes.Max}

// declared is the type to declare a parameter with whose type is t and whose value
// is v. Strings have one length, and MAX only beyond it: a text with parameters of
// other lengths has another plan, and MAX costs more to compare.
func declared(t sqltypes.Type, v sqltypes.Value) sqltypes.Type {
	switch t.Kind {
	case sqltypes.NVarChar:
		t.Length = maxChars
		if len(v.Str) > maxChars && utf16Len(v.Str) > maxChars {
			t.Length = sqltypes.Max
		}
	case sqltypes.VarChar, sqltypes.VarBinary:
		t.Length = maxBytes
		if len(v.Str) > maxBytes {
			t.Length = sqltypes.Max
		}
	}
	return t
}

func utf16Len(s string) int {
	n := 0
	for _, r := range s {
		n += max(1, utf16.RuneLen(r))
	}
	return n
}

// asUnicode is the type that holds every value of a string type as NVARCHAR. Blanks
// that pad a CHAR are of its value; NCHAR would pad it further, as it counts characters.
func asUnicode(t sqltypes.Type) sqltypes.Type {
	t.Kind = sqltypes.NVarChar
	if t.Length > maxChars {
		t.Length = sqltypes.Max
	}
	return t
}

// unicode writes a string as NVARCHAR.
func (w *sqlServerWriter) unicode(e *plan.Expr) {
	switch {
	case e.Type.Kind.IsUnicode():
		w.expr(e)
	case e.IsConst():
		w.constant(&plan.Expr{Op: plan.ValueExpr, Type: asUnicode(e.Type), Value: e.Value})
	case e.Op == plan.AggExpr && !e.Binary:
		w.expr(e) // see extreme
	default:
		w.cast(e, asUnicode(e.Type))
	}
}

// binary writes a string that is no constant in the collation of shard keys, as an
// NVARCHAR or a VARCHAR.
func (w *sqlServerWriter) binary(e *plan.Expr, kind sqltypes.Kind) {
	t := e.Type
	if kind.IsUnicode() {
		t = asUnicode(t)
	}
	w.cast(e, t)
	w.text(" COLLATE " + binaryCollation(kind))
}

// folded writes a string so that it has the order of sqltypes.CompareText.
func (w *sqlServerWriter) folded(e *plan.Expr) {
	w.text("LOWER(UPPER(")
	w.unicode(e)
	w.text(")) COLLATE " + binaryCollation(sqltypes.NVarChar))
}

// ordered writes what rows are ordered and grouped by.
func (w *sqlServerWriter) ordered(e *plan.Expr) {
	if e.Type.Kind.IsString() && !e.Binary {
		w.folded(e)
		return
	}
	w.expr(e)
}

// output writes what is selected: strings as NVARCHAR, as the driver does not read
// UTF-8. Of the spellings that make one group the least is shown.
func (w *sqlServerWriter) output(e *plan.Expr, grouped bool) {
	switch {
	case !e.Type.Kind.IsString():
		w.expr(e)
	case grouped && !e.Binary && e.Op != plan.AggExpr && !e.IsConst():
		w.text("MIN(")
		w.binary(e, sqltypes.NVarChar)
		w.text(")")
	default:
		w.unicode(e)
	}
}

// inBinary writes x for an operator in the collation of shard keys, whose other
// operand is given. A shard key brings its collation along, and a constant takes
// it on. But two columns whose collations differ do not meet unless one is said, for
// which both become strings of that kind: the collation of an NVARCHAR has no UTF-8.
func (w *sqlServerWriter) inBinary(x, other *plan.Expr, kind sqltypes.Kind) {
	if x.IsConst() || other.IsConst() || isKey(x) && isKey(other) {
		w.operand(x, additive)
		return
	}
	w.binary(x, kind)
}

// isKey says whether e is the shard key itself.
func isKey(e *plan.Expr) bool { return e.Op == plan.ColumnExpr && e.Binary }

// concat writes strings joined.
func (w *sqlServerWriter) concat(e *plan.Expr) {
	l, r := e.Args[0], e.Args[1]
	if !e.Binary {
		w.part(l, additive)
		w.text(sqlServerArith[e.Op])
		w.part(r, multiplicative)
		return
	}
	w.inBinary(l, r, e.Type.Kind)
	w.text(sqlServerArith[e.Op])
	w.inBinary(r, l, e.Type.Kind)
}

// part writes an operand of a string that is joined. A constant of a MAX type keeps it,
// however short it is: it is what keeps the whole from being cut off at 8000 bytes.
func (w *sqlServerWriter) part(x *plan.Expr, level int) {
	if x.IsConst() && !x.Value.IsNull() && x.Type.Length == sqltypes.Max {
		w.param(x.Type, x.Value)
		return
	}
	w.operand(x, level)
}
