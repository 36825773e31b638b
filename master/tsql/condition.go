package tsql

import (
	"strings"

	"shardeck/shared/api"
	"shardeck/shared/tsqltoken"
)

// ParseCondition parses a search condition, as gpa > 3.5 AND name LIKE N'A%'.
func ParseCondition(text string) (Expr, error) {
	p, err := newParser(text)
	if err != nil {
		return nil, err
	}
	e := p.predicate(p.chain(tsqltoken.Or))
	if p.err == nil && p.tok.Kind != tsqltoken.KindEnd {
		p.fail(p.afterCondition())
	}
	if p.err != nil {
		return nil, p.err
	}
	return e.x, nil
}

// ParseOrderBy parses an ORDER BY list without the words ORDER BY, as gpa DESC, student_id.
func ParseOrderBy(text string) ([]OrderItem, error) {
	p, err := newParser(text)
	if err != nil {
		return nil, err
	}
	items := p.orderItems()
	if p.err == nil && p.tok.Kind != tsqltoken.KindEnd {
		p.fail(p.afterOrderItem())
	}
	if p.err != nil {
		return nil, p.err
	}
	return items, nil
}

func (p *parser) orderItems() []OrderItem {
	var items []OrderItem
	for {
		if len(items) == MaxOrderBy {
			p.fail(tooComplex(p.tok.Start, "the list has more than %d items", MaxOrderBy).Hinted("order by fewer columns"))
		}
		it := OrderItem{X: p.value(p.additive()).x}
		switch p.tok.Keyword {
		case tsqltoken.Asc:
			p.advance()
		case tsqltoken.Desc:
			it.Desc = true
			p.advance()
		}
		items = append(items, it)
		if !p.accept(',') {
			return items
		}
	}
}

func (p *parser) afterCondition() *api.Problem {
	if e := p.limits(); e != nil {
		return e
	}
	return p.unexpected("AND, OR or the end of the condition")
}

// limits refuses the clauses that limit the rows, for which a request has fields.
func (p *parser) limits() *api.Problem {
	if p.tok.Kind == tsqltoken.KindWord {
		switch word := strings.ToUpper(p.tok.Text); word {
		case "OFFSET", "FETCH", "LIMIT":
			return unsupported(p.tok.Start, "%s is not allowed here", word).Hinted("use the fields limit and offset of select")
		}
	}
	return nil
}

func (p *parser) afterOrderItem() *api.Problem {
	if p.tok.Kind == tsqltoken.KindWord && strings.EqualFold(p.tok.Text, "NULLS") {
		return unsupported(p.tok.Start, "NULLS FIRST and NULLS LAST are not T-SQL").Hinted("NULL sorts before every value, and after them with DESC")
	}
	if e := p.limits(); e != nil {
		return e
	}
	return p.unexpected("ASC, DESC, a comma or the end of the list")
}

// chain parses conditions joined by kw, which is OR or AND. If there is only one
// term it may return a value; only the caller knows which of the two is required.
func (p *parser) chain(kw tsqltoken.Keyword) node {
	first := p.term(kw)
	if p.tok.Keyword != kw || p.err != nil {
		return first
	}
	l := &Logic{At: p.tok.Start, Or: kw == tsqltoken.Or}
	n := node{x: l, depth: l.add(p.predicate(first))}
	for p.acceptWord(kw) {
		t := p.predicate(p.term(kw))
		if p.err != nil {
			break
		}
		n.depth = max(n.depth, l.add(t))
	}
	if n.depth > MaxDepth {
		p.fail(tooComplex(l.At, "the condition is more than %d operations deep", MaxDepth).Hinted("simplify it"))
	}
	return n
}

// term parses a term of a chain.
func (p *parser) term(kw tsqltoken.Keyword) node {
	if kw == tsqltoken.Or {
		return p.chain(tsqltoken.And)
	}
	return p.not()
}

// add appends a term, or the terms of a chain of the same kind, and returns the
// resulting depth of the chain.
func (l *Logic) add(n node) int {
	if sub, ok := n.x.(*Logic); ok && sub.Or == l.Or {
		l.Terms = append(l.Terms, sub.Terms...)
		return n.depth
	}
	l.Terms = append(l.Terms, n.x)
	return n.depth + 1
}

func (p *parser) not() node {
	if p.tok.Keyword != tsqltoken.Not {
		return p.comparison()
	}
	defer func() { p.depth-- }()
	if !p.enter() {
		return node{}
	}
	at := p.tok.Start
	p.advance()
	x := p.predicate(p.not())
	return p.over(&Not{At: at, X: x.x}, x)
}

