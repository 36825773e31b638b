package dialect

import (
	"strconv"

	"github.com/go-json-experiment/json/jsontext"

	"shardeck/master/plan"
	"shardeck/shared/api"
	"shardeck/shared/sqltypes"
)

// Limits of a statement. The limit on parameters is the worker's: of SQL Server's 2,100 it
// leaves some to the engine for its own parameters. The limit on the text is SQLite's
// (https://www.sqlite.org/limits.html), and ample for SQL Server.
const (
	maxParams = 2_048
	maxText   = 1_000_000
)

// syntax is the part of a statement's syntax that differs between dialects.
type syntax interface {
	// expr writes e, in parentheses if necessary to be an operand of any operator.
	expr(e *plan.Expr)
	// table writes the name of a table.
	table(name string)
	// query writes a SELECT. The plan's own reads table if it has no sources; the columns of a
	// nested one are named for the query around it, see plan.DerivedName.
	query(q *plan.Query, table string, nested bool)
	// rows writes literal rows as a derived table, without its alias.
	rows(r *plan.Rows, number int)
	// base returns the writer that both of the above write to.
	base() *writer
}

// writer builds a statement's text and its parameters.
type writer struct {
	sql         []byte
	types       []string
	params      []byte // a [ followed by comma-separated JSON values
	left, right byte   // the quotes of names
	first       bool   // for the plan's first fragment, which has what is computed once
	joined      bool   // columns are qualified with their source's alias: t0, t1 and so on
	target      string // the table that the statement changes: source 0, which has no alias
	// repeats makes a constant that was written before reuse its parameter.
	repeats bool
	written []constant // constants written while repeats was set
}

func newWriter(left, right byte) writer {
	return writer{
		sql: make([]byte, 0, 256), types: make([]string, 0, 4), params: append(make([]byte, 0, 48), '['),
		left: left, right: right,
	}
}

func (w *writer) base() *writer { return w }

func (w *writer) text(s string) { w.sql = append(w.sql, s...) }

// name writes an identifier of the catalog, which consists of letters, digits and
// underscores only.
func (w *writer) name(s string) {
	w.sql = append(append(append(w.sql, w.left), s...), w.right)
}

// names writes a list of identifiers in parentheses.
func (w *writer) names(list []string) {
	for i, s := range list {
		w.item(i, " (")
		w.name(s)
	}
	w.text(")")
}

// comma writes the comma before item i of a list.
func (w *writer) comma(i int) {
	if i > 0 {
		w.text(", ")
	}
}

// item writes what precedes item i of a list: prefix before the first, a comma before the
// others.
func (w *writer) item(i int, prefix string) {
	if i == 0 {
		w.text(prefix)
		return
	}
	w.text(", ")
}

func (w *writer) number(n int) { w.sql = strconv.AppendInt(w.sql, int64(n), 10) }

func (w *writer) placeholder(n int) {
	w.text("@p")
	w.number(n)
}

// constant is a value and the number of its parameter.
type constant struct {
	t      sqltypes.Type
	v      sqltypes.Value
	number int
}

// param writes a parameter for v.
func (w *writer) param(t sqltypes.Type, v sqltypes.Value) {
	if w.repeats {
		for _, c := range w.written {
			if c.t == t && c.v == v {
				w.placeholder(c.number)
				return
			}
		}
		w.written = append(w.written, constant{t, v, len(w.types) + 1})
	}
	if len(w.types) > 0 {
		w.params = append(w.params, ',')
	}
	w.types = append(w.types, t.String())
	w.params = sqltypes.AppendJSON(w.params, t, v)
	w.placeholder(len(w.types))
}

// row returns the parameters as a JSON array, or nil if there are none.
func (w *writer) row() jsontext.Value {
	if len(w.types) == 0 {
		return nil
	}
	return append(w.params, ']')
}

// check enforces the limits here, because the worker's errors would mean nothing to the
// client.
func (w *writer) check(p *plan.Plan) error {
	field := p.Field
	if field == "" {
		field = "condition"
	}
	switch {
	case len(w.types) > maxParams:
		return api.NewProblem(api.CodeTooComplex, "the request has %d constants; at most %d are allowed", len(w.types), maxParams).At(field).
			Hinted("send several requests with fewer values")
	case len(w.sql) > maxText:
		return api.NewProblem(api.CodeTooComplex, "the request requires a statement of %d bytes; at most %d are allowed", len(w.sql), maxText).At(field).
			Hinted("send several requests with fewer values")
	}
	return nil
}

// finished returns the query of a plan, once it is written.
func (w *writer) finished(p *plan.Plan) (*api.QueryRequest, error) {
	if err := w.check(p); err != nil {
		return nil, err
	}
	return &api.QueryRequest{
		DB: p.DB, SQL: string(w.sql), Types: w.types, Params: w.row(),
		ResultTypes: resultTypes(p), Schemas: schemas(p),
	}, nil
}

