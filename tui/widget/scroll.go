package widget

import "shardeck/tui/theme"

// Copy draws the rows of a canvas from top on over a.
func (a Area) Copy(from *Canvas, top int) {
	for y := range min(a.H, from.height-top) {
		row := from.cells[(top+y)*from.width:][:from.width]
		to := a.c.cells[(a.y+y)*a.c.width+a.x:][:a.W]
		for x := range to[:copy(to, row)] {
			if m := to[x].marks; m != 0 { // an index into the other canvas's
				a.c.marks = append(a.c.marks, from.marks[m-1])
				to[x].marks = int32(len(a.c.marks))
			}
		}
	}
}

// Fill gives every cell of a the role and blanks it.
func (a Area) Fill(role theme.Role) {
	for y := range a.H {
		for x := range a.W {
			a.Text(x, y, role, " ")
		}
	}
}
