package sqltypes

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"shardeck/shared/mssqlerr"
)

// LikeRules control how [Like] matches. The zero value is case-sensitive.
type LikeRules struct {
	// Escape makes the next character literal, if HasEscape is set.
	Escape    rune
	HasEscape bool
	// Fold matches case-insensitively.
	Fold bool
	// Padded ignores trailing spaces of the value, but not of the pattern.
	Padded bool
}

// LikeRulesOf returns the rules for a value and a pattern of these types: the binary collation is
// case-sensitive, and trailing spaces of the value are significant only if either type is
// Unicode.
func LikeRulesOf(value, pattern Type, binary bool) LikeRules {
	return LikeRules{Fold: !binary, Padded: !value.Kind.IsUnicode() && !pattern.Kind.IsUnicode()}
}

// WithEscape returns the rules with an ESCAPE clause, which must be exactly one character (506).
func (r LikeRules) WithEscape(s string) (LikeRules, error) {
	e, n := utf8.DecodeRuneInString(s)
	if n == 0 || n != len(s) {
		return r, newError(mssqlerr.InvalidEscape, InvalidArgument, "the escape of LIKE is not a single character").hinted("write one character, such as ESCAPE '!'")
	}
	r.Escape, r.HasEscape = e, true
	return r, nil
}

// Like matches a value against a T-SQL LIKE pattern: % is any run of characters, _ is one, [abc],
// [a-z] and [^a-z] are one character of a set. An invalid pattern matches nothing: one that ends
// in its escape character
// (https://learn.microsoft.com/sql/t-sql/language-elements/like-transact-sql), or in an unclosed
// set.
//
// It backtracks only to the latest %, so that the time is at most the product of the lengths,
// whatever the pattern. A pattern of more than [MaxPattern] bytes is refused, and so is a match that
// takes more steps than a second allows (TooComplex): a statement cannot be interrupted within it.
// It does not allocate.
func Like(pattern, value string, rules LikeRules) (bool, error) {
	if err := CheckPattern(pattern); err != nil {
		return false, err
	}
	m := matcher{pattern: pattern, rules: rules}
	return m.matches(value)
}

// matcher matches one pattern against several values, within one bound on the steps of all.
type matcher struct {
	pattern string
	rules   LikeRules
	steps   int
}

// matches matches one value as [Like] does.
func (m *matcher) matches(value string) (bool, error) {
	pattern, rules := m.pattern, m.rules
	escape := rune(-1)
	if rules.HasEscape {
		escape = rules.Escape
	}
	minEnd := len(value) // a pattern that ends at or after this has matched
	if rules.Padded {
		minEnd = len(strings.TrimRight(value, " "))
		m.steps += len(value) - minEnd
	}
	p, v := 0, 0
	star, resume := -1, 0 // where to resume after the latest %, in pattern and value
	for v < len(value) {
		if m.steps++; m.steps > maxLikeSteps {
			return false, newError(0, TooComplex, "LIKE takes too long for this pattern and a value of %d bytes", len(value)).
				hinted("use fewer %% and sets in the pattern, or a SUBSTRING of the value")
		}
		if p == len(pattern) && v >= minEnd {
			return true, nil
		}
		if p < len(pattern) {
			if pattern[p] == '%' && escape != '%' {
				p++
				star, resume = p, v
				continue
			}
			c, size := utf8.DecodeRuneInString(value[v:])
			n, ok := likeOne(pattern[p:], c, escape, rules.Fold)
			if ok {
				p += n
				v += size
				continue
			}
			m.steps += n
		}
		if star < 0 {
			return false, nil
		}
		_, size := utf8.DecodeRuneInString(value[resume:])
		resume += size
		p, v = star, resume
	}
	for p < len(pattern) && pattern[p] == '%' && escape != '%' {
		p++
	}
	return p == len(pattern), nil
}

// MaxPattern is SQL Server's limit on the length of a LIKE pattern, in bytes.
const MaxPattern = 8000

// maxLikeSteps bounds the characters of the pattern that are tried in one match.
const maxLikeSteps = 1 << 27

// CheckPattern refuses a pattern of more than [MaxPattern] bytes.
func CheckPattern(pattern string) error {
	if len(pattern) <= MaxPattern {
		return nil
	}
	return newError(0, TooComplex, "the pattern of LIKE has %d bytes; at most %d are allowed", len(pattern), MaxPattern).hinted("use a shorter pattern")
}

// likeOne matches one character against the pattern element that begins p and
// returns the length of the element, or of what it read if the element is incomplete.
func likeOne(p string, c, escape rune, fold bool) (n int, ok bool) {
	e, size := utf8.DecodeRuneInString(p)
	switch {
	case e == escape:
		lit, litSize := utf8.DecodeRuneInString(p[size:])
		return size + litSize, litSize > 0 && sameRune(lit, c, fold)
	case e == '_':
		return size, true
	case e == '[':
		return likeSet(p, c, escape, fold)
	}
	return size, sameRune(e, c, fold)
}

// likeSet matches c against the set that begins p with '['. Without a closing ']' it matches
// nothing.
func likeSet(p string, c, escape rune, fold bool) (n int, ok bool) {
	i := 1
	negated := i < len(p) && p[i] == '^'
	if negated {
		i++
	}
	member := false
	for first := true; i < len(p); first = false {
		if p[i] == ']' && !first {
			return i + 1, member != negated
		}
		lo, next := setRune(p, i, escape)
		hi := lo
		if next+1 < len(p) && p[next] == '-' && p[next+1] != ']' {
			hi, next = setRune(p, next+1, escape)
		}
		member = member || inRange(c, lo, hi, fold)
		i = next
	}
	return len(p), false
}

// setRune reads one character of a set at i.
func setRune(p string, i int, escape rune) (r rune, next int) {
	r, size := utf8.DecodeRuneInString(p[i:])
	i += size
	if r == escape && i < len(p) {
		r, size = utf8.DecodeRuneInString(p[i:])
		i += size
	}
	return r, i
}

func inRange(c, lo, hi rune, fold bool) bool {
	if lo <= c && c <= hi {
		return true
	}
	if fold {
		for f := unicode.SimpleFold(c); f != c; f = unicode.SimpleFold(f) {
			if lo <= f && f <= hi {
				return true
			}
		}
	}
	return false
}

func sameRune(a, b rune, fold bool) bool {
	if a == b {
		return true
	}
	if fold {
		for f := unicode.SimpleFold(a); f != a; f = unicode.SimpleFold(f) {
			if f == b {
				return true
			}
		}
	}
	return false
}