// comparison parses a predicate, a value alone, or a condition in parentheses.
func (p *parser) comparison() node {
	if p.tok.Keyword == tsqltoken.Exists && p.lex.statement {
		return p.exists()
	}
	l := p.additive()
	if p.err != nil {
		return l
	}
	at := p.tok.Start
	if op, ok := p.compareOp(); ok {
		p.advance()
		p.value(l)
		p.noQuantifier()
		r := p.value(p.additive())
		return p.over(&Compare{At: at, Op: op, L: l.x, R: r.x}, l, r)
	}
	switch p.tok.Keyword {
	case tsqltoken.Is:
		p.advance()
		negated := p.acceptWord(tsqltoken.Not)
		if p.tok.Keyword == tsqltoken.Distinct {
			p.fail(unsupported(p.tok.Start, "IS [NOT] DISTINCT FROM is not supported").Hinted("write a = b OR a IS NULL AND b IS NULL"))
		}
		if !p.acceptWord(tsqltoken.Null) {
			p.fail(p.unexpected("NULL").Hinted("IS is followed by NULL or NOT NULL; use = and <> for values"))
		}
		return p.over(&IsNull{At: at, X: p.value(l).x, Negated: negated}, l)
	case tsqltoken.Not:
		p.advance()
		switch p.tok.Keyword {
		case tsqltoken.In, tsqltoken.Between, tsqltoken.Like:
			return p.wordOperator(l, at, true)
		}
		p.fail(p.unexpected("IN, BETWEEN or LIKE after NOT"))
	case tsqltoken.In, tsqltoken.Between, tsqltoken.Like:
		return p.wordOperator(l, at, false)
	}
	return l
}

func (p *parser) compareOp() (CompareOp, bool) {
	if p.tok.Kind != tsqltoken.KindOp {
		return 0, false
	}
	switch p.tok.Op {
	case '=':
		return Eq, true
	case tsqltoken.OpNe:
		return Ne, true
	case '<':
		return Lt, true
	case tsqltoken.OpLe:
		return Le, true
	case '>':
		return Gt, true
	case tsqltoken.OpGe:
		return Ge, true
	}
	return 0, false
}

// wordOperator parses the rest of IN, BETWEEN or LIKE, whose word is the current token.
func (p *parser) wordOperator(x node, at int, negated bool) node {
	p.value(x)
	kw := p.tok.Keyword
	p.advance()
	switch kw {
	case tsqltoken.In:
		return p.in(x, at, negated)
	case tsqltoken.Between:
		lo := p.value(p.additive())
		if !p.acceptWord(tsqltoken.And) {
			p.fail(p.unexpected("AND and the upper bound of BETWEEN"))
		}
		hi := p.value(p.additive())
		return p.over(&Between{At: at, X: x.x, Lo: lo.x, Hi: hi.x, Negated: negated}, x, lo, hi)
	}
	pattern := p.value(p.additive())
	like := &Like{At: at, X: x.x, Pattern: pattern.x, Negated: negated}
	if p.acceptWord(tsqltoken.Escape) {
		esc := p.value(p.additive())
		like.Escape = esc.x
		return p.over(like, x, pattern, esc)
	}
	return p.over(like, x, pattern)
}

func (p *parser) in(x node, at int, negated bool) node {
	in := &In{At: at, X: x.x, Negated: negated}
	depth := x.depth
	if p.lex.statement && p.opensQuery() {
		in.Query = p.nested("subquery")
		return p.over(in, x)
	}
	p.expect('(', "( and the values of IN")
	for {
		if len(in.List) == MaxList {
			p.fail(tooComplex(p.tok.Start, "the IN list has more than %d values", MaxList).Hinted("send several requests with fewer values each"))
		}
		v := p.value(p.additive())
		if p.err != nil {
			break
		}
		in.List = append(in.List, v.x)
		depth = max(depth, v.depth)
		if !p.accept(',') {
			break
		}
	}
	p.expect(')', "a comma or ) in the IN list")
	return p.over(in, node{depth: depth})
}

// exists parses EXISTS (SELECT ...), of which EXISTS is the current token.
func (p *parser) exists() node {
	e := &Exists{At: p.tok.Start}
	p.advance()
	if p.tok.Kind != tsqltoken.KindOp || p.tok.Op != '(' {
		p.fail(p.unexpected("( and a query after EXISTS"))
		return node{}
	}
	e.Query = p.nested("subquery")
	return node{x: e}
}

// noQuantifier refuses ALL, ANY and SOME after a comparison.
func (p *parser) noQuantifier() {
	switch p.tok.Keyword {
	case tsqltoken.All, tsqltoken.Any, tsqltoken.Some:
		p.fail(unsupported(p.tok.Start, "a comparison with %s is not supported", strings.ToUpper(p.tok.Text)).
			Hinted("compare with (SELECT MAX(x) ...) or (SELECT MIN(x) ...), or write [NOT] EXISTS (SELECT ...) with the comparison in its WHERE"))
	}
}