// schemas returns the versions of the tables that a query reads.
func schemas(p *plan.Plan) map[string]string {
	versions := map[string]string{}
	p.Tables(func(table, version string) { versions[table] = version })
	return versions
}

// resultTypes returns the types of a worker's row: of the answer's columns and hidden
// columns, or of the inputs of the plan's Final.
func resultTypes(p *plan.Plan) []string {
	types := make([]string, 0, len(p.Query.Output))
	if p.Final == nil && p.Over == nil {
		for i := range p.Columns {
			types = append(types, p.Columns[i].Type)
		}
	}
	for _, o := range p.Query.Output[len(types):] {
		types = append(types, o.Expr.Type.String())
	}
	return types
}

// statement returns the finished statement, to be run once.
func (w *writer) statement(p *plan.Plan, effect api.Effect) ([]api.Statement, error) {
	if err := w.check(p); err != nil {
		return nil, err
	}
	s := api.Statement{SQL: string(w.sql), Table: p.Table, SchemaVersion: p.SchemaVersion, Effect: effect}
	if row := w.row(); row != nil {
		s.Types, s.Rows = w.types, []jsontext.Value{row}
	}
	return []api.Statement{s}, nil
}

// maxChain is the maximum number of terms in a flat chain. SQLite parses a chain as a deep
// tree, and limits its depth to 1000; SQL Server's parser has a similar limit.
const maxChain = 64

// balanced writes terms separated by op, long chains as a balanced tree.
func balanced(s syntax, terms []*plan.Expr, op string) {
	w := s.base()
	if len(terms) > maxChain {
		half := len(terms) / 2
		w.text("(")
		balanced(s, terms[:half], op)
		w.text(")" + op + "(")
		balanced(s, terms[half:], op)
		w.text(")")
		return
	}
	for i, t := range terms {
		if i > 0 {
			w.text(op)
		}
		s.expr(t)
	}
}

// operands writes two operands with the given text before, between and after them.
func operands(s syntax, before string, l *plan.Expr, between string, r *plan.Expr, after string) {
	w := s.base()
	w.text(before)
	s.expr(l)
	w.text(between)
	s.expr(r)
	w.text(after)
}

// comparisons are the comparison and logical operators, which are the same in all dialects.
var comparisons = [...]string{
	plan.EqExpr: " = ", plan.NeExpr: " <> ", plan.LtExpr: " < ", plan.LeExpr: " <= ", plan.GtExpr: " > ", plan.GeExpr: " >= ",
	plan.AndExpr: " AND ", plan.OrExpr: " OR ",
}

// logic writes a predicate that is the same in all dialects, or returns false for others.
func logic(s syntax, e *plan.Expr) bool {
	w := s.base()
	switch e.Op {
	case plan.IsNullExpr:
		w.text("(")
		s.expr(e.Args[0])
		if e.Negated {
			w.text(" IS NOT NULL)")
		} else {
			w.text(" IS NULL)")
		}
	case plan.AndExpr, plan.OrExpr:
		w.text("(")
		balanced(s, e.Args, comparisons[e.Op])
		w.text(")")
	case plan.TrueExpr:
		w.text("(1 = 1)")
	case plan.FalseExpr:
		w.text("(1 = 0)")
	default:
		return false
	}
	return true
}

func where(s syntax, e *plan.Expr) {
	if e != nil {
		s.base().text(" WHERE ")
		s.expr(e)
	}
}

// maxInParams is the maximum number of values of IN that are separate parameters. Longer
// lists are passed as a single parameter, so that they do not exceed the limit on
// parameters, and lists of different lengths share one prepared statement.
const maxInParams = 16

// jsonList returns constants as a JSON array from which an engine reads each value exactly.
// Unlike in the wire format, every integer is a number, even beyond 2^53, and a REAL has
// the digits of the equal FLOAT, so that it is the same value in either type. Floats are
// strings, because an engine's parsing of JSON numbers may be inexact.
func jsonList(list []*plan.Expr) string {
	b := make([]byte, 0, 8*len(list))
	b = append(b, '[')
	for i, v := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendListed(b, v.Type, v.Value)
	}
	return string(append(b, ']'))
}

// appendListed appends a value of jsonList.
func appendListed(b []byte, t sqltypes.Type, v sqltypes.Value) []byte {
	switch v.Form {
	case sqltypes.FormInt:
		return strconv.AppendInt(b, v.Int, 10)
	case sqltypes.FormFloat:
		return append(strconv.AppendFloat(append(b, '"'), v.Float, 'e', -1, 64), '"')
	}
	return sqltypes.AppendJSON(b, t, v)
}
