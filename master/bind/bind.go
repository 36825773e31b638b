package bind

import (
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"shardeck/master/plan"
	"shardeck/master/tsql"
	"shardeck/shared/api"
	"shardeck/shared/mssqlerr"
	"shardeck/shared/sqltypes"
)

// Binder turns syntax trees into bound expressions over the columns of a scope.
type Binder struct {
	Scope *Scope // nil: columns are not allowed
	DB    string // the only database that qualified names may refer to
	Field string // the field of the request that contains the text

	// The following are used only when binding whole statements.

	Params  api.Object[jsontext.Value]
	Session Session
	// Aggregated reports whether aggregates are allowed in the clause being bound.
	Aggregated  bool
	ColumnRefs  int    // column references seen so far, repeats included
	Clause      string // the clause being bound, for error messages
	inAggregate bool
	// WindowsAllowed reports whether window functions are allowed in the clause being bound.
	WindowsAllowed bool
	inWindow       bool
	Windows        int // bound so far
	Aggregates     int // bound so far
	// Uses are the columns bound outside of aggregates in clauses that allow aggregates.
	Uses []Use
	// Nested plans subqueries; nil: they are not allowed.
	Nested Nested
	// Outer binds the query that this one is nested in; nil if it is not.
	Outer *Binder
	// Correlated means that a column of the query around this one was bound.
	Correlated bool
	// lazy is the number of enclosing constructs that may short-circuit. A constant
	// expression that fails inside one must not fail the statement.
	lazy int
}

// Nested plans the queries nested in expressions.
type Nested interface {
	// Scalar plans a subquery that is used as a value.
	Scalar(e *tsql.Subquery) (*plan.Expr, error)
	// Exists plans [NOT] EXISTS (query).
	Exists(e *tsql.Exists, not bool) (*plan.Expr, error)
	// In plans x [NOT] IN (query), for the binder of the expression.
	In(b *Binder, x *plan.Expr, e *tsql.In, not bool) (*plan.Expr, error)
}

// Use is a column reference and its offset in the text.
type Use struct {
	X  *plan.Expr
	At int
}

// StatementField is the field of a request that holds a whole statement.
const StatementField = "sql"

// Condition binds a search condition over t. Errors name field, the field of the
// request that contains the text.
func Condition(t *Table, field, text string) (*plan.Expr, error) {
	ast, err := tsql.ParseCondition(text)
	if err != nil {
		return nil, api.AsProblem(err).At(field)
	}
	b := Binder{Scope: t.Scope, DB: t.DB, Field: field, Clause: "a condition"}
	return b.Condition(ast, false)
}

// Condition binds a predicate, or its negation. Pushing NOT down to the comparisons
// is correct in three-valued logic, and once no NOT is left, UNKNOWN may be treated
// as FALSE anywhere.
func (b *Binder) Condition(e tsql.Expr, not bool) (*plan.Expr, error) {
	switch e := e.(type) {
	case *tsql.Logic:
		return b.logic(e, not)
	case *tsql.Not:
		return b.Condition(e.X, !not)
	case *tsql.Compare:
		l, r, err := b.values(e.L, e.R)
		if err != nil {
			return nil, err
		}
		op := compareOps[e.Op]
		if not {
			op = plan.Negation(op)
		}
		return b.compare(op, l, r, e.At)
	case *tsql.In:
		return b.in(e, e.Negated != not)
	case *tsql.Exists:
		if b.Nested == nil {
			return nil, b.noSubquery(e.At)
		}
		return b.Nested.Exists(e, not)
	case *tsql.Between:
		return b.between(e, e.Negated != not)
	case *tsql.Like:
		return b.like(e, e.Negated != not)
	case *tsql.IsNull:
		x, err := b.Value(e.X)
		if err != nil {
			return nil, err
		}
		return b.isNull(x, e.Negated != not), nil
	}
	return nil, b.Problem(api.CodeUnsupported, e.Pos(), "this is not supported in a condition")
}

func (b *Binder) values(l, r tsql.Expr) (*plan.Expr, *plan.Expr, error) {
	bl, err := b.Value(l)
	if err != nil {
		return nil, nil, err
	}
	br, err := b.Value(r)
	if err != nil {
		return nil, nil, err
	}
	return bl, br, nil
}

func (b *Binder) logic(e *tsql.Logic, not bool) (*plan.Expr, error) {
	or := e.Or != not // De Morgan
	// AND and OR short-circuit: 1 = 0 AND 1/0 = 1 is not an error.
	b.lazy++
	defer func() { b.lazy-- }()
	terms := make([]*plan.Expr, 0, len(e.Terms))
	for _, t := range e.Terms {
		x, err := b.Condition(t, not)
		if err != nil {
			return nil, err
		}
		terms = append(terms, x)
	}
	if or {
		return plan.AnyOf(terms), nil
	}
	return plan.AllOf(terms), nil
}

// between binds X >= Lo AND X <= Hi, or its negation.
func (b *Binder) between(e *tsql.Between, not bool) (*plan.Expr, error) {
	x, lo, err := b.values(e.X, e.Lo)
	if err != nil {
		return nil, err
	}
	hi, err := b.Value(e.Hi)
	if err != nil {
		return nil, err
	}
	loOp, hiOp := plan.GeExpr, plan.LeExpr
	if not {
		loOp, hiOp = plan.LtExpr, plan.GtExpr
	}
	l, err := b.compare(loOp, x, lo, e.At)
	if err != nil {
		return nil, err
	}
	h, err := b.compare(hiOp, x, hi, e.At)
	if err != nil {
		return nil, err
	}
	if not {
		return plan.AnyOf([]*plan.Expr{l, h}), nil
	}
	return plan.AllOf([]*plan.Expr{l, h}), nil
}

