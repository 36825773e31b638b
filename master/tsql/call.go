package tsql

import (
	"strings"

	"shardeck/shared/api"
	"shardeck/shared/sqlfunc"
	"shardeck/shared/sqltypes"
	"shardeck/shared/tsqltoken"
)

// function parses a call of a function whose name is not a keyword. The current
// token is the ( after the name.
func (p *parser) function(t token) node {
	if t.Kind == tsqltoken.KindQuoted {
		p.fail(unsupported(t.Start, "user-defined functions ([%s]) are not supported", api.Clip(t.Text)).
			Hinted("use T-SQL's own functions, without brackets; compute other values before you send them"))
		return node{}
	}
	switch strings.ToUpper(api.Clip(t.Text)) {
	case "CAST", "TRY_CAST":
		return p.cast(t)
	case "IIF":
		return p.iif(t)
	case "TRIM":
		return p.trim(t)
	case "TRY_PARSE", "PARSE", "OPENJSON", "OPENXML", "OPENQUERY", "OPENDATASOURCE":
		p.fail(refuseFeature(t))
		return node{}
	}
	return p.call(t)
}

// call parses the arguments of a function. The current token is the (.
func (p *parser) call(t token) node {
	defer func() { p.depth-- }()
	if !p.enter() {
		return node{}
	}
	p.advance()
	c := &Call{At: t.Start, Name: strings.ToUpper(t.Text)}
	n := node{x: c}
	switch at := p.tok.Start; {
	case p.tok.Keyword == tsqltoken.Distinct:
		p.advance()
		c.Distinct = true
		if !isAggregate(c.Name) {
			p.fail(syntaxError(at, "only aggregates take DISTINCT; %s does not", api.Clip(c.Name)).Hinted("leave it out"))
		}
	case p.tok.Keyword == tsqltoken.All:
		p.advance()
		if !isAggregate(c.Name) {
			p.fail(syntaxError(at, "only aggregates take ALL; %s does not", api.Clip(c.Name)).Hinted("leave it out"))
		}
	case p.accept('*'):
		c.Star = true
		if c.Name != "COUNT" && c.Name != "COUNT_BIG" {
			p.fail(syntaxError(at, "only COUNT and COUNT_BIG take *; %s does not", api.Clip(c.Name)).Hinted("name a column"))
		}
		p.expect(')', "a closing )")
		return p.window(c, n)
	case p.accept(')'):
		return p.window(c, n)
	}
	for p.err == nil {
		a := p.value(p.additive())
		if p.err != nil {
			return n
		}
		c.Args = append(c.Args, a.x)
		n = p.deeper(n, a)
		if !p.accept(',') {
			break
		}
	}
	p.expect(')', "a comma or ) after an argument of "+api.Clip(c.Name))
	return p.window(c, n)
}

// trim parses the rest of TRIM([LEADING | TRAILING | BOTH] [characters FROM] string). The first two
// are calls of LTRIM and RTRIM. The current token is the (.
func (p *parser) trim(t token) node {
	next, _ := p.peek()
	side := ""
	if next.Kind == tsqltoken.KindWord {
		side = map[string]string{"LEADING": "LTRIM", "TRAILING": "RTRIM", "BOTH": "TRIM"}[strings.ToUpper(api.Clip(next.Text))]
	}
	defer func() { p.depth-- }()
	if !p.enter() {
		return node{}
	}
	before := *p
	p.advance()
	c := &Call{At: t.Start, Name: "TRIM"}
	if side != "" {
		p.advance()
		if p.err == nil && p.beginsValue() {
			c.Name = side
		} else {
			side, *p = "", before // a column of that name
			p.advance()
		}
	}
	if p.err == nil && side == "" && p.accept(')') {
		return node{x: c} // without arguments, which the binder refuses
	}
	x := p.value(p.additive())
	n := p.over(c, x)
	c.Args = []Expr{x.x}
	switch {
	case p.acceptWord(tsqltoken.From):
		of := p.value(p.additive())
		c.Args, c.From = []Expr{of.x, x.x}, c.Name == "TRIM"
		n = p.over(c, x, of)
	case side == "":
		for p.err == nil && p.accept(',') { // too many arguments, which the binder refuses
			more := p.value(p.additive())
			c.Args = append(c.Args, more.x)
			n = p.deeper(n, more)
		}
	}
	p.expect(')', "FROM or ) after an argument of TRIM")
	return n
}

// beginsValue reports whether the current token can begin a value, rather than follow one.
func (p *parser) beginsValue() bool {
	switch p.tok.Kind {
	case tsqltoken.KindEnd:
		return false
	case tsqltoken.KindOp:
		return p.tok.Op == '(' || p.tok.Op == '~'
	}
	return p.tok.Keyword != tsqltoken.From && p.tok.Keyword != tsqltoken.Collate
}

// isAggregate reports whether the function takes DISTINCT.
func isAggregate(name string) bool {
	f := sqlfunc.Lookup(name)
	return f != nil && f.Class == sqlfunc.Aggregate
}

