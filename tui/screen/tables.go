package screen

import (
	"time"

	"shardeck/tui/keymap"
	"shardeck/tui/theme"
	"shardeck/tui/widget"
)

// Tables is the list for choosing a table.
type Tables struct {
	guard   guard
	entries []tableEntry
	cursor  int
}

type tableEntry struct {
	db, table string
	rows      int64
	shardKey  string
}

// NewTables lists the current tables, with the cursor on the chosen one.
func NewTables(v *View) *Tables {
	t := &Tables{guard: newGuard(v.Now, quietOpening)}
	if v.State.Meta == nil {
		return t
	}
	for i := range v.State.Meta.Databases {
		d := &v.State.Meta.Databases[i]
		for j := range d.Tables {
			e := tableEntry{db: d.Name, table: d.Tables[j].Name, rows: d.Tables[j].Rows, shardKey: d.Tables[j].Definition.ShardKey}
			if e.db == v.DB && e.table == v.Table {
				t.cursor = len(t.entries)
			}
			t.entries = append(t.entries, e)
		}
	}
	return t
}

func (t *Tables) absorbs(at time.Time) bool { return t.guard.absorbs(at) }

func (t *Tables) move(by int) {
	t.cursor = min(max(t.cursor+by, 0), max(len(t.entries)-1, 0))
}

// Commands lists the keys of the list.
func (t *Tables) Commands(*View) []keymap.Command {
	choose := Intent(Close{})
	if len(t.entries) > 0 {
		e := t.entries[t.cursor]
		choose = CloseAnd{Then: Choose{DB: e.db, Table: e.table}}
	}
	return []keymap.Command{
		{Name: "choose the table", Label: "choose", Group: groupDialog, Keys: []string{"enter"}, Do: asks(choose)},
		{Name: "go down", Label: "move", Group: groupDialog, Keys: []string{"down", "j"}, Shown: "↑↓", Do: does(func() { t.move(1) })},
		{Name: "go up", Group: groupDialog, Keys: []string{"up", "k"}, Do: does(func() { t.move(-1) })},
		{Name: "go down a page", Group: groupDialog, Keys: []string{"pgdown"}, Do: does(func() { t.move(10) })},
		{Name: "go up a page", Group: groupDialog, Keys: []string{"pgup"}, Do: does(func() { t.move(-10) })},
		{Name: "go to the first", Group: groupDialog, Keys: []string{"home", "g"}, Do: does(func() { t.move(-len(t.entries)) })},
		{Name: "go to the last", Group: groupDialog, Keys: []string{"end", "G"}, Do: does(func() { t.move(len(t.entries)) })},
		{Name: "close", Label: "close", Group: groupDialog, Keys: []string{"esc", "q", "t"}, Do: asks(Close{})},
	}
}

// Update ignores messages.
func (t *Tables) Update(any) Intent { return nil }

// Paint draws the list.
func (t *Tables) Paint(a widget.Area, _ *View) {
	box := a.Center(64, max(len(t.entries), 1)+4)
	in := box.Dialog("Choose a table", "")
	if len(t.entries) == 0 {
		paragraph(in, 0, 0, theme.Muted, "There is no table yet, or no master has reported one.", in.H)
		return
	}
	in.Text(2, 0, theme.Head, "table")
	in.TextRight(in.W-16, 0, theme.Head, "rows")
	in.Text(in.W-14, 0, theme.Head, "shard key")
	room := in.H - 1
	first := 0
	if t.cursor >= room {
		first = t.cursor - room + 1
	}
	for y := 0; y < room && first+y < len(t.entries); y++ {
		e, line := t.entries[first+y], in.Sub(0, y+1, in.W, 1)
		role, muted := theme.Text, theme.Muted
		if first+y == t.cursor {
			role, muted = theme.Selected, theme.Selected
			line.Fill(role)
			line.Text(0, 0, role, "▸")
		}
		line.Text(2, 0, role, widget.FitMiddle(e.db+"."+e.table, in.W-30))
		line.TextRight(in.W-16, 0, role, widget.Count(e.rows, 11))
		shardKey := e.shardKey
		if shardKey == "" {
			shardKey = "row hash"
		}
		line.Text(in.W-14, 0, muted, widget.Fit(shardKey, 14))
	}
}
