package editor

import (
	"sort"
	"unicode/utf8"
)

// row is a part of a line that is drawn as one row.
type row struct{ from, to int }

// layout is how the text was drawn last: the width, and what is at the top. Rows of lines are
// kept until the text changes.
type layout struct {
	width    int // of the text, in cells
	gutter   int // the width of the line numbers
	line     int // the line at the top, from 0
	row      int // the row of that line at the top
	revision uint64
	rows     map[int][]row
}

const (
	defaultWidth = 80
	maxKeptRows  = 1 << 10
)

func newLayout() layout { return layout{width: defaultWidth, rows: map[int][]row{}} }

// setWidth sets the width of the text.
func (l *layout) setWidth(width int) {
	if width != l.width {
		l.width = width
		clear(l.rows)
	}
}

// rowsOf returns the rows of a line.
func (e *Editor) rowsOf(line int) []row {
	l := &e.layout
	if l.revision != e.revision || len(l.rows) > maxKeptRows {
		clear(l.rows)
		l.revision = e.revision
	}
	rows, ok := l.rows[line]
	if !ok {
		from, to := e.line(line)
		rows = wrap(e.text, from, to, l.width)
		l.rows[line] = rows
	}
	return rows
}

// wrap breaks the line text[from:to] into rows of at most width cells, after spaces if
// possible.
func wrap(text string, from, to, width int) []row {
	rows := make([]row, 0, (to-from)/max(width, 1)+1)
	start, x, space := from, 0, -1
	for at := from; at < to; {
		size, w := 1, 1
		if c := text[at]; c < ' ' || c > '~' || at+1 < to && text[at+1] >= utf8.RuneSelf {
			size = clusterSize(text[at:to])
			w = draw(text[at:at+size], x).width
		}
		hangs := text[at] == ' ' && x == width && at+1 < to // in the column kept for the cursor
		if x+w > width && at > start && !hangs {
			cut := at
			if space > start {
				cut = space
			}
			rows = append(rows, row{from: start, to: cut})
			start, space, x = cut, -1, columns(text, cut, at)
			continue
		}
		x += w
		at += size
		if text[at-1] == ' ' {
			space = at
		}
	}
	return append(rows, row{from: start, to: to})
}

// columns returns the number of cells that text[from:to] takes at the start of a row.
func columns(text string, from, to int) int {
	x := 0
	for at := from; at < to; {
		size := clusterSize(text[at:to])
		x += draw(text[at:at+size], x).width
		at += size
	}
	return x
}

// rowAt returns the line of an offset and which of its rows it is in. An offset between two
// rows is in the second.
func (e *Editor) rowAt(at int) (line, index int) {
	line = e.lines.of(at)
	rows := e.rowsOf(line)
	return line, sort.Search(len(rows), func(i int) bool { return rows[i].from > at }) - 1
}

// vertical moves by rows as they were drawn last, towards the column in which the first such
// move began. From the first row it goes to the start of the text, from the last to its end.
func (e *Editor) vertical(by int) int {
	line, i := e.rowAt(e.at)
	r := e.rowsOf(line)[i]
	goal := e.goal
	if goal < 0 {
		goal = columns(e.text, r.from, e.at)
	}
	defer func() { e.goal = goal }()
	switch i += by; {
	case i >= 0 && i < len(e.rowsOf(line)):
	case by < 0 && line == 0:
		return 0
	case by < 0:
		line--
		i = len(e.rowsOf(line)) - 1
	case line+1 == len(e.lines):
		return len(e.text)
	default:
		line++
		i = 0
	}
	return e.offsetAt(line, i, goal)
}

// offsetAt returns the offset that is drawn in a column of a row, or the nearest one.
func (e *Editor) offsetAt(line, index, column int) int {
	rows := e.rowsOf(line)
	r := rows[index]
	last := index+1 == len(rows)
	for at, x := r.from, 0; at < r.to; {
		size := clusterSize(e.text[at:r.to])
		x += draw(e.text[at:at+size], x).width
		if x > column || !last && at+size >= r.to {
			return at
		}
		at += size
	}
	return r.to
}

// Fits reports whether the whole text fits into an area of that size.
func (e *Editor) Fits(width, height int) bool {
	if len(e.lines) > height {
		return false
	}
	_, width = e.divide(width)
	total := 0
	for i := range e.lines {
		from, to := e.line(i)
		total += len(wrap(e.text, from, to, width))
		if total > height {
			return false
		}
	}
	return true
}

// scroll sets what is at the top, for a number of rows, so that the cursor is seen.
func (e *Editor) scroll(height int) {
	l := &e.layout
	l.line = min(l.line, len(e.lines)-1)
	l.row = min(l.row, len(e.rowsOf(l.line))-1)
	margin := 0
	if height >= 5 {
		margin = 1
	}
	line, index := e.rowAt(e.at)
	line1, index1 := e.back(line, index, margin)
	line2, index2 := e.back(line, index, height-1-margin)
	if line1 < l.line || line1 == l.line && index1 < l.row {
		l.line, l.row = line1, index1
	} else if line2 > l.line || line2 == l.line && index2 > l.row {
		l.line, l.row = line2, index2
	}
	// No empty rows below the end while there is text above.
	last := len(e.lines) - 1
	if last-l.line < height {
		line, index = e.back(last, len(e.rowsOf(last))-1, height-1)
		if line < l.line || line == l.line && index < l.row {
			l.line, l.row = line, index
		}
	}
}

// back returns the row so many rows before one, or the first.
func (e *Editor) back(line, index, by int) (int, int) {
	for by > index {
		if line == 0 {
			return 0, 0
		}
		by -= index + 1
		line--
		index = len(e.rowsOf(line)) - 1
	}
	return line, index - max(by, 0)
}
