package tsql

import "shardeck/shared/sqltypes"

// Statement is a *Select, *SetQuery, *With, *Insert, *Update, *Delete, *Truncate, *CreateTable,
// *AlterTable, *DropTable, *CreateIndex or *DropIndex.
type Statement interface {
	// Pos is the byte offset of the statement's first word.
	Pos() int
	// Verb is the statement's first words in upper case, as "SELECT" or "CREATE TABLE".
	Verb() string
}

// Select is a SELECT. From, Top, Where and Having are nil if absent.
type Select struct {
	At       int
	Distinct bool
	Top      *Top
	List     []SelectItem
	From     *TableRef
	Joins    []Join
	Where    Expr
	GroupBy  []Expr
	Having   Expr
	Ordering
}

// Top is TOP (N) [WITH TIES].
type Top struct {
	At       int
	N        Expr
	WithTies bool
}

// SelectItem is an expression with or without an alias, or all columns: * or, with
// Table set, Table.*.
type SelectItem struct {
	At    int
	Star  bool
	DB    string // of DB.dbo.Table.*; empty when not given
	Table string // of Table.*
	X     Expr   // nil for all columns
	Alias string // empty for none
}

// TableRef is a table as FROM names it, or in its place a derived table: a Query or Rows in
// parentheses. Database and schema may stand before a name; the schema dbo is left out here.
type TableRef struct {
	At     int
	DB     string // empty when not given
	Schema string // INFORMATION_SCHEMA or SYS; empty for dbo
	Name   string // empty for a derived table
	Query  Query
	Rows   [][]Expr // VALUES, all of one length
	// Function is the call of a table-valued function; Name is its name.
	Function *Call
	Alias    string // empty for none; a derived table has one
	// Columns are the names that a derived table's alias gives to its columns; nil for none.
	Columns []Name
}

// Derived reports whether the table is a query or rows in parentheses.
func (r *TableRef) Derived() bool { return r.Query != nil || r.Rows != nil }

// JoinKind is the kind of a join.
type JoinKind uint8

// The kinds of joins. A comma between tables is a CrossJoin.
const (
	InnerJoin JoinKind = iota
	LeftJoin
	RightJoin
	FullJoin
	CrossJoin
)

func (k JoinKind) String() string {
	return [...]string{InnerJoin: "JOIN", LeftJoin: "LEFT JOIN", RightJoin: "RIGHT JOIN", FullJoin: "FULL JOIN", CrossJoin: "CROSS JOIN"}[k]
}

// Join is one table joined to those before it. On is nil for a CrossJoin.
type Join struct {
	At    int
	Kind  JoinKind
	Table TableRef
	On    Expr
}

// Insert is INSERT [INTO] Table [(Columns)] [OUTPUT Output] VALUES Rows, or a Query in place of VALUES.
// Without Columns, all of the table's are given in order. A nil value in a row is DEFAULT.
type Insert struct {
	At      int
	Table   TableRef
	Columns []Name
	Output  []SelectItem // nil for none
	Rows    [][]Expr
	Query   Query // nil for VALUES
}

// Name is an identifier and its position.
type Name struct {
	At   int
	Name string
}

// Update is UPDATE Table SET ... [FROM Table] [WHERE ...]. Table has the alias that FROM gives it.
type Update struct {
	At    int
	Table TableRef
	Set   []Assignment
	Where Expr // nil for none
}

// Assignment is Column = X; a nil X is DEFAULT.
type Assignment struct {
	Column Name
	X      Expr
}

// Delete is DELETE [FROM] Table [FROM Table] [WHERE ...]. Table has the alias that the second FROM
// gives it.
type Delete struct {
	At    int
	Table TableRef
	Where Expr // nil for none
}

// Truncate is TRUNCATE TABLE Table.
type Truncate struct {
	At    int
	Table TableRef
}

// CreateTable is CREATE TABLE with its columns and the constraints of the table.
// The shard key is declared as T-SQL declares it for distributed tables, after the
// columns: WITH (DISTRIBUTION = HASH(column)), ROUND_ROBIN to distribute by row hash, or
// REPLICATE to keep all rows on every shard.
type CreateTable struct {
	At         int
	Table      TableRef
	Columns    []TableColumn
	PrimaryKey []Name   // of a table constraint
	Unique     [][]Name // of table constraints
	ShardKey   *Name    // of DISTRIBUTION = HASH(...); nil if absent
	RoundRobin bool     // DISTRIBUTION = ROUND_ROBIN
	Replicate  bool     // DISTRIBUTION = REPLICATE
}

