package batch

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"shardeck/shared/sqltypes"
)

// AppendText appends the wire form of a value of a caught query, as a driver read it: text for what
// the query selects as text, an integer, a floating-point number, or bytes. It does not check its
// size.
func AppendText(dst []byte, t sqltypes.Type, v sqltypes.Value) ([]byte, error) {
	switch {
	case v.Form != sqltypes.FormText || t.Kind.IsString() || t.Class() == sqltypes.Decimals:
		if !fitsForm(t, v.Form) {
			return dst, errForm(t, v)
		}
		return sqltypes.AppendJSON(dst, t, v), nil
	case t.Kind == sqltypes.UniqueIdentifier:
		return sqltypes.AppendJSON(dst, t, sqltypes.Text(strings.ToUpper(v.Str))), nil
	case t.Kind.IsTemporal():
		return appendTemporal(dst, t, v)
	case t.Kind.IsInteger():
		n, err := strconv.ParseInt(v.Str, 10, 64)
		if err != nil {
			return dst, errForm(t, v)
		}
		return sqltypes.AppendJSON(dst, t, sqltypes.Int64(n)), nil
	case t.Kind == sqltypes.Float || t.Kind == sqltypes.Real:
		f, err := strconv.ParseFloat(v.Str, 64)
		if err != nil {
			return dst, errForm(t, v)
		}
		return sqltypes.AppendJSON(dst, t, sqltypes.Float64(f)), nil
	}
	return dst, errForm(t, v)
}

// fitsForm reports whether values of type t can have a form other than the text of another type.
func fitsForm(t sqltypes.Type, f sqltypes.Form) bool {
	switch f {
	case sqltypes.FormNull:
		return true
	case sqltypes.FormInt, sqltypes.FormFloat:
		return t.Kind.IsNumeric()
	case sqltypes.FormText:
		return t.Kind.IsString() || t.Class() == sqltypes.Decimals
	}
	return t.Kind.IsBinary()
}

// maxFraction is the maximum number of digits of a fraction of a second.
const maxFraction = 7

// appendTemporal appends a date or time that the server wrote in its style 121. The fraction is
// the server's, whatever the type's.
func appendTemporal(dst []byte, t sqltypes.Type, v sqltypes.Value) ([]byte, error) {
	text, err := jsontext.AppendQuote(nil, v.Str)
	if err != nil {
		return dst, errForm(t, v)
	}
	if t.Kind == sqltypes.Time || t.Kind == sqltypes.DateTime2 {
		t.Scale = maxFraction
	}
	canonical, err := sqltypes.DecodeJSON(t, text)
	if err != nil {
		return dst, errForm(t, v)
	}
	return sqltypes.AppendJSON(dst, t, canonical), nil
}

// errForm repeats nothing of the value, which is a user's.
func errForm(t sqltypes.Type, v sqltypes.Value) error {
	form := "text"
	switch v.Form {
	case sqltypes.FormInt:
		form = "an integer"
	case sqltypes.FormFloat:
		form = "a floating-point number"
	case sqltypes.FormBytes:
		form = "bytes"
	}
	return fmt.Errorf("the server sent %s for a column of type %s", form, t)
}
