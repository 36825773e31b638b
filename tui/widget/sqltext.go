package widget

import (
	"strings"

	"shardeck/shared/sqlfunc"
	"shardeck/shared/tsqltoken"
	"shardeck/tui/theme"
)

// maxHighlighted is the longest text that is highlighted, in bytes.
const maxHighlighted = 64 << 10

// SQLRoles returns the roles of a statement's bytes: keywords, strings, numbers,
// parameters and comments. It is for display only and accepts any text; it returns nil
// for a text that is too long to highlight.
func SQLRoles(text string) func(at int) theme.Role {
	if len(text) > maxHighlighted {
		return nil
	}
	roles := make([]theme.Role, len(text))
	for i := range roles {
		roles[i] = theme.Text
	}
	scan := tsqltoken.NewScanner(text)
	var t tsqltoken.Token
	for scan.Next(&t) {
		role := SQLRole(t)
		for i := t.Start; i < t.End; i++ {
			roles[i] = role
		}
	}
	return func(at int) theme.Role { return roles[at] }
}

// SQLRole returns the role of a token.
func SQLRole(t tsqltoken.Token) theme.Role {
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