// TableColumn is one column of a CREATE TABLE.
type TableColumn struct {
	Name Name
	Def  ColumnDef
	// Text is the definition as it was written, without the name.
	Text string
}

// DropTable is DROP TABLE [IF EXISTS] Table.
type DropTable struct {
	At       int
	Table    TableRef
	IfExists bool
}

// AlterTable is ALTER TABLE Table ADD Add[0], Add[1], ...
type AlterTable struct {
	At    int
	Table TableRef
	Add   []AddedColumn
}

// AddedColumn is a column of an AlterTable. WithValues gives the DEFAULT to the rows that exist, even if
// the column takes NULL.
type AddedColumn struct {
	Name       Name
	Def        ColumnDef
	WithValues bool
}

// CreateIndex is CREATE INDEX Name ON Table (Columns).
type CreateIndex struct {
	At      int
	Name    Name
	Table   TableRef
	Columns []KeyColumn
}

// KeyColumn is a column of an index.
type KeyColumn struct {
	Name Name
	Desc bool
}

// DropIndex is DROP INDEX [IF EXISTS] Name ON Table.
type DropIndex struct {
	At       int
	Name     Name
	Table    TableRef
	IfExists bool
}

// Param is @Name, a parameter of the request.
type Param struct {
	At   int
	Name string // without the @
}

// Call is a function or an aggregate: Name(Args), with * for COUNT(*). Name is in
// upper case; which functions exist is for the planner to decide. The first argument
// of DATEPART is a Column with the name of the part.
type Call struct {
	At       int
	Name     string
	Distinct bool
	Star     bool
	// From means that the arguments are those of TRIM(Args[1] FROM Args[0]).
	From bool
	Args []Expr
	// Within are the items of WITHIN GROUP (ORDER BY ...) after STRING_AGG; nil if absent.
	Within []OrderItem
	Over   *Over // of a window function
}

// Case is CASE [X] WHEN ... THEN ... [ELSE ...] END. With X, each When.If is a
// value to be equal to; without, a predicate.
type Case struct {
	At    int
	X     Expr // nil for the searched form
	Whens []When
	Else  Expr // nil for none
}

// When is one branch of a Case.
type When struct {
	At       int
	If, Then Expr
}

// Cast is CAST(X AS Type) or CONVERT(Type, X [, Style]), whose Style is nil if there is none, or
// with Try TRY_CAST or TRY_CONVERT.
type Cast struct {
	At    int
	X     Expr
	Type  sqltypes.Type
	Style Expr
	Try   bool
}

// Pos implements Expr.
func (e *Param) Pos() int { return e.At }
func (e *Call) Pos() int  { return e.At }
func (e *Case) Pos() int  { return e.At }
func (e *Cast) Pos() int  { return e.At }

// Predicate implements Expr.
func (*Param) Predicate() bool { return false }
func (*Call) Predicate() bool  { return false }
func (*Case) Predicate() bool  { return false }
func (*Cast) Predicate() bool  { return false }

// Pos implements Statement.
func (s *Select) Pos() int      { return s.At }
func (s *Insert) Pos() int      { return s.At }
func (s *Update) Pos() int      { return s.At }
func (s *Delete) Pos() int      { return s.At }
func (s *Truncate) Pos() int    { return s.At }
func (s *CreateTable) Pos() int { return s.At }
func (s *DropTable) Pos() int   { return s.At }
func (s *AlterTable) Pos() int  { return s.At }
func (s *CreateIndex) Pos() int { return s.At }
func (s *DropIndex) Pos() int   { return s.At }

// Verb implements Statement.
func (*Select) Verb() string      { return "SELECT" }
func (*Insert) Verb() string      { return "INSERT" }
func (*Update) Verb() string      { return "UPDATE" }
func (*Delete) Verb() string      { return "DELETE" }
func (*Truncate) Verb() string    { return "TRUNCATE TABLE" }
func (*CreateTable) Verb() string { return "CREATE TABLE" }
func (*DropTable) Verb() string   { return "DROP TABLE" }
func (*AlterTable) Verb() string  { return "ALTER TABLE" }
func (*CreateIndex) Verb() string { return "CREATE INDEX" }
func (*DropIndex) Verb() string   { return "DROP INDEX" }
