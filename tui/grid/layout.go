package grid

import (
	"slices"
	"unicode/utf8"

	"shardeck/tui/widget"
)

// The widths of columns, in cells.
const (
	gap       = 2  // between columns; half of it takes the marks of a NULL
	short     = 12 // a column up to this width stays whole if cutting longer ones is enough
	wide      = 40 // the most that a column takes if they do not all fit
	least     = 6  // the least of a column that is shown in part
	nullWidth = 4
	maxShown  = 1000 // bytes of a value that are held for display
)

// seen is what is known of the rows that were drawn: their text and how wide their columns are.
type seen struct {
	rows   map[int]shownRow
	widths []int // of each column's widest value, name and type
}

type shownRow struct {
	cells []shownCell
	err   error
}

// shownCell is a value as text for display, and cut to the width that it was drawn in last.
type shownCell struct {
	Cell
	fitted string
	width  int
}

// fit returns the text cut to a width. Rows are drawn many times in the same one.
func (c *shownCell) fit(width int) string {
	if c.width != width {
		c.fitted, c.width = widget.Cut(c.Text, width), width
	}
	return c.fitted
}

// maxSeen bounds the rows that are held for display.
const maxSeen = 400

func (s *seen) reset(columns []Column) {
	s.widths = make([]int, len(columns))
	for i, c := range columns {
		s.widths[i] = max(widget.Width(widget.Data(c.Name)), len(c.Type), 1)
	}
	s.forget()
}

func (s *seen) forget() { s.rows = make(map[int]shownRow, maxSeen) }

// row returns row i of the source for display, and measures it.
func (g *Grid) shownRow(i int) shownRow {
	s := &g.seen
	if r, ok := s.rows[i]; ok {
		return r
	}
	if len(s.rows) >= max(maxSeen, 2*g.page) {
		s.forget()
	}
	row, err := g.source.Row(i)
	r := shownRow{err: err}
	for n, c := range row {
		if n >= len(g.columns) {
			break
		}
		w := nullWidth
		if !c.Null {
			c.Text = clip(c.Text)
			c.Text = widget.Data(c.Text)
			w = widget.Width(c.Text)
		}
		s.widths[n] = max(s.widths[n], w)
		r.cells = append(r.cells, shownCell{Cell: c, width: -1})
	}
	s.rows[i] = r
	return r
}

// clip returns the beginning of a long text, and does not keep the rest in memory.
func clip(s string) string {
	if len(s) <= maxShown {
		return s
	}
	cut := maxShown
	for cut > 0 && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut] + "…"
}

// slot is a column on screen.
type slot struct {
	display int // an index into the grid's display
	x, w    int
}

// layout places the columns in width cells, with the one under the cursor among them.
func (g *Grid) layout(width int) []slot {
	n := len(g.display)
	natural := make([]int, n)
	for i, c := range g.display {
		natural[i] = g.seen.widths[c]
		if g.have.dir != Unsorted && g.have.sort == c {
			natural[i] = max(natural[i], widget.Width(widget.Data(g.columns[c].Name))+2)
		}
	}
	if widths, ok := share(natural, g.col, width-gap*(n-1)); ok {
		g.left = g.frozen
		return place(widths, 0, n, 0, width)
	}
	widths := make([]int, n)
	for i, w := range natural {
		widths[i] = min(w, wide)
	}
	held := 0 // cells of the frozen columns
	for i := range g.frozen {
		widths[i] = min(widths[i], max(width/(2*g.frozen)-gap, 1))
		held += widths[i] + gap
	}
	room := width - held
	if g.col >= g.frozen { // a long value can be read by moving to it
		widths[g.col] = max(min(natural[g.col], room), 1)
	}
	g.left = max(g.left, g.frozen)
	if g.col >= g.frozen {
		g.left = min(g.left, g.col)
		for g.left < g.col && total(widths[g.left:g.col+1]) > room {
			g.left++
		}
	}
	return append(place(widths, 0, g.frozen, 0, width), place(widths, g.left, n, held, width)...)
}

func total(widths []int) int {
	sum := -gap
	for _, w := range widths {
		sum += w + gap
	}
	return sum
}

// place puts columns side by side from x on. The last one may be shown in part.
func place(widths []int, from, to, x, width int) []slot {
	var slots []slot
	for i := from; i < to; i++ {
		w := widths[i]
		if room := width - x; w > room {
			if room < least && len(slots) > 0 || room <= 0 {
				break
			}
			w = room
		}
		slots = append(slots, slot{i, x, w})
		x += w + gap
	}
	return slots
}

// share divides width among columns by need: those that need little get it, and the long ones
// share what is left. It reports false if they would get less than what counts as short. A
// long one under the cursor, which is being read, takes what it needs from the other long ones.
func share(natural []int, current, width int) ([]int, bool) {
	sum := 0
	for _, w := range natural {
		sum += w
	}
	if sum <= width {
		return natural, true
	}
	widths := slices.Clone(natural)
	most := fill(widths, width)
	if most < short {
		return nil, false
	}
	if current < len(natural) && natural[current] > most {
		others := 0
		for i, w := range natural {
			switch {
			case i == current:
			case w <= short:
				others += w
			default:
				others += least
			}
		}
		widths = slices.Clone(natural)
		widths[current] = 0
		own := min(natural[current], width-others)
		fill(widths, width-own)
		widths[current] = own
	}
	return widths, true
}

// fill cuts the widest columns to a common width, so that all take the given sum, and
// returns that width.
func fill(widths []int, width int) int {
	order := slices.Clone(widths)
	slices.Sort(order)
	left := width
	for i, w := range order {
		most := left / (len(order) - i)
		if w > most {
			extra := left % (len(order) - i)
			for n := range widths {
				if widths[n] > most {
					widths[n] = most
					if extra > 0 {
						widths[n]++
						extra--
					}
				}
			}
			return most
		}
		left -= w
	}
	return 1 << 30
}
