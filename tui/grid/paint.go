package grid

import (
	"fmt"
	"slices"
	"strconv"

	"shardeck/tui/theme"
	"shardeck/tui/widget"
)

// Paint draws the grid. Without the focus its cursor is shown less prominently.
func (g *Grid) Paint(a widget.Area, focused bool) {
	if a.W <= 0 || a.H <= 0 {
		return
	}
	body := a
	if g.prompt.kind != noPrompt || g.Status() != "" {
		body = a.Sub(0, 0, a.W, a.H-1)
		g.paintStatus(a.Sub(0, a.H-1, a.W, 1))
	}
	head := 1
	if body.H >= 6 && g.hasTypes() {
		head = 2
	}
	g.scroll(max(body.H-head, 1))
	n := min(g.Len()-g.top, g.page)
	for i := range max(n, 0) { // measure before placing the columns
		g.shownRow(g.index(g.top + i))
	}
	digits := len(strconv.Itoa(max(g.source.Len(), 1)))
	gutter := min(digits+2, body.W)
	table := body.Sub(gutter, 0, body.W-gutter, body.H)
	slots := g.layout(table.W - gap)
	for i := range slots {
		slots[i].x += gap
	}
	g.paintHead(table, slots, head, focused)
	if g.Len() == 0 && body.H > head {
		table.Text(gap, head, theme.Muted, g.empty())
		return
	}
	for i := range max(min(n, body.H-head), 0) {
		g.paintRow(body, table, slots, head+i, g.top+i, focused)
	}
}

// hasTypes reports whether any column has a type to show.
func (g *Grid) hasTypes() bool {
	return slices.ContainsFunc(g.columns, func(c Column) bool { return c.Type != "" })
}

// scroll moves the first row so that the cursor's is among page rows.
func (g *Grid) scroll(page int) {
	g.clamp()
	g.page = page
	g.top = min(g.top, g.row, max(g.Len()-page, 0))
	g.top = max(g.top, g.row-page+1, 0)
}

func (g *Grid) empty() string {
	if g.have.filter != nil {
		return "no row meets the filter"
	}
	return "no rows"
}

func (g *Grid) paintHead(table widget.Area, slots []slot, lines int, focused bool) {
	for _, s := range slots {
		c := &g.columns[g.display[s.display]]
		role := theme.Strong
		if s.display < g.frozen {
			role = theme.Title
		}
		room := s.w
		name := widget.Width(widget.Data(c.Name))
		if g.have.dir != Unsorted && g.have.sort == g.display[s.display] && room > 2 {
			room -= 2
			if c.Right {
				table.Text(s.x+s.w-1, 0, theme.Key, arrow(g.have.dir))
			} else {
				table.Text(s.x+min(room, name)+1, 0, theme.Key, arrow(g.have.dir))
			}
		}
		if s.display == g.col && focused {
			role = theme.Key
			x := s.x - 1
			if c.Right {
				x += max(room-name, 0)
			}
			table.Text(x, 0, theme.Key, "▸")
		}
		paintValue(table, slot{s.display, s.x, room}, 0, role, c.Name, c.Right)
		if lines > 1 {
			paintValue(table, s, 1, theme.Muted, c.Type, c.Right)
		}
	}
}

func paintValue(a widget.Area, s slot, y int, role theme.Role, text string, right bool) {
	if right {
		a.DataRight(s.x, y, role, text, s.w)
		return
	}
	a.Data(s.x, y, role, text, s.w)
}

// paintRow draws shown row i on line y, with its number in the source at the left.
func (g *Grid) paintRow(body, table widget.Area, slots []slot, y, i int, focused bool) {
	n := g.index(i)
	selected := g.selected(i)
	if i == g.row {
		body.Text(0, y, theme.Key, "▸")
	}
	number := theme.Muted
	if selected {
		body.Text(1, y, theme.Key, "●")
		number = theme.Key
	}
	digits := body.W - table.W - 2
	body.TextRight(2+digits, y, number, strconv.Itoa(n+1))
	row := g.shownRow(n)
	if row.err != nil {
		table.Data(gap, y, theme.Bad, "✗ "+row.err.Error(), table.W-gap)
		return
	}
	for _, s := range slots {
		column := g.display[s.display]
		if column >= len(row.cells) {
			continue
		}
		role := theme.Text
		if of, ok := g.source.(styled); ok {
			role = of.Look(n, column)
		}
		switch {
		case i == g.row && s.display == g.col && focused:
			role = theme.Selected
		case i == g.row && s.display == g.col:
			role = theme.InfoBadge
		case selected:
			role = theme.Strong
		}
		g.paintCell(table, s, y, role, &row.cells[column], g.columns[column].Right)
	}
}

// paintCell draws a value. One of NULL's marks is always in the gap beside the column, which
// no text reaches, so that a text cannot look like it, even without colour. Under the cursor the
// whole width of the column is marked.
func (g *Grid) paintCell(table widget.Area, s slot, y int, role theme.Role, c *shownCell, right bool) {
	if role == theme.Selected || role == theme.InfoBadge {
		for x := range s.w {
			table.Text(s.x+x, y, role, " ")
		}
	}
	if !c.Null {
		text, x := c.fit(s.w), s.x
		if right {
			x += s.w - widget.Width(text)
		}
		table.Put(x, y, role, text)
		return
	}
	if role == theme.Text || role == theme.Strong {
		role = theme.Stale
	}
	text := widget.Fit("NULL", s.w)
	x := s.x
	if right {
		x = s.x + s.w - len(text)
	}
	table.Text(x-1, y, theme.Stale, "‹")
	end := table.Text(x, y, role, text)
	table.Text(end, y, theme.Stale, "›")
}

func (g *Grid) paintStatus(line widget.Area) {
	p := &g.prompt
	if p.kind == noPrompt {
		line.Data(0, 0, theme.Muted, g.Status(), line.W)
		return
	}
	x := line.Text(0, 0, theme.Key, p.label())
	shown := widget.Data(p.text)
	for room := max(line.W-x-1, 0); widget.Width(shown) > room; { // its end is what is being typed
		_, _, n := widget.NextCluster(shown)
		shown = shown[n:]
	}
	x = line.Text(x, 0, theme.Strong, shown)
	x = line.Text(x, 0, theme.Key, "▏")
	switch {
	case p.fault != "":
		line.Data(x+1, 0, theme.Warn, "▲ "+p.fault, line.W-x-1)
	case p.kind == filterPrompt && p.text == "":
		line.Data(x+1, 0, theme.Muted, FilterHelp, line.W-x-1)
	}
}

// Position says where the cursor is, such as "row 5 of 345 · column 3 of 12".
func (g *Grid) Position() string {
	if g.Len() == 0 {
		return ""
	}
	text := fmt.Sprintf("row %s of %s", widget.Thousands(int64(min(g.row, g.Len()-1)+1)), widget.Thousands(int64(g.Len())))
	if len(g.display) > 1 {
		text += fmt.Sprintf(" · column %d of %d", g.col+1, len(g.display))
	}
	return text
}
