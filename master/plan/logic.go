package plan

import "slices"

var (
	True  = &Expr{Op: TrueExpr}
	False = &Expr{Op: FalseExpr}
)

// AllOf combines terms by AND, and simplifies. It reuses the slice.
func AllOf(terms []*Expr) *Expr { return combine(terms, AndExpr, True, False) }

// AnyOf combines terms by OR, and simplifies. It reuses the slice.
func AnyOf(terms []*Expr) *Expr {
	e := combine(terms, OrExpr, False, True)
	if e.Op != OrExpr {
		return e
	}
	e.Args = mergeEquals(e.Args)
	if len(e.Args) == 1 {
		return e.Args[0]
	}
	return e
}

// mergeEquals merges all terms that compare one column for equality with constants into
// one IN: a = 1 OR b = 2 OR a IN (3, 4) becomes a IN (1, 3, 4) OR b = 2. An index serves
// an IN better than a long chain of ORs, and engines limit the length of such chains.
func mergeEquals(terms []*Expr) []*Expr {
	var lists []*Expr // elements of kept, one for each column
	kept := terms[:0]
next:
	for _, t := range terms {
		if !isEquals(t) {
			kept = append(kept, t)
			continue
		}
		for i, l := range lists {
			if l.Args[0] != t.Args[0] || l.Binary != t.Binary {
				continue
			}
			if l.Op == EqExpr {
				in := &Expr{Op: InExpr, Args: slices.Clone(l.Args), Binary: l.Binary}
				kept[slices.Index(kept, l)] = in
				lists[i], l = in, in
			}
			l.Args = append(l.Args, t.Args[1:]...)
			continue next
		}
		if t.Op == InExpr {
			t = &Expr{Op: InExpr, Args: slices.Clone(t.Args), Binary: t.Binary}
		}
		lists = append(lists, t)
		kept = append(kept, t)
	}
	return kept
}

// isEquals reports whether e compares a column for equality with constants.
func isEquals(e *Expr) bool {
	switch e.Op {
	case EqExpr:
		return e.Args[0].Op == ColumnExpr && e.Args[1].IsConst()
	case InExpr:
		return e.Args[0].Op == ColumnExpr && !e.Negated
	}
	return false
}

func combine(terms []*Expr, op ExprOp, neutral, absorbing *Expr) *Expr {
	flat := terms[:0]
	nested := false
	for _, t := range terms {
		switch t.Op {
		case neutral.Op:
			continue
		case absorbing.Op:
			return absorbing
		case op:
			nested = true
		}
		flat = append(flat, t)
	}
	if nested {
		var all []*Expr
		for _, t := range flat {
			if t.Op == op {
				all = append(all, t.Args...)
			} else {
				all = append(all, t)
			}
		}
		flat = all
	}
	switch len(flat) {
	case 0:
		return neutral
	case 1:
		return flat[0]
	}
	return &Expr{Op: op, Args: flat}
}
