package sqltypes

import (
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"shardeck/shared/mssqlerr"
)

// DecodeJSON reads one JSON value as the T-SQL literal it resembles and converts it to t as an
// assignment to a column of that type would: null is NULL, true and false are BIT, a number is a
// numeric literal (by its digits, never through a float64), a string is a string literal, or the
// "0x..." wire form for binary types. Every wire form written by [AppendJSON] decodes to the
// original value.
//
// The error is an *Error: value_too_long 2628, out_of_range 8115, or
// conversion_failed 206, 241, 245, 257, 8114 or 8169. raw is not kept.
func DecodeJSON(t Type, raw []byte) (Value, error) {
	raw = trimSpace(raw)
	if len(raw) == 0 {
		return Value{}, errNotValue(t, "nothing")
	}
	switch c := raw[0]; {
	case c == '"':
		return decodeString(t, raw)
	case c == '-' || '0' <= c && c <= '9':
		return decodeNumber(t, raw)
	case string(raw) == "null":
		return Value{}, nil
	case string(raw) == "true":
		return fromInt(t, 1, Bit)
	case string(raw) == "false":
		return fromInt(t, 0, Bit)
	case c == '{':
		return Value{}, errNotValue(t, "a JSON object")
	case c == '[':
		return Value{}, errNotValue(t, "a JSON array")
	}
	return Value{}, errNotValue(t, "something that is not JSON")
}

func errNotValue(t Type, what string) *Error {
	return newError(mssqlerr.TypeConversion, ConversionFailed, "%s cannot be converted to %s", what, t).
		hinted("send null, a boolean, a number or a string")
}

func trimSpace(b []byte) []byte {
	for len(b) > 0 && isSpace(b[0]) {
		b = b[1:]
	}
	for len(b) > 0 && isSpace(b[len(b)-1]) {
		b = b[:len(b)-1]
	}
	return b
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }

func decodeNumber(t Type, raw []byte) (Value, error) {
	if i, ok := smallInt(raw); ok && t.Kind.IsInteger() {
		return fromInt(t, i, BigInt)
	}
	s := string(raw)
	if !isJSONNumber(s) {
		return Value{}, errNotValue(t, "something that is not JSON")
	}
	return fromNumber(t, s)
}

// isJSONNumber rules out what T-SQL and parseNumber accept but JSON does not: a plus sign,
// leading zeros, a point without digits on both sides.
func isJSONNumber(s string) bool {
	n, ok := parseNumber(s)
	if !ok || s[0] == '+' || n.whole == "" || n.whole[0] == '0' && len(n.whole) > 1 {
		return false
	}
	return n.frac != "" || strings.IndexByte(s, '.') < 0
}

// smallInt reads a JSON integer of up to 18 digits, which cannot overflow.
func smallInt(raw []byte) (i int64, ok bool) {
	d := raw
	if d[0] == '-' {
		d = d[1:]
	}
	if len(d) == 0 || len(d) > 18 || d[0] == '0' && len(d) > 1 {
		return 0, false
	}
	for _, c := range d {
		if c < '0' || c > '9' {
			return 0, false
		}
		i = i*10 + int64(c-'0')
	}
	if raw[0] == '-' {
		i = -i
	}
	return i, true
}

func decodeString(t Type, raw []byte) (Value, error) {
	s, ok := unquote(raw)
	if !ok {
		return Value{}, errNotValue(t, "a string that is not valid JSON in UTF-8")
	}
	if t.Kind.IsBinary() {
		b, ok := parseHex(s)
		if !ok {
			return Value{}, errConversion(t, s)
		}
		b, err := fitBytes(t, b)
		if err != nil {
			return Value{}, err
		}
		return Value{Form: FormBytes, Str: b}, nil
	}
	return fromText(t, s)
}

// unquote returns the text of a JSON string. Nearly all strings have no escapes and are copied
// once.
func unquote(raw []byte) (string, bool) {
	if len(raw) < 2 || raw[len(raw)-1] != '"' {
		return "", false
	}
	body := raw[1 : len(raw)-1]
	ascii := true
	for _, c := range body {
		if c < ' ' || c == '"' || c == '\\' {
			return slowUnquote(raw)
		}
		ascii = ascii && c < utf8.RuneSelf
	}
	if !ascii && !utf8.Valid(body) {
		return "", false
	}
	return string(body), true
}

func slowUnquote(raw []byte) (string, bool) {
	b, err := jsontext.AppendUnquote(nil, raw)
	return string(b), err == nil
}
