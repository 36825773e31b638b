package grid

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"
	"github.com/google/go-cmp/cmp"
	"github.com/muesli/termenv"
	"pgregory.net/rapid"

	"shardeck/shared/api"
	"shardeck/tui/goldentest"
	"shardeck/tui/keymap"
	"shardeck/tui/theme"
	"shardeck/tui/widget"
)

// lines are the rows of a result.
type lines []string

func (l lines) Len() int                  { return len(l) }
func (l lines) Row(i int) ([]byte, error) { return []byte(l[i]), nil }

func orders() Source {
	return NewResult([]api.Column{
		{Name: "id", Type: "INT"}, {Name: "customer", Type: "NVARCHAR(50)"}, {Name: "amount", Type: "DECIMAL(10,2)"},
		{Name: "note", Type: "NVARCHAR(MAX)"}, {Name: "paid", Type: "BIT"},
	}, lines{
		`[10,"Zoë","9.50",null,true]`,
		`[9,"李小龙","10.00","NULL",false]`,
		`[2,"नमस्ते","-3.25","first line\nsecond line",null]`,
		`[100,"ada","10.00","a much longer note, which says many things that nobody will ever read to its end",true]`,
		`[1,null,null,"",false]`,
	})
}

func press(t testing.TB, g *Grid, keys ...string) keymap.Intent {
	t.Helper()
	var last keymap.Intent
	for _, k := range keys {
		text := ""
		if len([]rune(k)) == 1 {
			text = k
		}
		last, _ = g.Key(keymap.Key{Name: k, Text: text})
	}
	return last
}

func frame(t testing.TB, g *Grid, p termenv.Profile, w, h int) string {
	t.Helper()
	th, err := theme.New(theme.Mono, theme.Options{Profile: p})
	if err != nil {
		t.Fatal(err)
	}
	c := widget.NewCanvas(w, h)
	g.Paint(c.Area(), true)
	return c.Render(th)
}

// column returns the texts of a column as they are shown.
func column(t testing.TB, s Source, n int) []string {
	t.Helper()
	var out []string
	for i := range s.Len() {
		row, err := s.Row(i)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, row[n].Text)
	}
	return out
}

func TestGoldens(t *testing.T) {
	for _, c := range []struct {
		name string
		keys []string
	}{
		{"plain", nil},
		{"sorted", []string{"right", "right", "s", "s"}},
		{"filtered", []string{"/", ">", "5", "backspace", "9", "enter"}},
		{"filtering", []string{"/"}},
		{"selected", []string{"j", "space", "v", "j", "end"}},
		{"frozen", []string{"c", "a", "m", "enter", "f", "$"}},
	} {
		for _, size := range [][2]int{{40, 8}, {80, 12}, {120, 12}} {
			g := New(orders(), 1)
			g.Paint(widget.NewCanvas(size[0], size[1]).Area(), true)
			press(t, g, c.keys...)
			name := fmt.Sprintf("%s-%dx%d", c.name, size[0], size[1])
			goldentest.Check(t, name+".golden", strings.ReplaceAll(frame(t, g, termenv.Ascii, size[0], size[1]), "\x1b[m", "")+"\n")
		}
	}
}

func TestStatusCountsRows(t *testing.T) {
	g := New(orders(), 0)
	press(t, g, "/", ">", "9", "enter")
	if got := g.Status(); !strings.Contains(got, "2 of 5 rows: >9") {
		t.Errorf("%q", got)
	}
	press(t, g, "esc")
	if got := g.Status(); got != "" || g.Len() != 5 {
		t.Errorf("%q, %d rows", got, g.Len())
	}
	if _, handled := g.Key(keymap.Key{Name: "esc"}); handled {
		t.Error("Esc is swallowed although there is nothing to undo")
	}
	press(t, g, "/", ">", "x", "enter")
	if !g.Typing() || !strings.Contains(frame(t, g, termenv.Ascii, 120, 10), "is not a number") {
		t.Error("an invalid filter is not explained where it is typed")
	}
}

// TestNullIsUnlikeAnyText puts a NULL over texts that imitate it, in one column, without
// colours and with ASCII alone.
func TestNullIsUnlikeAnyText(t *testing.T) {
	for _, ascii := range []bool{false, true} {
		th, err := theme.New(theme.Mono, theme.Options{Profile: termenv.Ascii, ASCII: ascii})
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range []string{"NULL", "‹NULL›", "<NULL>", "NULL›", "NULL>", " NULL", "∅", "␀", ""} {
			for _, typ := range []string{"NVARCHAR(9)", "INT"} {
				for _, w := range []int{26, 60} {
					columns := []api.Column{{Name: "a", Type: typ}, {Name: "b", Type: typ}, {Name: "c", Type: typ}}
					g := New(NewResult(columns, lines{`[1,2,3]`, `[1,null,2]`, `[1,"` + text + `",2]`}), 0)
					c := widget.NewCanvas(w, 5)
					g.Paint(c.Area(), true)
					drawn := strings.Split(c.Render(th), "\n")
					null, said := drawn[2][strings.Index(drawn[2], "2"):], drawn[3][strings.Index(drawn[3], "3"):]
					if null[1:] == said[1:] {
						t.Errorf("NULL looks like the text %q in %d cells:\n%s", text, w, strings.Join(drawn, "\n"))
					}
				}
			}
		}
	}
}