// in binds X = v1 OR X = v2 ..., or its negation.
func (b *Binder) in(e *tsql.In, not bool) (*plan.Expr, error) {
	x, err := b.Value(e.X)
	if err != nil {
		return nil, err
	}
	if e.Query != nil {
		if b.Nested == nil {
			return nil, b.noSubquery(e.At)
		}
		return b.Nested.In(b, x, e, not)
	}
	l := newInList(b, x, not)
	for _, item := range e.List {
		bind := b.Value
		if l.decided != nil {
			bind = b.lazily
		}
		v, err := bind(item)
		if err == nil {
			err = l.add(v, item.Pos())
		}
		if err != nil {
			return nil, err
		}
	}
	return l.result(), nil
}

// InValues binds x [NOT] IN the given constants, whose offset in the text is at.
func (b *Binder) InValues(x *plan.Expr, values []*plan.Expr, not bool, at int) (*plan.Expr, error) {
	if len(values) == 0 {
		if not {
			return plan.True, nil
		}
		return plan.False, nil
	}
	l := newInList(b, x, not)
	for _, v := range values {
		if err := l.add(v, at); err != nil {
			return nil, err
		}
	}
	return l.result(), nil
}

func (b *Binder) noSubquery(at int) error {
	p := b.Problem(api.CodeUnsupported, at, "a subquery is not allowed here").Hinted("run it as a statement of its own, and send its values")
	if b.Clause == "OUTPUT" {
		p.SQLNumber = mssqlerr.SubqueryInOutput
	}
	return p
}

func (b *Binder) isNull(x *plan.Expr, not bool) *plan.Expr {
	switch {
	case x.IsConst():
		if x.Value.IsNull() != not {
			return plan.True
		}
		return plan.False
	case x.Op == plan.ColumnExpr && !b.Scope.Nullable(x):
		if not {
			return plan.True
		}
		return plan.False
	}
	return &plan.Expr{Op: plan.IsNullExpr, Args: []*plan.Expr{x}, Negated: not}
}

// notNull is the predicate for a comparison that holds for every value except NULL.
func (b *Binder) notNull(x *plan.Expr) *plan.Expr { return b.isNull(x, true) }

func (b *Binder) like(e *tsql.Like, not bool) (*plan.Expr, error) {
	x, pattern, err := b.values(e.X, e.Pattern)
	if err != nil {
		return nil, err
	}
	if x, pattern, err = b.sameCollation(x, pattern, e.At); err != nil {
		return nil, err
	}
	like := &plan.Expr{Op: plan.LikeExpr, Negated: not, Args: make([]*plan.Expr, 2, 3)}
	for i, arg := range [...]*plan.Expr{x, pattern} {
		at := e.X.Pos()
		if i == 1 {
			at = e.Pattern.Pos()
		}
		if like.Args[i], err = b.text(arg, at); err != nil {
			return nil, err
		}
		like.Binary = like.Binary || arg.Binary
	}
	if e.Escape != nil {
		esc, err := b.Value(e.Escape)
		if err != nil {
			return nil, err
		}
		if !esc.IsConst() || !esc.Type.Kind.IsString() || utf8.RuneCountInString(esc.Value.Str) != 1 {
			return nil, b.Problem(api.CodeInvalidField, e.Escape.Pos(), "ESCAPE requires a string of one character").Hinted("write ESCAPE '!'")
		}
		like.Args = append(like.Args, esc)
	}
	if x.IsNull() || pattern.IsNull() {
		return plan.False, nil
	}
	if err := sqltypes.CheckPattern(like.Args[1].Value.Str); err != nil {
		return nil, b.ValueError(err, e.Pattern.Pos())
	}
	return like, nil
}

// asText is the type that values of other types are converted to where T-SQL converts
// them to a string implicitly; any of them fits in it.
var asText = sqltypes.Type{Kind: sqltypes.VarChar, Length: 50}

// text converts an operand of LIKE to a string.
func (b *Binder) text(e *plan.Expr, at int) (*plan.Expr, error) {
	switch e.Type.Class() {
	case sqltypes.Strings:
		return e, nil
	case sqltypes.Integers, sqltypes.Decimals, sqltypes.Floats, sqltypes.Temporals, sqltypes.GUIDs:
		if e.IsNull() {
			return e, nil
		}
		return b.Convert(e, asText, at)
	}
	return nil, b.typeError(mssqlerr.IncompatibleOperands, at, "LIKE does not accept a value of type %s", e.Type).Hinted("LIKE is for strings; compare with =, < or BETWEEN")
}

// Problem returns a problem at an offset in the text.
func (b *Binder) Problem(code api.Code, at int, format string, args ...any) *api.Problem {
	p := api.NewProblem(code, format, args...)
	p.Field, p.Offset = b.Field, &at
	return p
}

// typeError reports an operation that T-SQL does not define for these types.
func (b *Binder) typeError(number, at int, format string, args ...any) *api.Problem {
	p := b.Problem(api.CodeConversionFailed, at, format, args...)
	p.SQLNumber = number
	return p
}

// ValueError adds the field and the offset to an error of package sqltypes.
func (b *Binder) ValueError(err error, at int) *api.Problem {
	p := *api.AsProblem(err).At(b.Field)
	p.Offset = &at
	return &p
}
