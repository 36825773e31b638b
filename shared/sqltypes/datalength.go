package sqltypes

import "math/bits"

// DataLength returns the number of bytes of v, a value of type t, as DATALENGTH counts them: of
// strings in UTF-8 or, if they are Unicode types, in UTF-16; of a DECIMAL those of its sign and of
// its digits as an integer of one to four 32-bit words
// (https://learn.microsoft.com/openspecs/windows_protocols/ms-tds/5e02042c-a741-4b5a-b91d-af5e236c5252);
// of others those that the type takes.
func DataLength(t Type, v Value) (Value, error) {
	switch {
	case v.IsNull():
		return Value{}, nil
	case t.Kind.IsUnicode():
		return Int64(2 * int64(utf16Len(v.Str))), nil
	case t.Kind.IsString(), t.Kind.IsBinary():
		return Int64(int64(len(v.Str))), nil
	}
	size := map[Kind]int64{
		Bit: 1, TinyInt: 1, SmallInt: 2, Int: 4, BigInt: 8, Money: 8, SmallMoney: 4,
		Real: 4, Float: 8, Date: 3, DateTime: 8, SmallDateTime: 4, UniqueIdentifier: 16,
	}[t.Kind]
	switch t.Kind {
	case Decimal:
		d, ok := decimalOperand(v)
		if !ok {
			return Value{}, errOperand("a number")
		}
		size = 1 + 4*int64(max(1, (d.unscaled().BitLen()+31)/32))
	case Time:
		size = temporalBytes(t.Scale)
	case DateTime2:
		size = 3 + temporalBytes(t.Scale)
	}
	if size == 0 {
		return Value{}, newError(0, Unsupported, "DATALENGTH of a value of type %s is not supported", t)
	}
	return Int64(size), nil
}

// temporalBytes is the number of bytes of a time of day with a number of decimals: 3 to 5.
func temporalBytes(scale int) int64 {
	units := uint64(24 * 60 * 60)
	for range scale {
		units *= 10
	}
	return int64(bits.Len64(units-1)+7) / 8
}