// window parses OVER (...) after the call c, if it is there, and refuses what else could follow.
func (p *parser) window(c *Call, n node) node {
	if p.tok.Kind != tsqltoken.KindWord || !p.lex.statement {
		return n
	}
	if c.Name == "STRING_AGG" && p.acceptName("WITHIN") {
		n = p.within(c, n)
	}
	switch {
	case p.tok.Keyword == tsqltoken.Over:
		return p.over(c, n, p.overClause(c))
	case strings.EqualFold(p.tok.Text, "WITHIN"), strings.EqualFold(p.tok.Text, "FILTER"):
		p.fail(refuseFeature(p.tok))
	}
	return n
}

// within parses the rest of WITHIN GROUP (ORDER BY ...) after the call c.
func (p *parser) within(c *Call, n node) node {
	if !p.acceptWord(tsqltoken.Group) {
		p.fail(p.unexpected("GROUP after WITHIN"))
	}
	p.expect('(', "( after WITHIN GROUP")
	if !p.acceptWord(tsqltoken.Order) || !p.acceptWord(tsqltoken.By) {
		p.fail(p.unexpected("ORDER BY"))
	}
	c.Within = p.orderItems()
	p.expect(')', "a comma or ) after an item of ORDER BY")
	return n
}

// deeper sets the depth of n to that of a parent of child.
func (p *parser) deeper(n, child node) node {
	n.depth = max(n.depth, child.depth+1)
	if n.depth > MaxDepth && p.err == nil {
		p.fail(tooComplex(n.x.Pos(), "the expression is more than %d operations deep", MaxDepth).Hinted("simplify it"))
	}
	return n
}

// caseOf parses CASE ... END. The current token is CASE.
func (p *parser) caseOf() node {
	defer func() { p.depth-- }()
	if !p.enter() {
		return node{}
	}
	c := &Case{At: p.tok.Start}
	n := node{x: c}
	p.advance()
	if p.tok.Keyword != tsqltoken.When {
		x := p.value(p.additive())
		c.X, n = x.x, p.deeper(n, x)
	}
	for p.err == nil && p.tok.Keyword == tsqltoken.When {
		w := When{At: p.tok.Start}
		p.advance()
		var cond node
		if c.X != nil {
			cond = p.value(p.additive())
		} else {
			cond = p.predicate(p.chain(tsqltoken.Or))
		}
		if !p.acceptWord(tsqltoken.Then) {
			p.fail(p.unexpected("THEN"))
		}
		then := p.value(p.additive())
		w.If, w.Then = cond.x, then.x
		c.Whens = append(c.Whens, w)
		n = p.deeper(p.deeper(n, cond), then)
	}
	if len(c.Whens) == 0 && p.err == nil {
		p.fail(p.unexpected("WHEN"))
	}
	if p.acceptWord(tsqltoken.Else) {
		x := p.value(p.additive())
		c.Else, n = x.x, p.deeper(n, x)
	}
	if !p.acceptWord(tsqltoken.End) {
		p.fail(p.unexpected("WHEN, ELSE or END of the CASE"))
	}
	return n
}

// iif parses IIF(condition, then, else), which is a CASE. The current token is the (.
func (p *parser) iif(t token) node {
	defer func() { p.depth-- }()
	if !p.enter() {
		return node{}
	}
	p.advance()
	cond := p.predicate(p.chain(tsqltoken.Or))
	p.expect(',', "a comma after the condition of IIF")
	then := p.value(p.additive())
	p.expect(',', "a comma and the other value of IIF")
	other := p.value(p.additive())
	p.expect(')', "a closing ) after IIF")
	c := &Case{At: t.Start, Whens: []When{{At: t.Start, If: cond.x, Then: then.x}}, Else: other.x}
	return p.over(c, cond, then, other)
}

// cast parses the rest of CAST(x AS type) or TRY_CAST. The current token is the (.
func (p *parser) cast(t token) node {
	defer func() { p.depth-- }()
	if !p.enter() {
		return node{}
	}
	p.advance()
	x := p.value(p.additive())
	if !p.acceptWord(tsqltoken.As) {
		p.fail(p.unexpected("AS and a type"))
	}
	typ := p.typeName(sqltypes.ParseCast)
	p.expect(')', "a closing ) after the type")
	return p.over(&Cast{At: t.Start, X: x.x, Type: typ, Try: strings.EqualFold(t.Text, "TRY_CAST")}, x)
}

// convert parses the rest of CONVERT(type, x [, style]) or TRY_CONVERT.
func (p *parser) convert(t token) node {
	defer func() { p.depth-- }()
	if !p.enter() {
		return node{}
	}
	p.expect('(', "( after "+strings.ToUpper(t.Text))
	typ := p.typeName(sqltypes.ParseCast)
	p.expect(',', "a comma and the value to convert")
	x := p.value(p.additive())
	c := &Cast{At: t.Start, X: x.x, Type: typ, Try: t.Keyword == tsqltoken.TryConvert}
	n := p.over(c, x)
	if p.accept(',') {
		style := p.value(p.additive())
		c.Style, n = style.x, p.over(c, x, style)
	}
	p.expect(')', "a closing ) after CONVERT")
	return n
}
