package grid

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/charmbracelet/x/ansi"
	"github.com/google/go-cmp/cmp"
	"github.com/muesli/termenv"
	"pgregory.net/rapid"

	"shardeck/shared/api"
	"shardeck/tui/keymap"
	"shardeck/tui/rowstore"
	"shardeck/tui/theme"
	"shardeck/tui/widget"
)

var update = flag.Bool("update", false, "rewrite the golden files")

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
			got := strings.ReplaceAll(frame(t, g, termenv.Ascii, size[0], size[1]), "\x1b[m", "") + "\n"
			path := filepath.Join("testdata", name+".golden")
			if *update {
				if err := os.MkdirAll("testdata", 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
				continue
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(string(want), got); d != "" {
				t.Errorf("%s differs (run with -update and review the change):\n%s", path, d)
			}
		}
	}
}

func TestSortsByTypeNullFirst(t *testing.T) {
	for _, c := range []struct {
		column int
		want   []string // ascending ids
	}{
		{0, []string{"1", "2", "9", "10", "100"}},
		{1, []string{"1", "100", "10", "2", "9"}}, // ada, Zoë: letters in either case; then by code point
		{2, []string{"1", "2", "10", "9", "100"}}, // equal amounts as they came
		{3, []string{"10", "1", "100", "2", "9"}}, // NULL, "", text
		{4, []string{"2", "9", "1", "10", "100"}}, // NULL, false, true
	} {
		g := New(orders(), 0)
		for range c.column {
			press(t, g, "right")
		}
		press(t, g, "s")
		if got := column(t, g.Shown(), 0); !slices.Equal(got, c.want) {
			t.Errorf("column %d ascending: %v, want %v", c.column, got, c.want)
		}
		press(t, g, "s")
		if got := column(t, g.Shown(), c.column); !slices.Equal(got, reversedStable(t, c.column, c.want)) {
			t.Errorf("column %d descending: %v", c.column, got)
		}
		press(t, g, "s")
		if got := column(t, g.Shown(), 0); !slices.Equal(got, []string{"10", "9", "2", "100", "1"}) {
			t.Errorf("column %d unsorted again: %v", c.column, got)
		}
	}
}

// reversedStable returns the values of a column in the reverse of the ascending order.
func reversedStable(t *testing.T, n int, ids []string) []string {
	byID := map[string]string{}
	s := orders()
	for i, id := range column(t, s, 0) {
		byID[id] = column(t, s, n)[i]
	}
	var out []string
	for _, id := range ids {
		out = append(out, byID[id])
	}
	slices.Reverse(out)
	return out
}

// TestSortAgreesWithExactArithmetic compares with a model: rationals of arbitrary precision.
func TestSortAgreesWithExactArithmetic(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		texts := rapid.SliceOfN(rapid.OneOf(
			rapid.StringMatching(`-?[1-9][0-9]{0,37}`), rapid.StringMatching(`-?[0-9]{1,5}\.[0-9]{1,20}`), rapid.Just("9007199254740993"), rapid.Just("9007199254740992"),
		), 0, 30).Draw(t, "numbers")
		var l lines
		for _, s := range texts {
			l = append(l, `["`+s+`"]`)
		}
		g := New(NewResult([]api.Column{{Name: "n", Type: "DECIMAL(38,20)"}}, l), 0)
		if len(l) == 0 {
			return
		}
		g.sortBy()
		want := slices.Clone(texts)
		value := func(s string) *big.Rat { r, _ := new(big.Rat).SetString(s); return r }
		slices.SortStableFunc(want, func(a, b string) int { return value(a).Cmp(value(b)) })
		var got []string
		shown := g.Shown()
		for i := range shown.Len() {
			row, _ := shown.Row(i)
			got = append(got, row[0].Text)
		}
		if !slices.Equal(got, want) {
			t.Fatalf("sorted %q, want %q", got, want)
		}
	})
}

