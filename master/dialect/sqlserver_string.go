package dialect

import (
	"unicode/utf16"

	"shardeck/master/plan"
	"shardeck/shared/sqltypes"
)

// binaryCollation is the collation of a string shard key: by code point, consistent with
// hashing. VARCHAR needs the variant with the code page UTF-8.
func binaryCollation(k sqltypes.Kind) string {
	if k.IsUnicode() {
		return "Latin1_General_100_BIN2"
	}
	return "Latin1_General_100_BIN2_UTF8"
}

// The maximum lengths of strings other than MAX types.
const (
	maxChars = 4_000
	maxBytes = 8_000
)

var unboundedText = sqltypes.Type{Kind: sqltypes.NVarChar, Length: sqltypes.Max}

// declared returns the type to declare a parameter of type t with value v as. Strings get
// the maximum length, and MAX only if they are longer: a statement whose parameters have
// other lengths gets another cached plan, and comparing MAX types is slower.
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

// asUnicode is the NVARCHAR type that holds every value of a string type. It is not NCHAR,
// because that counts characters and would add to the padding of a CHAR.
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
		w.expr(e) // see minMax
	default:
		w.cast(e, asUnicode(e.Type))
	}
}

// binary writes a string that is not a constant in the collation of shard keys, as an
// NVARCHAR or a VARCHAR.
func (w *sqlServerWriter) binary(e *plan.Expr, kind sqltypes.Kind) {
	t := e.Type
	if kind.IsUnicode() {
		t = asUnicode(t)
	}
	w.cast(e, t)
	w.text(" COLLATE " + binaryCollation(kind))
}

// collate writes a string in the collation that COLLATE gives it.
func (w *sqlServerWriter) collate(e *plan.Expr) {
	w.operand(e.Args[0], primary)
	if e.Binary {
		w.text(" COLLATE " + binaryCollation(e.Type.Kind))
	} else {
		w.text(" COLLATE DATABASE_DEFAULT")
	}
}

// folded writes a string's folded form, whose order is that of sqltypes.CompareText.
func (w *sqlServerWriter) folded(e *plan.Expr) {
	w.text("LOWER(UPPER(")
	w.unicode(e)
	w.text(")) COLLATE " + binaryCollation(sqltypes.NVarChar))
}

// ordered writes an expression for ORDER BY or GROUP BY.
func (w *sqlServerWriter) ordered(e *plan.Expr) {
	if e.Type.Kind.IsString() && !e.Binary {
		w.folded(e)
		return
	}
	w.expr(e)
}

// output writes a selected expression: strings as NVARCHAR, because the driver does not
// read UTF-8. Of the spellings in a group, the least is shown.
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

// inBinary writes x as an operand of an operator in the collation of shard keys, given the
// other operand. A shard key has that collation, and a constant takes it from the other
// operand. But two columns with different collations need an explicit COLLATE, and both are
// converted to kind, because the collation for NVARCHAR is not the one for UTF-8.
func (w *sqlServerWriter) inBinary(x, other *plan.Expr, kind sqltypes.Kind) {
	if x.IsConst() || other.IsConst() || isKey(x) && isKey(other) {
		w.operand(x, additive)
		return
	}
	w.binary(x, kind)
}

// isKey reports whether e is the shard key itself.
func isKey(e *plan.Expr) bool { return e.Op == plan.ColumnExpr && e.Binary && !e.Derived }

// concat writes a concatenation.
func (w *sqlServerWriter) concat(e *plan.Expr) {
	l, r := e.Args[0], e.Args[1]
	if !e.Binary {
		w.concatOperand(l, additive)
		w.text(sqlServerArith[e.Op])
		w.concatOperand(r, multiplicative)
		return
	}
	w.inBinary(l, r, e.Type.Kind)
	w.text(sqlServerArith[e.Op])
	w.inBinary(r, l, e.Type.Kind)
}

// concatOperand writes an operand of a concatenation. A constant of a MAX type keeps its
// type, however short it is, because that keeps the server from truncating the result to
// 8000 bytes.
func (w *sqlServerWriter) concatOperand(x *plan.Expr, level int) {
	if x.IsConst() && !x.Value.IsNull() && x.Type.Length == sqltypes.Max {
		w.param(x.Type, x.Value)
		return
	}
	w.operand(x, level)
}
