package tsql

// Query is a query expression, which yields rows: a *Select, or a *SetQuery that combines two
// queries. It is a statement of its own, and also what a subquery, a derived table or a common
// table expression holds.
type Query interface {
	Statement
	// order returns where the query keeps its own ORDER BY, OFFSET and FETCH.
	order() *Ordering
}

// Ordering is the end of a query: ORDER BY with OFFSET and FETCH. All are nil if absent.
type Ordering struct {
	OrderBy []OrderItem
	Offset  Expr
	Fetch   Expr
}

// SetOp is an operator between two queries.
type SetOp uint8

// The set operators. All but UnionAll remove duplicates, and treat NULLs as equal.
const (
	Union SetOp = iota
	UnionAll
	Except
	Intersect
)

func (op SetOp) String() string {
	return [...]string{Union: "UNION", UnionAll: "UNION ALL", Except: "EXCEPT", Intersect: "INTERSECT"}[op]
}

// SetQuery is L op R. Neither L nor R has an Ordering: that of the last SELECT is the SetQuery's.
type SetQuery struct {
	At   int // of the operator
	Op   SetOp
	L, R Query
	Ordering
}

// With is WITH tables before Body, a Query, *Insert, *Update or *Delete.
type With struct {
	At     int
	Tables []CommonTable
	Body   Statement
}

// Written returns what follows WITH, or else the statement itself.
func Written(s Statement) Statement {
	if w, ok := s.(*With); ok {
		return w.Body
	}
	return s
}

// CommonTable is a common table expression: Name [(Columns)] AS (Query).
type CommonTable struct {
	Name    Name
	Columns []Name // nil when not given
	Query   Query
}

// Subquery is (SELECT ...) as a value.
type Subquery struct {
	At    int
	Query Query
}

// Exists is EXISTS (SELECT ...).
type Exists struct {
	At    int
	Query Query
}

// Over makes a window function of a call: OVER (PARTITION BY ... ORDER BY ... frame).
type Over struct {
	At          int
	PartitionBy []Expr
	OrderBy     []OrderItem
	Frame       *Frame // nil when not given
}

// Frame is the part of a partition that a window function sees: ROWS or RANGE BETWEEN From AND To.
type Frame struct {
	At       int
	Range    bool
	From, To Bound
}

// BoundKind is the kind of a frame's bound.
type BoundKind uint8

// The bounds, in the order of the rows.
const (
	UnboundedPreceding BoundKind = iota
	Preceding
	CurrentRow
	Following
	UnboundedFollowing
)

// Bound is one end of a frame; N is the number of rows of Preceding and Following.
type Bound struct {
	Kind BoundKind
	N    Expr
}

func (s *Select) order() *Ordering   { return &s.Ordering }
func (s *SetQuery) order() *Ordering { return &s.Ordering }

// Pos implements Statement. It is the offset of the first word, not of the operator.
func (s *SetQuery) Pos() int { return s.L.Pos() }

// Pos implements Statement.
func (s *With) Pos() int { return s.At }

// Verb implements Statement.
func (*SetQuery) Verb() string { return "SELECT" }

// Verb implements Statement.
func (s *With) Verb() string { return s.Body.Verb() }

// Pos implements Expr.
func (e *Subquery) Pos() int { return e.At }

// Pos implements Expr.
func (e *Exists) Pos() int { return e.At }

// Predicate implements Expr.
func (*Subquery) Predicate() bool { return false }

// Predicate implements Expr.
func (*Exists) Predicate() bool { return true }
