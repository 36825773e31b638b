package tsql

import "shardeck/shared/sqltypes"

// Expr is a node of an expression: a value, which is a *Literal, *Column, *Param,
// *Neg, *BitNot, *Arith, *Collate, *Call, *Case, *Cast or *Subquery, or a predicate, which is a
// *Compare, *Logic, *Not, *In, *Between, *Like, *IsNull or *Exists. The parser accepts neither where
// the other is required.
type Expr interface {
	// Pos is the byte offset of the node in the text it was read from: of its
	// operator if it is infix, otherwise of its first byte.
	Pos() int
	// Predicate reports whether the node is true, false or unknown rather than a value.
	Predicate() bool
}

// LiteralKind is the kind of a Literal.
type LiteralKind uint8

// The kinds of literal, each with what Literal.Text holds.
const (
	NullLiteral    LiteralKind = iota // nothing
	IntLiteral                        // digits, as 42
	DecimalLiteral                    // digits with a point, as 3.50 or .5
	FloatLiteral                      // with an exponent, as 1e3
	MoneyLiteral                      // the digits of $3.50, and the sign of $-5
	StringLiteral                     // the characters of 'it''s', unescaped
	NStringLiteral                    // the characters of N'it''s', unescaped
	BinaryLiteral                     // the hex digits of 0xC0FFEE, an even number
)

// Literal is a constant as it was written. Numbers other than money have no sign: -5 is a Neg
// of 5.
type Literal struct {
	At   int
	Kind LiteralKind
	Text string
}

// Column names a column, with or without its table and database: gpa, [gpa],
// Students.gpa, SchoolDB.dbo.Students.gpa. The schema dbo is left out.
type Column struct {
	At    int
	DB    string // empty when not given
	Table string // empty when not given
	Name  string
}

// Neg is -X.
type Neg struct {
	At int
	X  Expr
}

// BitNot is ~X.
type BitNot struct {
	At int
	X  Expr
}

// Collate is X COLLATE Name.
type Collate struct {
	At   int
	X    Expr
	Name Name
}

// ArithOp is an operator between values.
type ArithOp uint8

// The operators of numbers, and of bits. Add also joins strings.
const (
	Add ArithOp = iota
	Sub
	Mul
	Div
	Mod
	BitAnd
	BitOr
	BitXor
)

// Arith is L op R.
type Arith struct {
	At   int
	Op   ArithOp
	L, R Expr
}

// CompareOp is a comparison operator.
type CompareOp uint8

// The comparison operators.
const (
	Eq CompareOp = iota
	Ne
	Lt
	Le
	Gt
	Ge
)

// Compare is L op R.
type Compare struct {
	At   int
	Op   CompareOp
	L, R Expr
}

// Logic is a chain of at least two predicates joined by AND, or by OR with Or
// set. No term is a Logic with the same operator: both are associative, so
// a AND (b AND c) is one chain of three, and a long chain is not a deep tree.
type Logic struct {
	At    int
	Or    bool
	Terms []Expr
}

// Not is NOT X.
type Not struct {
	At int
	X  Expr
}

// In is X [NOT] IN (List), or X [NOT] IN (Query).
type In struct {
	At      int
	X       Expr
	List    []Expr
	Query   Query // nil for a list
	Negated bool
}

// Between is X [NOT] BETWEEN Lo AND Hi.
type Between struct {
	At        int
	X, Lo, Hi Expr
	Negated   bool
}

// Like is X [NOT] LIKE Pattern [ESCAPE Escape].
type Like struct {
	At         int
	X, Pattern Expr
	Escape     Expr // nil for none
	Negated    bool
}

// IsNull is X IS [NOT] NULL.
type IsNull struct {
	At      int
	X       Expr
	Negated bool
}

// Pos implements Expr.
func (e *Literal) Pos() int { return e.At }
func (e *Column) Pos() int  { return e.At }
func (e *Neg) Pos() int     { return e.At }
func (e *BitNot) Pos() int  { return e.At }
func (e *Collate) Pos() int { return e.At }
func (e *Arith) Pos() int   { return e.At }
func (e *Compare) Pos() int { return e.At }
func (e *Logic) Pos() int   { return e.At }
func (e *Not) Pos() int     { return e.At }
func (e *In) Pos() int      { return e.At }
func (e *Between) Pos() int { return e.At }
func (e *Like) Pos() int    { return e.At }
func (e *IsNull) Pos() int  { return e.At }

// Predicate implements Expr.
func (*Literal) Predicate() bool { return false }
func (*Column) Predicate() bool  { return false }
func (*Neg) Predicate() bool     { return false }
func (*BitNot) Predicate() bool  { return false }
func (*Collate) Predicate() bool { return false }
func (*Arith) Predicate() bool   { return false }
func (*Compare) Predicate() bool { return true }
func (*Logic) Predicate() bool   { return true }
func (*Not) Predicate() bool     { return true }
func (*In) Predicate() bool      { return true }
func (*Between) Predicate() bool { return true }
func (*Like) Predicate() bool    { return true }
func (*IsNull) Predicate() bool  { return true }

// OrderItem is one item of an ORDER BY list.
type OrderItem struct {
	X    Expr // a value
	Desc bool
}

// ColumnDef is what follows a column's name in CREATE TABLE: a type and constraints.
type ColumnDef struct {
	Type sqltypes.Type
	// Null reports whether NULL was explicitly allowed or forbidden.
	Null       Nullability
	PrimaryKey bool
	Unique     bool
	// Default is the literal of DEFAULT, with a Neg around it for a negative
	// number; nil when there is none.
	Default Expr
}

// Nullability is what a column definition says about NULL.
type Nullability uint8

// The nullabilities.
const (
	NullUnsaid Nullability = iota
	NullAllowed
	NullForbidden
)

func (op ArithOp) String() string {
	return [...]string{Add: "+", Sub: "-", Mul: "*", Div: "/", Mod: "%", BitAnd: "&", BitOr: "|", BitXor: "^"}[op]
}

func (op CompareOp) String() string {
	return [...]string{Eq: "=", Ne: "<>", Lt: "<", Le: "<=", Gt: ">", Ge: ">="}[op]
}
