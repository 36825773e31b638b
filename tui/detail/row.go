package detail

import (
	"fmt"

	"shardeck/tui/grid"
	"shardeck/tui/keymap"
	"shardeck/tui/theme"
	"shardeck/tui/widget"
)

// Row shows the row under a grid's cursor as names and values, one a line. It moves the grid's
// cursor, which therefore is where the reader was when the row is closed.
type Row struct {
	grid *grid.Grid
	top  int
	page int
}

// NewRow shows the row under the cursor of a grid.
func NewRow(g *grid.Grid) *Row { return &Row{grid: g, page: 1} }

// Title says which row it is.
func (r *Row) Title() string {
	row, _, ok := r.grid.Cursor()
	if !ok {
		return "No row"
	}
	return "Row " + widget.Thousands(int64(row+1))
}

// Commands returns what can be done with the row.
func (r *Row) Commands() []keymap.Command {
	const group = "A whole row"
	const far = 1 << 30
	field := func(by int) func() keymap.Intent {
		return func() keymap.Intent {
			_, column, _ := r.grid.Cursor()
			r.grid.Focus(max(min(column+by, len(r.grid.Columns())-1), 0))
			return nil
		}
	}
	step := func(by int, last string) func() keymap.Intent {
		return func() keymap.Intent {
			if !r.grid.Step(by) {
				return keymap.Say{Text: last}
			}
			return nil
		}
	}
	page := max(r.page-1, 1)
	return []keymap.Command{
		{Name: "one column up", Group: group, Keys: []string{"up", "k"}, Do: field(-1)},
		{Name: "one column down", Group: group, Keys: []string{"down", "j"}, Do: field(1)},
		{Name: "one page up", Group: group, Keys: []string{"pgup", "ctrl+b"}, Do: field(-page)},
		{Name: "one page down", Group: group, Keys: []string{"pgdown", "ctrl+f"}, Do: field(page)},
		{Name: "first column", Group: group, Keys: []string{"home", "g"}, Do: field(-far)},
		{Name: "last column", Group: group, Keys: []string{"end", "G"}, Do: field(far)},
		{Name: "next row", Group: group, Label: "next row", Keys: []string{"right", "l", "n"}, Do: step(1, "this is the last row")},
		{Name: "previous row", Group: group, Label: "previous", Keys: []string{"left", "h", "N"}, Do: step(-1, "this is the first row")},
		{Name: "show the whole value", Group: group, Label: "value", Keys: []string{"enter"}, Do: func() keymap.Intent {
			return r.field(func(row, column int, of grid.Column, c grid.Cell) keymap.Intent {
				return grid.OpenCell{Row: row, Column: column, Of: of, Value: c}
			})
		}},
		{Name: "copy", Group: group, Label: "copy", Keys: []string{"y"}, Do: func() keymap.Intent {
			return r.field(func(row, column int, _ grid.Column, _ grid.Cell) keymap.Intent {
				return grid.CopyAs{Row: row, Column: column}
			})
		}},
		{Name: "edit the value", Group: group, Label: "edit", Keys: []string{"e"}, Do: func() keymap.Intent {
			return r.field(func(row, column int, of grid.Column, c grid.Cell) keymap.Intent {
				return grid.EditCell{Row: row, Column: column, Of: of, Value: c}
			})
		}},
		{Name: "close it", Group: group, Label: "close", Keys: []string{"esc", "o"}, Do: func() keymap.Intent { return Close{} }},
	}
}

// field makes an intent of the value under the cursor.
func (r *Row) field(intent func(row, column int, of grid.Column, c grid.Cell) keymap.Intent) keymap.Intent {
	row, column, ok := r.grid.Cursor()
	if !ok {
		return keymap.Say{Text: "there are no rows"}
	}
	c, err := r.grid.Value()
	if err != nil {
		return keymap.Say{Text: err.Error()}
	}
	return intent(row, column, r.grid.Columns()[column], c)
}

// Key handles a key, and reports false if it means nothing here.
func (r *Row) Key(k keymap.Key) (keymap.Intent, bool) {
	c := keymap.Find(r.Commands(), k.Name)
	if c == nil {
		return nil, false
	}
	return c.Run(), true
}

// Paint draws the row.
func (r *Row) Paint(a widget.Area) {
	if a.W <= 0 || a.H <= 0 {
		return
	}
	columns := r.grid.Columns()
	_, current, _ := r.grid.Cursor()
	cells, err := r.grid.Record()
	if err != nil {
		a.Data(0, 0, theme.Bad, "✗ "+err.Error(), a.W)
		return
	}
	names := 1
	for _, c := range columns {
		names = max(names, widget.Width(widget.FitData(c.Name, 40)))
	}
	names = min(names, max(a.W/3, 8))
	body := a.Sub(0, 0, a.W, a.H)
	r.page = body.H
	r.top = max(min(r.top, current, len(columns)-body.H), current-body.H+1, 0)
	for y := range min(body.H, len(columns)-r.top) {
		i := r.top + y
		role := theme.Text
		if i == current {
			a.Text(0, y, theme.Key, "▸")
			role = theme.Selected
		}
		a.DataRight(2, y, theme.Muted, columns[i].Name, names)
		value := a.Sub(2+names+2, y, a.W-names-4, 1)
		if i >= len(cells) {
			continue
		}
		if cells[i].Null { // its mark is where no text begins, as in a grid
			a.Text(2+names+1, y, theme.Stale, "‹")
			a.Text(value.Text(0, 0, theme.Stale, "NULL")+2+names+2, y, theme.Stale, "›")
			continue
		}
		value.Data(0, 0, role, cells[i].Text, value.W)
	}
}

// Facts says where the row is among those that are shown.
func (r *Row) Facts() string {
	return fmt.Sprintf("%s · %d columns", r.grid.Position(), len(r.grid.Columns()))
}
