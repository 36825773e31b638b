package planner

import "shardeck/shared/sqltypes"

// ExprOp is what an [Expr] does with its arguments.
type ExprOp uint8

// The operations of bound expressions. There is no NOT: binding moves it down to
// the comparisons. And there is no UNKNOWN: it is folded to FALSE, which a filter
// treats alike once no NOT is left above it.
const (
	ColumnExpr  ExprOp = iota // the column named Column
	ValueExpr                 // the constant Value
	ConvertExpr               // Args[0] converted to Type
	NegExpr                   // -Args[0]
	AddExpr                   // Args[0] + Args[1], numbers of the type's kind
	SubExpr
	MulExpr
	DivExpr
	ModExpr
	ConcatExpr // strings joined; NULL with a NULL
	CountExpr  // COUNT(*)

	EqExpr // Args[0] = Args[1], both of comparable types after conversion
	NeExpr
	LtExpr
	LeExpr
	GtExpr
	GeExpr
	InExpr     // Args[0] [NOT] IN (Args[1:]), which are constants and not NULL
	LikeExpr   // Args[0] [NOT] LIKE Args[1] [ESCAPE Args[2]]
	IsNullExpr // Args[0] IS [NOT] NULL
	AndExpr    // all of Args
	OrExpr     // any of Args
	TrueExpr
	FalseExpr
)

// Expr is a bound expression: names are known columns, values have types, and
// conversions stand where T-SQL makes them. It must not be changed once a plan
// holds it. It marshals to JSON as T-SQL text.
type Expr struct {
	Op ExprOp
	// Type is the type of a value; zero for predicates.
	Type    sqltypes.Type
	Column  string
	Value   sqltypes.Value
	Args    []*Expr
	Negated bool // NOT IN, NOT LIKE, IS NOT NULL
	// Binary says that a string value has, or that a comparison of strings is made
	// in, the collation of shard keys rather than the default one.
	Binary bool
}

// IsPredicate says whether e is true or false rather than a value.
func (e *Expr) IsPredicate() bool { return e.Op >= EqExpr }

// IsConst says whether e is a constant value.
func (e *Expr) IsConst() bool { return e.Op == ValueExpr }
