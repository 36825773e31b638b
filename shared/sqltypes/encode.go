package sqltypes

import (
	"math"
	"strconv"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// maxSafeInt is the largest integer that a JSON number carries unchanged through every language's
// float64, 2^53 - 1.
const maxSafeInt = 1<<53 - 1

// AppendJSON appends the wire form of v, a value of type t:
//
//   - integers: a number, or a string of digits beyond ±(2^53 - 1)
//   - BIT: true or false
//   - DECIMAL: a string with exactly Scale fraction digits, "12.50"
//   - MONEY, SMALLMONEY: a string with four fraction digits, "12.5000"
//   - REAL, FLOAT: a number in ECMAScript's format, with the fewest digits that round-trip
//   - strings: a string that escapes only what JSON requires (RFC 8785)
//   - binary: a string of "0x" and upper-case hex digits
//   - DATE "2026-11-22", TIME "20:24:00.5", DATETIME2 "2026-11-22T20:24:00.1234567", DATETIME
//     "2026-11-22T20:24:00.123", SMALLDATETIME "2026-11-22T20:24:00", without trailing zeros in
//     the fraction
//   - UNIQUEIDENTIFIER: in upper case with hyphens
//   - NULL: null
//
// It expects values converted to t (see [Convert]). Values computed by a database, such as a
// DECIMAL sum held as an integer, are brought to t's form if only digits beyond the scale are
// lost. It does not allocate beyond dst.
func AppendJSON(dst []byte, t Type, v Value) []byte {
	switch v.Form {
	case FormInt:
		return appendInt(dst, t, v.Int)
	case FormFloat:
		return appendFloatJSON(dst, t, v.Float)
	case FormText:
		if t.Class() == Decimals {
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
	case t.Class() == Decimals:
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
		return append(dst, "null"...) // neither SQL types nor JSON can represent it
	}
	if t.Class() == Decimals {
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
		// A sum may exceed its column's precision; it is written in full anyway.
		var fits bool
		if dst, fits = n.appendDecimal(dst, MaxPrecision, t.Scale); !fits {
			dst = append(dst, s...)
		}
	} else {
		return appendString(dst[:len(dst)-1], s)
	}
	return append(dst, '"')
}

// isCanonicalDecimal reports whether s is what appendDecimal would write.
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

// appendQuoted escapes the string; invalid UTF-8 becomes U+FFFD, for which the error is ignored.
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
