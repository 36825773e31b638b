package widget

import (
	"strings"
	"unicode/utf8"

	"shardeck/tui/theme"
)

// Canvas is a grid of cells, each with a character and a role. It always renders to exactly
// its height in lines of exactly its width.
// It is not safe for concurrent use.
type Canvas struct {
	width, height int
	cells         []cell
	marks         []string // what combines with the letters of cells, see cell.marks
}

// cell holds a rune; 0 marks the right half of a wide one.
type cell struct {
	r     rune
	marks int32 // 1 + an index into the canvas's marks, 0 for none
	role  theme.Role
}

// NewCanvas returns an empty canvas. Sizes below 0 count as 0.
func NewCanvas(width, height int) *Canvas {
	width, height = max(width, 0), max(height, 0)
	c := &Canvas{width: width, height: height, cells: make([]cell, width*height)}
	for i := range c.cells {
		c.cells[i] = cell{r: ' '}
	}
	return c
}

// Area returns the whole canvas as an area to draw in.
func (c *Canvas) Area() Area { return Area{c: c, W: c.width, H: c.height} }

// Fade gives every cell of the first rows the role, as for the background of a dialog.
func (c *Canvas) Fade(role theme.Role, rows int) {
	for i := range c.cells[:max(min(rows, c.height), 0)*c.width] {
		c.cells[i].role = role
	}
}

// set writes one rune of width w. If it overwrites half of a wide rune, the other half is
// blanked, as a terminal would.
func (c *Canvas) set(x, y int, r rune, w int, role theme.Role) *cell {
	row := c.cells[y*c.width : (y+1)*c.width]
	blank := func(i int) {
		if i >= 0 && i < len(row) {
			row[i].r, row[i].marks = ' ', 0
		}
	}
	if row[x].r == 0 {
		blank(x - 1)
	}
	last := x + w - 1
	if last+1 < len(row) && row[last+1].r == 0 {
		blank(last + 1)
	}
	row[x] = cell{r: r, role: role}
	if w == 2 {
		row[last] = cell{r: 0, role: role}
	}
	return &row[x]
}

// Render returns the frame: lines joined by newlines, without one at the end.
func (c *Canvas) Render(t *theme.Theme) string {
	var out strings.Builder
	out.Grow(len(c.cells) * 2)
	run := make([]byte, 0, 4*c.width)
	for y := range c.height {
		if y > 0 {
			out.WriteByte('\n')
		}
		row := c.cells[y*c.width : (y+1)*c.width]
		for x := 0; x < len(row); {
			role := row[x].role
			run = run[:0]
			for first := x; x < len(row) && row[x].role == role; x++ {
				if x > first && apart(row, x) {
					break
				}
				run = c.appendCell(run, &row[x])
			}
			if len(run) > 0 {
				t.Paint(&out, role, string(run))
			}
			if x < len(row) && apart(row, x) {
				out.WriteString(separator)
			}
		}
	}
	return out.String()
}

// separator is an empty SGR sequence. It changes nothing after the one that ends each run,
// but keeps two cells from being counted as one cluster.
const separator = "\x1b[m"

// apart reports whether cell x would be counted as one cluster with the cell before it.
func apart(row []cell, x int) bool {
	c := &row[x]
	if c.r < 0x300 || x == 0 {
		return false
	}
	before := &row[x-1]
	if before.r == 0 && x > 1 {
		before = &row[x-2]
	}
	return attaches(c.r) || before.marks != 0 || attaches(before.r)
}

func (c *Canvas) appendCell(run []byte, ce *cell) []byte {
	switch {
	case ce.r == 0:
		return run
	case ce.r < utf8.RuneSelf:
		run = append(run, byte(ce.r))
	default:
		run = utf8.AppendRune(run, ce.r)
	}
	if ce.marks != 0 {
		run = append(run, c.marks[ce.marks-1]...)
	}
	return run
}

// Area is a rectangle of a canvas. Drawing outside it is ignored, so that no layout can
// overwrite its neighbour or panic.
type Area struct {
	c    *Canvas
	x, y int
	W, H int // cells; never below 0
}

