package sqltypes

import (
	"strconv"
	"strings"

	"shardeck/shared/api"
)

const numNoRoom = 8170 // insufficient result space to convert uniqueidentifier value to char

// Cast converts v as T-SQL does within an expression: by CAST, CONVERT without a
// style, ISNULL, or where types meet. It is [Convert], but that a string or binary
// which is too long is cut rather than refused, and that values are written as
// T-SQL writes them into strings:
//
//   - REAL and FLOAT with six digits, 1.23457e+006 (style 0)
//   - TIME and DATETIME2 with all digits of their scale, and a space before the time
//   - TINYINT, SMALLINT and INT as * in a CHAR or VARCHAR that is too short; other
//     numbers and strings are refused (8115), and so are GUIDs (8170)
func Cast(v Value, from, to Type) (Value, error) {
	switch {
	case v.Form == FormNull:
		return Value{}, nil
	case to.Kind.IsBinary() && v.Form == FormBytes:
		if to.Length != Max && len(v.Str) > to.Length {
			v.Str = v.Str[:to.Length]
		}
		return Convert(v, from, to)
	case !to.Kind.IsString() || v.Form == FormBytes:
		return Convert(v, from, to)
	}
	s, err := castText(v, from, to)
	if err != nil {
		return Value{}, err
	}
	s, err = fitText(to, s)
	return Text(s), err
}

// castText writes v so that it fits the string type to.
func castText(v Value, from, to Type) (string, error) {
	var s string
	switch v.Form {
	case FormInt:
		s = strconv.FormatInt(v.Int, 10)
	case FormFloat:
		s = formatStyle0(v.Float)
	default:
		s = v.Str
	}
	switch {
	case from.Kind == Time || from.Kind == DateTime2:
		s = strings.Replace(padFraction(s, from.Scale), "T", " ", 1)
	case from.Kind == UniqueIdentifier && to.Length != Max && len(s) > to.Length:
		return "", newError(numNoRoom, api.CodeOutOfRange, "%s has no room for a %s", to, from.Kind).hinted("give it a length of %d or more", guidLen)
	case from.Kind.IsNumeric() && to.Length != Max && len(s) > to.Length:
		narrow := TinyInt <= from.Kind && from.Kind <= Int
		if narrow && (to.Kind == Char || to.Kind == VarChar) {
			return "*", nil
		}
		return "", newError(numOverflow, api.CodeOutOfRange, "%s does not fit %s", clip(s), to).hinted("give it a greater length")
	}
	return cutText(to, s), nil
}

// formatStyle0 writes a float as T-SQL's style 0: six digits, three of an exponent.
func formatStyle0(f float64) string {
	s := strconv.FormatFloat(f, 'g', 6, 64)
	mantissa, exp, ok := strings.Cut(s, "e")
	if !ok {
		return s
	}
	sign, digits := exp[:1], exp[1:]
	return mantissa + "e" + sign + strings.Repeat("0", max(0, 3-len(digits))) + digits
}

// padFraction writes the fraction of canonical seconds with all digits of its scale.
func padFraction(s string, scale int) string {
	if scale == 0 {
		return s
	}
	_, frac, ok := strings.Cut(s, ".")
	if !ok {
		s += "."
	}
	return s + strings.Repeat("0", max(0, scale-len(frac)))
}
