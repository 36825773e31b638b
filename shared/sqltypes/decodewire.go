package sqltypes

import "shardeck/shared/mssqlerr"

// DecodeWire reads a value in the wire form that [AppendJSON] gives it. Unlike [DecodeJSON] it
// converts nothing: text where a number belongs, or digits that are not canonical, are refused, so
// that a peer that does not keep to the contract is noticed. raw has no surrounding spaces, and is
// not kept.
func DecodeWire(t Type, raw []byte) (Value, error) {
	if t.Kind.IsInteger() && t.Kind != Bit && len(raw) > 0 {
		if i, ok := smallInt(raw); ok && i >= -maxSafeInt && i <= maxSafeInt {
			return fromInt(t, i, BigInt)
		}
	}
	v, err := DecodeJSON(t, raw)
	if err == nil && v.Form != FormNull && !isWire(t, v, raw) {
		return Value{}, newError(mssqlerr.TypeConversion, ConversionFailed, "%s is not %s in wire form", quoteClip(string(raw)), t)
	}
	return v, err
}

// isWire reports whether raw, which decodes to v, is its wire form; integers that are numbers have
// been decoded already. Strings and binary values may be escaped or spelled in other ways with the
// same meaning.
func isWire(t Type, v Value, raw []byte) bool {
	quoted := raw[0] == '"'
	switch t.Class() {
	case Integers:
		var buf [24]byte
		return string(appendInt(buf[:0], t, v.Int)) == string(raw)
	case Decimals, Temporals, GUIDs:
		return quoted && v.Str == string(raw[1:len(raw)-1])
	case Floats:
		return !quoted && raw[0] != 't' && raw[0] != 'f'
	}
	return quoted
}
