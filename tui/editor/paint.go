package editor

import (
	"shardeck/tui/theme"
	"shardeck/tui/widget"
)

// Look is how an editor is drawn.
type Look struct {
	Focused bool
	// Faults are marked in the text. An empty one marks the character at its place.
	Faults []Fault
	// Current is the part of the text whose line numbers stand out, such as the statement at
	// the cursor; none if it is empty.
	Current Range
}

// Fault is a part of the text with a mistake in it.
type Fault Range

// covers reports whether the fault has the cluster text[at:next] or a part of it.
func (f Fault) covers(at, next int) bool {
	return f.From < next && f.To > at || f.From == f.To && f.From >= at && f.From < next
}

// painter draws one frame.
type painter struct {
	e              *Editor
	look           Look
	roles          []theme.Role // of the bytes from the first that is seen
	start          int
	selFrom, selTo int
	bracket        [2]int // the offsets of two brackets, -1 for none
}

// Paint draws the part of the text around the cursor, with line numbers at the left. What is
// at the top stays there as long as the cursor is seen.
func (e *Editor) Paint(a widget.Area, look Look) {
	if a.W <= 0 || a.H <= 0 {
		return
	}
	gutter, width := e.divide(a.W)
	e.layout.setWidth(width)
	e.layout.gutter = gutter
	e.scroll(a.H)
	p := painter{e: e, look: look, bracket: [2]int{-1, -1}}
	p.selFrom, p.selTo = e.Selection()
	if look.Focused {
		if at, partner, ok := e.brackets(maxPartner); ok {
			p.bracket = [2]int{at, partner}
		}
	}
	p.prepare(a.H)
	line, index := e.layout.line, e.layout.row
	for y := 0; y < a.H && line < len(e.lines); y++ {
		rows := e.rowsOf(line)
		if index == 0 && gutter > 0 {
			from, to := e.line(line)
			role := theme.Muted
			if look.Current.From < look.Current.To && look.Current.From <= to && look.Current.To > from {
				role = theme.Key
			}
			a.TextRight(gutter-1, y, role, widget.Thousands(int64(line+1)))
		}
		p.row(a.Sub(gutter, y, a.W-gutter, 1), rows[index], index+1 == len(rows))
		if index++; index == len(rows) {
			line, index = line+1, 0
		}
	}
}

// Caret returns the cell of the cursor in the area of the last Paint, to show something
// beside it.
func (e *Editor) Caret() (x, y int) {
	line, index := e.rowAt(e.at)
	for i := e.layout.line; i < line; i++ {
		y += len(e.rowsOf(i))
	}
	y += index - e.layout.row
	return e.layout.gutter + columns(e.text, e.rowsOf(line)[index].from, e.at), y
}

// divide divides a width between line numbers, if there is room, and the text.
func (e *Editor) divide(width int) (gutter, text int) {
	gutter = max(len(widget.Thousands(int64(len(e.lines)))), 2) + 1
	if width <= 2*gutter {
		gutter = 0
	}
	return gutter, max(width-gutter-1, 1) // a column for the cursor at the end of a full row
}

// prepare finds the roles of what is seen.
func (p *painter) prepare(height int) {
	e := p.e
	line, index := e.layout.line, e.layout.row
	p.start = e.rowsOf(line)[index].from
	end := p.start
	for range height {
		rows := e.rowsOf(line)
		end = rows[index].to
		if index++; index == len(rows) {
			if line, index = line+1, 0; line == len(e.lines) {
				break
			}
		}
	}
	p.roles = e.roles(nil, p.start, end)
}

// row draws one row; last tells that its line ends with it. Characters of one role that take
// one cell each are drawn together.
func (p *painter) row(a widget.Area, r row, last bool) {
	text := p.e.text
	x, from, runAt, runRole := 0, r.from, 0, theme.Text
	flush := func(to int) {
		if from < to {
			a.Text(runAt, 0, runRole, text[from:to])
		}
	}
	at := r.from
	for at < r.to && x < a.W {
		size := clusterSize(text[at:r.to])
		role := p.role(at, at+size)
		if c := text[at]; size == 1 && c >= ' ' && c <= '~' {
			if role != runRole {
				flush(at)
				from, runAt, runRole = at, x, role
			}
			x++
			at++
			continue
		}
		flush(at)
		g := draw(text[at:at+size], x)
		if g.mark && role == p.roles[at-p.start] {
			role = theme.Warn
		}
		a.Text(x, 0, role, g.text)
		x += g.width
		at += size
		from, runAt = at, x
	}
	flush(at)
	if last {
		p.lineEnd(a, x, r.to)
	}
}

// lineEnd draws what is to be seen after the last character of a line: a carriage return
// before the line feed, the cursor, that the line break is selected, and a fault at the end.
func (p *painter) lineEnd(a widget.Area, x, at int) {
	text := p.e.text
	mark, role := " ", theme.Text
	if at < len(text) && text[at] == '\r' {
		mark, role = "^M", theme.Muted
	}
	role = p.over(at, at+1, role)
	if mark != " " || role != theme.Text {
		a.Text(x, 0, role, mark)
	}
}

// role returns the role in which the cluster text[at:next] is drawn.
func (p *painter) role(at, next int) theme.Role { return p.over(at, next, p.roles[at-p.start]) }

// over returns the role of what lies over the cluster text[at:next], if anything does.
func (p *painter) over(at, next int, role theme.Role) theme.Role {
	if p.look.Focused && at == p.e.at {
		return theme.ButtonFocus
	}
	for _, f := range p.look.Faults {
		if f.covers(at, next) {
			return theme.BadBadge
		}
	}
	switch {
	case p.selFrom <= at && at < p.selTo:
		return theme.Selected
	case at == p.bracket[0] || at == p.bracket[1]:
		return theme.InfoBadge
	}
	return role
}
