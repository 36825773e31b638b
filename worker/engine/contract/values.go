package contract

import (
	"fmt"
	"math"

	"shardeck/shared/api"
	"shardeck/shared/mssqlerr"
	"shardeck/shared/sqltypes"
)

// ParseTypes reads the types of parameters.
func ParseTypes(names []string) ([]sqltypes.Type, error) { return parseTypes(names, "types") }

// parseTypes reads the types that stand in a field of a request.
func parseTypes(names []string, field string) ([]sqltypes.Type, error) {
	if len(names) == 0 {
		return nil, nil
	}
	types := make([]sqltypes.Type, len(names))
	for i, n := range names {
		t, err := sqltypes.Parse(n)
		if err != nil {
			return nil, api.AsProblem(err).At(fmt.Sprintf("%s[%d]", field, i))
		}
		types[i] = t
	}
	return types, nil
}

// AppendRow reads a JSON array of one value for each type and appends the values
// to dst. The error tells which value it was: -1 when it was the array itself.
func AppendRow(dst []sqltypes.Value, types []sqltypes.Type, row []byte) (_ []sqltypes.Value, at int, err error) {
	n := 0
	rest, ok := openArray(row)
	for ok {
		var raw []byte
		if raw, rest, ok = nextElement(rest); !ok {
			break
		}
		if raw == nil { // the end
			if n != len(types) {
				return dst, -1, errRowLength(n, len(types))
			}
			return dst, 0, nil
		}
		if n == len(types) {
			return dst, -1, errRowLength(n+1, n)
		}
		v, err := sqltypes.DecodeJSON(types[n], raw)
		if err != nil {
			return dst, n, err
		}
		if v.Form == sqltypes.FormFloat && (math.IsNaN(v.Float) || math.IsInf(v.Float, 0)) {
			return dst, n, Numbered(mssqlerr.Overflow, "the value is not a finite number")
		}
		dst = append(dst, v)
		n++
	}
	return dst, -1, api.NewProblem(api.CodeInvalidField, "a row of parameters is not a JSON array of plain values")
}

func errRowLength(have, want int) error {
	return api.NewProblem(api.CodeInvalidField, "a row of parameters has %d values or more; the statement has %d types", have, want).
		Hinted("send one value for each type")
}

// openArray steps into a JSON array.
func openArray(b []byte) (rest []byte, ok bool) {
	b = skipSpace(b)
	if len(b) == 0 || b[0] != '[' {
		return nil, false
	}
	return b[1:], true
}

// nextElement returns the next element of an array that openArray stepped into
// and what follows it; a nil element at the end of the array. It splits without
// validating: what an element is worth is for [sqltypes.DecodeJSON] to say, and
// nested arrays and objects, which are no SQL values, are not taken.
func nextElement(b []byte) (elem, rest []byte, ok bool) {
	b = skipSpace(b)
	if len(b) > 0 && b[0] == ']' {
		return nil, nil, len(skipSpace(b[1:])) == 0
	}
	i := 0
	if len(b) > 0 && b[0] == '"' {
		for i = 1; i < len(b) && b[i] != '"'; i++ {
			if b[i] == '\\' {
				i++
			}
		}
		i++
	} else {
		for i < len(b) && plainByte(b[i]) {
			i++
		}
	}
	if i == 0 || i > len(b) {
		return nil, nil, false
	}
	elem, rest = b[:i], skipSpace(b[i:])
	switch {
	case len(rest) > 0 && rest[0] == ']':
		return elem, rest, true
	case len(rest) > 0 && rest[0] == ',':
		rest = skipSpace(rest[1:])
		return elem, rest, len(rest) > 0 && rest[0] != ']'
	}
	return nil, nil, false
}

// plainByte says whether c may be of a number, true, false or null.
func plainByte(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || c == '-' || c == '+' || c == '.' || c == 'E'
}

func skipSpace(b []byte) []byte {
	for len(b) > 0 && (b[0] == ' ' || b[0] == '\t' || b[0] == '\n' || b[0] == '\r') {
		b = b[1:]
	}
	return b
}
