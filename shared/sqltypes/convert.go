package sqltypes

import (
	"strconv"
	"strings"
)

// Convert converts v, a value of type from, as T-SQL does when it assigns a
// literal of that type to a column of type to. NULL stays NULL: whether a column
// takes it is not a matter of its type. Conversions that T-SQL does not make by
// itself, and those named in the package comment, are refused by name.
func Convert(v Value, from, to Type) (Value, error) {
	switch v.Form {
	case FormNull:
		return Value{}, nil
	case FormInt:
		return fromInt(to, v.Int, from.Kind)
	case FormFloat:
		return fromFloat(to, v.Float, from.Kind)
	case FormBytes:
		if !to.Kind.IsBinary() {
			return Value{}, errClash(numNotImplicit, "a binary value", to)
		}
		s, err := fitBytes(to, v.Str)
		return Value{Form: FormBytes, Str: s}, err
	}
	switch {
	case from.Kind == Decimal:
		return fromNumber(to, v.Str)
	case from.Kind.IsTemporal() && !to.Kind.IsTemporal() && !to.Kind.IsString(),
		from.Kind == Time && to.Kind == Date,
		from.Kind == UniqueIdentifier && to.Kind != UniqueIdentifier && !to.Kind.IsString():
		return Value{}, errClash(numTypeClash, "a "+from.Kind.String(), to)
	case to.Kind.IsBinary():
		return Value{}, errClash(numNotImplicit, "a string", to)
	}
	return fromText(to, v.Str)
}

// fromInt converts an integer literal, or a BIT.
func fromInt(t Type, i int64, from Kind) (Value, error) {
	if lo, hi, ok := intRange(t.Kind); ok {
		if t.Kind == Bit {
			return bit(i != 0), nil
		}
		if i < lo || i > hi {
			return Value{}, errRange(t, strconv.FormatInt(i, 10))
		}
		return Int64(i), nil
	}
	if !t.Kind.IsNumeric() && !t.Kind.IsString() {
		return Value{}, errClash(numTypeClash, "a number ("+from.String()+")", t)
	}
	var buf [20]byte
	return fromNumber(t, string(strconv.AppendInt(buf[:0], i, 10)))
}

func fromFloat(t Type, f float64, from Kind) (Value, error) {
	if f != f || f-f != 0 {
		return Value{}, errConversion(t, strconv.FormatFloat(f, 'g', -1, 64))
	}
	if t.Kind == Bit {
		return bit(f != 0), nil
	}
	var buf [32]byte
	return fromNumber(t, string(appendFloat(buf[:0], f, from)))
}

// fromNumber converts a numeric literal, which need not be canonical.
func fromNumber(t Type, s string) (Value, error) {
	n, ok := parseNumber(s)
	if !ok {
		return Value{}, errConversion(t, s)
	}
	switch {
	case t.Kind == Bit:
		first, _ := n.bounds()
		return bit(first < len(n.whole)+len(n.frac)), nil
	case t.Kind.IsInteger():
		return n.toInt(t, s)
	case t.Kind == Decimal:
		return n.toDecimal(t, s)
	case t.Kind == Real || t.Kind == Float:
		return toFloat(t, s)
	case t.Kind.IsString():
		return n.toText(t, s)
	}
	return Value{}, errClash(numTypeClash, "a number", t)
}

func (n *number) toInt(t Type, s string) (Value, error) {
	i, ok := n.integer()
	lo, hi, _ := intRange(t.Kind)
	if !ok || i < lo || i > hi {
		return Value{}, errRange(t, s)
	}
	return Int64(i), nil
}

func (n *number) toDecimal(t Type, s string) (Value, error) {
	var buf [3 + maxPrecision]byte
	b, ok := n.appendDecimal(buf[:0], t.Precision, t.Scale)
	if !ok {
		return Value{}, errRange(t, s)
	}
	if string(b) == s {
		return Text(s), nil
	}
	return Text(string(b)), nil
}

func toFloat(t Type, s string) (Value, error) {
	f, ok := parseFloat(s, t.Kind)
	if !ok {
		return Value{}, errRange(t, s)
	}
	return Float64(f), nil
}

// toText writes a number into a string column: one with an exponent is a FLOAT
// literal and written as such, any other keeps its digits.
func (n *number) toText(t Type, s string) (Value, error) {
	if n.hasExp {
		f, ok := parseFloat(s, Float)
		if !ok {
			return Value{}, errRange(Type{Kind: Float}, s)
		}
		var buf [32]byte
		s = string(appendFloat(buf[:0], f, Float))
	} else if first, _ := n.bounds(); n.neg && first == len(n.whole)+len(n.frac) {
		s = strings.TrimPrefix(s, "-") // there is no negative zero
	}
	s, err := fitText(t, s)
	if err != nil {
		return Value{}, err
	}
	return Text(s), nil
}

func bit(set bool) Value {
	if set {
		return Int64(1)
	}
	return Int64(0)
}

// fromText converts a string literal.
func fromText(t Type, s string) (Value, error) {
	var err error
	switch {
	case t.Kind.IsString():
		s, err = fitText(t, s)
	case t.Kind.IsTemporal():
		s, err = canonicalTemporal(t, s)
	case t.Kind == UniqueIdentifier:
		s, err = canonicalGUID(t, s)
	case t.Kind.IsNumeric():
		return textToNumber(t, s)
	default:
		err = errConversion(t, s)
	}
	if err != nil {
		return Value{}, err
	}
	return Text(s), nil
}

// textToNumber converts a string to a number as T-SQL does: spaces around it do
// not matter, an empty one is 0 (though not for DECIMAL), an exponent is for REAL and FLOAT alone.
func textToNumber(t Type, s string) (Value, error) {
	digits := strings.Trim(s, " ")
	if t.Kind == Bit {
		switch {
		case strings.EqualFold(digits, "true"):
			return bit(true), nil
		case strings.EqualFold(digits, "false"):
			return bit(false), nil
		}
	}
	if digits == "" && t.Kind != Decimal {
		digits = "0"
	}
	n, ok := parseNumber(digits)
	if !ok {
		return Value{}, errConversion(t, s)
	}
	switch {
	case t.Kind == Real || t.Kind == Float:
		return toFloat(t, digits)
	case n.hasExp:
		return Value{}, errConversion(t, s)
	case t.Kind == Decimal:
		return n.toDecimal(t, digits)
	case len(n.whole) != len(strings.TrimLeft(digits, "+-")):
		return Value{}, errConversion(t, s) // a fraction, or a point
	case t.Kind == Bit:
		return fromNumber(t, digits)
	}
	return n.toInt(t, digits)
}
