package editor

import (
	"slices"
	"sort"

	"shardeck/shared/tsqltoken"
	"shardeck/tui/theme"
	"shardeck/tui/widget"
)

// checkpoints are offsets at which tokens begin, so that a part of the text can be read
// without reading all before it. The first is 0. Those up to valid hold for the text as it
// is; the others are of the text before a change, moved along with it, and hold again once a
// token is found to begin at one of them.
type checkpoints struct {
	at    []int
	valid int
}

// spacing is the distance of checkpoints, in bytes, unless a token is longer.
const spacing = 512

func newCheckpoints() checkpoints { return checkpoints{at: []int{0}, valid: 1} }

// splice follows the replacement of the text from an offset up to another by n bytes.
func (c *checkpoints) splice(from, to, n int) {
	// A token ends without a look beyond the byte after it, so what begins before the change holds.
	cut := min(max(sort.SearchInts(c.at, from), 1), c.valid)
	keep := max(sort.SearchInts(c.at, to), 1)
	if keep < c.valid {
		// What is behind the change must be of one text: drop what is of an older one.
		c.at = c.at[:c.valid]
	}
	delta := n - (to - from)
	for i := keep; i < len(c.at); i++ {
		c.at[i] += delta
	}
	c.at = slices.Delete(c.at, cut, keep)
	c.valid = cut
}

// find returns the last checkpoint at or before an offset of the text.
func (c *checkpoints) find(text string, offset int) int {
	for c.valid > 0 && c.at[c.valid-1]+spacing <= offset {
		if !c.extend(text, offset) {
			break
		}
	}
	i := sort.SearchInts(c.at[:c.valid], offset+1)
	return c.at[i-1]
}

// extend reads tokens behind the last valid checkpoint, up to an offset or until older
// checkpoints hold again, and reports whether it found any checkpoint.
func (c *checkpoints) extend(text string, offset int) bool {
	last := c.at[c.valid-1]
	base := last
	older := c.at[c.valid:]
	scan := tsqltoken.NewScanner(text[base:])
	var t tsqltoken.Token
	var fresh []int
	agreed := false
	for scan.Next(&t) && base+t.Start <= offset && !agreed {
		start := base + t.Start
		for len(older) > 0 && older[0] < start {
			older = older[1:]
		}
		agreed = start > base && len(older) > 0 && older[0] == start
		if !agreed && start >= last+spacing {
			fresh = append(fresh, start)
			last = start
		}
	}
	valid := c.valid + len(fresh)
	c.at = slices.Concat(c.at[:c.valid], fresh, older)
	c.valid = valid
	if agreed {
		c.valid = len(c.at)
	}
	return len(fresh) > 0 || agreed
}

// roles sets the roles of the text's bytes [from, to).
func (e *Editor) roles(roles []theme.Role, from, to int) []theme.Role {
	roles = slices.Grow(roles[:0], to-from)[:to-from]
	clear(roles) // theme.Text
	start := e.tokens.find(e.text, from)
	scan := tsqltoken.NewScanner(e.text[start:])
	var t tsqltoken.Token
	for scan.Next(&t) && start+t.Start < to {
		role := widget.SQLRole(t)
		if role == theme.Text {
			continue
		}
		for i := max(start+t.Start, from); i < min(start+t.End, to); i++ {
			roles[i-from] = role
		}
	}
	return roles
}

// maxPartner bounds how far the partner of a bracket is looked for while drawing, in bytes.
const maxPartner = 128 << 10

// brackets returns the bracket at the cursor, or else before it, and its partner.
func (e *Editor) brackets(within int) (at, partner int, ok bool) {
	for _, at := range []int{e.at, e.at - 1} {
		if at < 0 || at >= len(e.text) {
			continue
		}
		switch e.text[at] {
		case '(', ')', '[', ']':
			if p, ok := e.partner(at, within); ok {
				return at, p, true
			}
		}
	}
	return 0, 0, false
}

// partner returns the partner of the bracket at an offset, at most so many bytes away.
// Brackets in strings and comments have none.
func (e *Editor) partner(at, within int) (int, bool) {
	start := e.tokens.find(e.text, at)
	scan := tsqltoken.NewScanner(e.text[start:])
	var t tsqltoken.Token
	for scan.Next(&t) && start+t.End <= at {
	}
	from, to := start+t.Start, start+t.End
	switch {
	case t.Kind == tsqltoken.KindQuoted && e.text[from] == '[' && t.Fault != tsqltoken.Unclosed:
		switch at {
		case from:
			return to - 1, true
		case to - 1:
			return from, true
		}
	case t.Kind == tsqltoken.KindOp && from == at && t.Op == '(':
		return closing(&scan, start, at+within)
	case t.Kind == tsqltoken.KindOp && from == at && t.Op == ')':
		return e.opening(at, at-within)
	}
	return 0, false
}

// closing returns the offset of the parenthesis that closes the one just read.
func closing(scan *tsqltoken.Scanner, base, limit int) (int, bool) {
	var t tsqltoken.Token
	for depth := 1; scan.Next(&t) && base+t.Start <= limit; {
		if t.Kind != tsqltoken.KindOp {
			continue
		}
		switch t.Op {
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				return base + t.Start, true
			}
		}
	}
	return 0, false
}

// opening returns the offset of the parenthesis that the one at an offset closes. Tokens can
// be read forwards only, so it reads from one checkpoint to the next, the last first.
func (e *Editor) opening(at, limit int) (int, bool) {
	var open []int // since the checkpoint and not closed before the next
	for depth, end := 0, at; end > max(limit, 0); {
		start := e.tokens.find(e.text, end-1)
		open = open[:0]
		closed := 0
		scan := tsqltoken.NewScanner(e.text[start:])
		var t tsqltoken.Token
		for scan.Next(&t) && start+t.Start < end {
			switch {
			case t.Kind != tsqltoken.KindOp:
			case t.Op == '(':
				open = append(open, start+t.Start)
			case t.Op == ')' && len(open) > 0:
				open = open[:len(open)-1]
			case t.Op == ')':
				closed++
			}
		}
		if len(open) > depth {
			return open[len(open)-1-depth], true
		}
		depth += closed - len(open)
		end = start
	}
	return 0, false
}
