package widget

import (
	"strings"

	"shardeck/tui/theme"
)

// highlightMost is the longest text that gets its roles, in bytes: beyond, nobody
// reads it for its looks.
const highlightMost = 64 << 10

// keywords are the words of T-SQL that stand out.
var keywords = words(`ADD ALL AND ANY AS ASC AVG BETWEEN BY CASE CAST COALESCE CONVERT COUNT COUNT_BIG CREATE CROSS DATEPART DAY
DEFAULT DELETE DESC DISTINCT DROP ELSE END ESCAPE EXISTS FETCH FIRST FROM FULL GROUP HAVING IN INNER INSERT INTO IS ISNULL JOIN KEY
LEFT LEN LIKE LOWER LTRIM MAX MIN MONTH NEXT NOT NULL OFFSET ON ONLY OR ORDER OUTER PERCENT PRIMARY RIGHT ROUND ROW ROWS RTRIM SELECT SET
SUBSTRING SUM TABLE THEN TIES TOP UNION UNIQUE UPDATE UPPER VALUES WHEN WHERE WITH YEAR ABS NULLIF`)

func words(s string) map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(s) {
		m[w] = true
	}
	return m
}

// SQLRoles returns the looks of a statement's bytes: keywords, strings, numbers,
// parameters and comments. It is for the eye alone and takes any text.
func SQLRoles(text string) func(at int) theme.Role {
	if len(text) > highlightMost {
		return nil
	}
	roles := make([]theme.Role, len(text))
	for i := 0; i < len(text); {
		n, role := sqlToken(text[i:])
		for k := range n {
			roles[i+k] = role
		}
		i += n
	}
	return func(at int) theme.Role { return roles[at] }
}

// sqlToken returns the length, at least 1, and the look of what a text begins with.
func sqlToken(s string) (int, theme.Role) {
	switch c := s[0]; {
	case strings.HasPrefix(s, "--"):
		return until(s, 2, "\n", 0), theme.Muted
	case strings.HasPrefix(s, "/*"):
		return until(s, 2, "*/", 2), theme.Muted
	case c == '\'':
		return until(s, 1, "'", 1), theme.Good
	case c == '[':
		return until(s, 1, "]", 1), theme.Text
	case c == '"':
		return until(s, 1, `"`, 1), theme.Text
	case c >= '0' && c <= '9':
		return span(s), theme.Info
	case c == '@':
		return span(s), theme.Key
	case (c == 'N' || c == 'n') && strings.HasPrefix(s[1:], "'"):
		return 1 + until(s[1:], 1, "'", 1), theme.Good
	case sqlWordByte(c):
		n := span(s)
		if keywords[strings.ToUpper(s[:n])] {
			return n, theme.Title
		}
		return n, theme.Text
	}
	return 1, theme.Text
}

// until is the length up to the end mark, with more bytes of it, searched from skip on.
func until(s string, skip int, end string, more int) int {
	if i := strings.Index(s[skip:], end); i >= 0 {
		return skip + i + more
	}
	return len(s)
}

// span is the length of a word, a number or a parameter, at least 1.
func span(s string) int {
	n := 1
	for n < len(s) && (sqlWordByte(s[n]) || s[n] == '.' && s[0] >= '0' && s[0] <= '9') {
		n++
	}
	return n
}

func sqlWordByte(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80
}
