package bind

import (
	"strconv"
	"strings"

	"shardeck/master/plan"
	"shardeck/master/tsql"
	"shardeck/shared/sqltypes"
)

const maxPrecision = 38

// decimalOf returns the decimal type that e is converted to beside a decimal in arithmetic
// or a comparison: one for all values of its integer type, or for a literal, as in SQL
// Server, one of exactly its digits.
func decimalOf(e *plan.Expr) sqltypes.Type {
	if e.Literal && e.Type.Kind == sqltypes.Int {
		return decimalType(len(strings.TrimPrefix(strconv.FormatInt(e.Value.Int, 10), "-")), 0)
	}
	return decimalOfType(e.Type)
}

// decimalOfType returns the decimal type for all values of the integer or money type t; t
// itself if it is a decimal.
func decimalOfType(t sqltypes.Type) sqltypes.Type {
	switch t.Kind {
	case sqltypes.Decimal:
		return t
	case sqltypes.Money, sqltypes.SmallMoney:
		return decimalType(t.Precision, t.Scale)
	case sqltypes.Bit:
		return decimalType(1, 0)
	case sqltypes.TinyInt:
		return decimalType(3, 0)
	case sqltypes.SmallInt:
		return decimalType(5, 0)
	case sqltypes.Int:
		return decimalType(10, 0)
	}
	return decimalType(19, 0)
}

func decimalType(p, s int) sqltypes.Type {
	return sqltypes.Type{Kind: sqltypes.Decimal, Precision: p, Scale: s}
}

// ConcatType is the type of two strings concatenated.
func ConcatType(l, r sqltypes.Type) sqltypes.Type {
	t := sqltypes.Type{Kind: sqltypes.VarChar}
	limit := 8000
	if l.Kind.IsUnicode() || r.Kind.IsUnicode() {
		t.Kind, limit = sqltypes.NVarChar, 4000
	}
	if l.Length == sqltypes.Max || r.Length == sqltypes.Max {
		t.Length = sqltypes.Max
	} else {
		t.Length = min(limit, l.Length+r.Length)
	}
	return t
}

// widest returns the type of t's kind that holds any temporal constant of that kind without
// loss.
func widest(t sqltypes.Type) sqltypes.Type {
	if t.Kind == sqltypes.Time || t.Kind == sqltypes.DateTime2 {
		t.Scale = 7
	}
	return t
}

// floatOf is the type of arithmetic and comparison where at least one side is a float.
func floatOf(l, r sqltypes.Type) sqltypes.Type {
	if l.Kind == sqltypes.Float || r.Kind == sqltypes.Float {
		return sqltypes.FloatType
	}
	return sqltypes.Type{Kind: sqltypes.Real}
}

var arithOps = [...]plan.ExprOp{tsql.Add: plan.AddExpr, tsql.Sub: plan.SubExpr, tsql.Mul: plan.MulExpr, tsql.Div: plan.DivExpr, tsql.Mod: plan.ModExpr,
	tsql.BitAnd: plan.BitAndExpr, tsql.BitOr: plan.BitOrExpr, tsql.BitXor: plan.BitXorExpr}

var compareOps = [...]plan.ExprOp{
	tsql.Eq: plan.EqExpr, tsql.Ne: plan.NeExpr, tsql.Lt: plan.LtExpr, tsql.Le: plan.LeExpr, tsql.Gt: plan.GtExpr, tsql.Ge: plan.GeExpr,
}
