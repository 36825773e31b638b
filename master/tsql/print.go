package tsql

import (
	"strings"

	"shardeck/shared/tsqltoken"
)

// FormatName writes a name as T-SQL, in brackets where it has to be.
func FormatName(name string) string { return string(appendName(nil, name)) }

// FormatString writes s as a T-SQL string constant, national when national is set.
func FormatString(s string, national bool) string {
	return string(appendString(nil, s, national))
}

func appendString(dst []byte, s string, national bool) []byte {
	if national {
		dst = append(dst, 'N')
	}
	dst = append(dst, '\'')
	dst = append(dst, strings.ReplaceAll(s, "'", "''")...)
	return append(dst, '\'')
}

// appendName appends a name, unquoted if it is a plain word.
func appendName(dst []byte, name string) []byte {
	if tsqltoken.IsBareName(name) {
		return append(dst, name...)
	}
	dst = append(dst, '[')
	dst = append(dst, strings.ReplaceAll(name, "]", "]]")...)
	return append(dst, ']')
}
