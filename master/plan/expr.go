package plan

import (
	"slices"

	"shardeck/shared/sqlfunc"
	"shardeck/shared/sqltypes"
)

// ExprOp is the operation of an [Expr].
type ExprOp uint8

// The operations of bound expressions. There is no NOT: binding pushes it down to
// the comparisons. Nor is there an UNKNOWN: it is folded to FALSE, which a filter
// treats the same once no NOT is left above it.
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
	BitAndExpr // Args[0] & Args[1], integers
	BitOrExpr
	BitXorExpr
	CollateExpr  // Args[0], a string, in the collation that Binary says
	ConcatExpr   // Args[0] + Args[1], strings; NULL if either is NULL
	CountExpr    // COUNT(*)
	FuncExpr     // Func(Args), a scalar function; Part is its datepart argument, if it has one
	CoalesceExpr // the first of Args that is not NULL
	CaseExpr     // CASE WHEN Args[0] THEN Args[1] WHEN Args[2] ... ELSE the last of Args END
	AggExpr      // Agg([DISTINCT] Args[0]) over the rows of a group; Args after that are keys of an order
	FieldExpr    // column Field of the row that a [Final] works on
	AssignExpr   // Args[0] converted to Type as an assignment does, failing if it does not fit
	WindowExpr   // Func(Args) OVER Window, a window function or an aggregate; COUNT(*) has no Args
	SubqueryExpr // the one value of Query's one row, NULL if it has none
	StepExpr     // the result of the step numbered Field, in the plan of a statement that is only explained

	EqExpr // Args[0] = Args[1], both of comparable types after conversion
	NeExpr
	LtExpr
	LeExpr
	GtExpr
	GeExpr
	InExpr     // Args[0] [NOT] IN (Args[1:]), where Args[1:] are constants other than NULL
	LikeExpr   // Args[0] [NOT] LIKE Args[1] [ESCAPE Args[2]]
	IsNullExpr // Args[0] IS [NOT] NULL
	ExistsExpr // [NOT] EXISTS (Query)
	InSetExpr  // Args[0] [NOT] IN (Query), or of the step numbered Field if Query is nil
	AndExpr    // all of Args
	OrExpr     // any of Args
	TrueExpr
	FalseExpr
)

// Expr is a bound expression: names are resolved to columns, values have types, and
// T-SQL's implicit conversions are explicit. It must not be changed once it is part of
// a plan. It marshals to JSON as T-SQL text. A statement has many: fields are in the order that
// takes the least memory.
type Expr struct {
	Op   ExprOp
	Part sqltypes.Part
	Agg  sqlfunc.Agg
	// Derived means that the column is one of a derived table, which has no collation of its own.
	Derived bool
	// Literal means that the constant is an integer literal or its negation: beside a
	// decimal its precision is the number of its digits, that of any other INT is ten.
	Literal bool
	// Distinct means, for AggExpr, that equal values count once.
	Distinct bool
	Negated  bool // NOT IN, NOT LIKE, IS NOT NULL
	// Binary means that a string value has, or a comparison of strings uses, the collation
	// of shard keys rather than the default one.
	Binary bool
	// Collated means that COLLATE gave a string value its collation, which then takes
	// precedence over that of other operands.
	Collated bool
	// Conversion says, for ConvertExpr, what CONVERT and TRY_CONVERT add to CAST.
	Conversion Conversion
	// Type is the type of a value; zero for predicates.
	Type   sqltypes.Type
	Column string
	// Source is the number of the source of Column: of a table or derived table of this query,
	// or of one that it is nested in. It is 0 if the query has a single table.
	Source int
	Value  sqltypes.Value
	Args   []*Expr
	Func   *sqlfunc.Func
	Window *Window // of WindowExpr
	Query  *Query  // of SubqueryExpr, ExistsExpr and InSetExpr
	// Desc says of each key of the order of a STRING_AGG whether it is descending. Its Args are
	// the string, the separator and the keys, those of its partial results the string and the keys.
	Desc  []bool
	Field int
}

// Conversion is how a value is converted, beyond what CAST does.
type Conversion struct {
	Style  int // of CONVERT, if Styled
	Styled bool
	Try    bool // NULL if the conversion fails
}

// StyleOr returns the style as package sqltypes takes it.
func (c Conversion) StyleOr() int {
	if c.Styled {
		return c.Style
	}
	return sqltypes.NoStyle
}

// HasColumn reports whether e references a column, so that its value may differ from row to row. A
// subquery counts as one: those without references to columns around them are run beforehand.
func (e *Expr) HasColumn() bool {
	return e.Op == ColumnExpr || e.Query != nil || e.Window != nil || slices.ContainsFunc(e.Args, (*Expr).HasColumn)
}

// HasQuery reports whether e contains a subquery.
func (e *Expr) HasQuery() bool {
	return e != nil && (e.Query != nil || slices.ContainsFunc(e.Args, (*Expr).HasQuery))
}

// HasWindow reports whether e contains a window function.
func (e *Expr) HasWindow() bool {
	return e != nil && (e.Window != nil || slices.ContainsFunc(e.Args, (*Expr).HasWindow))
}

// IsConst reports whether e is a constant value.
func (e *Expr) IsConst() bool { return e.Op == ValueExpr }

// IsNull reports whether e is the constant NULL.
func (e *Expr) IsNull() bool { return e.IsConst() && e.Value.IsNull() }

// Equal reports whether two bound expressions are identical.
func Equal(a, b *Expr) bool {
	if a == b {
		return true
	}
	if a.Op != b.Op || a.Type != b.Type || a.Column != b.Column || a.Source != b.Source || a.Value != b.Value ||
		a.Func != b.Func || a.Part != b.Part || a.Agg != b.Agg || a.Distinct != b.Distinct || a.Field != b.Field || a.Negated != b.Negated || a.Conversion != b.Conversion ||
		a.Query != b.Query || !a.Window.equal(b.Window) || !slices.Equal(a.Desc, b.Desc) || a.Binary != b.Binary || a.Collated != b.Collated || len(a.Args) != len(b.Args) {
		return false
	}
	for i := range a.Args {
		if !Equal(a.Args[i], b.Args[i]) {
			return false
		}
	}
	return true
}
