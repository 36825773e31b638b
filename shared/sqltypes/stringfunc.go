package sqltypes

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"shardeck/shared/mssqlerr"
)

// Left returns the first n characters of s. A negative n is refused (537).
func Left(s string, n int64) (string, error) {
	if n < 0 {
		return "", errNegativeLength(mssqlerr.InvalidSubstringLength, "LEFT", n)
	}
	return s[:skip(s, n)], nil
}

// Right returns the last n characters of s. A negative n is refused (536).
func Right(s string, n int64) (string, error) {
	if n < 0 {
		return "", errNegativeLength(mssqlerr.InvalidLengthOf, "RIGHT", n)
	}
	i := len(s)
	for ; n > 0 && i > 0; n-- {
		_, size := utf8.DecodeLastRuneInString(s[:i])
		i -= size
	}
	return s[i:], nil
}

func errNegativeLength(number int, function string, n int64) *Error {
	return newError(number, OutOfRange, "the length %d of %s is negative", n, function).hinted("ask for 0 characters or more")
}

// Reverse returns the characters of s in the opposite order.
func Reverse(s string) string {
	runes := []rune(s)
	slices.Reverse(runes)
	return string(runes)
}

// Replicate returns s n times, as a string of type t: what exceeds its length is cut off. NULL if
// n is negative. A result of more than [MaxValueBytes] is refused before it is made.
func Replicate(t Type, s string, n int64) (Value, error) {
	if n < 0 {
		return Value{}, nil
	}
	if s == "" || n == 0 {
		return Text(""), nil
	}
	if t.Length != Max {
		n = min(n, int64(maxBytesOf(t)/len(s)+1))
	}
	if n > MaxValueBytes {
		n = MaxValueBytes + 1 // too many, without an overflow below
	}
	if err := checkSize(int(n) * len(s)); err != nil {
		return Value{}, err
	}
	return Text(cutText(t, strings.Repeat(s, int(n)))), nil
}

// Stuff returns s, as a string of type t, with length characters from the position start on, counted
// from 1, replaced. NULL if there is no such position or length is negative. A result that is longer
// than t is refused.
func Stuff(t Type, s string, start, length int64, with string) (Value, error) {
	if start <= 0 || length < 0 {
		return Value{}, nil
	}
	from := skip(s, start-1)
	if from == len(s) {
		return Value{}, nil
	}
	to := from + skip(s[from:], length)
	if err := checkSize(len(s) - (to - from) + len(with)); err != nil {
		return Value{}, err
	}
	result := s[:from] + with + s[to:]
	if len(cutText(t, result)) < len(result) {
		return Value{}, newError(0, TooLong, "the result of STUFF has %d bytes, more than fit %s", len(result), t).
			hinted("CAST the first argument to VARCHAR(MAX) or NVARCHAR(MAX)")
	}
	return Text(result), nil
}

// Join concatenates the values that are not NULL as a string of type t, which cuts the result off,
// with sep between them. A result of more than [MaxValueBytes] is refused before it is made.
func Join(t Type, sep string, values []Value) (Value, error) {
	size, parts := 0, make([]string, 0, len(values))
	for _, v := range values {
		if v.IsNull() {
			continue
		}
		size += len(sep) + len(v.Str)
		parts = append(parts, v.Str)
	}
	if err := checkSize(size); err != nil {
		return Value{}, err
	}
	return Text(cutText(t, strings.Join(parts, sep))), nil
}

// codePage1252 are the characters of Windows code page 1252 at 128 to 159; the others have the
// codes of Unicode. Codes that are not assigned stand for themselves.
// Source: https://www.unicode.org/Public/MAPPINGS/VENDORS/MICSFT/WindowsBestFit/bestfit1252.txt
const codePage1252 = "€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ"

// CharOf returns the character with the code n in Windows code page 1252; NULL if there is none.
func CharOf(n int64) Value {
	switch {
	case n < 0 || n > math.MaxUint8:
		return Value{}
	case 128 <= n && n < 160:
		return Text(string([]rune(codePage1252)[n-128]))
	}
	return Text(string(rune(n)))
}

