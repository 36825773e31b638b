package screen

import (
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

// Update moves the cursor and chooses a table.
func (t *Tables) Update(msg any) (Screen, Intent) {
	k, ok := msg.(Key)
	if !ok {
		return t, nil
	}
	next := *t
	switch k.Name {
	case "esc", "q", "t":
		return t, Close{}
	case "up", "k":
		next.cursor = max(t.cursor-1, 0)
	case "down", "j":
		next.cursor = min(t.cursor+1, max(len(t.entries)-1, 0))
	case "home", "g":
		next.cursor = 0
	case "end", "G":
		next.cursor = max(len(t.entries)-1, 0)
	case "enter":
		if next.guard.absorbs(k.At) {
			return &next, nil
		}
		if len(t.entries) == 0 {
			return t, Close{}
		}
		e := t.entries[t.cursor]
		return t, Choose{DB: e.db, Table: e.table}
	}
	return &next, nil
}

// Paint draws the list.
func (t *Tables) Paint(a widget.Area, _ *View) {
	box := a.Center(64, max(len(t.entries), 1)+4)
	in := box.Dialog("Choose a table", "↑↓ move · Enter choose · Esc close")
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
			for x := range line.W {
				line.Text(x, 0, role, " ")
			}
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
