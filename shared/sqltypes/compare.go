package sqltypes

import (
	"cmp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Compare orders two values of type t as SQL Server does in ORDER BY: NULL
// before all else, strings by [CompareText], decimals by their number, GUIDs by
// [CompareGUID], dates and times in time, binaries by their bytes. The result is negative, 0 or
// positive. Columns that are a string shard key are ordered by [CompareBinary] instead.
func Compare(t Type, a, b Value) int {
	if a.Form != b.Form {
		// FormNull is the least; other forms never meet within one type.
		return cmp.Compare(a.Form, b.Form)
	}
	switch a.Form {
	case FormInt:
		return cmp.Compare(a.Int, b.Int)
	case FormFloat:
		return cmp.Compare(a.Float, b.Float)
	case FormText:
		switch {
		case t.Kind == Decimal:
			return CompareDecimal(a.Str, b.Str)
		case t.Kind.IsString():
			return CompareText(a.Str, b.Str)
		case t.Kind == UniqueIdentifier:
			return CompareGUID(a.Str, b.Str)
		}
		// Canonical dates and times are as long as they need be, and sort as text.
		return strings.Compare(a.Str, b.Str)
	case FormBytes:
		return strings.Compare(a.Str, b.Str)
	}
	return 0
}

// CompareText orders strings by the default collation: without regard to case
// (Unicode simple folding, character by character), to spaces at the end, or to
// language. 'a' and 'A' are equal, 'a' and 'á' are not. Folded strings stand in the
// order of their code points, so that 'á' comes after 'z'. The shorter of two is taken as
// if it had spaces up to the other's length: what has a tab more comes before it.
func CompareText(a, b string) int {
	a, b = strings.TrimRight(a, " "), strings.TrimRight(b, " ")
	i := 0
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

// compareRest compares what is left of two strings, of which one is at its end and
// neither has spaces at the end, with the spaces that the other would be filled up with.
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

// decodeRune returns the first character of s; a byte that is no UTF-8 counts as
// a character of its own beyond all others, so that the order stays total.
func decodeRune(s string) (rune, int) {
	r, n := utf8.DecodeRuneInString(s)
	if r == utf8.RuneError && n == 1 {
		r = unicode.MaxRune + 1 + rune(s[0])
	}
	return r, n
}

// foldRune returns the one character that stands for all that are equal to r but
// for case: the lower-case letter of its capital, which brings together what
// Unicode's simple folding does (σ and ς, k and the sign for Kelvin), in an order
// that SQL Server can be asked for: LOWER(UPPER(x)) by code point. The İ and the ı of
// Turkish, whose other cases are those of i, stay themselves.
func foldRune(r rune) rune {
	switch {
	case r < utf8.RuneSelf:
		return rune(lowerASCII(byte(r)))
	case r == 'İ' || r == 'ı' || r > unicode.MaxRune:
		return r
	}
	return unicode.ToLower(unicode.ToUpper(r))
}

// CompareBinary orders strings by the shard key's collation: by code point, so
// with regard to case, but not to spaces at the end. It is what SQLite's RTRIM does.
func CompareBinary(a, b string) int {
	return strings.Compare(strings.TrimRight(a, " "), strings.TrimRight(b, " "))
}

// CompareDecimal orders the texts of decimals by their number, whatever their
// scales. Text that is not a decimal comes after all that is, in byte order.
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

// magnitude is a decimal without zeros at either end.
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

// guidOrder lists where the bytes of a GUID's text stand, the most significant
// first, in the order SQL Server compares them (that of .NET's SqlGuid: the last
// group of digits first, and the first three groups from their far end).
var guidOrder = [16]int{24, 26, 28, 30, 32, 34, 19, 21, 16, 14, 11, 9, 6, 4, 2, 0}

// CompareGUID orders canonical GUIDs as SQL Server does. Text that is no GUID
// comes after all that is, in byte order.
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
