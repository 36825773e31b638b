package widget

import (
	"strings"

	"shardeck/shared/sqlfunc"
	"shardeck/shared/tsqltoken"
	"shardeck/tui/theme"
)

// SQLRole returns the role of a token.
func SQLRole(t tsqltoken.Token) theme.Role {
	switch t.Kind {
	case tsqltoken.KindComment:
		return theme.Muted
	case tsqltoken.KindString, tsqltoken.KindNString:
		return theme.Good
	case tsqltoken.KindInt, tsqltoken.KindDecimal, tsqltoken.KindFloat, tsqltoken.KindMoney, tsqltoken.KindBinary:
		return theme.Info
	case tsqltoken.KindParam:
		if t.Fault == tsqltoken.GlobalVariable && sqlfunc.Lookup("@@"+strings.ToUpper(t.Text)) != nil {
			return theme.Title
		}
		return theme.Key
	case tsqltoken.KindWord:
		if tsqltoken.IsWord(t.Text) || sqlfunc.Lookup(strings.ToUpper(t.Text)) != nil {
			return theme.Title
		}
	}
	return theme.Text
}
