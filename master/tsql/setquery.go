package tsql

import (
	"strings"

	"shardeck/shared/mssqlerr"
	"shardeck/shared/tsqltoken"
)

// MaxQueries is the greatest number of queries that set operators combine.
const MaxQueries = 64

// opensQuery reports whether a query in parentheses begins here.
func (p *parser) opensQuery() bool {
	if p.tok.Kind != tsqltoken.KindOp || p.tok.Op != '(' {
		return false
	}
	ahead := p.lex
	for {
		var t token
		if err := ahead.next(&t); err != nil {
			return false
		}
		if t.Kind != tsqltoken.KindOp || t.Op != '(' {
			return t.Keyword == tsqltoken.Select
		}
	}
}

// query parses a query with its ORDER BY.
func (p *parser) query() Query {
	q := p.unions()
	if p.err == nil {
		p.ordering(q)
	}
	return q
}

// unions parses queries joined by UNION and EXCEPT, which group from the left.
func (p *parser) unions() Query {
	l := p.intersections()
	for n := 1; p.err == nil; n++ {
		at, op := p.tok.Start, Union
		switch p.tok.Keyword {
		case tsqltoken.Union:
			p.advance()
			if p.acceptWord(tsqltoken.All) {
				op = UnionAll
			}
		case tsqltoken.Except:
			p.advance()
			op = Except
		default:
			return l
		}
		l = p.combined(at, op, l, p.intersections(), n)
	}
	return l
}

// intersections parses queries joined by INTERSECT, which binds tighter than the others.
func (p *parser) intersections() Query {
	l := p.operand()
	for n := 1; p.err == nil; n++ {
		at := p.tok.Start
		if !p.acceptWord(tsqltoken.Intersect) {
			return l
		}
		l = p.combined(at, Intersect, l, p.operand(), n)
	}
	return l
}

func (p *parser) combined(at int, op SetOp, l, r Query, n int) Query {
	if p.err != nil {
		return l
	}
	if n == MaxQueries {
		p.fail(tooComplex(at, "more than %d queries are combined", MaxQueries).Hinted("combine fewer per statement"))
	}
	return &SetQuery{At: at, Op: op, L: l, R: r}
}

// operand parses a SELECT without its ORDER BY, or a query in parentheses.
func (p *parser) operand() Query {
	if p.accept('(') {
		defer func() { p.depth-- }()
		if !p.enter() {
			return &Select{}
		}
		q := p.unions()
		if p.tok.Keyword == tsqltoken.Order && p.err == nil {
			p.fail(syntaxError(p.tok.Start, "ORDER BY is not allowed in a query in parentheses").
				Hinted("write it after the last query; for TOP with ORDER BY use SELECT * FROM (SELECT TOP ... ORDER BY ...) AS t").Numbered(mssqlerr.Syntax))
		}
		p.expect(')', "a set operator or ) after the query")
		return q
	}
	if p.tok.Keyword != tsqltoken.Select {
		p.fail(p.unexpected("SELECT"))
		return &Select{}
	}
	return p.selectCore()
}

// ordering parses ORDER BY ... OFFSET ... FETCH after the whole of q, if it is there.
func (p *parser) ordering(q Query) {
	o := q.order()
	var top *Top
	if s, ok := q.(*Select); ok {
		top = s.Top
	}
	if p.acceptWord(tsqltoken.Order) {
		if !p.acceptWord(tsqltoken.By) {
			p.fail(p.unexpected("BY after ORDER"))
		}
		o.OrderBy = p.orderItems()
		if p.tok.Kind == tsqltoken.KindWord && strings.EqualFold(p.tok.Text, "NULLS") {
			p.fail(p.afterOrderItem())
		}
		p.offset(o, top)
	}
	if p.err == nil && top != nil && top.WithTies && o.OrderBy == nil {
		p.fail(syntaxError(top.At, "TOP ... WITH TIES requires ORDER BY").Hinted("add ORDER BY, or leave WITH TIES out").Numbered(mssqlerr.TiesWithoutOrder))
	}
}

