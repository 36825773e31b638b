package dialect

import (
	"strconv"

	"github.com/go-json-experiment/json/jsontext"

	"shardeck/master/planner"
	"shardeck/shared/api"
	"shardeck/shared/sqltypes"
)

// SQLite is the dialect of the embedded engine. The functions named sd_* and the
// collations named SHARDECK_* are registered by the engine.
type SQLite struct{}

// Bounds of a statement: of the worker's, and of SQLite's own
// (https://www.sqlite.org/limits.html).
const (
	sqliteMaxParams = 2_048
	sqliteMaxText   = 1_000_000
)

// Name implements Dialect.
func (SQLite) Name() string { return "sqlite" }

// Query implements Dialect. The text is the same for all fragments of a plan.
func (SQLite) Query(p *planner.Plan, _ *planner.Fragment) (*api.QueryRequest, error) {
	w := newSQLiteWriter()
	q := p.Query
	w.text("SELECT ")
	for i := range q.Output {
		w.comma(i)
		w.expr(q.Output[i].Expr)
	}
	w.text(" FROM ")
	w.name(p.Table)
	w.where(q.Where)
	for i, x := range q.GroupBy {
		w.item(i, " GROUP BY ")
		w.expr(x)
	}
	for i, k := range q.OrderBy {
		w.item(i, " ORDER BY ")
		w.collated(k.Expr, collationOf(k.Expr.Type, k.Expr.Binary))
		if k.Desc {
			w.text(" DESC")
		}
	}
	w.limit(q.Limit, q.Offset)
	if err := w.check(); err != nil {
		return nil, err
	}
	return &api.QueryRequest{
		DB: p.DB, SQL: string(w.sql), Types: w.types, Params: w.row(),
		Columns: outputColumns(p), Schemas: map[string]string{p.Table: p.SchemaVersion},
	}, nil
}

// outputColumns are the columns of a worker's row, hidden ones included.
func outputColumns(p *planner.Plan) []api.Column {
	if p.Hidden == 0 {
		return p.Columns
	}
	cols := append(make([]api.Column, 0, len(p.Query.Output)), p.Columns...)
	for _, o := range p.Query.Output[len(cols):] {
		cols = append(cols, api.Column{Name: o.Name, Type: o.Expr.Type.String()})
	}
	return cols
}

// Exec implements Dialect.
func (SQLite) Exec(p *planner.Plan, f *planner.Fragment) ([]api.Statement, error) {
	switch p.Op {
	case planner.OpCreateTable:
		return sqliteCreateTable(p)
	case planner.OpDropTable:
		w := newSQLiteWriter()
		w.text("DROP TABLE ")
		w.name(p.Table)
		return []api.Statement{{SQL: string(w.sql), Table: p.Table, SchemaVersion: p.SchemaVersion, Effect: api.EffectDropTable}}, nil
	case planner.OpInsert:
		return sqliteInsert(p, f), nil
	case planner.OpUpdate:
		return sqliteUpdate(p)
	case planner.OpDelete:
		w := newSQLiteWriter()
		w.text("DELETE FROM ")
		w.name(p.Table)
		w.where(p.Write.Where)
		return w.statement(p, api.EffectDelete)
	}
	return nil, api.NewProblem(api.CodeInternal, "a plan of kind %s is not run by exec", p.Op)
}

func sqliteInsert(p *planner.Plan, f *planner.Fragment) []api.Statement {
	w := newSQLiteWriter()
	w.text("INSERT INTO ")
	w.name(p.Table)
	types := make([]string, 0, len(p.Write.Columns)+1)
	for i, c := range p.Write.Columns {
		w.item(i, " (")
		w.name(c.Name)
		types = append(types, c.Type)
	}
	w.text(", ")
	w.name(planner.SlotColumn)
	types = append(types, sqltypes.Int.String())
	for i := range types {
		w.item(i, ") VALUES (")
		w.placeholder(i + 1)
	}
	w.text(")")
	return []api.Statement{{
		SQL: string(w.sql), Table: p.Table, SchemaVersion: p.SchemaVersion, Effect: api.EffectInsert, Types: types, Rows: f.Rows,
	}}
}

