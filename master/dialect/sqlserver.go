package dialect

import (
	"shardeck/master/plan"
	"shardeck/shared/api"
	"shardeck/shared/sqltypes"
)

// SQLServer is the dialect of workers over SQL Server 2019 and later.
//
// Plans have T-SQL semantics, so most of them are rendered as planned: overflow, division,
// decimals and LIKE are the server's own, and the types of parameters and conversions make
// it compute in the types of the plan. Strings are the exception. Columns have the
// database's collation, which the worker chose, and =, IN, LIKE and keys use it, as an
// index on the column does. But the master cannot merge rows of several shards by a
// linguistic collation, so order and groups are those of sqltypes.CompareText, which the
// server can compute too. A string shard key is binary everywhere.
type SQLServer struct{}

// Name implements Dialect.
func (SQLServer) Name() string { return "sqlserver" }

// Version implements Dialect.
func (SQLServer) Version() string { return api.SQLServerDialect }

// Query implements Dialect. The query is the same for all fragments of a plan, but that the first has
// what is computed once.
func (SQLServer) Query(p *plan.Plan, f *plan.Fragment) (*api.QueryRequest, error) {
	w := newSQLServerWriter()
	w.first = isFirst(p, f)
	w.query(p.Query, p.Table, false)
	return w.finished(p)
}

// query implements syntax.
func (w *sqlServerWriter) query(q *plan.Query, table string, nested bool) {
	groups, distinct := groupsOf(q)
	joined, repeats := w.joined, w.repeats
	w.joined = len(q.From) > 0 || nested
	w.text("SELECT ")
	if distinct {
		w.text("DISTINCT ")
	}
	// FETCH does not allow 0, and TOP does not allow an offset.
	top := q.Limit != nil && (q.Offset == 0 || *q.Limit == 0)
	if top {
		w.text("TOP (")
		w.param(sqltypes.BigIntType, sqltypes.Int64(*q.Limit))
		w.text(") ")
	}
	// The server matches selected expressions with those of GROUP BY only if they have the
	// same parameters.
	w.repeats = len(groups) > 0
	for i := range q.Output {
		w.comma(i)
		w.output(q.Output[i].Expr, len(groups) > 0)
		namedColumn(&w.writer, i, nested)
	}
	w.repeats = false
	from(w, q, table)
	where(w, q.Where)
	w.repeats = len(groups) > 0
	for i, x := range groups {
		w.item(i, " GROUP BY ")
		w.ordered(x)
		w.length(x, false)
	}
	if !nested || q.Limit != nil || q.Offset > 0 { // the server allows no other order in a nested query
		w.orderBy(q.OrderBy)
	}
	if q.Offset > 0 && !top {
		w.text(" OFFSET ")
		w.param(sqltypes.BigIntType, sqltypes.Int64(q.Offset))
		w.text(" ROWS")
		if q.Limit != nil {
			w.text(" FETCH NEXT ")
			w.param(sqltypes.BigIntType, sqltypes.Int64(*q.Limit))
			w.text(" ROWS ONLY")
		}
	}
	w.joined, w.repeats = joined, repeats
}

// groupsOf returns what a query groups by. DISTINCT is rendered as grouping by all that is
// selected, because it would compare strings in the collation of their columns, and would
// not allow ordering by anything else. Constants are omitted, because the server rejects
// them in GROUP BY; if there is nothing else, DISTINCT is used.
func groupsOf(q *plan.Query) (groups []*plan.Expr, distinct bool) {
	groups = q.GroupBy
	if q.Distinct {
		groups = nil
		for i := range q.Output {
			groups = append(groups, q.Output[i].Expr)
		}
	}
	kept := groups[:0:0]
	for _, x := range groups {
		if x.HasColumn() {
			kept = append(kept, x)
		}
	}
	return kept, q.Distinct && len(kept) == 0
}

// Exec implements Dialect.
func (SQLServer) Exec(p *plan.Plan, f *plan.Fragment) ([]api.Statement, error) {
	if p.Op == plan.OpCreateTable {
		return sqlServerCreateTable(p)
	}
	if p.Op == plan.OpAlterTable {
		return sqlServerAlteration.alter(p)
	}
	return exec(newSQLServerWriter(), p, f)
}

// sqlServerWriter is the syntax of T-SQL.
type sqlServerWriter struct{ writer }

func newSQLServerWriter() *sqlServerWriter { return &sqlServerWriter{newWriter('[', ']')} }

// table writes the schema too: the server needs it to reuse a cached plan, and a login's
// default schema may be another.
func (w *sqlServerWriter) table(name string) {
	w.text("[dbo].")
	w.name(name)
}

// length writes a second key after a VARBINARY key of ORDER BY or GROUP BY. The server
// ignores trailing zero bytes, but the merge of the shards' rows does not: of two values
// that differ only in these, the shorter comes first.
func (w *sqlServerWriter) length(e *plan.Expr, desc bool) {
	if e.Type.Kind != sqltypes.VarBinary {
		return
	}
	w.text(", DATALENGTH(")
	w.expr(e)
	w.text(")")
	if desc {
		w.text(" DESC")
	}
}

// orderBy writes ORDER BY, without constants.
func (w *sqlServerWriter) orderBy(keys []plan.SortKey) {
	n := 0
	for _, k := range keys {
		if !k.Expr.HasColumn() {
			continue
		}
		w.item(n, " ORDER BY ")
		n++
		w.ordered(k.Expr)
		if k.Desc {
			w.text(" DESC")
		}
		w.length(k.Expr, k.Desc)
	}
}