func TestCursorFollowsItsRow(t *testing.T) {
	g := New(orders(), 0)
	press(t, g, "j", "j", "j", "s") // on id 100
	if row, _, _ := g.Cursor(); row != 3 || g.row != 4 {
		t.Errorf("the cursor is on row %d, shown as row %d", row, g.row)
	}
	press(t, g, "#", "1", "enter")
	if row, _, _ := g.Cursor(); row != 0 {
		t.Errorf("row 1 is row %d", row)
	}
	press(t, g, "#", "9", "enter")
	if !g.Typing() || g.prompt.fault == "" {
		t.Error("a row that there is not is accepted")
	}
}

func TestSelectionSurvivesSorting(t *testing.T) {
	g := New(orders(), 0)
	press(t, g, "space", "down", "space") // ids 10, 2
	press(t, g, "s")
	if got := column(t, g.Chosen(), 0); !slices.Equal(got, []string{"2", "10"}) || g.Selected() != 2 {
		t.Errorf("%v are selected", got)
	}
	press(t, g, "esc", "g", "v", "j", "j")
	if got := column(t, g.Chosen(), 0); !slices.Equal(got, []string{"1", "2", "9"}) || g.Selected() != 3 {
		t.Errorf("the range is %v", got)
	}
	press(t, g, "esc", "g", "shift+down")
	if got := column(t, g.Chosen(), 0); !slices.Equal(got, []string{"1", "2"}) {
		t.Errorf("the range is %v", got)
	}
	press(t, g, "esc", "G")
	if got := column(t, g.Chosen(), 0); !slices.Equal(got, []string{"100"}) {
		t.Errorf("without a selection: %v", got)
	}
}

func TestIntentsNameTheSource(t *testing.T) {
	g := New(orders(), 0)
	press(t, g, "s", "right") // sorted by id: the first row is row 4, whose customer is NULL
	g.show(4)
	if got, want := press(t, g, "enter"), (OpenCell{4, 1, Column{Name: "customer", Type: "NVARCHAR(50)"}, Cell{Text: "NULL", Null: true}}); got != want {
		t.Errorf("%+v", got)
	}
	for key, want := range map[string]keymap.Intent{"o": OpenRow{4}, "y": CopyAs{4, 1}, "p": PlotColumns{1}, "x": Export{}} {
		if got := press(t, g, key); got != want {
			t.Errorf("%s: %+v", key, got)
		}
	}
	empty := New(&Table{Head: []Column{{Name: "a"}}}, 0)
	if got, ok := press(t, empty, "enter").(keymap.Say); !ok {
		t.Errorf("a value of no row: %v", got)
	}
	if _, handled := g.Key(keymap.Key{Name: "q", Text: "q"}); handled {
		t.Error("q is bound")
	}
}

func TestNoKeyStandsTwice(t *testing.T) {
	g := New(orders(), 0)
	press(t, g, "v")
	seen := map[string]string{}
	for _, c := range g.Commands() {
		for _, k := range c.Keys {
			if seen[k] != "" {
				t.Errorf("%s is %q and %q", k, seen[k], c.Name)
			}
			seen[k] = c.Name
		}
	}
}

func TestSelectedCountsWhatIsChosen(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := New(many(30), 0)
		for range rapid.IntRange(0, 25).Draw(t, "steps") {
			switch k := rapid.SampledFrom([]string{"space", "v", "j", "k", "G", "s", "right", "shift+down", "f1", "f2"}).Draw(t, "key"); k {
			case "f1":
				g.filterBy("id < 9")
			case "f2":
				g.filterBy("")
			default:
				g.Key(keymap.Key{Name: k})
			}
			want := g.Chosen().Len()
			if len(g.marked) == 0 && g.anchor < 0 {
				want = 0
			}
			if got := g.Selected(); got != want {
				t.Fatalf("%d rows are selected, %d are chosen", got, want)
			}
		}
	})
}

func TestReplacedRowsMayBeFewer(t *testing.T) {
	g := New(many(5000), 0)
	g.Apply(press(t, g, "s").(Prepare).Run(context.Background()))
	press(t, g, "G")
	g.Replace(many(2000))
	frame(t, g, termenv.Ascii, 80, 20)
	if !g.pending {
		t.Error("the new rows are not sorted")
	}
}

func TestLongValuesAreNotHeld(t *testing.T) {
	long := strings.Repeat("東", 1<<20)
	g := New(&Table{Head: []Column{{Name: "a"}}, Rows: [][]Cell{{{Text: long}}}}, 0)
	frame(t, g, termenv.Ascii, 80, 5)
	if got := g.seen.rows[0].cells[0].Text; len(got) > maxShown+3 || !strings.HasSuffix(got, "東…") {
		t.Errorf("%d bytes are held, ending in %q", len(got), got[len(got)-6:])
	}
}

