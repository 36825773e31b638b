package tsql

// FormatExpr writes e as T-SQL that parses back to the same tree, with only the
// parentheses it needs.
func FormatExpr(e Expr) string { return string(appendExpr(nil, e, levelOr)) }

// level is how tightly an expression holds together, loosest first.
type level uint8

const (
	levelOr level = iota
	levelAnd
	levelNot
	levelCompare
	levelAdd
	levelNeg // a sign, below * and /
	levelMul
	levelPrimary
)

func levelOf(e Expr) level {
	switch e := e.(type) {
	case *Logic:
		if e.Or {
			return levelOr
		}
		return levelAnd
	case *Not:
		return levelNot
	case *Compare, *In, *Between, *Like, *IsNull, *Exists:
		return levelCompare
	case *Arith:
		if e.Op == Mul || e.Op == Div || e.Op == Mod {
			return levelMul
		}
		return levelAdd
	case *Neg:
		return levelNeg
	}
	return levelPrimary
}

// appendExpr appends e, in parentheses when it holds less tightly than least.
func appendExpr(dst []byte, e Expr, least level) []byte {
	if levelOf(e) < least {
		dst = append(dst, '(')
		dst = appendExpr(dst, e, levelOr)
		return append(dst, ')')
	}
	switch e := e.(type) {
	case *Literal:
		return appendLiteral(dst, e)
	case *Column:
		if e.Table != "" {
			dst = append(appendName(appendDB(dst, e.DB), e.Table), '.')
		}
		return appendName(dst, e.Name)
	case *Neg:
		dst = append(dst, '-')
		if _, ok := e.X.(*Neg); ok {
			dst = append(dst, ' ') // two minus signs would begin a comment
		}
		return appendExpr(dst, e.X, levelNeg)
	case *BitNot:
		return appendExpr(append(dst, '~'), e.X, levelPrimary)
	case *Collate:
		if _, ok := e.X.(*Collate); ok {
			dst = append(appendExpr(append(dst, '('), e.X, levelOr), ')')
		} else if _, ok := e.X.(*BitNot); ok {
			dst = append(appendExpr(append(dst, '('), e.X, levelOr), ')')
		} else {
			dst = appendExpr(dst, e.X, levelPrimary)
		}
		return appendName(append(dst, " COLLATE "...), e.Name.Name)
	case *Arith:
		return appendArith(dst, e)
	case *Compare:
		dst = appendExpr(dst, e.L, levelAdd)
		dst = append(append(append(dst, ' '), e.Op.String()...), ' ')
		return appendExpr(dst, e.R, levelAdd)
	case *Logic:
		return appendLogic(dst, e)
	case *Not:
		return appendExpr(append(dst, "NOT "...), e.X, levelNot)
	case *In:
		dst = append(appendOperator(dst, e.X, e.Negated, "IN"), '(')
		if e.Query != nil {
			return append(appendQuery(dst, e.Query), ')')
		}
		for i, v := range e.List {
			if i > 0 {
				dst = append(dst, ", "...)
			}
			dst = appendExpr(dst, v, levelAdd)
		}
		return append(dst, ')')
	case *Between:
		dst = appendExpr(appendOperator(dst, e.X, e.Negated, "BETWEEN"), e.Lo, levelAdd)
		return appendExpr(append(dst, " AND "...), e.Hi, levelAdd)
	case *Like:
		dst = appendExpr(appendOperator(dst, e.X, e.Negated, "LIKE"), e.Pattern, levelAdd)
		if e.Escape != nil {
			dst = appendExpr(append(dst, " ESCAPE "...), e.Escape, levelAdd)
		}
		return dst
	case *IsNull:
		dst = appendExpr(dst, e.X, levelAdd)
		if e.Negated {
			return append(dst, " IS NOT NULL"...)
		}
		return append(dst, " IS NULL"...)
	}
	return appendCall(dst, e)
}

// appendOperator appends x [NOT] word and a space.
func appendOperator(dst []byte, x Expr, negated bool, word string) []byte {
	dst = append(appendExpr(dst, x, levelAdd), ' ')
	if negated {
		dst = append(dst, "NOT "...)
	}
	return append(append(dst, word...), ' ')
}

func appendArith(dst []byte, e *Arith) []byte {
	// Operators of one level group from the left; a sign may stand on either
	// side of + and - but swallows the factors after it beside * and /.
	left, right := levelAdd, levelNeg
	if levelOf(e) == levelMul {
		left, right = levelMul, levelPrimary
	}
	dst = appendExpr(dst, e.L, left)
	dst = append(append(append(dst, ' '), e.Op.String()...), ' ')
	return appendExpr(dst, e.R, right)
}

func appendLogic(dst []byte, e *Logic) []byte {
	word, least := " AND ", levelNot
	if e.Or {
		word, least = " OR ", levelAnd
	}
	for i, t := range e.Terms {
		if i > 0 {
			dst = append(dst, word...)
		}
		dst = appendExpr(dst, t, least)
	}
	return dst
}

func appendLiteral(dst []byte, e *Literal) []byte {
	switch e.Kind {
	case NullLiteral:
		return append(dst, "NULL"...)
	case StringLiteral:
		return appendString(dst, e.Text, false)
	case NStringLiteral:
		return appendString(dst, e.Text, true)
	case MoneyLiteral:
		dst = append(dst, '$')
	case BinaryLiteral:
		dst = append(dst, "0x"...)
	}
	return append(dst, e.Text...)
}
