package bind

import "shardeck/master/plan"

// inList binds X IN a list, item by item. Comparisons of X itself with constants become one IN;
// those that convert X remain separate comparisons.
type inList struct {
	b         *Binder
	x         *plan.Expr
	not       bool
	op        plan.ExprOp
	combine   func([]*plan.Expr) *plan.Expr
	absorbing plan.ExprOp

	list             *plan.Expr
	others           []*plan.Expr
	notNull, decided *plan.Expr
}

func newInList(b *Binder, x *plan.Expr, not bool) *inList {
	l := &inList{b: b, x: x, not: not, op: plan.EqExpr, combine: plan.AnyOf, absorbing: plan.TrueExpr}
	if not {
		l.op, l.combine, l.absorbing = plan.NeExpr, plan.AllOf, plan.FalseExpr
	}
	l.list = &plan.Expr{Op: plan.InExpr, Negated: not, Args: []*plan.Expr{x}}
	return l
}

// add adds the item v, whose offset in the text is at. Once the result is decided, the other items
// are bound, but never evaluated.
func (l *inList) add(v *plan.Expr, at int) error {
	if l.decided != nil {
		l.b.lazy++
		defer func() { l.b.lazy-- }()
	}
	c, err := l.b.compare(l.op, l.x, v, at)
	if err != nil {
		return err
	}
	switch {
	case c.Op == l.op && c.Args[0] == l.x && c.Args[1].IsConst() && (len(l.list.Args) == 1 || l.list.Binary == c.Binary):
		l.list.Args = append(l.list.Args, c.Args[1])
		l.list.Binary = c.Binary
	case c.Op == plan.IsNullExpr && c.Args[0] == l.x:
		l.notNull = c // needed only once, and implied by NOT IN
	case c.Op == l.absorbing && l.decided == nil:
		l.decided = c
	default:
		l.others = append(l.others, c)
	}
	return nil
}

func (l *inList) result() *plan.Expr {
	switch {
	case l.decided != nil:
		return l.decided
	case len(l.list.Args) == 2:
		l.others = append(l.others, &plan.Expr{Op: l.op, Args: l.list.Args, Binary: l.list.Binary})
	case len(l.list.Args) > 2:
		l.others = append(l.others, l.list)
	case l.notNull != nil:
		l.others = append(l.others, l.notNull)
	}
	return l.combine(l.others)
}
