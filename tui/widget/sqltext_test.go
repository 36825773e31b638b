package widget_test

import (
	"testing"

	"shardeck/shared/sqlfunc"
	"shardeck/tui/theme"
	"shardeck/tui/widget"
)

// Every function of the table stands out in a statement, in any case.
func TestFunctionsStandOut(t *testing.T) {
	for _, f := range sqlfunc.All() {
		text := "SELECT " + f.Name + "(x), nothing(x)"
		roles := widget.SQLRoles(text)
		at := len("SELECT ")
		if roles(at) != theme.Title || roles(at+len(f.Name)-1) != theme.Title {
			t.Errorf("%s looks like any name", f.Name)
		}
		if roles(len(text)-len("thing(x)")) != theme.Text {
			t.Errorf("a name that is no function stands out in %s", text)
		}
	}
}
