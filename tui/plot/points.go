package plot

import (
	"context"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"shardeck/shared/sqltypes"
	"shardeck/tui/grid"
)

// MaxPoints bounds how many rows are read.
const MaxPoints = 10_000

// Points are what is plotted: a number of each row, with a label or a position.
type Points struct {
	Points []Point // in the order of the rows
	Rows   int     // of the table
	Read   int     // of which were read; fewer than Rows if it is a sample
	Absent int     // rows that were read and have no number, such as NULL
}

// Point is a number Y and what it belongs to. X is its position, if the column of X has
// numbers or times; otherwise the number of its row.
type Point struct {
	Label string
	X, Y  float64
}

// Read reads two columns of a table. x may be -1: then the rows' numbers are the positions.
func Read(ctx context.Context, s grid.Source, x, y int) (Points, error) {
	p := Points{Rows: s.Len()}
	columns := s.Columns()
	step := max((p.Rows+MaxPoints-1)/MaxPoints, 1)
	scale := numbers
	if x >= 0 {
		scale = scaleOf(columns[x])
	}
	for i := 0; i < p.Rows; i += step {
		if p.Read%256 == 0 && ctx.Err() != nil {
			return p, ctx.Err()
		}
		row, err := s.Row(i)
		if err != nil {
			return p, err
		}
		p.Read++
		point := Point{X: float64(i + 1), Label: strconv.Itoa(i + 1)}
		ok := y < len(row)
		if ok {
			point.Y, ok = number(row[y])
		}
		if x >= 0 && ok {
			if ok = x < len(row); ok {
				point.Label = row[x].Text
				if scale != labels {
					point.X, ok = position(scale, row[x])
				}
			}
		}
		if !ok {
			p.Absent++
			continue
		}
		p.Points = append(p.Points, point)
	}
	return p, nil
}

// scaling is what the values of a column are along an axis.
type scaling int8

const (
	labels scaling = iota
	numbers
	times
)

func scaleOf(c grid.Column) scaling {
	t, err := sqltypes.Parse(c.Type)
	switch {
	case err != nil && c.Right, err == nil && t.Kind.IsNumeric() && t.Kind != sqltypes.Bit:
		return numbers
	case err == nil && t.Kind.IsTemporal():
		return times
	}
	return labels
}

func number(c grid.Cell) (float64, bool) {
	if c.Null {
		return 0, false
	}
	f, err := strconv.ParseFloat(strings.ReplaceAll(c.Text, ",", ""), 64)
	return f, err == nil && !math.IsInf(f, 0) && !math.IsNaN(f)
}

// layouts are those of T-SQL's dates and times in answers.
var layouts = []string{"2006-01-02T15:04:05.9999999", "2006-01-02", "15:04:05.9999999"}

// position returns where a value is on an axis; a time in seconds.
func position(s scaling, c grid.Cell) (float64, bool) {
	if s == numbers || c.Null {
		return number(c)
	}
	for _, l := range layouts {
		if at, err := time.Parse(l, c.Text); err == nil {
			return float64(at.Unix()) + float64(at.Nanosecond())/1e9, true
		}
	}
	return 0, false
}

// byPosition returns the points from left to right.
func (p *Points) byPosition() []Point {
	sorted := slices.Clone(p.Points)
	slices.SortStableFunc(sorted, func(a, b Point) int {
		switch {
		case a.X < b.X:
			return -1
		case a.X > b.X:
			return 1
		}
		return 0
	})
	return sorted
}

// bin is a range of a histogram: from Low up to, but without, High. The last one has High too.
type bin struct {
	low, high float64
	count     int
}

// bins counts the values in at most most ranges, whose bounds are round numbers.
func bins(points []Point, most int) []bin {
	if len(points) == 0 || most < 1 {
		return nil
	}
	low, high := points[0].Y, points[0].Y
	for _, p := range points {
		low, high = min(low, p.Y), max(high, p.Y)
	}
	width := roundUp((high/float64(most) - low/float64(most)))
	first := math.Floor(low / width)
	for int(math.Floor(high/width)-first)+1 > most && most > 1 {
		width = roundUp(width * 1.01)
		first = math.Floor(low / width)
	}
	n := max(int(math.Floor(high/width)-first)+1, 1)
	out := make([]bin, min(n, max(most, 2)))
	for i := range out {
		out[i].low, out[i].high = (first+float64(i))*width, (first+float64(i)+1)*width
	}
	for _, p := range points {
		i := int(math.Floor(p.Y/width) - first)
		out[max(min(i, len(out)-1), 0)].count++
	}
	return out
}

// roundUp returns the least of 1, 2 and 5 times a power of ten that is not below f.
func roundUp(f float64) float64 {
	if !(f > 0) || math.IsInf(f, 0) {
		return 1
	}
	power := math.Pow(10, math.Floor(math.Log10(f)))
	if power == 0 {
		return f
	}
	for _, m := range []float64{1, 2, 5, 10} {
		if m*power >= f {
			return m * power
		}
	}
	return 10 * power
}