// ASCII returns the code of the first character of s in Windows code page 1252, that of ? for a
// character which it lacks; NULL if s is empty.
func ASCII(s string) Value {
	r, n := utf8.DecodeRuneInString(s)
	switch {
	case n == 0:
		return Value{}
	case r < 128 || 160 <= r && r <= math.MaxUint8:
		return Int64(int64(r))
	}
	for i, c := range []rune(codePage1252) {
		if c == r {
			return Int64(int64(128 + i))
		}
	}
	return Int64('?')
}

// NCharOf returns the Unicode character n; NULL if it is out of Unicode's range. A surrogate is not a
// character, and refused.
func NCharOf(n int64) (Value, error) {
	switch {
	case n < 0 || n > utf8.MaxRune:
		return Value{}, nil
	case !utf8.ValidRune(rune(n)):
		return Value{}, newError(0, Unsupported, "%d is one half of a surrogate pair, not a character", n).
			hinted("use the number of the character itself, up to 1114111")
	}
	return Text(string(rune(n))), nil
}

// Unicode returns the number of the first character of s; NULL if s is empty.
func Unicode(s string) Value {
	r, n := utf8.DecodeRuneInString(s)
	if n == 0 {
		return Value{}
	}
	return Int64(int64(r))
}

// QuoteName returns s as a quoted name: between the quotes that quote, one character, is one of,
// with the closing one doubled within. NULL if s has more than 128 UTF-16 units, or if quote is not
// one of T-SQL's.
func QuoteName(s, quote string) Value {
	const longest = 128
	left, right := quote, quote
	switch quote {
	case "'", `"`, "`":
	case "[", "]":
		left, right = "[", "]"
	case "(", ")":
		left, right = "(", ")"
	case "<", ">":
		left, right = "<", ">"
	case "{", "}":
		left, right = "{", "}"
	default:
		return Value{}
	}
	if len(s) > longest && utf16Len(s) > longest {
		return Value{}
	}
	return Text(left + strings.ReplaceAll(s, right, right+right) + right)
}

// EscapeJSON returns s with the characters escaped that a JSON string cannot contain, and with / as
// \/, as STRING_ESCAPE does
// (https://learn.microsoft.com/sql/t-sql/functions/string-escape-transact-sql). kind must be json.
func EscapeJSON(s, kind string) (string, error) {
	if !strings.EqualFold(RTrim(kind), "json") {
		return "", newError(0, Unsupported, "STRING_ESCAPE has no rules for %s", quoteClip(kind)).hinted("the only ones are 'json'")
	}
	short := map[byte]byte{'"': '"', '\\': '\\', '/': '/', '\b': 'b', '\f': 'f', '\n': 'n', '\r': 'r', '\t': 't'}
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		switch letter, ok := short[c]; {
		case ok:
			b.WriteByte('\\')
			b.WriteByte(letter)
		case c < ' ':
			fmt.Fprintf(&b, "\\u%04x", c)
		default:
			b.WriteByte(c)
		}
		if b.Len() > MaxValueBytes {
			return "", checkSize(b.Len())
		}
	}
	return b.String(), nil
}

// soundexCodes are the codes of the letters from A to Z. Vowels separate equal codes, H and W do
// not. Source: https://www.archives.gov/research/census/soundex.html
const soundexCodes = "v123v12hv22455v12623v1h2v2"

// Soundex returns the four-character SOUNDEX code of s: of its letters from A to Z, up to the first
// other character.
func Soundex(s string) string {
	code := []byte("0000")
	n, last := 0, byte(0)
	for i := 0; i < len(s) && n < len(code); i++ {
		letter := s[i] &^ 0x20
		if letter < 'A' || letter > 'Z' {
			break
		}
		c := soundexCodes[letter-'A']
		switch {
		case n == 0:
			code[0], n = letter, 1
		case c == 'h':
			continue
		case c != 'v' && c != last:
			code[n] = c
			n++
		}
		last = c
	}
	return string(code)
}

// Difference returns how many of the four characters of two SOUNDEX codes are equal, 0 to 4.
func Difference(a, b string) int64 {
	a, b = Soundex(a), Soundex(b)
	var n int64
	for i := range len(a) {
		if a[i] == b[i] {
			n++
		}
	}
	return n
}
