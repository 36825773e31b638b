package complete

import (
	"sort"
	"strings"

	"shardeck/shared/tsqltoken"
	"shardeck/tui/statement"
)

// place is where the word is that is being written.
type place struct {
	text     string
	from, to int // of the word
	prefix   string
	bracket  bool // [ is open
	param    bool // it begins with @
	tooLong  bool // its statement is not looked at
	before   []tsqltoken.Token
	after    []tsqltoken.Token
	// qualifier is the names before the word, each followed by a point, the nearest first.
	qualifier []string
}

// MaxStatement bounds the statement that is looked at, in bytes: in a longer one, such as an
// INSERT of thousands of rows, each letter would take too long.
const MaxStatement = 64 << 10

// locate finds the word at an offset and the tokens of its statement, without comments. all are
// the statements of the text. It reports false where no word can be.
func locate(text string, all []statement.Statement, at int) (place, bool) {
	from, to := region(text, all, at)
	if to-from > MaxStatement {
		return place{text: text, from: at, to: at, tooLong: true}, false
	}
	p := place{text: text, from: at, to: at}
	scan := tsqltoken.NewScanner(text[from:to])
	var t tsqltoken.Token
	for scan.Next(&t) {
		t.Start, t.End = t.Start+from, t.End+from
		if t.End < at || t.End == at && !continues(&t) {
			if t.Kind != tsqltoken.KindComment {
				p.before = append(p.before, t)
			} else if t.End == at && strings.HasPrefix(t.Text, "--") {
				return p, false
			}
			continue
		}
		if t.Start >= at {
			p.rest(t.Start, to)
			break
		}
		if !p.word(&t, at) {
			return p, false
		}
		p.rest(p.to, to)
		break
	}
	p.qualify()
	return p, true
}

// continues reports whether what is typed right behind a token belongs to it.
func continues(t *tsqltoken.Token) bool {
	switch t.Kind {
	case tsqltoken.KindWord, tsqltoken.KindInt, tsqltoken.KindDecimal, tsqltoken.KindFloat, tsqltoken.KindMoney, tsqltoken.KindBinary, tsqltoken.KindParam,
		tsqltoken.KindString, tsqltoken.KindNString:
		return true
	case tsqltoken.KindQuoted, tsqltoken.KindComment:
		return t.Fault == tsqltoken.Unclosed
	}
	return false
}

// word sets the word to the token that an offset is in or behind, and reports whether it can
// be completed.
func (p *place) word(t *tsqltoken.Token, at int) bool {
	switch t.Kind {
	case tsqltoken.KindWord: // all of it is replaced, also what is behind the cursor
		p.from, p.to, p.prefix = t.Start, t.End, p.text[t.Start:at]
	case tsqltoken.KindParam:
		if t.Fault == tsqltoken.GlobalVariable {
			return false
		}
		p.from, p.to, p.param = t.Start, t.End, true
		p.prefix = p.text[min(t.Start+1, at):at]
	case tsqltoken.KindQuoted:
		p.from, p.to, p.bracket = t.Start, t.End, true
		p.prefix = p.text[min(t.Start+1, at):at]
		if t.Fault == tsqltoken.Unclosed {
			p.to = at
		}
	default:
		return false
	}
	return true
}

// rest reads the tokens after the word: what an open bracket swallowed is read again.
func (p *place) rest(from, to int) {
	scan := tsqltoken.NewScanner(p.text[from:to])
	var t tsqltoken.Token
	for scan.Next(&t) {
		if t.Kind != tsqltoken.KindComment {
			t.Start, t.End = t.Start+from, t.End+from
			p.after = append(p.after, t)
		}
	}
}

// qualify takes the names before the word, such as a table's before a column's.
func (p *place) qualify() {
	for {
		n := len(p.before)
		if n < 1 || p.before[n-1].Kind != tsqltoken.KindOp || p.before[n-1].Op != '.' {
			return
		}
		if n < 2 || !isName(&p.before[n-2]) {
			p.qualifier = append(p.qualifier, "")
			p.before = p.before[:n-1]
			continue // db..table
		}
		p.qualifier = append(p.qualifier, p.before[n-2].Text)
		p.before = p.before[:n-2]
	}
}

func isName(t *tsqltoken.Token) bool {
	return t.Kind == tsqltoken.KindQuoted || t.Kind == tsqltoken.KindWord && t.Keyword == tsqltoken.NoKeyword
}

// region returns the part of the text that the statement at an offset is in, with the blanks
// and comments around it.
func region(text string, all []statement.Statement, at int) (from, to int) {
	i := sort.Search(len(all), func(i int) bool { return all[i].End > at })
	if i > 0 && all[i-1].End == all[i-1].To {
		i-- // it has no separator, so that it goes on
	}
	if i > 0 {
		from = all[i-1].End
	}
	if i == len(all) {
		return from, len(text)
	}
	switch s := all[i]; {
	case s.To >= at:
		return from, s.To
	case s.End > s.To: // in its separator
		return from, at
	}
	return from, len(text)
}

// lower reports whether words are to be in lower case: as what was typed, or else as the
// first word of the statement.
func (p *place) lower() bool {
	for _, text := range append([]string{p.prefix}, firstWord(p.before), firstWord(p.after)) {
		if upper, lower := strings.ToUpper(text), strings.ToLower(text); upper != lower {
			return text == lower
		}
	}
	return false
}

// firstWord returns the first keyword.
func firstWord(tokens []tsqltoken.Token) string {
	for i := range tokens {
		if tokens[i].Keyword != tsqltoken.NoKeyword {
			return tokens[i].Text
		}
	}
	return ""
}
