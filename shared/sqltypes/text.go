package sqltypes

import (
	"encoding/hex"
	"strings"
	"unicode/utf8"
)

// fitText fits a string to a string type: a value that is too long is refused unless the excess
// is spaces; CHAR and NCHAR are padded with spaces. A MAX type holds [MaxValueBytes].
func fitText(t Type, s string) (string, error) {
	if t.Length == Max {
		return s, checkSize(len(s))
	}
	units := t.Kind.IsUnicode()
	have := len(s)
	if have > t.Length && units {
		have = utf16Len(s)
	}
	if have > t.Length {
		// Spaces count one unit and one byte each, so the number to drop is the same in both.
		excess := have - t.Length
		cut := strings.TrimRight(s, " ")
		if len(s)-len(cut) < excess {
			if units {
				return "", errTooLong(t, utf16Len(cut), "characters (UTF-16 units)")
			}
			return "", errTooLong(t, len(cut), "bytes of UTF-8")
		}
		return s[:len(s)-excess], nil
	}
	if t.Kind == Char || t.Kind == NChar {
		if units {
			have = utf16Len(s)
		}
		if have < t.Length {
			return s + strings.Repeat(" ", t.Length-have), nil
		}
	}
	return s, nil
}

// utf16Len counts the UTF-16 code units of s.
func utf16Len(s string) int {
	n := 0
	for i := range len(s) {
		c := s[i]
		if !utf8.RuneStart(c) {
			continue
		}
		n++
		if c >= 0xF0 {
			n++ // four bytes of UTF-8 are a surrogate pair
		}
	}
	return n
}

// fitBytes fits a binary value to a binary type: a value that is too long is refused unless the
// excess is zeros; BINARY is padded with zeros. A MAX type holds [MaxValueBytes].
func fitBytes(t Type, s string) (string, error) {
	if t.Length == Max {
		return s, checkSize(len(s))
	}
	if len(s) == t.Length {
		return s, nil
	}
	if len(s) > t.Length {
		if cut := strings.TrimRight(s, "\x00"); len(cut) > t.Length {
			return "", errTooLong(t, len(cut), "bytes")
		}
		return s[:t.Length], nil
	}
	if t.Kind == Binary {
		return s + strings.Repeat("\x00", t.Length-len(s)), nil
	}
	return s, nil
}

// parseHex reads "0x" and an even number of hex digits.
func parseHex(s string) (string, bool) {
	if len(s) < 2 || s[0] != '0' || s[1]|0x20 != 'x' {
		return "", false
	}
	b, err := hex.DecodeString(s[2:])
	return string(b), err == nil
}

const guidLen = 36

// canonicalGUID reads a GUID in either case, with or without braces. T-SQL ignores what follows it.
func canonicalGUID(t Type, s string) (string, error) {
	g := strings.Trim(s, " ")
	if len(g) >= guidLen+2 && g[0] == '{' && g[guidLen+1] == '}' {
		g = g[1:]
	}
	if len(g) < guidLen {
		return "", errConversion(t, s)
	}
	g = g[:guidLen]
	var buf [guidLen]byte
	for i := range guidLen {
		c := g[i]
		switch {
		case i == 8 || i == 13 || i == 18 || i == 23:
			if c != '-' {
				return "", errConversion(t, s)
			}
		case '0' <= c && c <= '9', 'A' <= c && c <= 'F':
		case 'a' <= c && c <= 'f':
			c -= 'a' - 'A'
		default:
			return "", errConversion(t, s)
		}
		buf[i] = c
	}
	if string(buf[:]) == g {
		return g, nil
	}
	return string(buf[:]), nil
}
