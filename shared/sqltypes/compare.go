package sqltypes

import (
	"cmp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Compare orders two values of type t as SQL Server does in ORDER BY: NULL first, strings by
// [CompareText], decimals numerically, GUIDs by [CompareGUID], dates and times chronologically,
// binary values bytewise. The result is negative, 0 or positive. String shard key columns are
// ordered by [CompareBinary] instead.
func Compare(t Type, a, b Value) int {
	switch {
	case a.IsNull() && b.IsNull():
		return 0
	case a.IsNull():
		return -1
	case b.IsNull():
		return 1
	}
	switch a.Form { // one type's values have one form
	case FormInt:
		return cmp.Compare(a.Int, b.Int)
	case FormFloat:
		return cmp.Compare(a.Float, b.Float)
	case FormText:
		switch {
		case t.Class() == Decimals:
			return CompareDecimal(a.Str, b.Str)
		case t.Kind.IsString():
			return CompareText(a.Str, b.Str)
		case t.Kind == UniqueIdentifier:
			return CompareGUID(a.Str, b.Str)
		}
		// Canonical dates and times of one type have the same layout and sort as text.
		return strings.Compare(a.Str, b.Str)
	case FormBytes:
		return strings.Compare(a.Str, b.Str)
	}
	return 0
}

// CompareText orders strings by the default collation. It ignores case (by Unicode simple
// folding, character by character), trailing spaces and language: 'a' equals 'A' but not 'á'.
// Folded strings are ordered by code point, so 'á' comes after 'z'. The shorter string compares
// as if padded with spaces, so a string continued by a tab sorts before it.
func CompareText(a, b string) int {
	a, b = strings.TrimRight(a, " "), strings.TrimRight(b, " ")
	i := equalPrefix(a, b)
	for i < len(a) && i < len(b) {
		ca, cb := a[i], b[i]
		if ca >= utf8.RuneSelf || cb >= utf8.RuneSelf {
			return compareFolded(a[i:], b[i:])
		}
		if ca != cb {
			if ca, cb = lowerASCII(ca), lowerASCII(cb); ca != cb {
				return cmp.Compare(ca, cb)
			}
		}
		i++
	}
	return compareRest(a[i:], b[i:])
}

// equalPrefix returns the length of a common prefix that does not end within a character: a fast
// way over most of it.
func equalPrefix(a, b string) int {
	i := 0
	for i+8 <= len(a) && i+8 <= len(b) && word(a[i:]) == word(b[i:]) {
		i += 8
	}
	for i > 0 && a[i-1] >= utf8.RuneSelf {
		i--
	}
	return i
}

// word returns the first eight bytes of s as a number.
func word(s string) uint64 {
	_ = s[7]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}

// compareRest compares the remainders of two strings, one of which is empty, as if that one were
// padded with spaces. Neither has trailing spaces.
func compareRest(a, b string) int {
	if a == "" && b == "" {
		return 0
	}
	order := 1
	if a == "" {
		a, order = b, -1
	}
	if a = strings.TrimLeft(a, " "); a[0] < ' ' {
		return -order
	}
	return order
}

func lowerASCII(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c | 0x20
	}
	return c
}

func compareFolded(a, b string) int {
	for a != "" && b != "" {
		ra, na := decodeRune(a)
		rb, nb := decodeRune(b)
		if ra != rb {
			if c := cmp.Compare(foldRune(ra), foldRune(rb)); c != 0 {
				return c
			}
		}
		a, b = a[na:], b[nb:]
	}
	return compareRest(a, b)
}

// decodeRune returns the first character of s. An invalid UTF-8 byte counts as a character
// greater than all others, which keeps the order total.
func decodeRune(s string) (rune, int) {
	r, n := utf8.DecodeRuneInString(s)
	if r == utf8.RuneError && n == 1 {
		r = unicode.MaxRune + 1 + rune(s[0])
	}
	return r, n
}

