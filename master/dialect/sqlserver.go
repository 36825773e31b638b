package dialect

import (
	"shardeck/master/planner"
	"shardeck/shared/api"
	"shardeck/shared/sqltypes"
)

// SQLServer is the dialect of workers over SQL Server 2019 and later.
//
// What plans mean is T-SQL's meaning, so that most of it is said as it was planned:
// overflow, division, decimals and LIKE are the server's own, and the types of
// parameters and of conversions make it compute in the types of the plan. Strings
// are the exception. Columns have the database's collation, which the worker chose,
// and =, IN, LIKE and keys use it, as an index on the column does. But no collation of
// a language is what the master merges the rows of several shards by, so order and
// groups are those of sqltypes.CompareText, which the server can compute too. A
// string shard key is binary everywhere.
type SQLServer struct{}

// Name implements Dialect.
func (SQLServer) Name() string { return "sqlserver" }

// Query implements Dialect. The text is the same for all fragments of a plan.
func (SQLServer) Query(p *planner.Plan, _ *planner.Fragment) (*api.QueryRequest, error) {
	w := newSQLServerWriter()
	q := p.Query
	w.text("SELECT ")
	// FETCH takes no 0, and TOP no offset.
	top := q.Limit != nil && (q.Offset == 0 || *q.Limit == 0)
	if top {
		w.text("TOP (")
		w.param(bigInt, sqltypes.Int64(*q.Limit))
		w.text(") ")
	}
	for i := range q.Output {
		w.comma(i)
		w.output(q.Output[i].Expr, len(q.GroupBy) > 0)
	}
	w.text(" FROM ")
	w.table(p.Table)
	where(w, q.Where)
	for i, x := range q.GroupBy {
		w.item(i, " GROUP BY ")
		w.ordered(x)
	}
	for i, k := range q.OrderBy {
		w.item(i, " ORDER BY ")
		w.ordered(k.Expr)
		if k.Desc {
			w.text(" DESC")
		}
	}
	if q.Offset > 0 && !top {
		w.text(" OFFSET ")
		w.param(bigInt, sqltypes.Int64(q.Offset))
		w.text(" ROWS")
		if q.Limit != nil {
			w.text(" FETCH NEXT ")
			w.param(bigInt, sqltypes.Int64(*q.Limit))
			w.text(" ROWS ONLY")
		}
	}
	return w.query(p)
}

// Exec implements Dialect.
func (SQLServer) Exec(p *planner.Plan, f *planner.Fragment) ([]api.Statement, error) {
	if p.Op == planner.OpCreateTable {
		return sqlServerCreateTable(p)
	}
	return exec(newSQLServerWriter(), p, f)
}

// sqlServerWriter is the syntax of T-SQL.
type sqlServerWriter struct{ writer }

func newSQLServerWriter() *sqlServerWriter { return &sqlServerWriter{newWriter('[', ']')} }

// table names the schema too: it is part of what a cached plan is found by, and a
// login's own schema may be another.
func (w *sqlServerWriter) table(name string) {
	w.text("[dbo].")
	w.name(name)
}
