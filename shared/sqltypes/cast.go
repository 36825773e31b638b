package sqltypes

import (
	"errors"
	"strconv"
	"strings"

	"shardeck/shared/mssqlerr"
)

// Cast converts v, a value of type from, as T-SQL does within an expression: by CAST, by CONVERT
// without a style, by ISNULL, or where types are mixed. A string or binary value that is too long
// is truncated. Conversions to strings follow these rules:
//   - REAL and FLOAT have six digits, 1.23457e+006 (style 0)
//   - TIME and DATETIME2 have all digits of their scale, and a space before the time (style 121);
//     DATETIME and SMALLDATETIME are written as Apr 18 2006  9:58AM (style 0)
//   - MONEY and SMALLMONEY have two fraction digits (style 0)
//   - TINYINT, SMALLINT and INT become * in a CHAR or VARCHAR that is too short; other
//     numbers are refused (8115), and so are GUIDs (8170)
func Cast(v Value, from, to Type) (Value, error) { return convert(v, from, to, true, NoStyle) }

// CastStyle is [Cast] as CONVERT with a style does it: the format of a date or time as text, in
// either direction, and that of money, a float or a binary value. Other conversions ignore the
// style. A style that CONVERT does not have is refused (281), see [CheckStyle].
func CastStyle(v Value, from, to Type, style int) (Value, error) {
	if v.Form == FormNull {
		return Value{}, nil
	}
	if err := CheckStyle(from, to, style); err != nil {
		return Value{}, err
	}
	return convert(v, from, to, true, style)
}

// Convert converts v as T-SQL does when it assigns a value of type from to a column of type to.
// It is like [Cast], except that string and binary columns never lose data: a value that is too
// long is refused (2628; 8115 for a number) unless the excess is only trailing spaces or trailing
// zero bytes. NULL stays NULL: nullability is not part of a type. Conversions that T-SQL does not
// make implicitly, and those listed in the package comment, are refused.
func Convert(v Value, from, to Type) (Value, error) { return convert(v, from, to, false, NoStyle) }

// TryCast is [CastStyle], but NULL if the value cannot be converted. A style that CONVERT does not
// have, and what Shardeck does not support, are still refused.
func TryCast(v Value, from, to Type, style int) (Value, error) {
	v, err := CastStyle(v, from, to, style)
	if e, ok := errors.AsType[*Error](err); ok && (e.Reason == ConversionFailed || e.Reason == OutOfRange) {
		return Value{}, nil
	}
	return v, err
}

func convert(v Value, from, to Type, cut bool, style int) (Value, error) {
	switch {
	case v.Form == FormNull:
		return Value{}, nil
	case cut && v.Form != FormFloat && CastsBinary(from, to) && (v.Form == FormBytes) == from.Kind.IsBinary():
		if to.Kind.IsBinary() {
			return bytesOf(v, from, to, style)
		}
		return ofBytes(v, from, to, style)
	case v.Form == FormBytes:
		return fromBytes(to, v, cut)
	case to.Kind.IsString():
		s, err := toText(v, from, to, cut, style)
		if err == nil {
			s, err = fitText(to, s)
		}
		if err != nil {
			return Value{}, err
		}
		return Text(s), nil
	}
	if style != NoStyle && from.Kind.IsString() && to.Kind.IsTemporal() {
		s, err := styledDate(to, v.Str, style)
		if err != nil {
			return Value{}, err
		}
		return Text(s), nil
	}
	return toValue(v, from, to)
}

func fromBytes(to Type, v Value, cut bool) (Value, error) {
	if !to.Kind.IsBinary() {
		return Value{}, errIncompatible(mssqlerr.NotImplicit, "a binary value", to)
	}
	if cut && to.Length != Max && len(v.Str) > to.Length {
		v.Str = v.Str[:to.Length]
	}
	s, err := fitBytes(to, v.Str)
	return Value{Form: FormBytes, Str: s}, err
}

// toText formats v for the string type to, or fails if it does not fit. It does not pad.
func toText(v Value, from, to Type, cut bool, style int) (string, error) {
	s := v.Str
	switch {
	case v.Form == FormInt:
		s = strconv.FormatInt(v.Int, 10)
	case v.Form == FormFloat:
		s = floatText(v.Float, style)
	case from.Kind.IsMoney():
		s = moneyText(s, style)
	case from.Kind.IsTemporal():
		if style == NoStyle {
			style = defaultStyle(from)
		}
		s = temporalText(from, s, style)
	}
	tooLong := to.Length != Max && len(s) > to.Length
	switch {
	case tooLong && from.Kind == UniqueIdentifier:
		return "", newError(mssqlerr.GUIDResultSpace, OutOfRange, "%s is too short for a %s", to, from.Kind).hinted("give it a length of %d or more", guidLen)
	case tooLong && from.Kind.IsMoney():
		return "", newError(mssqlerr.MoneyResultSpace, OutOfRange, "%s is too short for %s", to, s).hinted("give it a greater length")
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

// formatStyle0 formats a float in T-SQL's style 0: six significant digits, three exponent digits.
func formatStyle0(f float64) string { return wideExponent(strconv.FormatFloat(f, 'g', 6, 64)) }

// wideExponent writes the exponent of a float, if it has one, with three digits.
func wideExponent(s string) string {
	mantissa, exp, ok := strings.Cut(s, "e")
	if !ok {
		return s
	}
	sign, digits := exp[:1], exp[1:]
	return mantissa + "e" + sign + strings.Repeat("0", max(0, 3-len(digits))) + digits
}
