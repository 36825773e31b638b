package sqltypes

import (
	"math"
	"strings"
	"unicode"
	"unicode/utf8"

	"shardeck/shared/mssqlerr"
)

// Upper returns s in capitals, character by character, by Unicode's simple case
// mapping: 'ß' stays. The Turkish 'ı' and 'İ' stay too, as they do in SQL
// Server where the language is none, so that UPPER(x) = x holds by [CompareText].
func Upper(s string) string { return mapCase(s, 'a', 'z', unicode.ToUpper) }

// Lower returns s in small letters, by the rules of [Upper].
func Lower(s string) string { return mapCase(s, 'A', 'Z', unicode.ToLower) }

// mapCase maps the characters of s, of which those from lo to hi are ASCII's that
// change. A string that does not change is returned as it is.
func mapCase(s string, lo, hi byte, to func(rune) rune) string {
	first := 0
	for first < len(s) && s[first] < utf8.RuneSelf && (s[first] < lo || s[first] > hi) {
		first++
	}
	if first == len(s) {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	b.WriteString(s[:first])
	for i := first; i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf {
			if lo <= c && c <= hi {
				c ^= 0x20
			}
			b.WriteByte(c)
			i++
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && n == 1 || r == 'ı' || r == 'İ' {
			b.WriteString(s[i : i+n])
		} else {
			b.WriteRune(to(r))
		}
		i += n
	}
	return b.String()
}

// Len counts the characters (code points) of s without the spaces at its end.
func Len(s string) int64 { return int64(utf8.RuneCountInString(RTrim(s))) }

// LTrim returns s without the spaces at its beginning; other blanks stay.
func LTrim(s string) string { return strings.TrimLeft(s, " ") }

// RTrim returns s without the spaces at its end; other blanks stay.
func RTrim(s string) string { return strings.TrimRight(s, " ") }

// Substring returns the characters (code points) of s from position start, the
// first being 1, up to but not including start+length. Positions before the first
// or beyond the last have no character: SUBSTRING('abc', 0, 2) is 'a'. A negative
// length is refused (537).
func Substring(s string, start, length int64) (string, error) {
	if length < 0 {
		return "", newError(mssqlerr.InvalidSubstringLength, OutOfRange, "the length %d of SUBSTRING is negative", length).
			hinted("ask for 0 characters or more")
	}
	if start > math.MaxInt64-length {
		length = math.MaxInt64 - start
	}
	end := start + length
	from := skip(s, start-1)
	return s[from : from+skip(s[from:], end-max(start, 1))], nil
}

// skip returns how many bytes the first n characters of s have, or all if there are fewer.
func skip(s string, n int64) int {
	i := 0
	for ; n > 0 && i < len(s); n-- {
		_, size := utf8.DecodeRuneInString(s[i:])
		i += size
	}
	return i
}

// Concat joins two strings to one of type t. As T-SQL does, it cuts off what is
// beyond t's length: t is that of T-SQL's rules, so this is only ever at 8000 bytes
// or 4000 UTF-16 units. A NULL makes NULL.
func Concat(t Type, a, b Value) Value {
	if a.Form == FormNull || b.Form == FormNull {
		return Value{}
	}
	return Text(cutText(t, a.Str+b.Str))
}

// cutText cuts off what does not fit t, whole characters at a time.
func cutText(t Type, s string) string {
	if t.Length == Max || len(s) <= t.Length {
		return s
	}
	units := t.Kind.IsUnicode()
	left := t.Length
	for i := 0; i < len(s); {
		_, size := utf8.DecodeRuneInString(s[i:])
		cost := size
		if units {
			cost = utf16Len(s[i : i+size])
		}
		if left < cost {
			return s[:i]
		}
		left -= cost
		i += size
	}
	return s
}
