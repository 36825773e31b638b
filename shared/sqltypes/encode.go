package sqltypes

import (
	"math"
	"strconv"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// maxSafeInt is the greatest integer that a JSON number carries through every
// language's float64 unharmed, 2^53 - 1.
const maxSafeInt = 1<<53 - 1

// AppendJSON appends the wire form of v, a value of type t:
//
//   - integers: a number, or a string of digits beyond ±(2^53 - 1)
//   - BIT: true or false
//   - DECIMAL: a string with exactly Scale fraction digits, "12.50"
//   - REAL, FLOAT: a number as ECMAScript writes it, with the fewest digits that read back the same
//   - strings: a string that escapes nothing but what JSON demands (RFC 8785)
//   - binary: "0x" and capital hex digits in a string
//   - DATE "2026-11-22", TIME "20:24:00.5", DATETIME2 "2026-11-22T20:24:00.1234567",
//     without zeros at the end of the fraction
//   - UNIQUEIDENTIFIER: in capitals with hyphens
//   - NULL: null
//
// It is meant for values that were converted to t (see [Convert]); what a database
// computed, such as a DECIMAL sum held as an integer, is brought to t's form where
// that loses nothing but digits beyond the scale. It does not allocate beyond dst.
func AppendJSON(dst []byte, t Type, v Value) []byte {
	switch v.Form {
	case FormInt:
		return appendInt(dst, t, v.Int)
	case FormFloat:
		return appendFloatJSON(dst, t, v.Float)
	case FormText:
		if t.Kind == Decimal {
			return appendDecimalJSON(dst, t, v.Str)
		}
		return appendString(dst, v.Str)
	case FormBytes:
		return appendHex(dst, v.Str)
	}
	return append(dst, "null"...)
}

func appendInt(dst []byte, t Type, i int64) []byte {
	switch {
	case t.Kind == Bit:
		return strconv.AppendBool(dst, i != 0)
	case t.Kind == Decimal:
		dst = append(dst, '"')
		dst = strconv.AppendInt(dst, i, 10)
		for z := range t.Scale {
			if z == 0 {
				dst = append(dst, '.')
			}
			dst = append(dst, '0')
		}
		return append(dst, '"')
	case i >= -maxSafeInt && i <= maxSafeInt:
		return strconv.AppendInt(dst, i, 10)
	}
	dst = append(dst, '"')
	dst = strconv.AppendInt(dst, i, 10)
	return append(dst, '"')
}

func appendFloatJSON(dst []byte, t Type, f float64) []byte {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return append(dst, "null"...) // no SQL type holds one, and neither does JSON
	}
	if t.Kind == Decimal {
		var buf [32]byte
		return appendDecimalJSON(dst, t, string(appendFloat(buf[:0], f, Float)))
	}
	return appendFloat(dst, f, t.Kind)
}

func appendDecimalJSON(dst []byte, t Type, s string) []byte {
	dst = append(dst, '"')
	if isCanonicalDecimal(s, t.Scale) {
		dst = append(dst, s...)
	} else if n, ok := parseNumber(s); ok {
		// A sum may outgrow its column's precision; it is written out whole all the same.
		var fits bool
		if dst, fits = n.appendDecimal(dst, MaxPrecision, t.Scale); !fits {
			dst = append(dst, s...)
		}
	} else {
		return appendString(dst[:len(dst)-1], s)
	}
	return append(dst, '"')
}

// isCanonicalDecimal says whether s is what appendDecimal would make of it.
func isCanonicalDecimal(s string, scale int) bool {
	if s != "" && s[0] == '-' {
		s = s[1:]
	}
	whole := digitsAt(s, 0)
	if whole == 0 || s[0] == '0' && whole > 1 {
		return false
	}
	if scale == 0 {
		return whole == len(s)
	}
	return len(s) == whole+1+scale && s[whole] == '.' && digitsAt(s, whole+1) == len(s)
}

func appendString(dst []byte, s string) []byte {
	ascii := true
	for i := range len(s) {
		c := s[i]
		if c < ' ' || c == '"' || c == '\\' {
			return appendQuoted(dst, s)
		}
		ascii = ascii && c < utf8.RuneSelf
	}
	if !ascii && !utf8.ValidString(s) {
		return appendQuoted(dst, s)
	}
	dst = append(dst, '"')
	dst = append(dst, s...)
	return append(dst, '"')
}

// appendQuoted escapes; bytes that are not UTF-8 become U+FFFD, which the error says and nothing can be done about.
func appendQuoted(dst []byte, s string) []byte {
	dst, _ = jsontext.AppendQuote(dst, s)
	return dst
}

func appendHex(dst []byte, s string) []byte {
	const hexDigits = "0123456789ABCDEF"
	dst = append(dst, '"', '0', 'x')
	for i := range len(s) {
		dst = append(dst, hexDigits[s[i]>>4], hexDigits[s[i]&0xF])
	}
	return append(dst, '"')
}
