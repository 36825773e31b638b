package contract

import (
	"fmt"
	"math"

	"shardeck/shared/api"
	"shardeck/shared/jsonrow"
	"shardeck/shared/mssqlerr"
	"shardeck/shared/sqltypes"
)

// ParseTypes parses the types of parameters.
func ParseTypes(names []string) ([]sqltypes.Type, error) { return parseTypes(names, "types") }

// parseTypes parses the types in a field of a request.
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

// AppendRow reads a JSON array of one value per type and appends the values to dst. With an error
// it returns the index of the value at fault: -1 if it was the array itself.
func AppendRow(dst []sqltypes.Value, types []sqltypes.Type, row []byte) (_ []sqltypes.Value, at int, err error) {
	n := 0
	for raw, ok := range jsonrow.Elements(row) {
		switch {
		case !ok || raw[0] == '[' || raw[0] == '{':
			return dst, -1, api.NewProblem(api.CodeInvalidField, "a row of parameters is not a JSON array of plain values")
		case n == len(types):
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
	if n != len(types) {
		return dst, -1, errRowLength(n, len(types))
	}
	return dst, 0, nil
}

func errRowLength(have, want int) error {
	return api.NewProblem(api.CodeInvalidField, "a row of parameters has at least %d values; the statement has %d types", have, want).
		Hinted("send one value for each type")
}
