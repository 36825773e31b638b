package widget_test

import (
	"strings"
	"testing"

	"shardeck/shared/sqlfunc"
	"shardeck/shared/tsqltoken"
	"shardeck/tui/theme"
	"shardeck/tui/widget"
)

// Every function of the table is highlighted, in any letter case.
func TestFunctionsAreHighlighted(t *testing.T) {
	role := func(text string) theme.Role {
		scan := tsqltoken.NewScanner(text)
		var token tsqltoken.Token
		scan.Next(&token)
		return widget.SQLRole(token)
	}
	for _, f := range sqlfunc.All() {
		for _, name := range []string{f.Name, strings.ToLower(f.Name)} {
			if role(name) != theme.Title {
				t.Errorf("%s is not highlighted", name)
			}
		}
	}
	if role("nothing") != theme.Text {
		t.Error("a name that is not a function is highlighted")
	}
}
