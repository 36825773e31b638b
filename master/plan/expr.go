package plan

import (
	"slices"

	"shardeck/shared/sqlfunc"
	"shardeck/shared/sqltypes"
)

// ExprOp is what an [Expr] does with its arguments.
type ExprOp uint8

// The operations of bound expressions. There is no NOT: binding moves it down to
// the comparisons. And there is no UNKNOWN: it is folded to FALSE, which a filter
// treats alike once no NOT is left above it.
const (
	ColumnExpr  ExprOp = iota // the column named Column
	ValueExpr                 // the constant Value
	ConvertExpr               // Args[0] converted to Type as CAST does
	NegExpr                   // -Args[0]
	AddExpr                   // Args[0] + Args[1], numbers of the type's kind
	SubExpr
	MulExpr
	DivExpr
	ModExpr
	ConcatExpr   // strings joined; NULL with a NULL
	CountExpr    // COUNT(*)
	FuncExpr     // Func(Args), a scalar function, of the Part of a date where it takes one
	CoalesceExpr // the first of Args that is not NULL
	CaseExpr     // CASE WHEN Args[0] THEN Args[1] WHEN Args[2] ... ELSE the last of Args END
	AggExpr      // Agg([DISTINCT] Args[0]) over the rows of a group
	FieldExpr    // column Field of the row that a [Final] works on
	AssignExpr   // Args[0] converted to Type as an assignment does, which refuses what does not fit

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
	Type   sqltypes.Type
	Column string
	// Source is the index in Query.From of the table that Column is of; 0 without joins.
	Source int
	Value  sqltypes.Value
	// Literal says that the constant is an integer literal or its negation: beside a
	// decimal it has as many digits as it is written with, any other INT has ten.
	Literal bool
	Args    []*Expr
	Func    *sqlfunc.Func
	Part    sqltypes.Part
	Agg     sqlfunc.Agg
	// Distinct is of AggExpr: equal values count once.
	Distinct bool
	Field    int
	Negated  bool // NOT IN, NOT LIKE, IS NOT NULL
	// Binary says that a string value has, or that a comparison of strings is made
	// in, the collation of shard keys rather than the default one.
	Binary bool
}

// IsPredicate says whether e is true or false rather than a value.
func (e *Expr) IsPredicate() bool {
	switch e.Op {
	case EqExpr, NeExpr, LtExpr, LeExpr, GtExpr, GeExpr, InExpr, LikeExpr, IsNullExpr, AndExpr, OrExpr, TrueExpr, FalseExpr:
		return true
	}
	return false
}

// HasColumn says whether a column stands in e, so that its value may differ from row to row.
func (e *Expr) HasColumn() bool {
	return e.Op == ColumnExpr || slices.ContainsFunc(e.Args, (*Expr).HasColumn)
}

// IsConst says whether e is a constant value.
func (e *Expr) IsConst() bool { return e.Op == ValueExpr }

// IsNull says whether e is a constant that is NULL.
func (e *Expr) IsNull() bool { return e.IsConst() && e.Value.IsNull() }

// Equal says whether two bound expressions are one and the same.
func Equal(a, b *Expr) bool {
	if a == b {
		return true
	}
	if a.Op != b.Op || a.Type != b.Type || a.Column != b.Column || a.Source != b.Source || a.Value != b.Value ||
		a.Func != b.Func || a.Part != b.Part || a.Agg != b.Agg || a.Distinct != b.Distinct || a.Field != b.Field || a.Negated != b.Negated ||
		a.Binary != b.Binary || len(a.Args) != len(b.Args) {
		return false
	}
	for i := range a.Args {
		if !Equal(a.Args[i], b.Args[i]) {
			return false
		}
	}
	return true
}
