package tsql

import (
	"strings"

	"shardeck/shared/api"
	"shardeck/shared/tsqltoken"
)

// selectCore parses a SELECT up to HAVING; its first word is the current token. ORDER BY, which may
// belong to a set operator around it, is left to the caller.
func (p *parser) selectCore() *Select {
	s := &Select{At: p.tok.Start}
	p.advance()
	if p.acceptWord(tsqltoken.Distinct) {
		s.Distinct = true
	} else {
		p.acceptWord(tsqltoken.All)
	}
	if p.tok.Keyword == tsqltoken.Top {
		s.Top = p.top()
	}
	p.selectList(s)
	p.from(s)
	if p.acceptWord(tsqltoken.Where) {
		s.Where = p.predicate(p.chain(tsqltoken.Or)).x
	}
	if p.acceptWord(tsqltoken.Group) {
		p.groupBy(s)
	}
	if p.acceptWord(tsqltoken.Having) {
		s.Having = p.predicate(p.chain(tsqltoken.Or)).x
	}
	return s
}

// top parses TOP (n) [WITH TIES]. The current token is TOP.
func (p *parser) top() *Top {
	t := &Top{At: p.tok.Start}
	p.advance()
	// Without parentheses it is one constant: TOP 5 * is five rows of all columns.
	t.N = p.count(p.primary(), "TOP")
	if p.tok.Kind == tsqltoken.KindWord && strings.EqualFold(p.tok.Text, "PERCENT") {
		p.fail(unsupported(p.tok.Start, "TOP ... PERCENT is not supported").Hinted("count the rows first, and write TOP (n)"))
	}
	if p.acceptWord(tsqltoken.With) {
		if !p.acceptName("TIES") {
			p.fail(p.unexpected("TIES after WITH"))
		}
		t.WithTies = true
	}
	if p.tok.Keyword == tsqltoken.Distinct || p.tok.Keyword == tsqltoken.All {
		p.fail(syntaxError(p.tok.Start, "%s must come before TOP", strings.ToUpper(p.tok.Text)).Hinted("write SELECT %s TOP", strings.ToUpper(p.tok.Text)))
	}
	return t
}

// count refuses n if it is neither an integer nor a parameter.
func (p *parser) count(n node, clause string) Expr {
	if p.err != nil {
		return nil
	}
	switch x := n.x.(type) {
	case *Param:
		return x
	case *Literal:
		if x.Kind == IntLiteral {
			return x
		}
	case *Neg:
		p.fail(syntaxError(x.At, "the number of rows in %s is negative", clause).Hinted("write 0 or a greater number"))
		return nil
	}
	p.fail(unsupported(n.x.Pos(), "the number of rows in %s is neither an integer nor a parameter", clause).Hinted("write %s 10 or @n, and compute the number before you send it", clause))
	return nil
}

func (p *parser) selectList(s *Select) {
	for p.err == nil {
		if len(s.List) == MaxColumns {
			p.fail(tooComplex(p.tok.Start, "the list has more than %d columns", MaxColumns).Hinted("select fewer columns"))
		}
		s.List = append(s.List, p.selectItem())
		comma := p.tok.Start
		if !p.accept(',') {
			return
		}
		if p.tok.Keyword == tsqltoken.From {
			p.fail(syntaxError(comma, "no column follows this comma").Hinted("remove it, or write another column before FROM"))
		}
	}
}

func (p *parser) selectItem() SelectItem {
	it := SelectItem{At: p.tok.Start}
	switch {
	case p.accept('*'):
		it.Star = true
		return it
	case p.isName():
		if p.tableStar(&it) {
			return it
		}
	case p.tok.Kind == tsqltoken.KindParam:
		if t, _ := p.peek(); t.Kind == tsqltoken.KindOp && t.Op == '=' {
			if p.lex.statement && p.depth == 0 {
				p.assigns = append(p.assigns, p.variable())
				p.advance()
				it.X = p.value(p.additive()).x
				p.noCondition()
				return it
			}
			p.fail(unsupported(it.At, "assignment to the variable @%s is not supported", api.Clip(p.tok.Text)).Hinted("select the value, and send it as a parameter of the next statement"))
		}
	case p.tok.Keyword == tsqltoken.From:
		p.fail(syntaxError(it.At, "SELECT names no columns").Hinted("write * or the columns before FROM"))
	}
	x := p.value(p.additive())
	if c, ok := x.x.(*Column); ok && c.Table == "" && p.accept('=') {
		it.Alias = c.Name // the T-SQL form alias = expression
		it.X = p.value(p.additive()).x
		p.noCondition()
		return it
	}
	p.noCondition()
	it.X = x.x
	it.Alias = p.alias("a name for the column after AS")
	return it
}

