package widget

import (
	"strings"

	"shardeck/shared/sqlfunc"
	"shardeck/shared/tsqltoken"
	"shardeck/tui/theme"
)

// highlightMost is the longest text that gets its roles, in bytes: beyond, nobody
// reads it for its looks.
const highlightMost = 64 << 10

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
		if tsqltoken.IsWord(t.Text) || sqlfunc.Lookup(strings.ToUpper(t.Text)) != nil {
			return theme.Title
		}
	}
	return theme.Text
}
