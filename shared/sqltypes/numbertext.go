package sqltypes

import (
	"strconv"
	"strings"
)

// IsNumeric reports whether a string converts to some type of numbers, as ISNUMERIC does: also a
// sign, a point or a currency symbol alone.
func IsNumeric(s string) bool {
	s = strings.Trim(s, " ")
	if s == "" {
		return false
	}
	if _, ok := plainAmount(s); ok {
		return true
	}
	_, ok := parseNumber(s)
	return ok
}

// Bounds of STR.
const (
	maxStrLength   = 8000
	maxStrDecimals = 16
)

// Str formats a FLOAT with a number of decimals, right-aligned to a length, by
// https://learn.microsoft.com/sql/t-sql/functions/str-transact-sql: of too long a number the
// decimals are rounded off, and if it is still too long the result is asterisks. NULL for a length
// that is not 1 to 8000, or a negative number of decimals.
func Str(f float64, length, decimals int64) Value {
	if length < 1 || length > maxStrLength || decimals < 0 {
		return Value{}
	}
	for d := min(decimals, maxStrDecimals, length); ; d-- {
		rounded, err := Round(FloatType, Float64(f), d)
		if err != nil {
			return Value{}
		}
		s := strconv.FormatFloat(rounded.Float, 'f', int(d), 64)
		switch pad := int(length) - len(s); {
		case pad >= 0:
			return Text(strings.Repeat(" ", pad) + s)
		case d == 0:
			return Text(strings.Repeat("*", int(length)))
		}
	}
}
