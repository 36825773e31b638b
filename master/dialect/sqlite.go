package dialect

import (
	"shardeck/master/plan"
	"shardeck/shared/api"
	"shardeck/shared/sqltypes"
)

// SQLite is the dialect of the embedded engine. The engine registers the
// functions and collations of package sqlfunc.
type SQLite struct{}

// Name implements Dialect.
func (SQLite) Name() string { return "sqlite" }

// Version implements Dialect.
func (SQLite) Version() string { return api.SQLiteDialect }

// Query implements Dialect. The query is the same for all fragments of a plan.
func (SQLite) Query(p *plan.Plan, _ *plan.Fragment) (*api.QueryRequest, error) {
	w := newSQLiteWriter()
	q := p.Query
	w.joined = len(q.From) > 0
	w.text("SELECT ")
	if q.Distinct {
		w.text("DISTINCT ")
	}
	for i := range q.Output {
		w.comma(i)
		if x := q.Output[i].Expr; q.Distinct {
			w.inOwnCollation(x)
		} else {
			w.expr(x)
		}
	}
	from(w, p)
	where(w, q.Where)
	for i, x := range q.GroupBy {
		w.item(i, " GROUP BY ")
		w.inOwnCollation(x)
	}
	for i, k := range q.OrderBy {
		w.item(i, " ORDER BY ")
		w.inOwnCollation(k.Expr)
		if k.Desc {
			w.text(" DESC")
		}
	}
	w.limit(q.Limit, q.Offset)
	req, err := w.query(p)
	if err != nil {
		return nil, err
	}
	exactSums(p, req)
	return req, nil
}

// Exec implements Dialect.
func (SQLite) Exec(p *plan.Plan, f *plan.Fragment) ([]api.Statement, error) {
	if p.Op == plan.OpCreateTable {
		return sqliteCreateTable(p)
	}
	return exec(newSQLiteWriter(), p, f)
}

// sqliteWriter is the syntax of SQLite.
type sqliteWriter struct {
	writer
	joined bool // qualify columns with their table's alias: t0, t1 and so on
}

func newSQLiteWriter() *sqliteWriter { return &sqliteWriter{writer: newWriter('"', '"')} }

func (w *sqliteWriter) table(name string) { w.name(name) }

func (w *sqliteWriter) column(e *plan.Expr) {
	if w.joined {
		w.text("t")
		w.number(e.Source)
		w.text(".")
	}
	w.name(e.Column)
}

// limit writes LIMIT and OFFSET; OFFSET requires LIMIT, and -1 means none.
func (w *sqliteWriter) limit(limit *int64, offset int64) {
	if limit == nil && offset == 0 {
		return
	}
	n := int64(-1)
	if limit != nil {
		n = *limit
	}
	w.text(" LIMIT ")
	w.param(sqltypes.BigIntType, sqltypes.Int64(n))
	if offset > 0 {
		w.text(" OFFSET ")
		w.param(sqltypes.BigIntType, sqltypes.Int64(offset))
	}
}
