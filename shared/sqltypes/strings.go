package sqltypes

import (
	"math"
	"strings"
	"unicode"
	"unicode/utf8"

	"shardeck/shared/mssqlerr"
)

// Upper converts s to upper case character by character, by Unicode's simple case mapping: 'ß' is
// unchanged. So are the Turkish 'ı' and 'İ', as in SQL Server's language-neutral collations, so
// that UPPER(x) = x holds by [CompareText].
func Upper(s string) string { return mapCase(s, 'a', 'z', unicode.ToUpper) }

// Lower converts s to lower case by the rules of [Upper].
func Lower(s string) string { return mapCase(s, 'A', 'Z', unicode.ToLower) }

// mapCase maps the characters of s; the ASCII characters that change are lo to hi. An unchanged
// string is returned as is.
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

// Len counts the characters (code points) of s without trailing spaces.
func Len(s string) int64 { return int64(utf8.RuneCountInString(RTrim(s))) }

// LTrim returns s without leading spaces; other white space is kept.
func LTrim(s string) string { return strings.TrimLeft(s, " ") }

// RTrim returns s without trailing spaces; other white space is kept.
func RTrim(s string) string { return strings.TrimRight(s, " ") }

// Substring returns the characters (code points) of s from position start, counted from 1, up to
// but not including start+length. Positions outside s have no character: SUBSTRING('abc', 0, 2)
// is 'a'. A negative length is refused (537).
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

// skip returns the length in bytes of the first n characters of s, or of all if there are fewer.
func skip(s string, n int64) int {
	i := 0
	for ; n > 0 && i < len(s); n-- {
		_, size := utf8.DecodeRuneInString(s[i:])
		i += size
	}
	return i
}

// Concat concatenates two strings as type t. As in T-SQL, the result is truncated to t's length,
// which by T-SQL's rules happens only at 8000 bytes or 4000 UTF-16 units. NULL if either is NULL.
// A result of more than [MaxValueBytes] is refused before it is made.
func Concat(t Type, a, b Value) (Value, error) {
	if a.Form == FormNull || b.Form == FormNull {
		return Value{}, nil
	}
	if err := checkSize(len(a.Str) + len(b.Str)); err != nil {
		return Value{}, err
	}
	return Text(cutText(t, a.Str+b.Str)), nil
}

// cutText truncates s to fit t, without splitting a character.
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
