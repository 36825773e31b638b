package sqltypes

import (
	"math"
	"strconv"
	"strings"

	"shardeck/shared/mssqlerr"
)

// toValue converts v, which is neither NULL nor binary, to a type that is not a string type.
func toValue(v Value, from, to Type) (Value, error) {
	switch v.Form {
	case FormInt:
		return fromInt(to, v.Int, from.Kind)
	case FormFloat:
		return fromFloat(to, v.Float)
	}
	switch {
	case from.Kind.IsMoney() && to.Kind.IsInteger() && to.Kind != Bit:
		return roundToInt(to, v)
	case from.Class() == Decimals:
		return fromNumber(to, v.Str)
	case from.Kind.IsDateTime() && to.Kind.IsNumeric():
		return dateTimeToNumber(from, to, v.Str)
	case from.Kind.IsTemporal() && !to.Kind.IsTemporal(),
		from.Kind == Time && to.Kind == Date, from.Kind == Date && to.Kind == Time,
		from.Kind == UniqueIdentifier && to.Kind != UniqueIdentifier:
		return Value{}, errIncompatible(mssqlerr.TypeClash, "a "+from.Kind.String(), to)
	case from.Kind.IsTemporal():
		return convertTemporal(to, from, v.Str)
	case to.Kind.IsBinary():
		return Value{}, errIncompatible(mssqlerr.NotImplicit, "a string", to)
	}
	return fromText(to, v.Str)
}

// fromInt converts an integer literal, or a BIT.
func fromInt(t Type, i int64, from Kind) (Value, error) {
	if lo, hi, ok := t.Kind.IntRange(); ok {
		if t.Kind == Bit {
			return bit(i != 0), nil
		}
		if i < lo || i > hi {
			return Value{}, errRange(t, strconv.FormatInt(i, 10))
		}
		return Int64(i), nil
	}
	switch {
	case t.Kind.IsDateTime():
		return numberToDateTime(t, Int64(i))
	case !t.Kind.IsNumeric() && !t.Kind.IsString():
		return Value{}, errIncompatible(mssqlerr.TypeClash, "a number ("+from.String()+")", t)
	}
	var buf [20]byte
	return fromNumber(t, string(strconv.AppendInt(buf[:0], i, 10)))
}

// fromFloat converts a REAL or FLOAT. A DECIMAL is made from its shortest round-trip form as a
// FLOAT, at most 17 digits: a REAL of 0.1 is 0.10000000149011612.
func fromFloat(t Type, f float64) (Value, error) {
	if f != f || f-f != 0 {
		return Value{}, errConversion(t, strconv.FormatFloat(f, 'g', -1, 64))
	}
	switch {
	case t.Kind == Bit:
		return bit(f != 0), nil
	case t.Kind.IsInteger():
		lo, hi, _ := t.Kind.IntRange()
		// float64(hi) of a BIGINT is 2^63, which is out of range; smaller values are exact.
		whole := math.Trunc(f)
		if whole < float64(lo) || whole > float64(hi) || whole == 1<<63 {
			return Value{}, errRange(t, strconv.FormatFloat(f, 'g', -1, 64))
		}
		return Int64(int64(whole)), nil
	case t.Kind == Real && math.Abs(f) > math.MaxFloat32 && math.IsInf(float64(float32(f)), 0):
		return Value{}, errRange(t, strconv.FormatFloat(f, 'g', -1, 64))
	case t.Kind.IsFloat():
		return floatResult(t, f)
	case t.Kind.IsDateTime():
		return numberToDateTime(t, Float64(f))
	}
	var buf [32]byte
	return fromNumber(t, string(appendFloat(buf[:0], f, Float)))
}

// fromNumber converts a numeric literal, which may not be canonical.
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
	case t.Class() == Decimals:
		return n.toDecimal(t, s)
	case t.Kind.IsFloat():
		return toFloat(t, s)
	case t.Kind.IsString():
		return n.literalText(t, s)
	case t.Kind.IsDateTime() && !n.hasExp:
		return numberToDateTime(t, Text(s))
	case t.Kind.IsDateTime():
		f, ok := parseFloat(s, Float)
		if !ok {
			return Value{}, errRange(FloatType, s)
		}
		return numberToDateTime(t, Float64(f))
	}
	return Value{}, errIncompatible(mssqlerr.TypeClash, "a number", t)
}

// roundToInt converts money to an integer, rounded half away from zero.
func roundToInt(t Type, v Value) (Value, error) {
	d, ok := decimalOperand(v)
	if !ok {
		return Value{}, errOperand("a number")
	}
	return fromInt(t, d.rescale(0).small, Money) // the whole part of money fits an int64
}

func (n *number) toInt(t Type, s string) (Value, error) {
	i, ok := n.integer()
	lo, hi, _ := t.Kind.IntRange()
	if !ok || i < lo || i > hi {
		return Value{}, errRange(t, s)
	}
	return Int64(i), nil
}

func (n *number) toDecimal(t Type, s string) (Value, error) {
	var buf [3 + MaxPrecision]byte
	b, ok := n.appendDecimal(buf[:0], t.Precision, t.Scale)
	if ok && t.Kind.IsMoney() {
		d, _ := parseDecimal(string(b))
		ok = d.inMoneyRange(t)
	}
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

// literalText converts a numeric literal for a string column: one with an exponent is a FLOAT,
// any other keeps its digits.
func (n *number) literalText(t Type, s string) (Value, error) {
	if n.hasExp {
		f, ok := parseFloat(s, Float)
		if !ok {
			return Value{}, errRange(Type{Kind: Float}, s)
		}
		return Convert(Float64(f), Type{Kind: Float}, t)
	}
	if first, _ := n.bounds(); n.neg && first == len(n.whole)+len(n.frac) {
		s = strings.TrimPrefix(s, "-") // there is no negative zero
	}
	return Convert(Text(s), Type{Kind: Decimal}, t)
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
		s, err = textToTemporal(t, s)
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

// textToNumber converts a string to a number as T-SQL does: surrounding spaces are ignored, an
// empty string is 0 (but invalid for DECIMAL), and only REAL and FLOAT allow an exponent.
func textToNumber(t Type, s string) (Value, error) {
	if t.Kind.IsMoney() {
		return textToMoney(t, s)
	}
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
	case t.Kind.IsFloat():
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
