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

// Query implements Dialect. The query is the same for all fragments of a plan, but that the first has
// what is computed once.
func (SQLite) Query(p *plan.Plan, f *plan.Fragment) (*api.QueryRequest, error) {
	w := newSQLiteWriter()
	w.first = isFirst(p, f)
	w.query(p.Query, p.Table, false)
	req, err := w.finished(p)
	if err != nil {
		return nil, err
	}
	exactSums(p, req)
	return req, nil
}

// query implements syntax.
func (w *sqliteWriter) query(q *plan.Query, table string, nested bool) {
	joined, inner := w.joined, w.nested
	w.joined, w.nested = len(q.From) > 0 || nested, nested
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
		namedColumn(&w.writer, i, nested)
	}
	from(w, q, table)
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
	w.joined, w.nested = joined, inner
}

// Exec implements Dialect.
func (SQLite) Exec(p *plan.Plan, f *plan.Fragment) ([]api.Statement, error) {
	if p.Op == plan.OpCreateTable {
		return sqliteCreateTable(p)
	}
	if p.Op == plan.OpAlterTable {
		return sqliteAlteration.alter(p)
	}
	return exec(newSQLiteWriter(), p, f)
}

// sqliteWriter is the syntax of SQLite.
type sqliteWriter struct {
	writer
	nested bool // writing a nested query, whose sums are final
}

func newSQLiteWriter() *sqliteWriter { return &sqliteWriter{writer: newWriter('"', '"')} }

func (w *sqliteWriter) table(name string) { w.name(name) }

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
