package screen

import (
	"slices"
	"strings"
	"time"

	"shardeck/shared/api"
	"shardeck/tui/grid"
	"shardeck/tui/keymap"
	"shardeck/tui/theme"
	"shardeck/tui/widget"
)

// Tables is the list for choosing a table.
type Tables struct {
	guard   guard
	entries []tableEntry
	grid    *grid.Grid
}

type tableEntry struct{ db, table string }

// NewTables lists the current tables, with the cursor on the chosen one.
func NewTables(v *View) *Tables {
	t := &Tables{guard: newGuard(v.Now, quietOpening)}
	list := &grid.Table{Head: []grid.Column{{Name: "database"}, {Name: "table"}, {Name: "rows", Type: "BIGINT", Right: true}, {Name: "shard key"}}}
	chosen := 0
	var databases []api.DatabaseInfo
	if v.State.Meta != nil {
		databases = v.State.Meta.Databases
	}
	for i := range databases {
		d := &databases[i]
		for j := range d.Tables {
			info := &d.Tables[j]
			if d.Name == v.DB && info.Name == v.Table {
				chosen = len(t.entries)
			}
			key := grid.Cell{Text: strings.Trim(keyName(&info.Definition), "()")}
			t.entries = append(t.entries, tableEntry{d.Name, info.Name})
			list.Rows = append(list.Rows, []grid.Cell{{Text: d.Name}, {Text: info.Name}, {Text: widget.Thousands(info.Rows)}, key})
		}
	}
	t.grid = grid.New(list, 0)
	for range chosen {
		t.grid.Key(keymap.Key{Name: "down"})
	}
	t.grid.Focus(1)
	return t
}

func (t *Tables) absorbs(at time.Time) bool { return t.guard.absorbs(at) }

// Writing reports whether a filter is being typed.
func (t *Tables) Writing() bool { return t.grid.Typing() }

// Insert adds to the filter.
func (t *Tables) Insert(text string) Intent { return t.grid.Insert(text) }

// Commands lists the keys of the list.
func (t *Tables) Commands(*View) []keymap.Command {
	own := slices.Clone(t.grid.Commands())
	for i, c := range own {
		own[i].Do = func() Intent { return t.ordered(c.Do()) }
	}
	if t.grid.Typing() {
		return own
	}
	own = slices.DeleteFunc(own, func(c keymap.Command) bool { return c.Group == "Use a table" && c.Keys[0] != "esc" })
	choose := Intent(Close{})
	if row, _, ok := t.grid.Cursor(); ok {
		choose = CloseAnd{Then: ChooseTable{DB: t.entries[row].db, Table: t.entries[row].table}}
	}
	all := []keymap.Command{
		{Name: "choose the table", Label: "choose", Group: groupDialog, Keys: []string{"enter"}, Do: asks(choose)},
		{Name: "close", Label: "close", Group: groupDialog, Keys: []string{"esc", "q", "t"}, Do: asks(Close{})},
	}
	if uses(own, all[1].Keys) { // Esc shows all rows again first
		all[1].Keys = []string{"q", "t"}
	}
	return append(all, own...)
}

// ordered has thousands of tables sorted or filtered in the background.
func (t *Tables) ordered(in Intent) Intent { return orderedInBackground(t.grid, in) }

// Update ignores messages.
func (t *Tables) Update(any) Intent { return nil }

// Paint draws the list.
func (t *Tables) Paint(a widget.Area, _ *View) {
	in := a.Center(72, max(len(t.entries), 1)+6).Dialog("Choose a table", t.grid.Status())
	if len(t.entries) == 0 {
		paragraph(in, 0, 0, theme.Muted, "There is no table yet, or no master has reported one.", in.H)
		return
	}
	t.grid.Paint(in, true)
}
