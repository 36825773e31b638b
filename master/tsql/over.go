package tsql

import (
	"strings"

	"shardeck/shared/tsqltoken"
)

// overClause parses OVER ([PARTITION BY ...] [ORDER BY ...] [frame]) of the call c. OVER is the
// current token.
func (p *parser) overClause(c *Call) node {
	o := &Over{At: p.tok.Start}
	n := node{x: c}
	c.Over = o
	p.advance()
	if p.isName() && p.err == nil {
		p.fail(unsupported(p.tok.Start, "a named window (OVER %s) is not supported", show(p.tok)).Hinted("write the window in parentheses after OVER"))
	}
	p.expect('(', "( after OVER")
	if p.acceptName("PARTITION") {
		if !p.acceptWord(tsqltoken.By) {
			p.fail(p.unexpected("BY after PARTITION"))
		}
		for p.err == nil {
			if len(o.PartitionBy) == MaxOrderBy {
				p.fail(tooComplex(p.tok.Start, "PARTITION BY has more than %d items", MaxOrderBy).Hinted("partition by fewer columns"))
			}
			x := p.value(p.additive())
			o.PartitionBy, n = append(o.PartitionBy, x.x), p.deeper(n, x)
			if !p.accept(',') {
				break
			}
		}
	}
	if p.acceptWord(tsqltoken.Order) {
		if !p.acceptWord(tsqltoken.By) {
			p.fail(p.unexpected("BY after ORDER"))
		}
		o.OrderBy = p.orderItems()
	}
	o.Frame = p.frame(o)
	p.expect(')', "PARTITION BY, ORDER BY, ROWS, RANGE or ) in OVER")
	return n
}

// frame parses ROWS or RANGE with its bounds, if it is there.
func (p *parser) frame(o *Over) *Frame {
	f := &Frame{At: p.tok.Start}
	switch {
	case p.acceptName("ROWS"):
	case p.acceptName("RANGE"):
		f.Range = true
	default:
		return nil
	}
	if o.OrderBy == nil && p.err == nil {
		p.fail(syntaxError(f.At, "ROWS and RANGE in OVER require ORDER BY").Hinted("add ORDER BY before it"))
	}
	if p.acceptWord(tsqltoken.Between) {
		f.From = p.bound(f)
		if !p.acceptWord(tsqltoken.And) {
			p.fail(p.unexpected("AND and the end of the frame"))
		}
		f.To = p.bound(f)
	} else {
		f.From, f.To = p.bound(f), Bound{Kind: CurrentRow}
	}
	if p.err == nil && (f.From.Kind > f.To.Kind || f.From.Kind == UnboundedFollowing || f.To.Kind == UnboundedPreceding) {
		p.fail(syntaxError(f.At, "the frame of OVER ends before it begins").Hinted("write the bounds in the order of the rows, such as BETWEEN 1 PRECEDING AND CURRENT ROW"))
	}
	return f
}

// bound parses one bound of the frame f.
func (p *parser) bound(f *Frame) Bound {
	at := p.tok.Start
	switch {
	case p.acceptName("UNBOUNDED"):
		if p.acceptName("PRECEDING") {
			return Bound{Kind: UnboundedPreceding}
		}
		if p.acceptName("FOLLOWING") {
			return Bound{Kind: UnboundedFollowing}
		}
		p.fail(p.unexpected("PRECEDING or FOLLOWING after UNBOUNDED"))
		return Bound{}
	case p.tok.Kind == tsqltoken.KindWord && strings.EqualFold(p.tok.Text, "CURRENT"):
		p.advance()
		if !p.acceptName("ROW") {
			p.fail(p.unexpected("ROW after CURRENT"))
		}
		return Bound{Kind: CurrentRow}
	}
	if f.Range && p.err == nil {
		p.fail(unsupported(at, "RANGE with a number of PRECEDING or FOLLOWING is not T-SQL").Hinted("use ROWS, or RANGE with UNBOUNDED and CURRENT ROW"))
	}
	b := Bound{N: p.count(p.primary(), "the frame of OVER")}
	switch {
	case p.acceptName("PRECEDING"):
		b.Kind = Preceding
	case p.acceptName("FOLLOWING"):
		b.Kind = Following
	default:
		p.fail(p.unexpected("PRECEDING or FOLLOWING"))
	}
	return b
}
