package plan

import "iter"

// Exprs yields every expression that the shards compute for the plan, and every part of
// each, in no particular order.
func (p *Plan) Exprs() iter.Seq[*Expr] {
	return func(yield func(*Expr) bool) {
		for _, e := range p.roots() {
			if !e.walk(yield) {
				return
			}
		}
	}
}

// roots are the expressions of the plan's query and write.
func (p *Plan) roots() []*Expr {
	var roots []*Expr
	if p.Query != nil {
		roots = p.Query.roots(nil)
	}
	if w := p.Write; w != nil {
		roots = append(append(roots, w.Where), w.Values...)
	}
	return roots
}

// roots appends the expressions of q and of the derived tables in it.
func (q *Query) roots(roots []*Expr) []*Expr {
	for i := range q.From {
		roots = append(roots, q.From[i].On)
		if inner := q.From[i].Query; inner != nil {
			roots = inner.roots(roots)
		}
		for _, l := range q.From[i].Union {
			roots = l.Query.roots(roots)
		}
	}
	for i := range q.Output {
		roots = append(roots, q.Output[i].Expr)
	}
	roots = append(append(roots, q.Where), q.GroupBy...)
	for i := range q.OrderBy {
		roots = append(roots, q.OrderBy[i].Expr)
	}
	return roots
}

// walk yields e, which may be nil, and its parts; false when it was told to stop.
func (e *Expr) walk(yield func(*Expr) bool) bool {
	if e == nil {
		return true
	}
	if !yield(e) {
		return false
	}
	for _, a := range e.Args {
		if !a.walk(yield) {
			return false
		}
	}
	if e.Window != nil {
		for _, x := range e.Window.exprs(nil) {
			if !x.walk(yield) {
				return false
			}
		}
	}
	if e.Query != nil {
		for _, r := range e.Query.roots(nil) {
			if !r.walk(yield) {
				return false
			}
		}
	}
	return true
}

// Tables calls visit with every table that the plan reads, and its version. A table may occur more
// than once.
func (p *Plan) Tables(visit func(table, version string)) {
	if p.Table != "" {
		visit(p.Table, p.SchemaVersion)
	}
	if p.Query == nil || len(p.Query.From) == 0 {
		return // nothing is nested in the query
	}
	p.Query.tables(visit)
	for e := range p.Exprs() {
		if e.Query != nil {
			e.Query.tables(visit)
		}
	}
}

func (q *Query) tables(visit func(table, version string)) {
	for i := range q.From {
		src := &q.From[i]
		if src.Table != "" {
			visit(src.Table, src.SchemaVersion)
		}
		if src.Query != nil {
			src.Query.tables(visit)
		}
		for _, l := range src.Union {
			l.Query.tables(visit)
		}
	}
}