// nested parses a query in parentheses as a subquery, a derived table or a common table expression.
// The current token is the (.
func (p *parser) nested(what string) Query {
	defer func() { p.depth-- }()
	if !p.enter() {
		return &Select{}
	}
	p.advance()
	q := p.query()
	p.ordered(q, what)
	p.expect(')', "the end of the "+what+" and )")
	return q
}

// ordered refuses an ORDER BY that has no effect: a nested query is a set unless it is limited.
func (p *parser) ordered(q Query, what string) {
	o := q.order()
	s, plain := q.(*Select)
	if p.err == nil && o.OrderBy != nil && o.Offset == nil && (!plain || s.Top == nil) {
		p.fail(syntaxError(o.OrderBy[0].X.Pos(), "ORDER BY in a %s requires TOP or OFFSET", what).
			Hinted("order the outer query instead, or add TOP (n)").Numbered(mssqlerr.OrderByInSubquery))
	}
}

// with parses WITH name [(columns)] AS (query), ... and the statement behind. Its first word is the current token.
func (p *parser) with() Statement {
	w := &With{At: p.tok.Start}
	p.advance()
	for p.err == nil {
		if len(w.Tables) == MaxTables {
			p.fail(tooComplex(p.tok.Start, "WITH has more than %d common table expressions", MaxTables).Hinted("write fewer"))
		}
		t := CommonTable{Name: p.identifier("the name of a common table expression")}
		if p.tok.Kind == tsqltoken.KindOp && p.tok.Op == '(' {
			t.Columns = p.names("the name of a column", false)
		}
		if !p.acceptWord(tsqltoken.As) {
			p.fail(p.unexpected("AS after the name of a common table expression"))
		}
		if p.err == nil && (p.tok.Kind != tsqltoken.KindOp || p.tok.Op != '(') {
			p.fail(p.unexpected("( and the query of the common table expression"))
		}
		if p.err != nil {
			break
		}
		t.Query = p.nested("common table expression")
		w.Tables = append(w.Tables, t)
		if !p.accept(',') {
			break
		}
	}
	switch {
	case p.err != nil:
	case p.tok.Keyword == tsqltoken.Insert:
		w.Body = p.insertStatement()
	case p.tok.Keyword == tsqltoken.Update:
		w.Body = p.updateStatement()
	case p.tok.Keyword == tsqltoken.Delete:
		w.Body = p.deleteStatement()
	default:
		w.Body = p.query()
	}
	return w
}

// offset parses OFFSET n ROWS [FETCH NEXT n ROWS ONLY], if it is there.
func (p *parser) offset(o *Ordering, top *Top) {
	at := p.tok.Start
	if p.tok.Keyword == tsqltoken.Fetch {
		p.fail(syntaxError(at, "FETCH requires OFFSET before it").Hinted("write OFFSET 0 ROWS FETCH NEXT n ROWS ONLY"))
	}
	if !p.acceptName("OFFSET") {
		return
	}
	if top != nil {
		p.fail(syntaxError(at, "TOP and OFFSET are mutually exclusive").Hinted("leave TOP out, and write FETCH NEXT n ROWS ONLY").Numbered(mssqlerr.TopWithOffset))
	}
	o.Offset = p.count(p.additive(), "OFFSET")
	p.rows("OFFSET n")
	if !p.acceptWord(tsqltoken.Fetch) {
		return
	}
	if !p.acceptName("NEXT") && !p.acceptName("FIRST") {
		p.fail(p.unexpected("NEXT after FETCH"))
	}
	o.Fetch = p.count(p.additive(), "FETCH NEXT")
	p.rows("FETCH NEXT n")
	if p.tok.Keyword == tsqltoken.With {
		p.fail(unsupported(p.tok.Start, "FETCH ... WITH TIES is not T-SQL").Hinted("use TOP (n) WITH TIES"))
	}
	if !p.acceptName("ONLY") {
		p.fail(p.unexpected("ONLY after ROWS"))
	}
}

func (p *parser) rows(behind string) {
	if !p.acceptName("ROWS") && !p.acceptName("ROW") {
		p.fail(syntaxError(p.tok.Start, "expected ROWS after %s, found %s", behind, show(p.tok)).Hinted("write OFFSET n ROWS FETCH NEXT n ROWS ONLY"))
	}
}
