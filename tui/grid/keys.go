package grid

import (
	"shardeck/tui/keymap"
)

// The groups of a grid's commands in the help.
const (
	groupMove = "Move in a table"
	groupLook = "Look at a table"
	groupUse  = "Use a table"
)

// Commands returns what a grid can do now. It obeys the same list.
func (g *Grid) Commands() []keymap.Command {
	if g.prompt.kind != noPrompt {
		return g.promptCommands()
	}
	return append(append(g.moves(), g.looks()...), g.uses()...)
}

// Key handles a key, and reports false if it means nothing here.
func (g *Grid) Key(k keymap.Key) (keymap.Intent, bool) {
	if c := keymap.Find(g.Commands(), k.Name); c != nil {
		return c.Run(), true
	}
	if g.prompt.kind != noPrompt && k.Text != "" {
		return g.Insert(k.Text), true
	}
	return nil, false
}

// moves returns the commands that move the cursor. Each of them keeps a selected range, which
// follows the cursor.
func (g *Grid) moves() []keymap.Command {
	const far = 1 << 40
	step := func(rows, columns int) func() keymap.Intent {
		return func() keymap.Intent { g.move(rows, columns); return nil }
	}
	extend := func(rows int) func() keymap.Intent {
		return func() keymap.Intent {
			if g.anchor < 0 {
				g.anchor = g.row
			}
			g.move(rows, 0)
			return nil
		}
	}
	page := max(g.page-1, 1)
	return []keymap.Command{
		{Name: "one row up", Group: groupMove, Keys: []string{"up", "k"}, Do: step(-1, 0)},
		{Name: "one row down", Group: groupMove, Keys: []string{"down", "j"}, Do: step(1, 0)},
		{Name: "one column to the left", Group: groupMove, Keys: []string{"left", "h"}, Do: step(0, -1)},
		{Name: "one column to the right", Group: groupMove, Keys: []string{"right", "l"}, Do: step(0, 1)},
		{Name: "one page up", Group: groupMove, Keys: []string{"pgup", "ctrl+b"}, Do: step(-page, 0)},
		{Name: "one page down", Group: groupMove, Keys: []string{"pgdown", "ctrl+f"}, Do: step(page, 0)},
		{Name: "first column", Group: groupMove, Keys: []string{"home", "0"}, Do: step(0, -far)},
		{Name: "last column", Group: groupMove, Keys: []string{"end", "$"}, Do: step(0, far)},
		{Name: "first row", Group: groupMove, Keys: []string{"g", "ctrl+home"}, Do: step(-far, 0)},
		{Name: "last row", Group: groupMove, Keys: []string{"G", "ctrl+end"}, Do: step(far, 0)},
		{Name: "jump to a column by its name", Group: groupMove, Label: "column", Keys: []string{"c"}, Do: g.ask(columnPrompt)},
		{Name: "jump to a row by its number", Group: groupMove, Keys: []string{"#"}, Do: g.ask(rowPrompt)},
		{Name: "select this row, or the range", Group: groupUse, Keys: []string{" ", "space"}, Do: func() keymap.Intent { g.mark(); return nil }},
		{Name: "begin or end a range of rows", Group: groupUse, Keys: []string{"v"}, Do: func() keymap.Intent {
			if g.anchor >= 0 {
				g.anchor = -1
			} else {
				g.anchor = g.row
			}
			return nil
		}},
		{Name: "extend the range up", Group: groupUse, Keys: []string{"shift+up"}, Do: extend(-1)},
		{Name: "extend the range down", Group: groupUse, Keys: []string{"shift+down"}, Do: extend(1)},
	}
}

// looks returns the commands that change what is shown.
func (g *Grid) looks() []keymap.Command {
	noColumn := off(len(g.display) == 0, "there are no columns")
	commands := []keymap.Command{
		{Name: "filter the rows", Group: groupLook, Label: "filter", Keys: []string{"/"}, Off: noColumn, Do: g.ask(filterPrompt)},
		{Name: "sort by this column: ascending, descending, original order", Group: groupLook, Label: "sort", Keys: []string{"s"}, Off: noColumn, Do: g.sortBy},
		{Name: "freeze or release this column", Group: groupLook, Keys: []string{"f"}, Off: noColumn, Do: func() keymap.Intent { g.freeze(); return nil }},
		{Name: "sort and filter again, with the rows that have arrived", Group: groupLook, Keys: []string{"r"},
			Off: off(!g.Outdated(), "no rows have arrived since"), Do: g.Refresh},
	}
	// Esc belongs to the screen if there is nothing to undo here.
	switch {
	case len(g.marked) > 0 || g.anchor >= 0:
		commands = append(commands, keymap.Command{Name: "clear the selection", Group: groupUse, Keys: []string{"esc"},
			Do: func() keymap.Intent { g.marked, g.anchor = nil, -1; return nil }})
	case g.want.filter != nil:
		commands = append(commands, keymap.Command{Name: "show all rows again", Group: groupLook, Keys: []string{"esc"},
			Do: func() keymap.Intent { return g.filterBy("") }})
	}
	return commands
}

// uses returns the commands that a screen carries out.
func (g *Grid) uses() []keymap.Command {
	row, column, ok := g.Cursor()
	none := off(!ok, "there are no rows")
	at := func(intent func(Column, Cell) keymap.Intent) func() keymap.Intent {
		return func() keymap.Intent {
			c, err := g.Value()
			if err != nil {
				return keymap.Say{Text: err.Error()}
			}
			return intent(g.columns[column], c)
		}
	}
	give := func(i keymap.Intent) func() keymap.Intent {
		return func() keymap.Intent { return i }
	}
	return []keymap.Command{
		{Name: "show the whole value", Group: groupUse, Label: "value", Keys: []string{"enter"}, Off: none,
			Do: at(func(of Column, c Cell) keymap.Intent { return OpenCell{row, column, of, c} })},
		{Name: "show the row as names and values", Group: groupUse, Label: "row", Keys: []string{"o"}, Off: none, Do: give(OpenRow{row})},
		{Name: "copy a cell, rows, a column or all", Group: groupUse, Label: "copy", Keys: []string{"y"}, Off: none, Do: give(CopyAs{row, column})},
		{Name: "edit the value", Group: groupUse, Label: "edit", Keys: []string{"e"}, Off: none,
			Do: at(func(of Column, c Cell) keymap.Intent { return EditCell{row, column, of, c} })},
		{Name: "plot this column", Group: groupUse, Label: "plot", Keys: []string{"p"}, Off: none, Do: give(PlotColumns{column})},
		{Name: "export the rows to a file", Group: groupUse, Label: "export", Keys: []string{"x"}, Off: none, Do: give(Export{})},
	}
}

func off(is bool, why string) string {
	if is {
		return why
	}
	return ""
}