// Sub returns the part of a that begins at x, y with the given size, clipped to a.
func (a Area) Sub(x, y, w, h int) Area {
	x0, y0 := min(max(x, 0), a.W), min(max(y, 0), a.H)
	x1, y1 := min(max(x+w, x0), a.W), min(max(y+h, y0), a.H)
	return Area{c: a.c, x: a.x + x0, y: a.y + y0, W: x1 - x0, H: y1 - y0}
}

// Center returns an area of at most w by h cells in the middle of a.
func (a Area) Center(w, h int) Area {
	w, h = min(w, a.W), min(h, a.H)
	return a.Sub((a.W-w)/2, (a.H-h)/2, w, h)
}

// Clear fills a with blanks.
func (a Area) Clear() {
	for y := range a.H {
		for x := range a.W {
			a.c.set(a.x+x, a.y+y, ' ', 1, theme.Text)
		}
	}
}

// Text draws s, cleaned, from column x and returns the column after it. It is clipped at
// a's right edge without a mark; use [Fit] to mark a cut.
func (a Area) Text(x, y int, role theme.Role, s string) int {
	return a.Put(x, y, role, Clean(s))
}

// Data draws a value as [FitData] shows it in at most width cells, and returns the column
// after it.
func (a Area) Data(x, y int, role theme.Role, s string, width int) int {
	return a.Put(x, y, role, FitData(s, width))
}

// DataRight is Data with the text's end at column x+width.
func (a Area) DataRight(x, y int, role theme.Role, s string, width int) int {
	s = FitData(s, width)
	return a.Put(x+width-Width(s), y, role, s)
}

// Put draws a text that [Clean], [Data] or [FitData] returned, which spares cleaning it again
// with each frame, and returns the column after it.
func (a Area) Put(x, y int, role theme.Role, s string) int {
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		w := RuneWidth(r)
		from := i + n
		if regional(r) && flag(s[i:]) > 0 {
			i, w = i+flag(s[i:]), 2
		} else {
			i = from
			for i < len(s) && s[i] >= utf8.RuneSelf {
				next, n := utf8.DecodeRuneInString(s[i:])
				if RuneWidth(next) != 0 {
					break
				}
				i += n
			}
		}
		if y >= 0 && y < a.H && x >= 0 && x+w <= a.W && w > 0 {
			c := a.c.set(a.x+x, a.y+y, r, w, role)
			if i > from {
				a.c.marks = append(a.c.marks, s[from:i])
				c.marks = int32(len(a.c.marks))
			}
		}
		x += w
	}
	return x
}

// TextRight draws s so that it ends before column x and returns the column it begins at.
func (a Area) TextRight(x, y int, role theme.Role, s string) int {
	s = Clean(s)
	from := x - Width(s)
	a.Text(from, y, role, s)
	return from
}

// Rule draws a horizontal line over the whole of row y.
func (a Area) Rule(y int, role theme.Role) {
	a.Text(0, y, role, strings.Repeat("─", a.W))
}

// Box draws a frame with a title at the left and a note at the right, and returns the
// inside. Below 2 by 2 cells it draws nothing and the inside is empty.
func (a Area) Box(frame theme.Role, title, note string) Area {
	if a.W < 2 || a.H < 2 {
		return a.Sub(0, 0, 0, 0)
	}
	line := strings.Repeat("─", a.W-2)
	a.Text(0, 0, frame, "╭"+line+"╮")
	a.Text(0, a.H-1, frame, "╰"+line+"╯")
	for y := 1; y < a.H-1; y++ {
		a.Text(0, y, frame, "│")
		a.Text(a.W-1, y, frame, "│")
	}
	room := a.W - 6
	if title = Fit(title, room); title != "" {
		a.Text(2, 0, theme.Title, " "+title+" ")
		room -= Width(title) + 3
	}
	if note = Clean(note); note != "" && Width(note) <= room {
		a.TextRight(a.W-2, 0, theme.Muted, " "+note+" ")
	}
	return a.Sub(1, 1, a.W-2, a.H-2)
}

// Dialog clears a, draws a frame that stands out, and returns the inside with a
// margin of one column on both sides.
func (a Area) Dialog(title, note string) Area {
	a.Clear()
	in := a.Box(theme.DialogFrame, title, note)
	return in.Sub(1, 0, in.W-2, in.H)
}
