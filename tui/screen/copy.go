package screen

import (
	"fmt"

	"shardeck/tui/copyas"
	"shardeck/tui/grid"
	"shardeck/tui/keymap"
	"shardeck/tui/theme"
	"shardeck/tui/widget"
)

// CopyMenu chooses what of a result to copy or to export, and how it is written.
type CopyMenu struct {
	export bool
	parts  []part
	part   int
	format int
	table  string // for INSERT
	lacks  string // what the result lacks, "" if it is complete
}

// part is a part of a result.
type part struct {
	name    string
	rows    grid.Source
	columns []int // nil for all
	bare    bool  // without the names of the columns
}

// The intents of the menu.
type (
	// CopyRows puts rows onto the clipboard.
	CopyRows struct {
		Rows    grid.Source
		Columns []int
		Format  copyas.Format
		Options copyas.Options
		What    string
	}
	// ExportRows asks for a path and writes rows to that file.
	ExportRows struct {
		Rows    grid.Source
		Columns []int
		Format  copyas.Format
		Options copyas.Options
	}
)

// newCopyMenu returns the menu for a grid. table is the one that its rows are of, for INSERT.
func newCopyMenu(g *grid.Grid, table string, export bool) *CopyMenu {
	m := &CopyMenu{export: export, table: table}
	all := part{name: "all rows (" + widget.Thousands(int64(g.Len())) + ")", rows: g.Shown()}
	if export {
		m.parts = append(m.parts, all)
	}
	_, column, ok := g.Cursor()
	if ok {
		chosen := part{name: "the row", rows: g.Chosen()}
		if n := g.Selected(); n > 1 {
			chosen.name = fmt.Sprintf("%d selected rows", n)
		}
		m.parts = append(m.parts, part{name: "the value", rows: g.Chosen(), columns: []int{column}, bare: true}, chosen,
			part{name: "the column", rows: g.Shown(), columns: []int{column}})
	}
	if !export {
		m.parts = append(m.parts, all)
	}
	if export { // a single value is not worth a file
		kept := m.parts[:0]
		for _, p := range m.parts {
			if !p.bare {
				kept = append(kept, p)
			}
		}
		m.parts, m.format = kept, 1
	}
	return m
}

// Commands lists the keys of the menu.
func (m *CopyMenu) Commands(*View) []keymap.Command {
	formats := len(copyas.Formats())
	act := "copy"
	if m.export {
		act = "export"
	}
	move := func(at *int, by, n int) func() Intent {
		return does(func() { *at = min(max(*at+by, 0), n-1) })
	}
	all := []keymap.Command{
		{Name: act, Label: act, Group: groupDialog, Keys: []string{"enter"}, Do: m.choose},
		{Name: "next part", Label: "what", Group: groupDialog, Keys: []string{"down", "j"}, Shown: "↑↓", Do: move(&m.part, 1, len(m.parts))},
		{Name: "previous part", Group: groupDialog, Keys: []string{"up", "k"}, Do: move(&m.part, -1, len(m.parts))},
		{Name: "next format", Label: "format", Group: groupDialog, Keys: []string{"right", "l", "tab"}, Shown: "←→", Do: move(&m.format, 1, formats)},
		{Name: "previous format", Group: groupDialog, Keys: []string{"left", "h", "shift+tab"}, Do: move(&m.format, -1, formats)},
		{Name: "close", Label: "close", Group: groupDialog, Keys: []string{"esc"}, Do: asks(Close{})},
	}
	for i, f := range copyas.Formats() {
		label := ""
		if i == 0 {
			label = "at once"
		}
		all = append(all, keymap.Command{Name: act + " as " + string(f) + " at once", Label: label, Shown: fmt.Sprintf("1-%d", formats), Group: groupDialog, Keys: []string{fmt.Sprint(i + 1)}, Do: func() Intent {
			m.format = i
			return m.choose()
		}})
	}
	return all
}

func (m *CopyMenu) choose() Intent {
	p, f := m.parts[m.part], copyas.Formats()[m.format]
	o := copyas.Options{Table: m.table, Bare: p.bare}
	if o.Table == "" {
		o.Table = "TableName"
	}
	if m.export {
		return CloseAnd{Then: ExportRows{Rows: p.rows, Columns: p.columns, Format: f, Options: o}}
	}
	return CloseAnd{Then: CopyRows{Rows: p.rows, Columns: p.columns, Format: f, Options: o, What: p.name + " as " + string(f)}}
}

// Update ignores messages.
func (m *CopyMenu) Update(any) Intent { return nil }

// Paint draws the parts and the formats.
func (m *CopyMenu) Paint(a widget.Area, _ *View) {
	title := "Copy"
	if m.export {
		title = "Export"
	}
	in := a.Center(60, len(m.parts)+6).Dialog(title, "")
	if m.lacks != "" {
		in.Text(0, len(m.parts)+2, theme.Warn, widget.Fit("▲ the result is not complete: "+m.lacks, in.W))
	}
	for i := range m.parts {
		role, mark := theme.Text, "  "
		if i == m.part {
			role, mark = theme.Selected, "▸ "
			in.Sub(0, i, in.W, 1).Fill(role)
		}
		in.Text(0, i, role, mark+widget.Fit(m.parts[i].name, in.W-2))
	}
	x, y := in.Text(0, len(m.parts)+1, theme.Muted, "as  "), len(m.parts)+1
	for i, f := range copyas.Formats() {
		role := theme.Button
		if i == m.format {
			role = theme.ButtonFocus
		}
		x = in.Text(x, y, role, fmt.Sprintf(" %d %s ", i+1, f)) + 1
	}
}
