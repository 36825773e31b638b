package sqlserver

import (
	"database/sql/driver"
	"fmt"
	"strconv"
	"time"

	"shardeck/shared/api"
	"shardeck/shared/sqltypes"
)

// appendRow appends a row from the driver as a JSON array in wire form (see
// [sqltypes.AppendJSON]). types has one type per value. The error names the column whose value
// does not have its type, or is [api.RowTooLarge]; dst is then truncated to its original length.
//
// It keeps nothing of row, and only allocates the text of a DECIMAL or of a binary value.
func appendRow(dst []byte, types []sqltypes.Type, row []driver.Value) ([]byte, error) {
	start := len(dst)
	dst = append(dst, '[')
	for i, v := range row {
		if i > 0 {
			dst = append(dst, ',')
		}
		if len(dst)-start+valueBytes(v) >= api.MaxRow {
			return dst[:start], api.RowTooLarge()
		}
		var ok bool
		if dst, ok = appendValue(dst, types[i], v); !ok {
			return dst[:start], fmt.Errorf("the server sent a %T for column %d, which is %s", v, i+1, types[i])
		}
	}
	dst = append(dst, ']')
	if len(dst)-start >= api.MaxRow { // with escapes
		return dst[:start], api.RowTooLarge()
	}
	return dst, nil
}

// valueBytes returns the size of a string or binary value, a lower bound of its wire form's.
func valueBytes(v driver.Value) int {
	switch v := v.(type) {
	case string:
		return len(v)
	case []byte:
		return len(v)
	}
	return 0
}

// appendValue appends one value. The driver's representation of SQL Server's types: int64 for
// integers, bool for BIT, float64 for FLOAT and REAL, string for NVARCHAR and NCHAR, time.Time in
// UTC for dates and times, and bytes for the rest: the text of a DECIMAL or money, a UNIQUEIDENTIFIER's 16
// bytes, a binary value itself.
func appendValue(dst []byte, t sqltypes.Type, v driver.Value) ([]byte, bool) {
	switch v := v.(type) {
	case nil:
		return append(dst, "null"...), true
	case int64:
		return sqltypes.AppendJSON(dst, t, sqltypes.Value{Form: sqltypes.FormInt, Int: v}), t.Kind.IsNumeric()
	case bool:
		n := int64(0)
		if v {
			n = 1
		}
		return sqltypes.AppendJSON(dst, t, sqltypes.Value{Form: sqltypes.FormInt, Int: n}), t.Kind.IsInteger()
	case float64:
		ok := t.Kind == sqltypes.Real || t.Kind == sqltypes.Float || t.Class() == sqltypes.Decimals
		return sqltypes.AppendJSON(dst, t, sqltypes.Value{Form: sqltypes.FormFloat, Float: v}), ok
	case string:
		return sqltypes.AppendJSON(dst, t, sqltypes.Value{Form: sqltypes.FormText, Str: v}), t.Kind.IsString()
	case time.Time:
		return append(sqltypes.AppendTemporal(append(dst, '"'), t.Kind, v), '"'), t.Kind.IsTemporal()
	case []byte:
		return appendBytes(dst, t, v)
	}
	return dst, false
}

func appendBytes(dst []byte, t sqltypes.Type, b []byte) ([]byte, bool) {
	if t.Kind == sqltypes.UniqueIdentifier {
		return appendGUID(dst, b)
	}
	text := string(b)
	switch {
	case t.Kind.IsBinary():
		return sqltypes.AppendJSON(dst, t, sqltypes.Value{Form: sqltypes.FormBytes, Str: text}), true
	case t.Class() == sqltypes.Decimals:
		return sqltypes.AppendJSON(dst, t, sqltypes.Value{Form: sqltypes.FormText, Str: text}), true
	case t.Kind.IsInteger(): // a DECIMAL without a fraction, such as a sum of integers
		n, err := strconv.ParseInt(text, 10, 64)
		return sqltypes.AppendJSON(dst, t, sqltypes.Value{Form: sqltypes.FormInt, Int: n}), err == nil
	case t.Kind.IsNumeric():
		f, err := strconv.ParseFloat(text, 64)
		return sqltypes.AppendJSON(dst, t, sqltypes.Value{Form: sqltypes.FormFloat, Float: f}), err == nil
	}
	return dst, false
}

// guidOrder maps the positions of a GUID's text to its bytes as sent by the server: the first
// three groups are little-endian integers.
var guidOrder = [16]byte{3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15}

func appendGUID(dst []byte, b []byte) ([]byte, bool) {
	const hexDigits = "0123456789ABCDEF"
	if len(b) != len(guidOrder) {
		return dst, false
	}
	dst = append(dst, '"')
	for i, at := range guidOrder {
		if i == 4 || i == 6 || i == 8 || i == 10 {
			dst = append(dst, '-')
		}
		dst = append(dst, hexDigits[b[at]>>4], hexDigits[b[at]&0xF])
	}
	return append(dst, '"'), true
}
