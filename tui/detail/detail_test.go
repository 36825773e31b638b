package detail

import (
	"fmt"
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

func render(t interface{ Fatal(...any) }, w, h int, paint func(widget.Area)) string {
	th, err := theme.New(theme.Mono, theme.Options{Profile: termenv.Ascii})
	if err != nil {
		t.Fatal(err)
	}
	c := widget.NewCanvas(w, h)
	paint(c.Area())
	return c.Render(th)
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	goldentest.Check(t, name+".golden", strings.ReplaceAll(got, "\x1b[m", "")+"\n")
}

func text(s string) grid.Cell { return grid.Cell{Text: s} }

var null = grid.Cell{Text: "NULL", Null: true}

func TestValues(t *testing.T) {
	for _, c := range []struct {
		name, typ string
		cell      grid.Cell
		keys      string
	}{
		{"text", "NVARCHAR(MAX)", text("first line\r\nsecond line, which is longer than the pane is wide and wraps at spaces\n\n\tनमस्ते e\u0301 東京\x1b[31m\n"), ""},
		{"json", "NVARCHAR(MAX)", text(`{"b":[1,2.50,{"c":null}],"a":"x\ny","a":9007199254740993}`), ""},
		{"json-text", "NVARCHAR(MAX)", text(`{"b":[1,2.50]}`), "t"},
		{"hex", "NVARCHAR(20)", text("Zoë 東京\n0123456789"), "h"},
		{"binary", "VARBINARY(10)", text("0xC0FFEE00"), ""},
		{"null", "INT", null, ""},
		{"empty", "NVARCHAR(10)", text(""), ""},
		{"spaces", "NVARCHAR(10)", text("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa b"), ""},
	} {
		v := NewValue(grid.Column{Name: "note", Type: c.typ}, c.cell)
		for _, k := range c.keys {
			v.Key(keymap.Key{Name: string(k)})
		}
		golden(t, "value-"+c.name, render(t, 50, 12, v.Paint))
	}
}

func TestRowView(t *testing.T) {
	table := &grid.Table{Head: []grid.Column{{Name: "id", Type: "INT", Right: true}, {Name: "full name"}, {Name: "note"}},
		Rows: [][]grid.Cell{{text("1"), text("Zoë"), null}, {text("2"), text("李小龙"), text("a\nb")}}}
	g := grid.New(table, 0)
	r := NewRow(g)
	golden(t, "row", render(t, 40, 5, r.Paint))
	r.Key(keymap.Key{Name: "down"})
	r.Key(keymap.Key{Name: "n"})
	golden(t, "row-next", render(t, 40, 5, r.Paint))
	if got, _ := r.Key(keymap.Key{Name: "enter"}); got != (grid.OpenCell{Row: 1, Column: 1, Of: table.Head[1], Value: text("李小龙")}) {
		t.Errorf("%+v", got)
	}
	if got, _ := r.Key(keymap.Key{Name: "n"}); got != (keymap.Say{Text: "this is the last row"}) {
		t.Errorf("%+v", got)
	}
	if got, _ := r.Key(keymap.Key{Name: "esc"}); got != (Close{}) {
		t.Errorf("%+v", got)
	}
	if r.Title() != "Row 2" || !strings.Contains(r.Facts(), "row 2 of 2") {
		t.Errorf("%s, %s", r.Title(), r.Facts())
	}
}

func TestFactsCountCharactersAndBytes(t *testing.T) {
	v := NewValue(grid.Column{Name: "n", Type: "NVARCHAR(50)"}, text("東京\nx"))
	if got := v.Facts(); got != "NVARCHAR(50) · 4 characters · 8 bytes · 2 lines" {
		t.Errorf("%q", got)
	}
	if got := NewValue(grid.Column{Type: "VARBINARY(5)"}, text("0x00")).Facts(); got != "VARBINARY(5) · 1 byte" {
		t.Errorf("%q", got)
	}
}

func TestCopyIsTheWholeValue(t *testing.T) {
	long := strings.Repeat("x", 100_000)
	v := NewValue(grid.Column{Name: "n"}, text(long))
	if got, _ := v.Key(keymap.Key{Name: "y"}); got != (keymap.Copy{Text: long, What: "the value of n"}) {
		t.Error("the copy is not the value")
	}
	v = NewValue(grid.Column{Name: "n"}, null)
	if got, _ := v.Key(keymap.Key{Name: "y"}); got == nil {
		t.Error("NULL is copied in silence")
	}
}

// TestWrappingLosesNothing reads the wrapped lines back.
func TestWrappingLosesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.StringOf(rapid.OneOf(rapid.Rune(), rapid.SampledFrom([]rune("ab  \n\r\t東\u0301\u093e\u0915")))).Draw(t, "s")
		width := rapid.IntRange(1, 30).Draw(t, "width")
		whole := map[string]bool{} // clusters, which are not broken
		for rest := s; rest != ""; {
			cluster, _, n := widget.NextCluster(rest)
			whole[cluster] = true
			rest = rest[n:]
		}
		got := ""
		for _, l := range wrap(s, width) {
			if w := widget.Width(l.text); w > max(width-1, 1) && !whole[l.text] {
				t.Fatalf("%q takes %d cells of %d", l.text, w, width)
			}
			got += l.text + strings.ReplaceAll(strings.ReplaceAll(l.end, "␍", "\r"), "↵", "\n")
		}
		var want strings.Builder
		for i, part := range strings.Split(s, "\n") {
			if i > 0 {
				want.WriteByte('\n')
			}
			body, cr := strings.CutSuffix(part, "\r")
			last := i == strings.Count(s, "\n")
			if last {
				body, cr = part, false
			}
			want.WriteString(widget.Data(body))
			if cr {
				want.WriteByte('\r')
			}
		}
		if got != want.String() {
			t.Fatalf("%q is wrapped to %q, want %q", s, got, want.String())
		}
	})
}

