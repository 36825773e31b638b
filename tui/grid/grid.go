package grid

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"shardeck/tui/keymap"
	"shardeck/tui/widget"
)

// instant is how many rows are ordered at once rather than in the background.
const instant = 1000

// Grid is the state of a table on screen.
type Grid struct {
	source  Source
	columns []Column
	display []int // the columns from left to right, frozen ones first
	frozen  int   // how many of them are frozen

	row, col  int // the cursor: a shown row, an index into display
	top, left int // the first row, and the first column that is not frozen
	page      int // rows that the last Paint had room for

	seq     int
	want    request // what was asked for
	have    request // and what rows is
	order   Order
	pending bool

	marked  map[int]bool // selected rows of the source, all of them shown
	anchor  int          // where a range begins, as a shown row; -1 for none
	counted count

	prompt prompt
	seen   seen
}

// New returns a grid of a source, with the first keys columns frozen.
func New(s Source, keys int) *Grid {
	g := &Grid{anchor: -1, page: 1}
	g.set(s)
	g.frozen = min(max(keys, 0), max(len(g.columns)-1, 0))
	return g
}

// set begins with a source.
func (g *Grid) set(s Source) {
	g.source, g.columns = s, s.Columns()
	g.display = g.display[:0]
	for i := range g.columns {
		g.display = append(g.display, i)
	}
	g.seen.reset(g.columns)
}

// Replace shows other rows with the same cursor, order and filter, as for a table that is
// refreshed. Other columns begin a new table.
func (g *Grid) Replace(s Source) keymap.Intent {
	if !slices.Equal(s.Columns(), g.columns) {
		keys := g.frozen
		*g = *New(s, keys)
		return nil
	}
	g.source = s
	g.marked, g.anchor = nil, -1
	g.order, g.have = Order{}, request{} // the old order's rows may not be there
	g.seen.forget()
	return g.Refresh()
}

// Refresh sorts and filters again, with the rows that arrived in the meantime.
func (g *Grid) Refresh() keymap.Intent {
	if g.want.none() {
		g.clamp()
		return nil
	}
	return g.prepare(g.want)
}

// Outdated reports whether rows arrived that the order does not cover; see Refresh.
func (g *Grid) Outdated() bool {
	return !g.pending && !g.have.none() && g.source.Len() > g.order.covered
}

// Len returns how many rows are shown.
func (g *Grid) Len() int {
	if g.order.rows != nil {
		return len(g.order.rows)
	}
	return g.source.Len()
}

// index returns the row of the source that is shown as row i.
func (g *Grid) index(i int) int {
	if g.order.rows != nil {
		return int(g.order.rows[i])
	}
	return i
}

// Cursor returns the row and the column of the source that the cursor is on, and false in an
// empty table.
func (g *Grid) Cursor() (row, column int, ok bool) {
	if g.Len() == 0 || len(g.display) == 0 {
		return 0, 0, false
	}
	g.clamp()
	return g.index(g.row), g.display[g.col], true
}

// Value returns the value under the cursor.
func (g *Grid) Value() (Cell, error) {
	row, column, ok := g.Cursor()
	if !ok {
		return Cell{}, nil
	}
	return readCell(g.source, row, column)
}

// Columns returns the columns of the source.
func (g *Grid) Columns() []Column { return g.columns }

// Step moves the cursor by rows, and reports whether it moved.
func (g *Grid) Step(rows int) bool {
	before := g.row
	g.move(rows, 0)
	return g.row != before
}

// Focus moves the cursor to a column of the source.
func (g *Grid) Focus(column int) {
	if i := slices.Index(g.display, column); i >= 0 {
		g.col = i
	}
}

// Record returns the values of the row under the cursor.
func (g *Grid) Record() ([]Cell, error) {
	row, _, ok := g.Cursor()
	if !ok {
		return nil, nil
	}
	return g.source.Row(row)
}

// Shown returns the rows that are shown now, in their order.
func (g *Grid) Shown() Source {
	if g.order.rows == nil {
		return g.source
	}
	return &part{g.source, g.order.rows}
}

// move moves the cursor by rows and columns, as far as there are any.
func (g *Grid) move(rows, columns int) {
	g.row, g.col = g.row+rows, g.col+columns
	g.clamp()
}

func (g *Grid) clamp() {
	g.row = max(min(g.row, g.Len()-1), 0)
	g.col = max(min(g.col, len(g.display)-1), 0)
}

// Freeze freezes these columns, such as those of the key, and no others. One column at least
// stays free to scroll.
func (g *Grid) Freeze(columns ...int) {
	at := slices.Clone(g.display)
	if g.col < len(at) {
		defer g.Focus(at[g.col])
	}
	slices.Sort(g.display)
	g.frozen = 0
	for _, c := range columns {
		i := slices.Index(g.display, c)
		if i < g.frozen || g.frozen == len(g.display)-1 {
			continue // there is none, or it is frozen already
		}
		g.display = slices.Insert(slices.Delete(g.display, i, i+1), g.frozen, c)
		g.frozen++
	}
	g.left = 0
}

