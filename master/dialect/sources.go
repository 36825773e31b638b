package dialect

import (
	"strconv"
	"strings"

	"shardeck/master/plan"
	"shardeck/shared/sqlfunc"
)

// columnOf writes a column, qualified if necessary.
func (w *writer) columnOf(e *plan.Expr) {
	switch {
	case !w.joined:
	case e.Source == 0 && w.target != "":
		w.name(w.target)
		w.text(".")
	default:
		w.alias(e.Source)
		w.text(".")
	}
	w.name(e.Column)
}

// alias writes the alias of a source: t0, t1 and so on, unless that is the name of the table that is
// written, which has no alias.
func (w *writer) alias(number int) {
	w.text("t")
	w.number(number)
	if w.target != "" && strings.EqualFold(w.target, "t"+strconv.Itoa(number)) {
		w.text("_")
	}
}

// joins are the words before each source but the first.
var joins = map[plan.JoinKind]string{
	plan.InnerJoin: " JOIN ", plan.LeftJoin: " LEFT JOIN ", plan.RightJoin: " RIGHT JOIN ", plan.FullJoin: " FULL JOIN ", plan.CrossJoin: " CROSS JOIN ",
}

// from writes FROM, if the query reads anything.
func from(s syntax, q *plan.Query, table string) {
	w := s.base()
	if len(q.From) == 0 {
		if table != "" {
			w.text(" FROM ")
			s.table(table)
		}
		return
	}
	w.text(" FROM ")
	for i := range q.From {
		src := &q.From[i]
		if i > 0 {
			w.text(joins[src.Join])
		}
		switch {
		case src.Query != nil:
			w.text("(")
			s.query(src.Query, "", true)
			w.text(") AS ")
			w.alias(src.Number)
		case src.Rows != nil:
			s.rows(src.Rows, src.Number)
		case src.Union != nil:
			union(s, src)
		default:
			s.table(src.Table)
			w.text(" AS ")
			w.alias(src.Number)
		}
		if src.On != nil {
			w.text(" ON ")
			s.expr(src.On)
		}
	}
}

// union writes the rows of several queries as one derived table.
func union(s syntax, src *plan.Source) {
	w := s.base()
	n := 0
	w.text("(")
	for _, l := range src.Union {
		if l.Once && !w.first {
			continue
		}
		if n++; n > 1 {
			w.text(" UNION ALL ")
		}
		s.query(l.Query, "", true)
	}
	w.text(") AS ")
	w.alias(src.Number)
}

// isFirst reports whether f is the plan's first fragment. A query whose route is not known yet has none.
func isFirst(p *plan.Plan, f *plan.Fragment) bool {
	return len(p.Fragments) == 0 || f.Shard == p.Fragments[0].Shard
}

// bound writes one bound of a frame.
func bound(w *writer, unbounded bool, n int64, side string) {
	switch {
	case unbounded:
		w.text("UNBOUNDED " + side)
	case n < 0:
		w.number(int(-n))
		w.text(" PRECEDING")
	case n > 0:
		w.number(int(n))
		w.text(" FOLLOWING")
	default:
		w.text("CURRENT ROW")
	}
}

// over writes the OVER of a window function; ordered writes an expression whose values are compared.
func over(s syntax, e *plan.Expr, ordered func(*plan.Expr)) {
	w := s.base()
	w.text(" OVER (")
	for i, x := range e.Window.PartitionBy {
		w.item(i, "PARTITION BY ")
		ordered(x)
	}
	for i, k := range e.Window.OrderBy {
		w.item(i, " ORDER BY ")
		ordered(k.Expr)
		if k.Desc {
			w.text(" DESC")
		}
	}
	if f := e.Window.Frame; len(e.Window.OrderBy) > 0 && (e.Func.Class == sqlfunc.Aggregate || e.Func.Win.Framed()) {
		if f.Range {
			w.text(" RANGE BETWEEN ")
		} else {
			w.text(" ROWS BETWEEN ")
		}
		bound(w, f.FromUnbounded, f.From, "PRECEDING")
		w.text(" AND ")
		bound(w, f.ToUnbounded, f.To, "FOLLOWING")
	}
	w.text(")")
}

// subquery writes a predicate or a value with a nested query, or returns false for others.
func subquery(s syntax, e *plan.Expr) bool {
	w := s.base()
	switch {
	case e.Op == plan.StepExpr, e.Op == plan.InSetExpr && e.Query == nil:
		// Only an explanation has these: when the statement runs, it has the step's values.
		w.text("(@step")
		w.number(e.Field)
	case e.Op == plan.SubqueryExpr:
		w.text("(")
		s.query(e.Query, "", true)
	case e.Op == plan.ExistsExpr:
		w.text("(")
		if e.Negated {
			w.text("NOT ")
		}
		w.text("EXISTS (")
		s.query(e.Query, "", true)
		w.text(")")
	default:
		return false
	}
	w.text(")")
	return true
}

// inQuery writes the rest of x [NOT] IN (query), whose parenthesis is open.
func inQuery(s syntax, e *plan.Expr) {
	w := s.base()
	if e.Negated {
		w.text(" NOT")
	}
	w.text(" IN ")
	if e.Query == nil {
		subquery(s, e)
	} else {
		w.text("(")
		s.query(e.Query, "", true)
		w.text(")")
	}
	w.text(")")
}

// namedColumn writes the name of column i of a nested query.
func namedColumn(w *writer, i int, nested bool) {
	if nested {
		w.text(" AS ")
		w.name(plan.DerivedName(i))
	}
}
