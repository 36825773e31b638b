package sqltypes

import (
	"strconv"
	"strings"

	"shardeck/shared/mssqlerr"
)

// Cast converts v, a value of type from, as T-SQL does within an expression: by
// CAST, CONVERT without a style, ISNULL, or where types meet. A string or binary
// value that is too long is cut off. What becomes of other values in a string:
//
//   - REAL and FLOAT have six digits, 1.23457e+006 (style 0)
//   - TIME and DATETIME2 have all digits of their scale, and a space before the time
//   - TINYINT, SMALLINT and INT are * in a CHAR or VARCHAR that is too short; other
//     numbers are refused (8115), and so are GUIDs (8170)
func Cast(v Value, from, to Type) (Value, error) { return convert(v, from, to, true) }

// Convert converts v as T-SQL does when it assigns a value of type from to a column
// of type to. It is [Cast], except that nothing is lost on the way into a string or
// binary column: a value that is too long is refused (2628; 8115 for a number) unless
// only trailing spaces, or trailing zero bytes, are beyond the length. NULL stays NULL:
// whether a column takes it is not a matter of its type. Conversions that T-SQL does
// not make implicitly, and those named in the package comment, are refused by name.
func Convert(v Value, from, to Type) (Value, error) { return convert(v, from, to, false) }

func convert(v Value, from, to Type, cut bool) (Value, error) {
	switch {
	case v.Form == FormNull:
		return Value{}, nil
	case v.Form == FormBytes:
		return fromBytes(to, v, cut)
	case to.Kind.IsString():
		s, err := toText(v, from, to, cut)
		if err == nil {
			s, err = fitText(to, s)
		}
		if err != nil {
			return Value{}, err
		}
		return Text(s), nil
	}
	return toValue(v, from, to)
}

func fromBytes(to Type, v Value, cut bool) (Value, error) {
	if !to.Kind.IsBinary() {
		return Value{}, errClash(mssqlerr.NotImplicit, "a binary value", to)
	}
	if cut && to.Length != Max && len(v.Str) > to.Length {
		v.Str = v.Str[:to.Length]
	}
	s, err := fitBytes(to, v.Str)
	return Value{Form: FormBytes, Str: s}, err
}

// toText writes v for the string type to, which it fits unless it is refused. It does not pad.
func toText(v Value, from, to Type, cut bool) (string, error) {
	s := v.Str
	switch {
	case v.Form == FormInt:
		s = strconv.FormatInt(v.Int, 10)
	case v.Form == FormFloat:
		s = formatStyle0(v.Float)
	case from.Kind == Time || from.Kind == DateTime2:
		s = strings.Replace(padFraction(s, from.Scale), "T", " ", 1)
	}
	tooLong := to.Length != Max && len(s) > to.Length
	switch {
	case tooLong && from.Kind == UniqueIdentifier:
		return "", newError(mssqlerr.GUIDResultSpace, OutOfRange, "%s has no room for a %s", to, from.Kind).hinted("give it a length of %d or more", guidLen)
	case tooLong && from.Kind.IsNumeric():
		narrow := from.Kind == TinyInt || from.Kind == SmallInt || from.Kind == Int
		if cut && narrow && (to.Kind == Char || to.Kind == VarChar) {
			return "*", nil
		}
		return "", newError(mssqlerr.Overflow, OutOfRange, "%s does not fit %s", clip(s), to).hinted("give it a greater length")
	case cut:
		return cutText(to, s), nil
	}
	return s, nil
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
