package sqltypes

import (
	"strings"
	"unicode/utf8"

	"shardeck/shared/mssqlerr"
)

// fold returns s with each character replaced by the representative of its case-folding class
// (see [CompareText]), so that two strings have equal parts where the collation says so. It has as
// many characters as s.
func fold(s string) string {
	i := 0
	for i < len(s) && s[i] < utf8.RuneSelf && (s[i] < 'A' || s[i] > 'Z') {
		i++
	}
	if i == len(s) {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	b.WriteString(s[:i])
	for i < len(s) {
		r, n := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && n == 1 {
			b.WriteByte(s[i])
		} else {
			b.WriteRune(foldRune(r))
		}
		i += n
	}
	return b.String()
}

// collate returns the form of s that has the same parts as another string has, by the binary or
// by the default collation.
func collate(s string, binary bool) string {
	if binary {
		return s
	}
	return fold(s)
}

// CharIndex returns the position, counted from 1, of the first occurrence of part in s at or after
// the position start, or 0 if there is none. It ignores case unless binary is set. An empty part
// occurs nowhere.
func CharIndex(part, s string, start int64, binary bool) int64 {
	before := max(start-1, 0)
	from := skip(s, before)
	if part == "" {
		return 0
	}
	rest := collate(s[from:], binary)
	i := strings.Index(rest, collate(part, binary))
	if i < 0 {
		return 0
	}
	return before + int64(utf8.RuneCountInString(rest[:i])) + 1
}

// Replace returns s, as a string of type t, with every occurrence of old replaced. It ignores case
// unless binary is set. An empty old changes nothing. What exceeds the length of t is cut off; a
// result of more than [MaxValueBytes] is refused before it is made.
func Replace(t Type, s, old, with string, binary bool) (Value, error) {
	if old == "" {
		return Text(cutText(t, s)), nil
	}
	folded, part := collate(s, binary), collate(old, binary)
	most := maxBytesOf(t)
	var b strings.Builder
	for b.Len() <= most {
		i := strings.Index(folded, part)
		if i < 0 {
			break
		}
		// The characters before and in the part have other lengths in s if they fold to others.
		n := skip(s, int64(utf8.RuneCountInString(folded[:i])))
		b.WriteString(s[:n])
		b.WriteString(with)
		s = s[n+skip(s[n:], int64(utf8.RuneCountInString(part))):]
		folded = folded[i+len(part):]
	}
	if b.Len() == 0 {
		return Text(cutText(t, s)), nil
	}
	if err := checkSize(b.Len() + len(s)); err != nil {
		return Value{}, err
	}
	b.WriteString(s)
	return Text(cutText(t, b.String())), nil
}

// maxBytesOf is the number of bytes of UTF-8 that a value of a string type may have.
func maxBytesOf(t Type) int {
	switch {
	case t.Length == Max:
		return MaxValueBytes
	case t.Kind.IsUnicode():
		return utf8.UTFMax * t.Length
	}
	return t.Length
}

// PatIndex returns the position, counted from 1, of the first part of value that matches a pattern
// of [Like], or 0 if there is none. A pattern that does not begin with % matches only from the
// first character on, and one that does not end with % only up to the last. The pattern is bounded
// and the time limited as in Like.
func PatIndex(pattern, value string, rules LikeRules) (int64, error) {
	if err := CheckPattern(pattern); err != nil {
		return 0, err
	}
	rest := strings.TrimLeft(pattern, "%")
	m := matcher{pattern: rest, rules: rules}
	if len(rest) == len(pattern) {
		ok, err := m.matches(value)
		if !ok {
			return 0, err
		}
		return 1, nil
	}
	position := int64(1)
	for i := 0; ; position++ {
		ok, err := m.matches(value[i:])
		switch {
		case err != nil:
			return 0, err
		case ok:
			return position, nil
		case i == len(value):
			return 0, nil
		}
		_, size := utf8.DecodeRuneInString(value[i:])
		i += size
	}
}

// Translate returns s with each character that is in from replaced by the one at the same position
// of to. Of a character that is in from twice, the first position counts. It ignores case unless
// binary is set. from and to must have the same number of characters (9828).
func Translate(s, from, to string, binary bool) (string, error) {
	olds, news := []rune(collate(from, binary)), []rune(to)
	if len(olds) != len(news) {
		return "", newError(mssqlerr.TranslateLengths, InvalidArgument, "the second argument of TRANSLATE has %d characters and the third has %d", len(olds), len(news)).
			hinted("give one replacement for each character")
	}
	replacement := make(map[rune]rune, len(olds))
	for i, r := range olds {
		if _, ok := replacement[r]; !ok {
			replacement[r] = news[i]
		}
	}
	return strings.Map(func(r rune) rune {
		key := r
		if !binary {
			key = foldRune(r)
		}
		if to, ok := replacement[key]; ok {
			return to
		}
		return r
	}, s), nil
}

// TrimLeading returns s without the characters at its beginning that are in set. It ignores case
// unless binary is set.
func TrimLeading(s, set string, binary bool) string {
	return strings.TrimLeftFunc(s, within(set, binary))
}

// TrimTrailing is like [TrimLeading] for the end of s.
func TrimTrailing(s, set string, binary bool) string {
	return strings.TrimRightFunc(s, within(set, binary))
}

// within returns a function that reports whether a character is in set.
func within(set string, binary bool) func(rune) bool {
	set = collate(set, binary)
	members := make(map[rune]bool, len(set))
	for _, r := range set {
		members[r] = true
	}
	return func(r rune) bool {
		if !binary {
			r = foldRune(r)
		}
		return members[r]
	}
}
