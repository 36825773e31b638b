package widget

// Blank reports whether nothing is drawn in w cells of a row from column x on.
func (c *Canvas) Blank(x, y, w int) bool {
	if x < 0 || y < 0 || w < 0 || y >= c.height || x+w > c.width {
		return false
	}
	for _, cell := range c.cells[y*c.width+x:][:w] {
		if cell.r != ' ' || cell.marks != 0 {
			return false
		}
	}
	return true
}

// Replace puts a mark in place of parts of what is drawn. find returns those of a row, in which 0 is
// the right half of a wide character: the first cell of each gets the mark, the others become blank.
func (c *Canvas) Replace(find func(row []rune) [][2]int, mark rune) {
	row := make([]rune, c.width)
	for y := range c.height {
		cells := c.cells[y*c.width:][:c.width]
		for x := range cells {
			row[x] = cells[x].r
		}
		for _, span := range find(row) {
			for x := span[0]; x < span[1]; x++ {
				c.set(x, y, ' ', 1, cells[x].role)
			}
			c.set(span[0], y, mark, 1, cells[span[0]].role)
		}
	}
}
