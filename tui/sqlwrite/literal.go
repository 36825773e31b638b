package sqlwrite

import (
	"fmt"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"shardeck/shared/sharding"
	"shardeck/shared/sqltypes"
	"shardeck/shared/tsqltoken"
	"shardeck/tui/answer"
)

// Name writes a name, in brackets if it needs them.
func Name(name string) string {
	if tsqltoken.IsBareName(name) && !tsqltoken.IsWord(name) {
		return name
	}
	return "[" + strings.ReplaceAll(name, "]", "]]") + "]"
}

// String writes a string as a Unicode constant.
func String(s string) string { return "N'" + strings.ReplaceAll(s, "'", "''") + "'" }

// Literal writes a value of a type, such as "DECIMAL(10,2)". A value of an unknown type is
// written as a string, and so is text that is no value of its type: the database then says so.
func Literal(typ string, c answer.Cell) string {
	if c.Null {
		return "NULL"
	}
	t, err := sqltypes.Parse(typ)
	if err != nil {
		return String(c.Text)
	}
	switch {
	case t.Kind == sqltypes.Bit:
		switch strings.ToLower(c.Text) {
		case "true", "1":
			return "1"
		case "false", "0":
			return "0"
		}
	case t.Kind.IsFloat():
		// Without an exponent it would be a DECIMAL constant, which is rounded on its way.
		if isNumber(c.Text) {
			if strings.ContainsAny(c.Text, "eE") {
				return c.Text
			}
			return c.Text + "e0"
		}
	case t.Kind.IsNumeric():
		if isNumber(c.Text) && !strings.ContainsAny(c.Text, "eE") {
			return c.Text
		}
	case t.Kind.IsBinary():
		if isHex(c.Text) {
			return c.Text
		}
	case t.Kind.IsTemporal(), t.Kind == sqltypes.UniqueIdentifier, t.Kind.IsString() && !t.Kind.IsUnicode():
		// A constant without N has the code page of the database.
		if isASCII(c.Text) {
			return "'" + strings.ReplaceAll(c.Text, "'", "''") + "'"
		}
	}
	return String(c.Text)
}

// isNumber reports whether s is a sign, digits with at most one point, and perhaps an exponent.
func isNumber(s string) bool {
	s = strings.TrimPrefix(s, "-")
	digits, points := 0, 0
	for i := range len(s) {
		switch c := s[i]; {
		case c >= '0' && c <= '9':
			digits++
		case c == '.' && points == 0:
			points++
		case (c == 'e' || c == 'E') && digits > 0:
			exponent := strings.TrimLeft(s[i+1:], "+-")
			return len(s)-i-1-len(exponent) <= 1 && exponent != "" && strings.Trim(exponent, "0123456789") == ""
		default:
			return false
		}
	}
	return digits > 0
}

func isHex(s string) bool {
	digits, ok := strings.CutPrefix(s, "0x")
	return ok && len(digits)%2 == 0 && strings.Trim(digits, "0123456789abcdefABCDEF") == ""
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

// ShardKey returns the text by whose hash a row with that value in its shard key finds its shard.
func ShardKey(typ string, c answer.Cell) (string, error) {
	t, v, err := valueOf(typ, c)
	if err != nil {
		return "", err
	}
	return sharding.CanonicalKey(t, v)
}

// Converted returns text as a value of a type, in its canonical form, as an assignment to a
// column of that type would convert it.
func Converted(typ string, c answer.Cell) (answer.Cell, error) {
	t, v, err := valueOf(typ, c)
	if err != nil || c.Null {
		return c, err
	}
	return answer.CellOf(sqltypes.AppendJSON(nil, t, v), 0), nil
}

// valueOf converts text to a value of a type.
func valueOf(typ string, c answer.Cell) (sqltypes.Type, sqltypes.Value, error) {
	t, err := sqltypes.Parse(typ)
	if err != nil {
		return t, sqltypes.Value{}, fmt.Errorf("the type %q is not known", typ)
	}
	if c.Null {
		return t, sqltypes.Value{}, nil
	}
	raw, err := jsontext.AppendQuote(nil, c.Text)
	if err != nil {
		return t, sqltypes.Value{}, err
	}
	v, err := sqltypes.DecodeJSON(t, raw)
	return t, v, err
}