// foldRune maps r to the representative of its case-folding class: the lower-case form of its
// upper-case form. That joins what Unicode's simple folding joins (σ and ς, k and the Kelvin
// sign), and gives an order that SQL Server can compute too: LOWER(UPPER(x)) by code point. The
// Turkish İ and ı, whose case mappings lead to i and I, fold to themselves.
func foldRune(r rune) rune {
	switch {
	case r < utf8.RuneSelf:
		return rune(lowerASCII(byte(r)))
	case r == 'İ' || r == 'ı' || r > unicode.MaxRune:
		return r
	}
	return unicode.ToLower(unicode.ToUpper(r))
}

// CompareBinary orders strings by the shard key's collation: by code point, so case-sensitive,
// but ignoring trailing spaces. It is SQLite's RTRIM collation.
func CompareBinary(a, b string) int {
	return strings.Compare(strings.TrimRight(a, " "), strings.TrimRight(b, " "))
}

// CompareUTF16 orders strings as [CompareText] or, with binary, [CompareBinary] does, but as SQL
// Server's binary collations order NVARCHAR: characters beyond the BMP, which are surrogates
// there, come before those from U+E000 on, and the shorter string is padded with spaces.
func CompareUTF16(a, b string, binary bool) int {
	a, b = strings.TrimRight(a, " "), strings.TrimRight(b, " ")
	for a != "" && b != "" {
		ra, na := decodeRune(a)
		rb, nb := decodeRune(b)
		if !binary {
			ra, rb = foldRune(ra), foldRune(rb)
		}
		if ra != rb {
			if min(ra, rb) >= 0xE000 && (ra > 0xFFFF) != (rb > 0xFFFF) {
				return cmp.Compare(rb, ra)
			}
			return cmp.Compare(ra, rb)
		}
		a, b = a[na:], b[nb:]
	}
	return compareRest(a, b)
}

// CompareDecimal orders decimal texts numerically, whatever their scales. Invalid text sorts
// after all decimals, in byte order.
func CompareDecimal(a, b string) int {
	da, okA := splitDecimal(a)
	db, okB := splitDecimal(b)
	switch {
	case !okA && !okB:
		return strings.Compare(a, b)
	case !okA:
		return 1
	case !okB:
		return -1
	case da.neg != db.neg:
		if da.neg {
			return -1
		}
		return 1
	case da.neg:
		return db.compareAbs(da)
	}
	return da.compareAbs(db)
}

// magnitude is a decimal without leading or trailing zeros.
type magnitude struct {
	neg         bool
	whole, frac string
}

func (m magnitude) compareAbs(o magnitude) int {
	if c := cmp.Compare(len(m.whole), len(o.whole)); c != 0 {
		return c
	}
	if c := strings.Compare(m.whole, o.whole); c != 0 {
		return c
	}
	return strings.Compare(m.frac, o.frac)
}

func splitDecimal(s string) (magnitude, bool) {
	n, ok := parseNumber(s)
	if !ok || n.hasExp {
		return magnitude{}, false
	}
	m := magnitude{neg: n.neg, whole: strings.TrimLeft(n.whole, "0"), frac: strings.TrimRight(n.frac, "0")}
	if m.whole == "" && m.frac == "" {
		m.neg = false
	}
	return m, true
}

// guidOrder lists the positions of a GUID's bytes in its text in the order SQL Server compares
// them, most significant first (as .NET's SqlGuid does: the last group first, and the first three
// groups from right to left).
var guidOrder = [16]int{24, 26, 28, 30, 32, 34, 19, 21, 16, 14, 11, 9, 6, 4, 2, 0}

// CompareGUID orders canonical GUIDs as SQL Server does. Invalid text sorts after all GUIDs, in
// byte order.
func CompareGUID(a, b string) int {
	if len(a) != guidLen || len(b) != guidLen {
		if len(a) != len(b) && (len(a) == guidLen || len(b) == guidLen) {
			if len(a) == guidLen {
				return -1
			}
			return 1
		}
		return strings.Compare(a, b)
	}
	for _, i := range guidOrder {
		if c := strings.Compare(a[i:i+2], b[i:i+2]); c != 0 {
			return c
		}
	}
	return 0
}