func TestAnyKeysInAnySize(t *testing.T) {
	cells := []grid.Cell{null, text(""), text("a\nb"), text(`{"a":[1,2,3]}`), text(strings.Repeat("0123456789 東京 ", 200)), text("0xC0FFEE")}
	rapid.Check(t, func(t *rapid.T) {
		typ := rapid.SampledFrom([]string{"", "INT", "VARBINARY(MAX)", "NVARCHAR(MAX)"}).Draw(t, "type")
		cell := rapid.SampledFrom(cells).Draw(t, "cell")
		v := NewValue(grid.Column{Name: "n", Type: typ}, cell)
		r := NewRow(grid.New(&grid.Table{Head: []grid.Column{{Name: "a", Type: typ}, {Name: "b"}}, Rows: [][]grid.Cell{{cell, null}, {cell}}}, 1))
		for range rapid.IntRange(0, 10).Draw(t, "steps") {
			var names []string
			for _, c := range append(v.Commands(), r.Commands()...) {
				names = append(names, c.Keys...)
			}
			k := keymap.Key{Name: rapid.SampledFrom(names).Draw(t, "key")}
			v.Key(k)
			r.Key(k)
			w, h := rapid.IntRange(1, 100).Draw(t, "w"), rapid.IntRange(1, 30).Draw(t, "h")
			for _, paint := range []func(widget.Area){v.Paint, r.Paint} {
				for _, l := range strings.Split(render(t, w, h, paint), "\n") {
					if got := ansi.StringWidth(l); got != w {
						t.Fatalf("%d cells, not %d: %q", got, w, l)
					}
				}
			}
		}
	})
}

func TestNoKeyStandsTwice(t *testing.T) {
	v := NewValue(grid.Column{}, text("{}"))
	r := NewRow(grid.New(&grid.Table{}, 0))
	for i, commands := range [][]keymap.Command{v.Commands(), r.Commands()} {
		seen := map[string]bool{}
		for _, c := range commands {
			for _, k := range c.Keys {
				if seen[k] || k == "q" {
					t.Errorf("%d: %s stands twice, or closes the pane", i, k)
				}
				seen[k] = true
			}
		}
	}
}

func BenchmarkLongValue(b *testing.B) {
	for name, part := range map[string]string{"ascii": "the quick brown fox ", "wide": "東京都とe\u0301 "} {
		long := strings.Repeat(part, (1<<20)/len(part))
		b.Run(fmt.Sprintf("%s-1MiB", name), func(b *testing.B) {
			for b.Loop() {
				wrap(long, 100)
			}
		})
	}
}
