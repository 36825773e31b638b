package dialect

import (
	"shardeck/master/planner"
	"shardeck/shared/api"
	"shardeck/shared/sqltypes"
)

// SQLite is the dialect of the embedded engine. The functions named sd_* and the
// collations named SHARDECK_* are registered by the engine.
type SQLite struct{}

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
	w.table(p.Table)
	where(w, q.Where)
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
	return w.query(p)
}

// Exec implements Dialect.
func (SQLite) Exec(p *planner.Plan, f *planner.Fragment) ([]api.Statement, error) {
	if p.Op == planner.OpCreateTable {
		return sqliteCreateTable(p)
	}
	return exec(newSQLiteWriter(), p, f)
}

// sqliteWriter is the syntax of SQLite.
type sqliteWriter struct{ writer }

func newSQLiteWriter() *sqliteWriter { return &sqliteWriter{newWriter('"', '"')} }

func (w *sqliteWriter) table(name string) { w.name(name) }

// limit writes LIMIT and OFFSET; an offset needs a limit, and -1 is none.
func (w *sqliteWriter) limit(limit *int64, offset int64) {
	if limit == nil && offset == 0 {
		return
	}
	n := int64(-1)
	if limit != nil {
		n = *limit
	}
	w.text(" LIMIT ")
	w.param(bigInt, sqltypes.Int64(n))
	if offset > 0 {
		w.text(" OFFSET ")
		w.param(bigInt, sqltypes.Int64(offset))
	}
}