// noCondition refuses a comparison where an item of the list should end.
func (p *parser) noCondition() {
	_, compare := p.compareOp()
	switch p.tok.Keyword {
	case tsqltoken.Is, tsqltoken.In, tsqltoken.Like, tsqltoken.Between, tsqltoken.Not, tsqltoken.And, tsqltoken.Or:
		compare = true
	}
	if compare {
		p.fail(syntaxError(p.tok.Start, "expected a value, found a condition").Hinted("a condition is not a value in T-SQL: write CASE WHEN condition THEN 1 ELSE 0 END"))
	}
}

// peek returns the token after the current one; an error in it is reported when it is reached.
func (p *parser) peek() (token, lexer) {
	ahead := p.lex
	var t token
	if err := ahead.next(&t); err != nil {
		return token{}, ahead
	}
	return t, ahead
}

// tableStar parses [[db.]dbo.]table.* into it, if that is what begins here.
func (p *parser) tableStar(it *SelectItem) bool {
	var few [maxParts]string
	parts, ahead := append(few[:0], p.tok.Text), p.lex
	for {
		var t token
		if err := ahead.next(&t); err != nil || t.Kind != tsqltoken.KindOp || t.Op != '.' {
			return false
		}
		afterPoint := ahead
		err := ahead.next(&t)
		switch {
		case err != nil || len(parts) == maxParts:
			return false
		case t.Kind == tsqltoken.KindOp && t.Op == '*':
			p.lex = ahead
			p.advance()
			last := len(parts) - 1
			it.Star, it.Table, it.DB = true, parts[last], p.qualifier(it.At, parts[:last])
			return true
		case t.Kind == tsqltoken.KindOp && t.Op == '.' && len(parts) == 1:
			parts, ahead = append(parts, ""), afterPoint
		case t.Kind == tsqltoken.KindQuoted || t.Kind == tsqltoken.KindWord && t.Keyword == tsqltoken.NoKeyword:
			parts = append(parts, t.Text)
		default:
			return false
		}
	}
}

// alias parses [AS] name; without AS, a bare word must not begin something else.
// T-SQL takes a string for a name here too.
func (p *parser) alias(want string) string {
	as := p.acceptWord(tsqltoken.As)
	t := p.tok
	switch {
	case t.Kind == tsqltoken.KindQuoted,
		t.Kind == tsqltoken.KindWord && t.Keyword == tsqltoken.NoKeyword && (as || !noAlias(t)):
	case (t.Kind == tsqltoken.KindString || t.Kind == tsqltoken.KindNString) && t.Text != "":
	case as:
		p.fail(p.unexpected(want))
		return ""
	default:
		if t.Kind == tsqltoken.KindWord && strings.EqualFold(t.Text, "AT") {
			p.fail(unsupported(t.Start, "AT TIME ZONE is not supported").Hinted("convert times before you send them and after you read them"))
		}
		return ""
	}
	p.advance()
	return t.Text
}

// groupBy parses the list after GROUP.
func (p *parser) groupBy(s *Select) {
	if !p.acceptWord(tsqltoken.By) {
		p.fail(p.unexpected("BY after GROUP"))
	}
	for p.err == nil {
		if len(s.GroupBy) == MaxOrderBy {
			p.fail(tooComplex(p.tok.Start, "GROUP BY has more than %d items", MaxOrderBy).Hinted("group by fewer columns"))
		}
		switch word := strings.ToUpper(api.Clip(p.tok.Text)); {
		case p.tok.Kind == tsqltoken.KindWord && (word == "ROLLUP" || word == "CUBE" || word == "GROUPING"):
			if t, _ := p.peek(); t.Kind == tsqltoken.KindOp && t.Op == '(' || t.Kind == tsqltoken.KindWord {
				p.fail(refuseFeature(p.tok))
			}
		case p.tok.Keyword == tsqltoken.All:
			p.fail(unsupported(p.tok.Start, "GROUP BY ALL is not supported").Hinted("leave ALL out"))
		}
		s.GroupBy = append(s.GroupBy, p.value(p.additive()).x)
		if !p.accept(',') {
			break
		}
	}
	if p.tok.Keyword == tsqltoken.With {
		p.fail(unsupported(p.tok.Start, "GROUP BY ... WITH ROLLUP and WITH CUBE are not supported").Hinted("run one SELECT for each grouping"))
	}
}