// freeze freezes the column under the cursor, or releases it.
func (g *Grid) freeze() {
	if len(g.display) == 0 {
		return
	}
	column := g.display[g.col]
	rest := slices.Delete(slices.Clone(g.display), g.col, g.col+1)
	at := g.frozen
	if g.col < g.frozen { // it goes back to where it came from
		g.frozen--
		for at = g.frozen; at < len(rest) && rest[at] < column; at++ {
		}
	} else {
		g.frozen++
	}
	g.display = slices.Insert(rest, at, column)
	g.col = slices.Index(g.display, column)
	g.left = 0
}

// sortBy sorts by the column under the cursor: ascending, then descending, then not at all.
func (g *Grid) sortBy() keymap.Intent {
	r := g.want
	column := g.display[g.col]
	switch {
	case r.dir == Unsorted || r.sort != column:
		r.sort, r.dir = column, Ascending
	case r.dir == Ascending:
		r.dir = Descending
	default:
		r.dir = Unsorted
	}
	return g.prepare(r)
}

// filterBy filters by a text that was typed.
func (g *Grid) filterBy(text string) keymap.Intent {
	column := -1
	if len(g.display) > 0 {
		column = g.display[g.col]
	}
	f, err := ParseFilter(text, g.columns, column)
	if err != nil {
		return keymap.Say{Text: err.Error()}
	}
	r := g.want
	r.filter = f
	return g.prepare(r)
}

// prepare asks for the rows in another order, or applies it at once.
func (g *Grid) prepare(r request) keymap.Intent {
	g.seq++
	g.want = r
	o := &ordering{request: r, seq: g.seq, source: g.source, columns: g.columns, n: g.source.Len()}
	switch {
	case r.none():
		return g.Apply(Order{seq: g.seq, covered: o.n})
	case o.n <= instant || o.n > MaxOrdered:
		return g.Apply(o.run(context.Background()))
	}
	g.pending = true
	return Prepare{What: o.what(), Run: o.run}
}

func (o *ordering) what() string {
	verb := "sorting"
	if o.dir == Unsorted {
		verb = "filtering"
	}
	return fmt.Sprintf("%s %s rows", verb, widget.Thousands(int64(o.n)))
}

// Apply shows the rows in an order that Prepare computed. One that is no longer wanted is
// ignored. The cursor stays on its row if that is still shown.
func (g *Grid) Apply(o Order) keymap.Intent {
	if o.seq != g.seq {
		return nil
	}
	g.pending = false
	if o.err != nil {
		g.want = g.have
		if errors.Is(o.err, context.Canceled) {
			return keymap.Say{Text: "cancelled; the rows are shown as before"}
		}
		return keymap.Say{Text: o.err.Error()}
	}
	row, _, ok := g.Cursor()
	g.order, g.have, g.anchor = o, g.want, -1
	g.keepMarks()
	if ok {
		g.show(row)
	}
	g.clamp()
	return nil
}

// Goto moves the cursor to a row of the source, and reports whether it is shown.
func (g *Grid) Goto(row int) bool { return g.show(row) }

// show moves the cursor to a row of the source, and reports whether it is shown.
func (g *Grid) show(row int) bool {
	if g.order.rows == nil {
		g.row = row
		return row < g.source.Len()
	}
	i := slices.Index(g.order.rows, int32(row))
	if i >= 0 {
		g.row = i
	}
	return i >= 0
}

// Status says in words what is sorted, filtered and selected; "" if nothing is.
func (g *Grid) Status() string {
	var parts []string
	if g.have.filter != nil {
		parts = append(parts, fmt.Sprintf("%s of %s rows: %s",
			widget.Thousands(int64(g.Len())), widget.Thousands(int64(g.order.covered)), widget.Data(g.have.filter.text)))
	}
	if g.have.dir != Unsorted {
		parts = append(parts, "sorted by "+widget.Data(g.columns[g.have.sort].Name)+" "+arrow(g.have.dir))
	}
	if g.Outdated() {
		parts = append(parts, "more rows have arrived")
	}
	if g.pending {
		parts = append(parts, "working…")
	}
	if n := g.Selected(); n > 0 {
		parts = append(parts, fmt.Sprintf("%s selected", counted(n)))
	}
	return strings.Join(parts, " · ")
}

func counted(n int) string {
	if n == 1 {
		return "1 row"
	}
	return widget.Thousands(int64(n)) + " rows"
}

func arrow(d Direction) string {
	if d == Descending {
		return "↓"
	}
	return "↑"
}
