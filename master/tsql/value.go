package tsql

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
	case tokParam:
		p.advance()
		return node{x: &Param{At: t.start, Name: t.text}}
	case tokWord, tokQuoted:
		return p.name(t)
	case tokOp:
		if t.op == '(' {
			return p.parenthesized()
		}
	}
	p.fail(p.unexpected("a value, a column or ("))
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
