package screen

import (
	"fmt"
	"slices"

	"shardeck/tui/theme"
	"shardeck/tui/widget"
)

// section is a part of the details of something, drawn below its heading.
type section struct {
	title  string
	height int // 0 leaves it out
	paint  func(a widget.Area)
}

// sectionGap is the space between two columns of sections.
const sectionGap = 2

// sectionColumns is the number of columns of sections in a frame.
func sectionColumns(width int) int {
	if width >= 130 {
		return 2
	}
	return 1
}

// sectionWidth is the width of a section in a frame.
func sectionWidth(in widget.Area) int {
	n := sectionColumns(in.W)
	return (in.W - sectionGap*(n-1)) / n
}

// paintSections draws sections below one another, in two columns where there is room, as far as the
// pane is scrolled.
func paintSections(in widget.Area, p *pane, all []section) {
	columns, width := sectionColumns(in.W), sectionWidth(in)
	all = slices.DeleteFunc(all, func(x section) bool { return x.height == 0 })
	total := 0
	for _, x := range all {
		total += x.height + 2
	}
	// A column ends with the section that passes its fair part of the height.
	at, tallest, y, column := make([][2]int, len(all)), 0, 0, 0
	for i, x := range all {
		if column < columns-1 && y > 0 && y+x.height/2 > total/columns {
			column, y = column+1, 0
		}
		at[i] = [2]int{column, y}
		y += x.height + 2
		tallest = max(tallest, y-1)
	}
	p.paint(in, tallest, func(a widget.Area) {
		for i, x := range all {
			part := a.Sub(at[i][0]*(width+sectionGap), at[i][1], width, x.height+1)
			end := part.Text(0, 0, theme.Title, x.title+" ")
			part.Sub(end, 0, part.W-end, 1).Rule(0, theme.Border)
			x.paint(part.Sub(0, 1, part.W, x.height))
		}
	})
}

// page shows the next page, and after the last one the first.
func (p *pane) page() {
	if p.top >= p.hidden() {
		p.scroll(-p.top)
		return
	}
	p.scroll(max(p.seen-1, 1))
}

// more says which lines are visible and how to see the others, "" if all are.
func (p *pane) more() string {
	if p.hidden() == 0 {
		return ""
	}
	return fmt.Sprintf("lines %d–%d of %d · Tab for more", p.top+1, p.top+p.seen, p.height)
}

// fact is a line of a name and a value.
type fact struct {
	name, value string
	role        theme.Role
}

const (
	factWidth = 12 // of the names
	factLines = 8  // of a value, at most
)

func factSection(title string, facts []fact, width int) section {
	height := 0
	heights := make([]int, len(facts))
	for i, f := range facts {
		heights[i] = max(len(wrap(f.value, width-factWidth, factLines)), 1)
		height += heights[i]
	}
	return section{title, height, func(a widget.Area) {
		y := 0
		for i, f := range facts {
			a.Text(0, y, theme.Muted, f.name)
			paragraph(a, factWidth, y, f.role, f.value, factLines)
			y += heights[i]
		}
	}}
}
