package plot

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"
	"github.com/muesli/termenv"
	"pgregory.net/rapid"

	"shardeck/tui/goldentest"
	"shardeck/tui/grid"
	"shardeck/tui/keymap"
	"shardeck/tui/theme"
	"shardeck/tui/widget"
)

func text(s string) grid.Cell { return grid.Cell{Text: s} }

var null = grid.Cell{Text: "NULL", Null: true}

func sales() *grid.Table {
	t := &grid.Table{Head: []grid.Column{{Name: "day", Type: "DATE"}, {Name: "region", Type: "NVARCHAR(20)"}, {Name: "amount", Type: "DECIMAL(10,2)", Right: true}, {Name: "n", Type: "INT", Right: true}}}
	for i := range 24 {
		amount := text(fmt.Sprintf("%.2f", 100*math.Sin(float64(i)/4)))
		if i == 5 {
			amount = null
		}
		t.Rows = append(t.Rows, []grid.Cell{text(fmt.Sprintf("2026-01-%02d", i+1)), text([]string{"north", "東部", "a region with a long name"}[i%3]), amount, text(fmt.Sprint(i * i))})
	}
	return t
}

func plotOf(t testing.TB, s grid.Source, column int, keys ...string) *Plot {
	t.Helper()
	p, intent, err := New(s, column)
	if err != nil || intent != nil {
		t.Fatal(err, intent)
	}
	for _, k := range keys {
		p.Key(keymap.Key{Name: k})
	}
	return p
}

func TestGoldens(t *testing.T) {
	for _, c := range []struct {
		name string
		plot *Plot
	}{
		{"line", plotOf(t, sales(), 0)},
		{"line-rows", plotOf(t, sales(), 3, "x", "x", "x", "l")},
		{"bars", plotOf(t, sales(), 1)},
		{"histogram", plotOf(t, sales(), 3, "h")},
		{"histogram-negative", plotOf(t, sales(), 2, "h")},
	} {
		for _, ascii := range []bool{false, true} {
			th, err := theme.New(theme.Mono, theme.Options{Profile: termenv.Ascii, ASCII: ascii})
			if err != nil {
				t.Fatal(err)
			}
			canvas := widget.NewCanvas(60, 14)
			c.plot.Paint(canvas.Area())
			goldentest.Check(t, fmt.Sprintf("%s-ascii-%v.golden", c.name, ascii), c.plot.Title()+"\n"+canvas.Render(th)+"\n")
		}
	}
}

func TestNaturalPlots(t *testing.T) {
	for column, want := range map[int]struct {
		kind Kind
		x, y int
	}{0: {Line, 0, 2}, 1: {Bars, 1, 2}, 2: {Line, 0, 2}, 3: {Line, 0, 3}} {
		p := plotOf(t, sales(), column)
		if p.kind != want.kind || p.x != want.x || p.y != want.y {
			t.Errorf("column %d: kind %d of %d over %d", column, p.kind, p.y, p.x)
		}
	}
	if _, _, err := New(&grid.Table{Head: []grid.Column{{Name: "a", Type: "NVARCHAR(5)"}}}, 0); err == nil {
		t.Error("text is plotted")
	}
	one := plotOf(t, &grid.Table{Head: []grid.Column{{Name: "a", Type: "INT"}}, Rows: [][]grid.Cell{{text("1")}}}, 0)
	if one.kind != Histogram {
		t.Errorf("one column of numbers: kind %d", one.kind)
	}
}

func TestSampleSaysSo(t *testing.T) {
	table := &grid.Table{Head: []grid.Column{{Name: "a", Type: "INT"}}}
	for i := range 25_000 {
		table.Rows = append(table.Rows, []grid.Cell{text(fmt.Sprint(i))})
	}
	p, intent, err := New(table, 0)
	c, ok := intent.(Collect)
	if err != nil || !ok {
		t.Fatal(err, intent)
	}
	p.Apply(c.Run(context.Background()))
	if got := p.Facts(); got != "a sample: 8,334 evenly spaced rows of 25,000" {
		t.Errorf("%q", got)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if got := c.Run(ctx); !errors.Is(got.err, context.Canceled) {
		t.Errorf("cancelled: %v", got.err)
	}
	p = plotOf(t, sales(), 2)
	if got := p.Facts(); got != "24 rows · 1 without a value" {
		t.Errorf("%q", got)
	}
}

// TestBinsCountEveryValueOnce compares with a plain count.
func TestBinsCountEveryValueOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(rapid.OneOf(rapid.Float64Range(-1e6, 1e6), rapid.Float64Range(-1, 1), rapid.Map(rapid.IntRange(-50, 50), func(i int) float64 { return float64(i) })), 1, 60).Draw(t, "values")
		most := rapid.IntRange(1, 30).Draw(t, "most")
		var points []Point
		for _, v := range values {
			points = append(points, Point{Y: v})
		}
		got := bins(points, most)
		if len(got) > max(most, 2) {
			t.Fatalf("%d bins, not %d", len(got), most)
		}
		total := 0
		for i, b := range got {
			total += b.count
			n := 0
			for _, v := range values {
				if v >= b.low && v < b.high || i == len(got)-1 && v == b.high {
					n++
				}
			}
			if most > 1 && n != b.count {
				t.Fatalf("%d values from %v to %v, counted %d", n, b.low, b.high, b.count)
			}
		}
		if total != len(values) {
			t.Fatalf("%d of %d values are counted", total, len(values))
		}
	})
}

func TestAnyKeysInAnySize(t *testing.T) {
	th, err := theme.New(theme.Dark, theme.Options{Profile: termenv.TrueColor})
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		table := &grid.Table{Head: sales().Head}
		number := rapid.OneOf(rapid.Just("0"), rapid.Just("1e308"), rapid.Just("-1e308"), rapid.Just("x"), rapid.StringMatching(`-?[0-9]{1,20}(\.[0-9]{1,4})?`))
		for range rapid.IntRange(0, 12).Draw(t, "rows") {
			table.Rows = append(table.Rows, []grid.Cell{text(rapid.SampledFrom([]string{"2026-01-01", "0001-01-01", "9999-12-31", "?"}).Draw(t, "day")), text(rapid.String().Draw(t, "label")), text(number.Draw(t, "a")), text(number.Draw(t, "b"))})
		}
		p, _, err := New(table, rapid.IntRange(-1, 4).Draw(t, "column"))
		if err != nil {
			t.Fatal(err)
		}
		for range rapid.IntRange(0, 8).Draw(t, "steps") {
			var names []string
			for _, c := range p.Commands() {
				names = append(names, c.Keys...)
			}
			p.Key(keymap.Key{Name: rapid.SampledFrom(names).Draw(t, "key")})
			w, h := rapid.IntRange(1, 100).Draw(t, "w"), rapid.IntRange(1, 30).Draw(t, "h")
			canvas := widget.NewCanvas(w, h)
			p.Paint(canvas.Area())
			for _, l := range strings.Split(canvas.Render(th), "\n") {
				if got := ansi.StringWidth(l); got != w {
					t.Fatalf("%d cells, not %d: %q", got, w, l)
				}
			}
		}
	})
}
