package plan

import "shardeck/shared/sqltypes"

// ArithOf maps arithmetic expressions to their operators.
var ArithOf = [...]sqltypes.Op{
	AddExpr: sqltypes.OpAdd, SubExpr: sqltypes.OpSub, MulExpr: sqltypes.OpMul, DivExpr: sqltypes.OpDiv, ModExpr: sqltypes.OpMod,
	BitAndExpr: sqltypes.OpAnd, BitOrExpr: sqltypes.OpOr, BitXorExpr: sqltypes.OpXor,
}

// Comparison returns the comparison of two expressions of one type. Of strings, both have the
// same collation, or COLLATE gave none of the two its own.
func Comparison(op ExprOp, l, r *Expr) *Expr {
	return &Expr{Op: op, Args: []*Expr{l, r}, Binary: l.Binary || r.Binary}
}

// Negation returns the comparison that is true exactly when op is false.
func Negation(op ExprOp) ExprOp {
	return [...]ExprOp{EqExpr: NeExpr, NeExpr: EqExpr, LtExpr: GeExpr, LeExpr: GtExpr, GtExpr: LeExpr, GeExpr: LtExpr}[op]
}

// Mirrored returns the comparison that holds for (r, l) exactly when op holds for (l, r).
func Mirrored(op ExprOp) ExprOp {
	return [...]ExprOp{EqExpr: EqExpr, NeExpr: NeExpr, LtExpr: GtExpr, LeExpr: GeExpr, GtExpr: LtExpr, GeExpr: LeExpr}[op]
}

// Holds reports whether op holds for two values whose three-way comparison is c.
func Holds(op ExprOp, c int) bool {
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
