package sqltypes

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// EqualityKey returns text that is the same for two values of type t exactly when [Compare] (or,
// with binary, [CompareBinary]) considers them equal. NULL has its own key.
func EqualityKey(t Type, v Value, binary bool) string {
	switch v.Form {
	case FormInt:
		return strconv.FormatInt(v.Int, 10)
	case FormFloat:
		return strconv.FormatFloat(v.Float+0, 'g', -1, 64) // -0 + 0 is 0
	case FormText:
		switch {
		case t.Kind.IsString() && binary:
			return "t" + strings.TrimRight(v.Str, " ")
		case t.Kind.IsString():
			return "t" + foldText(strings.TrimRight(v.Str, " "))
		case t.Class() == Decimals:
			return "d" + decimalKey(v.Str)
		case t.Kind == UniqueIdentifier:
			return strings.ToUpper(v.Str)
		}
		return "t" + v.Str
	case FormBytes:
		return "b" + v.Str
	}
	return ""
}

// foldText folds each character as CompareText does.
func foldText(s string) string {
	dst := make([]byte, 0, len(s))
	for s != "" {
		r, n := decodeRune(s)
		if r > utf8.MaxRune {
			dst = append(dst, s[:n]...)
		} else {
			dst = utf8.AppendRune(dst, foldRune(r))
		}
		s = s[n:]
	}
	return string(dst)
}

// decimalKey drops insignificant zeros.
func decimalKey(s string) string {
	sign := ""
	if strings.HasPrefix(s, "-") {
		sign, s = "-", s[1:]
	}
	s = strings.TrimLeft(s, "0")
	if strings.Contains(s, ".") {
		s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	}
	if s == "" {
		sign = ""
	}
	return sign + s
}
