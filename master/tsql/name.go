package tsql

import (
	"strings"

	"shardeck/shared/api"
)

// isName says whether the current token can be a name.
func (p *parser) isName() bool {
	return p.tok.kind == tokQuoted || p.tok.kind == tokWord && p.tok.kw == notKeyword
}

// identifier reads a name.
func (p *parser) identifier(want string) Name {
	if !p.isName() {
		p.fail(p.unexpected(want))
		return Name{}
	}
	n := Name{At: p.tok.start, Name: p.tok.text}
	p.advance()
	return n
}

// names reads (name, ...), where each may be followed by ASC or DESC when ordered is set.
func (p *parser) names(want string, ordered bool) []Name {
	p.expect('(', "( and "+want)
	var names []Name
	for p.err == nil {
		if len(names) == MaxColumns {
			p.fail(tooComplex(p.tok.start, "the list has more than %d columns", MaxColumns).Hinted("name fewer columns"))
		}
		names = append(names, p.identifier(want))
		if ordered && !p.acceptWord(kwAsc) {
			p.acceptWord(kwDesc)
		}
		if !p.accept(',') {
			break
		}
	}
	p.expect(')', "a comma or ) after the name of a column")
	return names
}

// name reads a column, or NULL, CASE or a function, or refuses a word.
func (p *parser) name(t token) node {
	switch t.kw {
	case notKeyword:
	case kwNull:
		p.advance()
		return node{x: &Literal{At: t.start, Kind: NullLiteral}}
	case kwCase:
		return p.caseOf()
	case kwConvert:
		p.advance()
		return p.convert(t)
	case kwCoalesce, kwNullIf, kwLeft, kwRight:
		p.advance()
		if p.tok.kind != tokOp || p.tok.op != '(' {
			p.fail(p.unexpected("( after " + strings.ToUpper(t.text)))
			return node{}
		}
		return p.call(t)
	default:
		p.fail(p.unexpected("a value, a column or ("))
		return node{}
	}
	p.advance()
	if p.tok.kind == tokOp && p.tok.op == '(' {
		return p.function(t)
	}
	if p.tok.kind == tokWord && p.lex.statement && strings.EqualFold(t.text, "NEXT") && strings.EqualFold(p.tok.text, "VALUE") {
		p.fail(unsupported(t.start, "sequences (NEXT VALUE FOR) are not supported").Hinted("send values of your own"))
	}
	return p.column(t)
}

// column reads the rest of [[dbo.]table.]column, of which t is the first name.
func (p *parser) column(t token) node {
	c := &Column{At: t.start, Name: t.text}
	for parts := 1; ; parts++ {
		point := p.tok.start
		if !p.accept('.') {
			break
		}
		if parts == 2 && !strings.EqualFold(c.Table, "dbo") || parts == 3 {
			p.fail(unsupported(point, "names of more than two parts are not supported").Hinted("write column, table.column or dbo.table.column"))
			break
		}
		if !p.isName() {
			p.fail(p.unexpected("the name of a column after the point"))
			break
		}
		c.Table, c.Name = c.Name, p.tok.text
		p.advance()
	}
	if p.tok.kind == tokOp && p.tok.op == '(' {
		p.fail(unsupported(t.start, "functions of one's own (%s.%s) are not supported", clip(c.Table), clip(c.Name)).
			Hinted("use T-SQL's own functions; compute other values before you send them"))
	}
	return node{x: c}
}

// table reads [dbo.]name.
func (p *parser) table() TableRef {
	switch {
	case p.tok.kind == tokOp && p.tok.op == '(':
		p.fail(unsupported(p.tok.start, "subqueries in place of a table (derived tables) are not supported").
			Hinted("name a table; join tables with JOIN ... ON"))
	case p.tok.kind == tokParam:
		p.fail(unsupported(p.tok.start, "a table cannot be a parameter or variable (@%s)", clip(p.tok.text)).Hinted("write the name of the table"))
	}
	n := p.identifier("the name of a table")
	ref := TableRef{At: n.At, Name: n.Name}
	if p.accept('.') {
		if p.tok.kind == tokOp && p.tok.op == '.' {
			p.fail(refuseSchema(n.At))
			return ref
		}
		name := p.identifier("the name of a table after the point")
		if p.err == nil && (!strings.EqualFold(n.Name, "dbo") || p.tok.kind == tokOp && p.tok.op == '.') {
			p.fail(refuseSchema(n.At))
		}
		ref.Name = name.Name
	}
	return ref
}

func refuseSchema(at int) *api.Problem {
	return unsupported(at, "tables of other databases, and schemas other than dbo, are not supported").
		Hinted("write table or dbo.table; db_name of the request says which database")
}