func TestEveryColumnCanBeRead(t *testing.T) {
	g := New(orders(), 1)
	for _, w := range []int{30, 50, 80} {
		press(t, g, "home")
		for i := range 5 {
			name := g.columns[g.display[g.col]].Name
			if got := strings.ReplaceAll(frame(t, g, termenv.Ascii, w, 8), "\x1b[m", ""); !strings.Contains(got, "▸"+name) {
				t.Errorf("%d cells: column %d, %s, is not shown:\n%s", w, i, name, got)
			}
			press(t, g, "right")
		}
	}
}

func TestLongValueCanBeReadByMovingToIt(t *testing.T) {
	long := Cell{Text: "a much longer note, which says many things"}
	for _, columns := range []int{2, 3, 4, 9} { // they share the width, or do not all fit
		table := &Table{Rows: [][]Cell{nil}}
		for i := range columns {
			table.Head = append(table.Head, Column{Name: fmt.Sprint("c", i)})
			table.Rows[0] = append(table.Rows[0], long)
		}
		g := New(table, 0)
		for range columns {
			if got := frame(t, g, termenv.Ascii, 76, 5); strings.Count(got, long.Text) != 1 || !strings.Contains(got, "▸"+table.Head[g.col].Name) {
				t.Errorf("the value under the cursor is not shown, or is not the only one:\n%s", got)
			}
			press(t, g, "right")
		}
	}
}

func TestKeyColumnsAreFrozen(t *testing.T) {
	g := New(orders(), 0)
	press(t, g, "right")
	g.Freeze(2, 0, 2, 99)
	if d := cmp.Diff([]int{2, 0, 1, 3, 4}, g.display); d != "" || g.frozen != 2 {
		t.Errorf("%d frozen: %s", g.frozen, d)
	}
	if _, column, _ := g.Cursor(); column != 1 {
		t.Errorf("the cursor moved to column %d", column)
	}
	press(t, g, "$")
	if got := frame(t, g, termenv.Ascii, 40, 8); !strings.Contains(got, "id") || !strings.Contains(got, "amount") || !strings.Contains(got, "paid") {
		t.Errorf("the key is not shown beside the last column:\n%s", got)
	}
	g.Freeze(0, 1, 2, 3, 4)
	if g.frozen != 4 {
		t.Errorf("%d of 5 columns are frozen", g.frozen)
	}
	g.Freeze()
	if d := cmp.Diff([]int{0, 1, 2, 3, 4}, g.display); d != "" || g.frozen != 0 {
		t.Errorf("%d frozen: %s", g.frozen, d)
	}
}

func TestShortColumnsStayWhole(t *testing.T) {
	g := New(orders(), 0)
	got := frame(t, g, termenv.Ascii, 80, 8)
	for _, want := range []string{"decimal", "-3.25", "100", "नमस्ते", "…"} {
		if !strings.Contains(strings.ReplaceAll(strings.ToLower(got), "\x1b[m", ""), want) {
			t.Errorf("%q is not shown:\n%s", want, got)
		}
	}
}

// TestAnyKeysInAnySize types anything into grids of any size: frames keep their size, and the
// cursor stays on a row that there is.
func TestAnyKeysInAnySize(t *testing.T) {
	th, err := theme.New(theme.Dark, theme.Options{Profile: termenv.TrueColor})
	if err != nil {
		t.Fatal(err)
	}
	sources := []Source{orders(), many(50), &Table{}, &Table{Head: []Column{{Name: "a"}}}, NewResult([]api.Column{{Name: "a"}, {Name: "b"}}, lines{`[1]`, `broken`, `[1,2,3]`})}
	rapid.Check(t, func(t *rapid.T) {
		g := New(rapid.SampledFrom(sources).Draw(t, "source"), rapid.IntRange(0, 9).Draw(t, "keys"))
		var names []string
		for _, c := range append(g.Commands(), (&Grid{prompt: prompt{kind: columnPrompt}}).Commands()...) {
			names = append(names, c.Keys...)
		}
		names = append(names, "1", "a", "=", "东", "q")
		for range rapid.IntRange(0, 30).Draw(t, "steps") {
			k := rapid.SampledFrom(names).Draw(t, "key")
			text := ""
			if len([]rune(k)) == 1 {
				text = k
			}
			g.Key(keymap.Key{Name: k, Text: text})
			w, h := rapid.IntRange(1, 220).Draw(t, "w"), rapid.IntRange(1, 70).Draw(t, "h")
			c := widget.NewCanvas(w, h)
			g.Paint(c.Area(), rapid.Bool().Draw(t, "focus"))
			for _, line := range strings.Split(c.Render(th), "\n") {
				if got := ansi.StringWidth(line); got != w {
					t.Fatalf("%d cells, not %d: %q", got, w, line)
				}
			}
			if row, column, ok := g.Cursor(); ok && (row < 0 || row >= g.source.Len() || column < 0 || column >= len(g.columns)) {
				t.Fatalf("the cursor is at %d, %d", row, column)
			}
		}
	})
}
