package sqltypes

import (
	"encoding/binary"
	"encoding/hex"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// Conversions between binary values and others, which T-SQL makes in CAST and CONVERT. The bytes
// of a DECIMAL, a float, a date, an amount of money and a GUID are not documented, or of no use,
// and are refused.

// CastsBinary reports whether CAST converts between two types of which exactly one is binary.
func CastsBinary(from, to Type) bool {
	other := from.Kind
	if from.Kind.IsBinary() {
		other = to.Kind
	}
	return from.Kind.IsBinary() != to.Kind.IsBinary() && (other.IsString() || other.IsInteger() && other != Bit)
}

// intBytes is the size of an integer as a binary value.
func intBytes(k Kind) int {
	switch k {
	case TinyInt:
		return 1
	case SmallInt:
		return 2
	case Int:
		return 4
	}
	return 8
}

// bytesOf converts a string or an integer to a binary value, which is cut to the length of to: a
// string at its end, an integer at its beginning, where zeros are added for a BINARY.
func bytesOf(v Value, from, to Type, style int) (Value, error) {
	var s string
	switch {
	case v.Form == FormInt:
		var b [8]byte
		binary.BigEndian.PutUint64(b[:], uint64(v.Int))
		s = string(b[len(b)-intBytes(from.Kind):])
		if to.Length != Max && len(s) > to.Length {
			s = s[len(s)-to.Length:]
		}
		if to.Kind == Binary {
			s = strings.Repeat("\x00", to.Length-len(s)) + s
		}
	case style > 0:
		digits := strings.TrimRight(v.Str, " ")
		if style == 1 {
			digits = v.Str
			if len(digits) < 2 || digits[0] != '0' || digits[1]|0x20 != 'x' {
				return Value{}, errConversion(to, v.Str)
			}
			digits = digits[2:]
		}
		b, err := hex.DecodeString(digits)
		if err != nil {
			return Value{}, errConversion(to, v.Str)
		}
		s = string(b)
	case from.Kind.IsUnicode():
		s = utf16Bytes(v.Str)
	case isASCIIText(v.Str):
		s = v.Str
	default:
		return Value{}, errCodePage(from, to)
	}
	if to.Length != Max && len(s) > to.Length {
		s = s[:to.Length]
	}
	s, err := fitBytes(to, s)
	return Value{Form: FormBytes, Str: s}, err
}

// ofBytes converts a binary value to a string or an integer.
func ofBytes(v Value, from, to Type, style int) (Value, error) {
	if to.Kind.IsInteger() {
		return intOfBytes(to, v.Str), nil
	}
	s, ok := v.Str, true
	switch {
	case style > 0:
		const twoDigits = 2
		s = strings.ToUpper(hex.EncodeToString([]byte(s)))
		if style == 1 {
			s = "0x" + s
		}
		if to.Length != Max && len(s) > to.Length {
			s = s[:to.Length-to.Length%twoDigits]
		}
	case to.Kind.IsUnicode():
		s, ok = textOfUTF16(s)
	default:
		ok = isASCIIText(s)
	}
	if !ok {
		return Value{}, errCodePage(from, to)
	}
	s, err := fitText(to, cutText(to, s))
	return Text(s), err
}

// intOfBytes reads the last bytes of s as an integer of type t.
func intOfBytes(t Type, s string) Value {
	var b [8]byte
	size := intBytes(t.Kind)
	s = s[max(0, len(s)-size):]
	copy(b[len(b)-len(s):], s)
	n := binary.BigEndian.Uint64(b[:])
	switch t.Kind {
	case SmallInt:
		return Int64(int64(int16(n)))
	case Int:
		return Int64(int64(int32(n)))
	}
	return Int64(int64(n))
}

// utf16Bytes returns s in UTF-16 with the low byte first, as NVARCHAR is stored.
func utf16Bytes(s string) string {
	units := utf16.Encode([]rune(s))
	b := make([]byte, 0, 2*len(units))
	for _, u := range units {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	return string(b)
}

// textOfUTF16 is the opposite; a zero byte completes an odd number. False for half a character.
func textOfUTF16(s string) (string, bool) {
	if len(s)%2 == 1 {
		s += "\x00"
	}
	units := make([]uint16, 0, len(s)/2)
	for i := 0; i < len(s); i += 2 {
		units = append(units, uint16(s[i])|uint16(s[i+1])<<8)
	}
	text := string(utf16.Decode(units))
	return text, !strings.ContainsRune(text, utf8.RuneError) || utf16Bytes(text) == s
}

func isASCIIText(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

func errCodePage(from, to Type) *Error {
	return newError(0, Unsupported, "converting %s to %s is supported for ASCII characters only: others depend on a code page", from.Kind, to.Kind).
		hinted("use NVARCHAR, whose characters are UTF-16")
}
