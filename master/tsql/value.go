package tsql

import (
	"strings"

	"shardeck/shared/api"
	"shardeck/shared/sqlfunc"
	"shardeck/shared/tsqltoken"
)

// additive parses a value: terms joined by +, - and the operators of bits, which T-SQL gives
// the same precedence.
func (p *parser) additive() node {
	l := p.multiplicative()
	for p.err == nil && p.tok.Kind == tsqltoken.KindOp {
		op, ok := additiveOps[p.tok.Op]
		if !ok {
			return l
		}
		at := p.operator(l)
		l = p.arith(at, op, l, p.multiplicative())
	}
	return l
}

// The operators of each level of precedence.
var (
	additiveOps       = map[tsqltoken.Operator]ArithOp{'+': Add, '-': Sub, '&': BitAnd, '|': BitOr, '^': BitXor}
	multiplicativeOps = map[tsqltoken.Operator]ArithOp{'*': Mul, '/': Div, '%': Mod}
)

func (p *parser) multiplicative() node {
	l := p.unary()
	for p.err == nil && p.tok.Kind == tsqltoken.KindOp {
		op, ok := multiplicativeOps[p.tok.Op]
		if !ok {
			return l
		}
		at := p.operator(l)
		l = p.arith(at, op, l, p.unary())
	}
	return l
}

// operator advances over the operator whose left operand is l and returns its offset.
func (p *parser) operator(l node) int {
	at := p.tok.Start
	p.value(l)
	p.advance()
	return at
}

func (p *parser) arith(at int, op ArithOp, l, r node) node {
	p.value(r)
	return p.over(&Arith{At: at, Op: op, L: l.x, R: r.x}, l, r)
}

// unary parses a sign and its operand. In T-SQL a sign has lower precedence than *
// and /: 90 / -10 * 5 is 90 / -(10 * 5).
func (p *parser) unary() node {
	if p.tok.Kind != tsqltoken.KindOp || p.tok.Op != '-' && p.tok.Op != '+' {
		return p.bitNot()
	}
	defer func() { p.depth-- }()
	if !p.enter() {
		return node{}
	}
	at, minus := p.tok.Start, p.tok.Op == '-'
	p.advance()
	x := p.value(p.multiplicative())
	if !minus {
		return x
	}
	return p.over(&Neg{At: at, X: x.x}, x)
}

// bitNot parses ~ and its operand, which may have a sign. Its precedence is the highest.
func (p *parser) bitNot() node {
	if p.tok.Kind != tsqltoken.KindOp || p.tok.Op != '~' {
		return p.primary()
	}
	defer func() { p.depth-- }()
	if !p.enter() {
		return node{}
	}
	at := p.tok.Start
	p.advance()
	sign := p.tok
	signed := sign.Kind == tsqltoken.KindOp && (sign.Op == '-' || sign.Op == '+')
	if signed {
		p.advance()
	}
	x := p.value(p.bitNot())
	if signed && sign.Op == '-' {
		x = p.over(&Neg{At: sign.Start, X: x.x}, x)
	}
	return p.over(&BitNot{At: at, X: x.x}, x)
}

// primary parses an operand, and COLLATE after it.
func (p *parser) primary() node {
	n := p.uncollated()
	if p.err != nil || p.tok.Keyword != tsqltoken.Collate {
		return n
	}
	c := &Collate{At: p.tok.Start, X: p.value(n).x}
	p.advance()
	c.Name = p.identifier("the name of a collation")
	return p.over(c, n)
}

// uncollated parses an operand without COLLATE after it.
func (p *parser) uncollated() node {
	t := p.tok
	switch t.Kind {
	case tsqltoken.KindInt:
		p.advance()
		return node{x: &Literal{At: t.Start, Kind: IntLiteral, Text: t.Text}}
	case tsqltoken.KindDecimal:
		p.advance()
		return node{x: &Literal{At: t.Start, Kind: DecimalLiteral, Text: t.Text}}
	case tsqltoken.KindFloat:
		p.advance()
		return node{x: &Literal{At: t.Start, Kind: FloatLiteral, Text: t.Text}}
	case tsqltoken.KindMoney:
		p.advance()
		return node{x: &Literal{At: t.Start, Kind: MoneyLiteral, Text: t.Text}}
	case tsqltoken.KindString:
		p.advance()
		return node{x: &Literal{At: t.Start, Kind: StringLiteral, Text: t.Text}}
	case tsqltoken.KindNString:
		p.advance()
		return node{x: &Literal{At: t.Start, Kind: NStringLiteral, Text: t.Text}}
	case tsqltoken.KindBinary:
		p.advance()
		return node{x: &Literal{At: t.Start, Kind: BinaryLiteral, Text: wholeBytes(t.Text)}}
	case tsqltoken.KindParam:
		if t.Fault == tsqltoken.GlobalVariable {
			return p.global(t)
		}
		p.advance()
		return node{x: &Param{At: t.Start, Name: t.Text}}
	case tsqltoken.KindWord, tsqltoken.KindQuoted:
		return p.name(t)
	case tsqltoken.KindOp:
		if t.Op == '(' {
			if next, _ := p.peek(); next.Keyword == tsqltoken.Select && p.lex.statement {
				return node{x: &Subquery{At: t.Start, Query: p.nested("subquery")}}
			}
			return p.parenthesized()
		}
	}
	p.fail(p.unexpected("a value, a column or ("))
	return node{}
}

// global parses a function whose name begins with @@.
func (p *parser) global(t token) node {
	name := "@@" + strings.ToUpper(api.Clip(t.Text))
	if sqlfunc.Lookup(name) == nil {
		e := unsupported(t.Start, "%s is not supported", name)
		if advice, _ := sqlfunc.Unsupported(name); advice != "" {
			p.fail(e.Hinted("%s", advice))
		} else {
			p.fail(e.Hinted("send values as parameters, @name"))
		}
		return node{}
	}
	p.advance()
	return node{x: &Call{At: t.Start, Name: name}}
}

func (p *parser) parenthesized() node {
	defer func() { p.depth-- }()
	if !p.enter() {
		return node{}
	}
	p.advance()
	n := p.chain(tsqltoken.Or)
	p.expect(')', "a closing )")
	return n
}

// wholeBytes returns hex digits of which there are two for each byte: T-SQL reads
// 0xABC as 0x0ABC.
func wholeBytes(digits string) string {
	if len(digits)%2 == 1 {
		return "0" + digits
	}
	return digits
}
