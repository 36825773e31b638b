package tsql

import (
	"strings"

	"shardeck/shared/api"
)

// additive reads a value: terms joined by + and -.
func (p *parser) additive() node {
	l := p.multiplicative()
	for p.err == nil && p.tok.kind == tokOp {
		var op ArithOp
		switch p.tok.op {
		case '+':
			op = Add
		case '-':
			op = Sub
		default:
			return l
		}
		at := p.operator(l)
		l = p.arith(at, op, l, p.multiplicative())
	}
	return l
}

func (p *parser) multiplicative() node {
	l := p.unary()
	for p.err == nil && p.tok.kind == tokOp {
		var op ArithOp
		switch p.tok.op {
		case '*':
			op = Mul
		case '/':
			op = Div
		case '%':
			op = Mod
		default:
			return l
		}
		at := p.operator(l)
		l = p.arith(at, op, l, p.unary())
	}
	return l
}

// operator advances over the operator whose left operand is l and returns its offset.
func (p *parser) operator(l node) int {
	at := p.tok.start
	p.value(l)
	p.advance()
	return at
}

func (p *parser) arith(at int, op ArithOp, l, r node) node {
	p.value(r)
	return p.over(&Arith{At: at, Op: op, L: l.x, R: r.x}, l, r)
}

// unary reads a sign and its operand. In T-SQL a sign binds less tightly than *
// and /: 90 / -10 * 5 is 90 / -(10 * 5).
func (p *parser) unary() node {
	if p.tok.kind != tokOp || p.tok.op != '-' && p.tok.op != '+' {
		return p.primary()
	}
	defer func() { p.depth-- }()
	if !p.enter() {
		return node{}
	}
	at, minus := p.tok.start, p.tok.op == '-'
	p.advance()
	x := p.value(p.multiplicative())
	if !minus {
		return x
	}
	return p.over(&Neg{At: at, X: x.x}, x)
}

func (p *parser) primary() node {
	t := p.tok
	switch t.kind {
	case tokNumber:
		p.advance()
		return node{x: &Literal{At: t.start, Kind: t.number, Text: t.text}}
	case tokString:
		p.advance()
		return node{x: &Literal{At: t.start, Kind: StringLiteral, Text: t.text}}
	case tokNString:
		p.advance()
		return node{x: &Literal{At: t.start, Kind: NStringLiteral, Text: t.text}}
	case tokBinary:
		p.advance()
		return node{x: &Literal{At: t.start, Kind: BinaryLiteral, Text: t.text}}
	case tokWord, tokQuoted:
		return p.name(t)
	case tokOp:
		if t.op == '(' {
			return p.parenthesized()
		}
	}
	p.fail(unexpected(t, "a value, a column or ("))
	return node{}
}

func (p *parser) parenthesized() node {
	defer func() { p.depth-- }()
	if !p.enter() {
		return node{}
	}
	p.advance()
	n := p.chain(kwOr)
	p.expect(')', "a closing )")
	return n
}

// name reads a column, or NULL, or refuses a function or a word.
func (p *parser) name(t token) node {
	switch {
	case t.kw == kwNull:
		p.advance()
		return node{x: &Literal{At: t.start, Kind: NullLiteral}}
	case t.kw == kwReserved:
		p.fail(refuseWord(t))
		return node{}
	case t.kw != notKeyword:
		p.fail(unexpected(t, "a value, a column or ("))
		return node{}
	}
	p.advance()
	if p.tok.kind == tokOp && p.tok.op == '(' {
		p.fail(refuseFunction(t))
		return node{}
	}
	c := &Column{At: t.start, Name: t.text}
	if p.accept('.') {
		if p.tok.kind != tokQuoted && (p.tok.kind != tokWord || p.tok.kw != notKeyword) {
			p.fail(unexpected(p.tok, "the name of a column after the point"))
			return node{}
		}
		c.Table, c.Name = t.text, p.tok.text
		p.advance()
		if p.tok.kind == tokOp && p.tok.op == '.' {
			p.fail(unsupported(p.tok.start, "names of more than two parts are not supported").Hinted("write column or table.column"))
		}
	}
	return node{x: c}
}

func refuseFunction(t token) *api.Problem {
	return unsupported(t.start, "the function %s is not supported here", strings.ToUpper(clip(t.text))).
		Hinted("use columns, constants, arithmetic and LIKE; compute other values before you send them")
}
