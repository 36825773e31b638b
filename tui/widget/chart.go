package widget

import (
	"math"
	"strings"
)

var (
	eighths = []rune(" ▏▎▍▌▋▊▉█")
	levels  = []rune("▁▂▃▄▅▆▇█")
)

// gap marks a missing sample.
const gap = '·'

// Bar returns a horizontal bar of exactly width cells, of which value/full are
// filled, to an eighth of a cell. A value above zero shows at least an eighth.
func Bar(value, full float64, width int) string {
	if width <= 0 {
		return ""
	}
	n := 0
	if full > 0 && value > 0 {
		n = int(math.Round(min(value/full, 1) * float64(width) * 8))
		n = max(n, 1)
	}
	var b strings.Builder
	for i := range width {
		b.WriteRune(eighths[min(max(n-i*8, 0), 8)])
	}
	return b.String()
}

// Hatched is Bar for a stale value: the same length in whole cells, in a texture that is
// distinct without colour.
func Hatched(value, full float64, width int) string {
	n := 0
	if full > 0 && value > 0 && width > 0 {
		n = min(max(int(math.Round(value/full*float64(width))), 1), width)
	}
	return strings.Repeat("▒", n) + strings.Repeat(" ", max(width-n, 0))
}

// Spark returns the latest values as a sparkline of exactly width cells, the
// newest at the right. NaN is a gap. The scale runs from 0 to the
// greatest value shown, or to floor if that is greater, so that noise stays small.
func Spark(values []float64, width int, floor float64) string {
	if width <= 0 {
		return ""
	}
	values = values[max(len(values)-width, 0):]
	top := peak(values, floor)
	var b strings.Builder
	b.WriteString(strings.Repeat(" ", width-len(values)))
	for _, v := range values {
		b.WriteRune(level(v, top))
	}
	return b.String()
}

func level(v, top float64) rune {
	if math.IsNaN(v) {
		return gap
	}
	if top <= 0 || v <= 0 {
		return levels[0]
	}
	return levels[min(int(v/top*float64(len(levels))), len(levels)-1)]
}

func peak(values []float64, floor float64) float64 {
	for _, v := range values {
		if v > floor { // false for NaN
			floor = v
		}
	}
	return floor
}

// Columns returns the latest values as a chart of exactly width by height cells,
// lines from the top, and the greatest value shown.
func Columns(values []float64, width, height int, floor float64) (lines []string, top float64) {
	if width <= 0 || height <= 0 {
		return nil, floor
	}
	values = values[max(len(values)-width, 0):]
	top = peak(values, floor)
	for y := range height {
		var b strings.Builder
		b.WriteString(strings.Repeat(" ", width-len(values)))
		base := float64(height - 1 - y)
		for _, v := range values {
			b.WriteRune(columnCell(v, top, base, height))
		}
		lines = append(lines, b.String())
	}
	return lines, top
}

// columnCell is the cell of a column that lies base cells above the bottom.
func columnCell(v, top, base float64, height int) rune {
	if math.IsNaN(v) {
		if base == 0 {
			return gap
		}
		return ' '
	}
	fill := 0.0
	if top > 0 && v > 0 {
		fill = v/top*float64(height) - base
	}
	switch {
	case fill >= 1:
		return levels[len(levels)-1]
	case fill <= 0 && base > 0:
		return ' '
	}
	return levels[min(max(int(fill*8+0.5)-1, 0), len(levels)-1)]
}
