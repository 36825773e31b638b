package tsql

import "pgregory.net/rapid"

// drawPredicate draws any tree that the parser could have made.
func drawPredicate(t *rapid.T, depth int) Expr {
	kinds := 5
	if depth > 0 {
		kinds = 8
	}
	switch rapid.IntRange(0, kinds-1).Draw(t, "predicate") {
	case 0:
		return &Compare{Op: CompareOp(rapid.IntRange(0, int(Ge)).Draw(t, "op")), L: drawValue(t, depth), R: drawValue(t, depth)}
	case 1:
		in := &In{X: drawValue(t, depth), Negated: rapid.Bool().Draw(t, "not")}
		for range rapid.IntRange(1, 3).Draw(t, "values") {
			in.List = append(in.List, drawValue(t, depth))
		}
		return in
	case 2:
		return &Between{X: drawValue(t, depth), Lo: drawValue(t, depth), Hi: drawValue(t, depth), Negated: rapid.Bool().Draw(t, "not")}
	case 3:
		l := &Like{X: drawValue(t, depth), Pattern: drawValue(t, depth), Negated: rapid.Bool().Draw(t, "not")}
		if rapid.Bool().Draw(t, "escape") {
			l.Escape = drawValue(t, 0)
		}
		return l
	case 4:
		return &IsNull{X: drawValue(t, depth), Negated: rapid.Bool().Draw(t, "not")}
	case 5:
		return &Not{X: drawPredicate(t, depth-1)}
	}
	l := &Logic{Or: rapid.Bool().Draw(t, "or")}
	for range rapid.IntRange(2, 3).Draw(t, "terms") {
		l.add(node{x: drawPredicate(t, depth-1)})
	}
	return l
}

func drawValue(t *rapid.T, depth int) Expr {
	kinds := 2
	if depth > 0 {
		kinds = 9
	}
	switch rapid.IntRange(0, kinds-1).Draw(t, "value") {
	case 0:
		return drawLiteral(t)
	case 1:
		c := &Column{Name: rapid.SampledFrom([]string{"a", "gpa", "order", "x y", "a]b", "N", "\u00e9", `"`}).Draw(t, "name")}
		if rapid.Bool().Draw(t, "qualified") {
			c.Table = rapid.SampledFrom([]string{"Students", "select"}).Draw(t, "table")
		}
		return c
	case 2:
		return &Neg{X: drawValue(t, depth-1)}
	case 3, 4:
		return drawCall(t, depth)
	case 5:
		return &BitNot{X: drawValue(t, depth-1)}
	case 6:
		return &Collate{X: &Column{Name: "gpa"}, Name: Name{Name: "Latin1_General_BIN2"}}
	}
	return &Arith{Op: ArithOp(rapid.IntRange(0, int(BitXor)).Draw(t, "op")), L: drawValue(t, depth-1), R: drawValue(t, depth-1)}
}

func drawLiteral(t *rapid.T) Expr {
	switch k := LiteralKind(rapid.IntRange(0, int(BinaryLiteral)).Draw(t, "literal")); k {
	case IntLiteral:
		return &Literal{Kind: k, Text: rapid.StringMatching(`[0-9]{1,20}`).Draw(t, "int")}
	case DecimalLiteral:
		return &Literal{Kind: k, Text: rapid.StringMatching(`[0-9]{0,5}\.[0-9]{1,5}`).Draw(t, "decimal")}
	case FloatLiteral:
		return &Literal{Kind: k, Text: rapid.StringMatching(`[0-9]{1,3}(\.[0-9]?)?[eE][+-]?[0-9]{1,2}`).Draw(t, "float")}
	case MoneyLiteral:
		return &Literal{Kind: k, Text: rapid.StringMatching(`[+-]?[0-9]{1,5}(\.[0-9]{0,5})?`).Draw(t, "money")}
	case StringLiteral, NStringLiteral:
		return &Literal{Kind: k, Text: rapid.StringOf(rapid.RuneFrom([]rune("a'-/*;[]\"\u00e9\u20ac\U0001F600\n"))).Draw(t, "string")}
	case BinaryLiteral:
		return &Literal{Kind: k, Text: rapid.StringMatching(`([0-9A-Fa-f]{2}){0,4}`).Draw(t, "hex")}
	default:
		return &Literal{Kind: k}
	}
}
