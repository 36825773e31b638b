package widget

import (
	"strings"

	"shardeck/shared/tsqltoken"
	"shardeck/tui/theme"
)

// highlightMost is the longest text that gets its roles, in bytes: beyond, nobody
// reads it for its looks.
const highlightMost = 64 << 10

// functions are the names of functions that stand out, though T-SQL does not reserve them.
var functions = words(`ABS AVG CAST COUNT COUNT_BIG DATEPART DAY ISNULL LEN LOWER LTRIM MAX MIN MONTH ROUND RTRIM
SUBSTRING SUM UPPER YEAR`)

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
	for i := range roles {
		roles[i] = theme.Text
	}
	scan := tsqltoken.NewScanner(text)
	var t tsqltoken.Token
	for scan.Next(&t) {
		role := sqlRole(t)
		for i := t.Start; i < t.End; i++ {
			roles[i] = role
		}
	}
	return func(at int) theme.Role { return roles[at] }
}

// sqlRole returns the look of a token.
func sqlRole(t tsqltoken.Token) theme.Role {
	switch t.Kind {
	case tsqltoken.KindComment:
		return theme.Muted
	case tsqltoken.KindString, tsqltoken.KindNString:
		return theme.Good
	case tsqltoken.KindInt, tsqltoken.KindDecimal, tsqltoken.KindFloat, tsqltoken.KindBinary:
		return theme.Info
	case tsqltoken.KindParam:
		return theme.Key
	case tsqltoken.KindWord:
		if tsqltoken.IsWord(t.Text) || functions[strings.ToUpper(t.Text)] {
			return theme.Title
		}
	}
	return theme.Text
}
