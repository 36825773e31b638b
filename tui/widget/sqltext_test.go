package widget_test

import (
	"testing"

	"shardeck/shared/sqlfunc"
	"shardeck/tui/theme"
	"shardeck/tui/widget"
)

// Every function of the table is highlighted, in any letter case.
func TestFunctionsAreHighlighted(t *testing.T) {
	for _, f := range sqlfunc.All() {
		text := "SELECT " + f.Name + "(x), nothing(x)"
		roles := widget.SQLRoles(text)
		at := len("SELECT ")
		if roles(at) != theme.Title || roles(at+len(f.Name)-1) != theme.Title {
			t.Errorf("%s is not highlighted", f.Name)
		}
		if roles(len(text)-len("thing(x)")) != theme.Text {
			t.Errorf("a name that is not a function is highlighted in %s", text)
		}
	}
}
