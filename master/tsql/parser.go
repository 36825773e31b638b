package tsql

import (
	"shardeck/shared/api"
	"shardeck/shared/tsqltoken"
)

// Bounds of what is accepted; beyond them a text is refused as too_complex.
const (
	// MaxDepth is the greatest depth of a tree and of nested parentheses.
	MaxDepth = 200
	// MaxList is the greatest number of values in an IN list.
	MaxList = 100_000
	// MaxOrderBy is the greatest number of items in an ORDER BY or GROUP BY list.
	MaxOrderBy = 32
	// MaxColumns is the greatest number of columns in a list, which is T-SQL's for SELECT.
	MaxColumns = 4096
	// MaxTables is the greatest number of tables in FROM.
	MaxTables = 32
)

// parser is a recursive-descent parser with one token of lookahead. An error is
// kept in err, and the token then stays at tsqltoken.KindEnd, so that every loop ends.
type parser struct {
	lex   lexer
	tok   token
	err   *api.Problem
	depth int
	notes []string // what of the text has no effect, in words
	// assigns are the variables that items of a SELECT assign to.
	assigns []Name
}

func newParser(text string) (*parser, error) { return startParser(text, false) }

// startParser returns a parser of a statement, or of a condition or another part on its own.
func startParser(text string, statement bool) (*parser, error) {
	if len(text) > MaxText {
		return nil, tooComplex(MaxText, "the text is %d bytes long; at most %d are allowed", len(text), MaxText).
			Hinted("send less at a time")
	}
	p := &parser{lex: newLexer(text, statement)}
	p.advance()
	return p, nil
}

func (p *parser) advance() {
	if p.err != nil {
		return
	}
	start := p.tok.Start
	if err := p.lex.next(&p.tok); err != nil {
		p.tok.Start = start
		p.fail(err)
	}
}

// fail keeps the first error and ends the input.
func (p *parser) fail(err *api.Problem) {
	if p.err == nil {
		p.err = err
		p.tok = token{Start: p.tok.Start, End: p.tok.Start}
	}
}

func (p *parser) accept(op tsqltoken.Operator) bool {
	if p.tok.Kind != tsqltoken.KindOp || p.tok.Op != op {
		return false
	}
	p.advance()
	return true
}

func (p *parser) expect(op tsqltoken.Operator, want string) {
	if !p.accept(op) {
		p.fail(p.unexpected(want))
	}
}

// acceptWord advances over the keyword.
func (p *parser) acceptWord(kw tsqltoken.Keyword) bool {
	if p.tok.Keyword != kw {
		return false
	}
	p.advance()
	return true
}

// enter counts a level of recursion; the caller undoes it with p.depth--.
func (p *parser) enter() bool {
	p.depth++
	if p.depth > MaxDepth {
		p.fail(tooComplex(p.tok.Start, "the expression is nested more than %d deep", MaxDepth).Hinted("simplify it, or send it in parts"))
		return false
	}
	return p.err == nil
}

// node is an expression and the depth of its tree. A failed parse has a nil x,
// which never escapes because p.err is set.
type node struct {
	x     Expr
	depth int
}

// over returns x as the parent of children.
func (p *parser) over(x Expr, children ...node) node {
	n := node{x: x}
	for _, c := range children {
		n.depth = max(n.depth, c.depth+1)
	}
	if n.depth > MaxDepth {
		p.fail(tooComplex(x.Pos(), "the expression is more than %d operations deep", MaxDepth).Hinted("simplify it, or use IN instead of a long chain"))
	}
	return n
}

// predicate refuses a value where a condition is required.
func (p *parser) predicate(n node) node {
	if p.err == nil && !n.x.Predicate() {
		if p.tok.Kind == tsqltoken.KindWord && (p.tok.Keyword == tsqltoken.NoKeyword || p.foreign(p.tok)) {
			p.fail(p.unexpected("a comparison, as = or LIKE"))
			return n
		}
		e := syntaxError(n.x.Pos(), "expected a condition, found a value")
		if c, ok := n.x.(*Column); ok {
			e = e.Hinted("compare it: %s = 1", appendName(nil, c.Name))
		} else {
			e = e.Hinted("compare it with something, as in gpa > 3.5")
		}
		p.fail(e)
	}
	return n
}

// value refuses a condition where a value is required.
func (p *parser) value(n node) node {
	if p.err == nil && n.x.Predicate() {
		p.fail(syntaxError(n.x.Pos(), "expected a value, found a condition").
			Hinted("join conditions with AND, OR and NOT; its value is CASE WHEN condition THEN 1 ELSE 0 END"))
	}
	return n
}
