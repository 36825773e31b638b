package planner

import (
	"strconv"
	"strings"

	"shardeck/master/tsql"
	"shardeck/shared/sqltypes"
)

const maxPrecision = 38

// decimalOf returns the decimal type that e takes beside a decimal: that of all
// integers of its type, or of just the digits of a literal, as in SQL Server.
func decimalOf(e *Expr) sqltypes.Type {
	switch e.Type.Kind {
	case sqltypes.Decimal:
		return e.Type
	case sqltypes.Bit:
		return decimalType(1, 0)
	case sqltypes.TinyInt:
		return decimalType(3, 0)
	case sqltypes.SmallInt:
		return decimalType(5, 0)
	case sqltypes.Int:
		if e.Literal {
			return decimalType(len(strings.TrimPrefix(strconv.FormatInt(e.Value.Int, 10), "-")), 0)
		}
		return decimalType(10, 0)
	}
	return decimalType(19, 0)
}

func decimalType(p, s int) sqltypes.Type {
	return sqltypes.Type{Kind: sqltypes.Decimal, Precision: p, Scale: s}
}

// opOf are the operators of arithmetic by the expressions of them.
var opOf = [...]sqltypes.Op{
	AddExpr: sqltypes.OpAdd, SubExpr: sqltypes.OpSub, MulExpr: sqltypes.OpMul, DivExpr: sqltypes.OpDiv, ModExpr: sqltypes.OpMod,
}

// concatType is the type of two strings joined.
func concatType(l, r sqltypes.Type) sqltypes.Type {
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

// widest returns the type of t's kind that loses nothing of a temporal constant.
func widest(t sqltypes.Type) sqltypes.Type {
	if t.Kind != sqltypes.Date {
		t.Scale = 7
	}
	return t
}

// floatOf is the type of arithmetic and comparison where at least one side is a float.
func floatOf(l, r sqltypes.Type) sqltypes.Type {
	if l.Kind == sqltypes.Float || r.Kind == sqltypes.Float {
		return sqltypes.Type{Kind: sqltypes.Float}
	}
	return sqltypes.Type{Kind: sqltypes.Real}
}

var arithOps = [...]ExprOp{tsql.Add: AddExpr, tsql.Sub: SubExpr, tsql.Mul: MulExpr, tsql.Div: DivExpr, tsql.Mod: ModExpr}

var compareOps = [...]ExprOp{
	tsql.Eq: EqExpr, tsql.Ne: NeExpr, tsql.Lt: LtExpr, tsql.Le: LeExpr, tsql.Gt: GtExpr, tsql.Ge: GeExpr,
}

// negated returns the comparison that is true exactly when op is false.
func negated(op ExprOp) ExprOp {
	return [...]ExprOp{EqExpr: NeExpr, NeExpr: EqExpr, LtExpr: GeExpr, LeExpr: GtExpr, GtExpr: LeExpr, GeExpr: LtExpr}[op]
}

// mirrored returns the comparison that holds for (r, l) when op holds for (l, r).
func mirrored(op ExprOp) ExprOp {
	return [...]ExprOp{EqExpr: EqExpr, NeExpr: NeExpr, LtExpr: GtExpr, LeExpr: GeExpr, GtExpr: LtExpr, GeExpr: LeExpr}[op]
}

// holds says whether a comparison holds for values that compare as c.
func holds(op ExprOp, c int) bool {
	switch op {
	case EqExpr:
		return c == 0
	case NeExpr:
		return c != 0
	case LtExpr:
		return c < 0
	case LeExpr:
		return c <= 0
	case GtExpr:
		return c > 0
	}
	return c >= 0
}
