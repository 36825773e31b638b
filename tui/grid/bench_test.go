package grid

import (
	"context"
	"strings"
	"testing"

	"github.com/muesli/termenv"

	"shardeck/tui/keymap"
	"shardeck/tui/rowstore"
	"shardeck/tui/theme"
	"shardeck/tui/widget"
)

func BenchmarkKeyAndFrame(b *testing.B) {
	g := New(many(100_000), 1)
	th, err := theme.New(theme.Dark, theme.Options{Profile: termenv.TrueColor})
	if err != nil {
		b.Fatal(err)
	}
	for _, key := range []string{"j", "pgdown", "right"} {
		b.Run(key, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				g.Key(keymap.Key{Name: key, Text: key})
				if g.row > 99_000 {
					g.row = 0
				}
				c := widget.NewCanvas(200, 60)
				g.Paint(c.Area(), true)
				c.Render(th)
			}
		})
	}
}

// BenchmarkKeyAndFrameOfComplexText fills the frame with text that has a mark on most letters.
func BenchmarkKeyAndFrameOfComplexText(b *testing.B) {
	table := &Table{Head: []Column{{Name: "a"}, {Name: "b"}, {Name: "c"}}}
	for range 2000 {
		c := Cell{Text: strings.Repeat("नमस्ते e\u0301 東京 ", 8)}
		table.Rows = append(table.Rows, []Cell{c, c, c})
	}
	g := New(table, 1)
	th, err := theme.New(theme.Dark, theme.Options{Profile: termenv.TrueColor})
	if err != nil {
		b.Fatal(err)
	}
	for _, key := range []string{"j", "pgdown"} {
		b.Run(key, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				g.Key(keymap.Key{Name: key})
				if g.row == 1999 {
					g.row = 0
				}
				c := widget.NewCanvas(200, 60)
				g.Paint(c.Area(), true)
				c.Render(th)
			}
		})
	}
}

// BenchmarkKeyAndFrameFromDisk pages through a result that is in a file.
func BenchmarkKeyAndFrameFromDisk(b *testing.B) {
	source := many(100_000).(*Result)
	store := rowstore.New(rowstore.Options{Memory: 1 << 20, Dir: b.TempDir()})
	defer store.Close()
	for i := range source.Len() {
		line, err := source.lines.Row(i)
		if err == nil {
			err = store.Append(line)
		}
		if err != nil {
			b.Fatal(err)
		}
	}
	g := New(&Result{columns: source.columns, lines: store}, 1)
	th, err := theme.New(theme.Dark, theme.Options{Profile: termenv.TrueColor})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		g.row = (g.row + 20_011) % g.Len()
		c := widget.NewCanvas(200, 60)
		g.Paint(c.Area(), true)
		c.Render(th)
	}
}

func BenchmarkOrder(b *testing.B) {
	for n, name := range many(1).Columns() {
		b.Run("sort/"+name.Name, func(b *testing.B) { benchOrder(b, request{sort: n, dir: Ascending}) })
	}
	f, err := ParseFilter("fox 77", many(1).Columns(), 0)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("filter", func(b *testing.B) { benchOrder(b, request{filter: f}) })
}

func benchOrder(b *testing.B, r request) {
	s := many(100_000)
	b.ReportAllocs()
	for b.Loop() {
		o := (&ordering{request: r, source: s, columns: s.Columns(), n: s.Len()}).run(context.Background())
		if o.err != nil {
			b.Fatal(o.err)
		}
	}
}
