package grid

// Chosen returns the selected rows in the order in which they are shown; without a
// selection, the one under the cursor.
func (g *Grid) Chosen() Source {
	rows := []int32{}
	if len(g.marked) == 0 && g.anchor < 0 {
		if row, _, ok := g.Cursor(); ok {
			rows = append(rows, int32(row))
		}
		return &part{g.source, rows}
	}
	from, to := g.span()
	if len(g.marked) == 0 {
		for i := from; i < to; i++ {
			rows = append(rows, int32(g.index(i)))
		}
		return &part{g.source, rows}
	}
	for i := range g.Len() {
		if n := g.index(i); g.marked[n] || i >= from && i < to {
			rows = append(rows, int32(n))
		}
	}
	return &part{g.source, rows}
}

// Selected returns how many rows are selected.
func (g *Grid) Selected() int {
	from, to := g.span()
	if from == to || len(g.marked) == 0 {
		return len(g.marked) + to - from
	}
	now := count{seq: g.seq, marked: len(g.marked), from: from, to: to}
	if now.n = g.counted.n; now != g.counted { // it is asked for with every frame
		now.n = len(g.marked)
		for i := from; i < to; i++ {
			if !g.marked[g.index(i)] {
				now.n++
			}
		}
		g.counted = now
	}
	return g.counted.n
}

// count is how many rows are selected, and what that depends on.
type count struct{ seq, marked, from, to, n int }

// span returns the range of shown rows from the anchor to the cursor, empty without one.
func (g *Grid) span() (from, to int) {
	if g.anchor < 0 {
		return 0, 0
	}
	n := g.Len()
	return min(g.anchor, g.row, n), min(max(g.anchor, g.row)+1, n)
}

// selected reports whether shown row i is selected.
func (g *Grid) selected(i int) bool {
	from, to := g.span()
	return i >= from && i < to || len(g.marked) > 0 && g.marked[g.index(i)]
}

// mark adds the row under the cursor to the selection, or removes it; with a range, it adds
// that.
func (g *Grid) mark() {
	if g.marked == nil {
		g.marked = map[int]bool{}
	}
	g.counted = count{}
	if g.anchor >= 0 {
		for i, to := g.span(); i < to; i++ {
			g.marked[g.index(i)] = true
		}
		g.anchor = -1
	} else if row, _, ok := g.Cursor(); ok {
		if g.marked[row] {
			delete(g.marked, row)
		} else {
			g.marked[row] = true
		}
		g.move(1, 0)
	}
}

// keepMarks deselects the rows that are no longer shown.
func (g *Grid) keepMarks() {
	if len(g.marked) == 0 || g.order.rows == nil {
		return
	}
	kept := map[int]bool{}
	for _, i := range g.order.rows {
		if g.marked[int(i)] {
			kept[int(i)] = true
		}
	}
	g.marked = kept
}
