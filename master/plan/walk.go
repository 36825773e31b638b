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
	if q := p.Query; q != nil {
		for i := range q.From {
			roots = append(roots, q.From[i].On)
		}
		for i := range q.Output {
			roots = append(roots, q.Output[i].Expr)
		}
		roots = append(append(roots, q.Where), q.GroupBy...)
		for i := range q.OrderBy {
			roots = append(roots, q.OrderBy[i].Expr)
		}
	}
	if w := p.Write; w != nil {
		roots = append(append(roots, w.Where), w.Values...)
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
	return true
}