func sqliteUpdate(p *planner.Plan) ([]api.Statement, error) {
	w := newSQLiteWriter()
	w.text("UPDATE ")
	w.name(p.Table)
	for i, c := range p.Write.Columns {
		w.item(i, " SET ")
		w.name(c.Name)
		w.text(" = ")
		w.expr(p.Write.Values[i])
	}
	w.where(p.Write.Where)
	return w.statement(p, api.EffectUpdate)
}

// sqliteWriter gathers a statement's text and its parameters.
type sqliteWriter struct {
	sql    []byte
	types  []string
	params []byte // JSON values with commas between them, after a [
}

func newSQLiteWriter() *sqliteWriter {
	return &sqliteWriter{sql: make([]byte, 0, 256), types: make([]string, 0, 4), params: append(make([]byte, 0, 48), '[')}
}

func (w *sqliteWriter) text(s string) { w.sql = append(w.sql, s...) }

// name writes an identifier of the catalog, which holds letters, digits and
// underscores alone.
func (w *sqliteWriter) name(s string) {
	w.sql = append(append(append(w.sql, '"'), s...), '"')
}

// comma writes the comma before item i of a list.
func (w *sqliteWriter) comma(i int) {
	if i > 0 {
		w.text(", ")
	}
}

// item writes what stands before item i of a list that begins with word.
func (w *sqliteWriter) item(i int, word string) {
	if i == 0 {
		w.text(word)
		return
	}
	w.text(", ")
}

func (w *sqliteWriter) placeholder(n int) {
	w.sql = strconv.AppendInt(append(w.sql, "@p"...), int64(n), 10)
}

// param writes a parameter for v.
func (w *sqliteWriter) param(t sqltypes.Type, v sqltypes.Value) {
	if len(w.types) > 0 {
		w.params = append(w.params, ',')
	}
	w.types = append(w.types, t.String())
	w.params = sqltypes.AppendJSON(w.params, t, v)
	w.placeholder(len(w.types))
}

// row returns the parameters as a JSON array; nil when there are none.
func (w *sqliteWriter) row() jsontext.Value {
	if len(w.types) == 0 {
		return nil
	}
	return append(w.params, ']')
}

func (w *sqliteWriter) where(e *planner.Expr) {
	if e != nil {
		w.text(" WHERE ")
		w.expr(e)
	}
}

// limit writes LIMIT and OFFSET; an offset needs a limit, and -1 is none.
func (w *sqliteWriter) limit(limit *int64, offset int64) {
	if limit == nil && offset == 0 {
		return
	}
	n := int64(-1)
	if limit != nil {
		n = *limit
	}
	bigInt := sqltypes.Type{Kind: sqltypes.BigInt}
	w.text(" LIMIT ")
	w.param(bigInt, sqltypes.Int64(n))
	if offset > 0 {
		w.text(" OFFSET ")
		w.param(bigInt, sqltypes.Int64(offset))
	}
}

// check refuses what the worker would refuse in terms that mean nothing to the client.
func (w *sqliteWriter) check() error {
	switch {
	case len(w.types) > sqliteMaxParams:
		return api.NewProblem(api.CodeTooComplex, "the request has %d constants; at most %d are allowed", len(w.types), sqliteMaxParams).At("condition").
			Hinted("send several requests with fewer values")
	case len(w.sql) > sqliteMaxText:
		return api.NewProblem(api.CodeTooComplex, "the request makes a statement of %d bytes; at most %d are allowed", len(w.sql), sqliteMaxText).At("condition").
			Hinted("send several requests with fewer values")
	}
	return nil
}

// statement returns what was written as a statement that runs once.
func (w *sqliteWriter) statement(p *planner.Plan, effect api.Effect) ([]api.Statement, error) {
	if err := w.check(); err != nil {
		return nil, err
	}
	s := api.Statement{SQL: string(w.sql), Table: p.Table, SchemaVersion: p.SchemaVersion, Effect: effect}
	if row := w.row(); row != nil {
		s.Types, s.Rows = w.types, []jsontext.Value{row}
	}
	return []api.Statement{s}, nil
}
