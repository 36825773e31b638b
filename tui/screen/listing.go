package screen

import (
	"context"
	"slices"
	"strings"

	"shardeck/tui/grid"
	"shardeck/tui/keymap"
	"shardeck/tui/theme"
	"shardeck/tui/widget"
)

// listing is the table of a place: rows that follow the cluster, to choose from, sort and filter.
// Its zero value is empty.
type listing struct {
	table *grid.Table
	keys  []string // what identifies each row
	grid  *grid.Grid
}

// show replaces the rows, which keys identify. The order and the filter stay, and so does the
// cursor on its row, wherever that is now.
func (l *listing) show(t *grid.Table, keys []string) Intent {
	at := ""
	if row := l.row(); row >= 0 {
		at = l.keys[row]
	}
	l.table, l.keys = t, keys
	if l.grid == nil {
		l.grid = grid.New(t, 1)
		return nil
	}
	in := l.ordered(l.grid.Replace(t))
	if row := slices.Index(keys, at); row >= 0 {
		l.grid.Goto(row)
	}
	return in
}

// choose moves the cursor to the row with that key.
func (l *listing) choose(key string) {
	if row := slices.Index(l.keys, key); row >= 0 {
		l.grid.Goto(row)
	}
}

// row returns the number of the row under the cursor, -1 if there is none.
func (l *listing) row() int {
	if l.grid == nil {
		return -1
	}
	if row, _, ok := l.grid.Cursor(); ok {
		return row
	}
	return -1
}

// typing reports whether a filter is being typed.
func (l *listing) typing() bool { return l.grid != nil && l.grid.Typing() }

func (l *listing) insert(text string) Intent {
	if l.grid == nil {
		return nil
	}
	return l.ordered(l.grid.Insert(text))
}

// commands lists the keys that move, sort, filter and copy. While a filter is typed there are no
// others.
func (l *listing) commands() []keymap.Command {
	if l.grid == nil {
		return nil
	}
	own := slices.Clone(l.grid.Commands())
	for i, c := range own {
		own[i].Do = func() Intent { return l.ordered(c.Do()) }
	}
	if l.typing() {
		return own
	}
	// What makes sense for the rows of a statement only is left out.
	own = slices.DeleteFunc(own, func(c keymap.Command) bool {
		return c.Group == "Use a table" && c.Keys[0] != "esc"
	})
	for i := range own {
		if own[i].Label == "column" {
			own[i].Label = "" // there are few columns here
		}
	}
	return append(own, keymap.Command{Name: "copy the row", Group: "Use a table", Keys: []string{"y"}, Do: l.copyRow})
}

// copyRow copies the row under the cursor, with tabs between the values.
func (l *listing) copyRow() Intent {
	row := l.row()
	if row < 0 {
		return keymap.Say{Text: "there is no row to copy"}
	}
	values := make([]string, len(l.table.Rows[row]))
	for i, c := range l.table.Rows[row] {
		values[i] = c.Text
	}
	return keymap.Copy{Text: strings.Join(values, "\t"), What: "the row"}
}

// ordered has many rows sorted or filtered in the background.
func (l *listing) ordered(in Intent) Intent { return orderedInBackground(l.grid, in) }

// orderedInBackground turns a grid's request to order many rows into work in the background.
func orderedInBackground(g *grid.Grid, in Intent) Intent {
	p, ok := in.(grid.Prepare)
	if !ok {
		return in
	}
	return Work{What: p.What, Run: func(ctx context.Context) func() Intent {
		order := p.Run(ctx)
		return func() Intent { return g.Apply(order) }
	}}
}

// paint draws the rows in a frame, or says why there are none.
func (l *listing) paint(a widget.Area, title, note, empty string) {
	in := a.Box(theme.DialogFrame, title, note)
	in = in.Sub(1, 0, in.W-2, in.H)
	if l.grid == nil || len(l.table.Rows) == 0 {
		paragraph(in, 0, 0, theme.Muted, empty, in.H)
		return
	}
	l.grid.Paint(in, true)
}