func TestFilters(t *testing.T) {
	for text, want := range map[string][]string{
		"":                 {"10", "9", "2", "100", "1"},
		"zoë":              {"10"},
		"LONGER":           {"100"},
		"null":             {"9"}, // the text; NULL is no text
		"> 9":              {"10", "100"},
		"<=9":              {"9", "2", "1"},
		"amount = 10":      {"9", "100"},
		"amount >= 9.5":    {"10", "9", "100"},
		"amount < 0":       {"2"},
		"amount = null":    {"1"},
		"amount != NULL":   {"10", "9", "2", "100"},
		"amount != 10":     {"10", "2"}, // NULL is neither
		"customer = 'ADA'": {"100"},
		"[note] = ''":      {"1"},
		"note ~ line":      {"2"},
		"note <> NULL":     {"9", "2", "100", "1"},
		"paid = true":      {"10", "100"},
		`"= 5"`:            {},
		"nothing here":     {},
		"x = y":            {}, // x is no column: it is text
	} {
		g := New(orders(), 0)
		if say := g.filterBy(text); say != nil {
			t.Errorf("%q: %v", text, say)
			continue
		}
		if got := column(t, g.Shown(), 0); !slices.Equal(got, want) && len(got)+len(want) > 0 {
			t.Errorf("%q shows %v, want %v", text, got, want)
		}
	}
	g := New(orders(), 0)
	for _, bad := range []string{"> ten", "amount > NULL", "amount = x"} {
		if _, ok := g.filterBy(bad).(keymap.Say); !ok {
			t.Errorf("%q is accepted", bad)
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

func many(n int) Source {
	l := make(lines, n)
	for i := range l {
		l[i] = fmt.Sprintf(`[%d,"customer %d","%d.25","2024-01-%02d","the quick brown fox %d",null,"東京都 %d"]`, (i*7919)%n, i%977, i*31%9973, i%28+1, i, i)
	}
	return NewResult([]api.Column{{Name: "id", Type: "INT"}, {Name: "customer", Type: "NVARCHAR(50)"}, {Name: "amount", Type: "DECIMAL(10,2)"},
		{Name: "day", Type: "DATE"}, {Name: "note", Type: "NVARCHAR(MAX)"}, {Name: "nothing", Type: "INT"}, {Name: "city", Type: "NVARCHAR(20)"}}, l)
}

func TestManyRowsAreOrderedInTheBackground(t *testing.T) {
	g := New(many(20_000), 0)
	p, ok := press(t, g, "s").(Prepare)
	if !ok {
		t.Fatal("the event loop sorts 20,000 rows")
	}
	first := p.Run(context.Background())
	second := press(t, g, "s").(Prepare)
	if g.Apply(first); g.order.rows != nil {
		t.Error("an order that is no longer wanted is applied")
	}
	g.Apply(second.Run(context.Background()))
	if got := column(t, g.Shown(), 0); got[0] != "19999" || got[19_999] != "0" {
		t.Errorf("from %s to %s", got[0], got[19_999])
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	third := press(t, g, "s", "right", "s").(Prepare)
	o := third.Run(ctx)
	if !errors.Is(o.err, context.Canceled) {
		t.Errorf("cancelled: %v", o.err)
	}
	if _, said := g.Apply(o).(keymap.Say); !said || g.pending {
		t.Error("a cancelled sort is not said")
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

// TestRowsArriveWhileTheyAreSorted uses a store as the console does: one goroutine appends, one
// sorts, one draws.
func TestRowsArriveWhileTheyAreSorted(t *testing.T) {
	store := rowstore.New(rowstore.Options{Memory: 1 << 16, Dir: t.TempDir()})
	defer store.Close()
	add := func(n int) {
		for i := range n {
			if err := store.Append(fmt.Appendf(nil, `[%d,"customer %d"]`, (i*7919)%n, i)); err != nil {
				t.Error(err)
			}
		}
	}
	add(20_000)
	g := New(NewResult([]api.Column{{Name: "id", Type: "INT"}, {Name: "name", Type: "NVARCHAR(50)"}}, store), 1)
	p := press(t, g, "s").(Prepare)
	var wg sync.WaitGroup
	var o Order
	wg.Go(func() { o = p.Run(context.Background()) })
	wg.Go(func() { add(20_000) })
	for range 50 {
		press(t, g, "pgdown")
		frame(t, g, termenv.Ascii, 80, 24)
	}
	wg.Wait()
	g.Apply(o)
	if got := column(t, g.Shown(), 0); len(got) != 20_000 || got[0] != "0" || got[19_999] != "19999" || !g.Outdated() {
		t.Errorf("%d rows from %s to %s", len(got), got[0], got[len(got)-1])
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

// endless claims to have many rows.
type endless struct {
	*Table
	n int
}

func (e endless) Len() int { return e.n }

func TestTooManyRowsAreRefusedByName(t *testing.T) {
	g := New(endless{&Table{Head: []Column{{Name: "a"}}}, MaxOrdered + 1}, 0)
	say, ok := press(t, g, "s").(keymap.Say)
	if !ok || !strings.Contains(say.Text, "1,000,000") || !g.have.none() || !g.want.none() {
		t.Errorf("%+v", say)
	}
}

func TestRowsThatArriveAreCovered(t *testing.T) {
	table := &Table{Head: []Column{{Name: "n", Right: true}}, Rows: [][]Cell{{{Text: "3"}}, {{Text: "10"}}}}
	g := New(table, 0)
	press(t, g, "s")
	table.Rows = append(table.Rows, []Cell{{Text: "2"}})
	if !g.Outdated() {
		t.Error("the row that arrived is not noticed")
	}
	press(t, g, "r")
	if got := column(t, g.Shown(), 0); !slices.Equal(got, []string{"2", "3", "10"}) || g.Outdated() {
		t.Errorf("%v", got)
	}
	g.Replace(&Table{Head: table.Head, Rows: [][]Cell{{{Text: "7"}}, {{Text: "5"}}}})
	if got := column(t, g.Shown(), 0); !slices.Equal(got, []string{"5", "7"}) {
		t.Errorf("after a refresh: %v", got)
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
			w, h := rapid.IntRange(1, 120).Draw(t, "w"), rapid.IntRange(1, 40).Draw(t, "h")
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
