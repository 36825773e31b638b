package plot

import (
	"math"
	"strconv"
	"time"

	"shardeck/tui/theme"
	"shardeck/tui/widget"
)

// Paint draws the plot and, on the last line, what it leaves out.
func (p *Plot) Paint(a widget.Area) {
	if a.W <= 0 || a.H <= 0 {
		return
	}
	body := a.Sub(0, 0, a.W, max(a.H-1, 1))
	if a.H > 1 {
		a.Data(0, a.H-1, theme.Muted, p.Facts(), a.W)
	}
	switch {
	case !p.ready:
	case len(p.points.Points) == 0:
		body.Text(0, 0, theme.Muted, "no row has a number to plot")
	case p.kind == Bars:
		p.paintBars(body, p.labelled())
	case p.kind == Histogram:
		p.paintBars(body, p.distribution(body.H))
	default:
		p.paintLine(body)
	}
}

// bar is one line of a bar chart.
type bar struct {
	label string
	value float64
	text  string
}

func (p *Plot) labelled() []bar {
	bars := make([]bar, len(p.points.Points))
	for i, pt := range p.points.Points {
		bars[i] = bar{pt.Label, pt.Y, short(pt.Y)}
	}
	return bars
}

func (p *Plot) distribution(lines int) []bar {
	var bars []bar
	for _, b := range bins(p.points.Points, min(lines, 30)) {
		bars = append(bars, bar{short(b.low) + " – " + short(b.high), float64(b.count), widget.Thousands(int64(b.count))})
	}
	return bars
}

// paintBars draws one bar a line. Bars below zero are hatched and extend to the left of the
// line at zero.
func (p *Plot) paintBars(a widget.Area, bars []bar) {
	p.bars, p.page = len(bars), a.H
	p.top = max(min(p.top, len(bars)-a.H), 0)
	names, numbers := 1, 1
	low, high := 0.0, 0.0
	for _, b := range bars {
		names = max(names, widget.Width(widget.FitData(b.label, a.W/3)))
		numbers = max(numbers, widget.Width(b.text))
		low, high = min(low, b.value), max(high, b.value)
	}
	room := a.W - names - 1 - numbers - 1
	left := 0 // cells of what is below zero
	if low < 0 && room > 1 {
		left = min(max(int(math.Round(float64(room)*(low/(low-high)))), 1), room-1)
		if high <= 0 {
			left = room
		}
	}
	for y := range min(a.H, len(bars)-p.top) {
		b := bars[p.top+y]
		a.DataRight(0, y, theme.Text, b.label, names)
		a.TextRight(a.W, y, theme.Strong, b.text)
		if room <= 0 {
			continue
		}
		chart := a.Sub(names+1, y, room, 1)
		if b.value < 0 {
			n := max(int(math.Round(b.value/low*float64(left))), 1)
			for i := range min(n, left) {
				chart.Text(left-1-i, 0, theme.Warn, "▒")
			}
			continue
		}
		chart.Text(left, 0, theme.Series(0), widget.Bar(b.value, high, room-left))
	}
}

// paintLine draws the points from left to right, with the axes' bounds.
func (p *Plot) paintLine(a widget.Area) {
	points := p.points.byPosition()
	low, high := points[0].Y, points[0].Y
	for _, pt := range points {
		low, high = min(low, pt.Y), max(high, pt.Y)
	}
	half := (a.H - 3) / 2
	middle := high/2 + low/2
	if a.H > 3 {
		middle = high - (high-low)*float64(half)/float64(a.H-3)
	}
	if math.Abs(middle) < (high-low)/1000 {
		middle = 0
	}
	axis := max(widget.Width(short(low)), widget.Width(short(high)), widget.Width(short(middle)))
	chart := a.Sub(axis+2, 0, a.W-axis-2, a.H-2)
	if chart.W < 1 || chart.H < 1 {
		a.Data(0, 0, theme.Muted, "there is no room for a line here", a.W)
		return
	}
	for y := range chart.H {
		a.Text(axis+1, y, theme.Border, "│")
	}
	a.Text(axis+1, chart.H, theme.Border, "└")
	for x := range chart.W {
		a.Text(axis+2+x, chart.H, theme.Border, "─")
	}
	a.TextRight(axis, 0, theme.Muted, short(high))
	if low < high {
		a.TextRight(axis, chart.H-1, theme.Muted, short(low))
	}
	if chart.H >= 7 && low < high {
		a.TextRight(axis, half, theme.Muted, short(middle))
	}
	from, to := p.label(points[0]), p.label(points[len(points)-1])
	a.Data(axis+2, chart.H+1, theme.Muted, from, chart.W)
	if widget.Width(from)+widget.Width(to)+2 <= chart.W {
		a.TextRight(a.W, chart.H+1, theme.Muted, widget.Data(to))
	}
	for x, s := range spans(points, chart.W) {
		if s.none {
			continue
		}
		row := func(v float64) int {
			if high == low {
				return chart.H / 2
			}
			return int(math.Round((high - v) / (high - low) * float64(chart.H-1)))
		}
		mark, role := "·", theme.Muted
		if s.points > 0 {
			mark, role = "●", theme.Series(0)
		}
		for y := row(s.high); y <= row(s.low); y++ {
			chart.Text(x, y, theme.Series(0), "│")
		}
		chart.Text(x, row(s.middle), role, mark)
	}
}

// label is how a position is written under the axis.
func (p *Plot) label(pt Point) string {
	if p.x >= 0 && scaleOf(p.columns[p.x]) == times {
		at := time.Unix(0, int64(pt.X*1e9)).UTC()
		if pt.X == math.Trunc(pt.X) && at.Hour() == 0 && at.Minute() == 0 && at.Second() == 0 {
			return at.Format("2006-01-02")
		}
		return pt.Label
	}
	return pt.Label
}

// span is what one column of cells shows: the points in it, or the line between its
// neighbours.
type span struct {
	low, middle, high float64
	points            int
	none              bool
}

// spans distributes points, which are in order, over n columns.
func spans(points []Point, n int) []span {
	out := make([]span, n)
	from, to := points[0].X, points[len(points)-1].X
	column := func(x float64) int {
		if to == from {
			return 0
		}
		return min(int((x-from)/(to-from)*float64(n-1)+0.5), n-1)
	}
	for _, pt := range points {
		s := &out[max(column(pt.X), 0)]
		if s.points == 0 {
			s.low, s.high = pt.Y, pt.Y
		}
		s.low, s.high = min(s.low, pt.Y), max(s.high, pt.Y)
		s.points++
		s.middle += (pt.Y - s.middle) / float64(s.points)
	}
	last := -1
	for x := range out {
		if out[x].points == 0 {
			continue
		}
		for between := last + 1; last >= 0 && between < x; between++ {
			v := out[last].middle + (out[x].middle-out[last].middle)*float64(between-last)/float64(x-last)
			out[between] = span{low: v, middle: v, high: v}
		}
		last = x
	}
	for x := last + 1; x < n; x++ {
		out[x].none = true
	}
	return out
}

// short writes a number in few digits.
func short(f float64) string {
	switch a := math.Abs(f); {
	case f == 0:
		return "0"
	case f == math.Trunc(f) && a < 1e9:
		return widget.Thousands(int64(f))
	case a >= 1e15 || a < 1e-3:
		return strconv.FormatFloat(f, 'g', 4, 64)
	case a >= 1e9:
		return widget.Count(int64(f), 10)
	}
	return strconv.FormatFloat(f, 'f', max(4-int(math.Floor(math.Log10(math.Abs(f))))-1, 0), 64)
}
