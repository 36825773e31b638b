package grid

import (
	"context"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/muesli/termenv"
	"pgregory.net/rapid"

	"shardeck/shared/api"
	"shardeck/tui/keymap"
	"shardeck/tui/rowstore"
)

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

func TestSortIsStable(t *testing.T) {
	source := many(5000)
	for _, dir := range []Direction{Ascending, Descending} {
		o := &ordering{request: request{sort: 3, dir: dir}, source: source, columns: source.Columns(), n: source.Len()}
		rows := o.run(context.Background()).rows
		days := column(t, source, 3)
		for n := range rows[1:] {
			a, b := rows[n], rows[n+1]
			if days[a] == days[b] && a > b || days[a] != days[b] && (days[a] > days[b]) != (dir == Descending) {
				t.Fatalf("row %d of %s comes before row %d of %s", a, days[a], b, days[b])
			}
		}
	}
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
		"paid = 1":         {"10", "100"},
		"paid != 1":        {"9", "1"},
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
	typed := NewResult([]api.Column{{Name: "at", Type: "DATETIME2(3)"}, {Name: "id", Type: "UNIQUEIDENTIFIER"}, {Name: "raw", Type: "VARBINARY(4)"}, {Name: "day", Type: "DATE"}}, lines{
		`["2024-01-01T10:00:00","6F9619FF-8B86-D011-B42D-00C04FC964FF","0xC0FF","2024-01-01"]`,
		`["2024-01-01T10:00:00.5","00000000-0000-0000-0000-000000000000","0x00","2024-02-01"]`,
	})
	for text, want := range map[string]string{
		"at = 2024-01-01 10:00": "2024-01-01T10:00:00", "at > '2024-01-01 10:00:00'": "2024-01-01T10:00:00.5",
		"id = 6f9619ff-8b86-d011-b42d-00c04fc964ff": "2024-01-01T10:00:00", "raw = 0xc0ff": "2024-01-01T10:00:00", "day > 20240115": "2024-01-01T10:00:00.5",
	} {
		g := New(typed, 0)
		say := g.filterBy(text)
		if got := column(t, g.Shown(), 0); say != nil || !slices.Equal(got, []string{want}) {
			t.Errorf("%q shows %q, %v; want %q", text, got, say, want)
		}
	}
	g := New(typed, 0)
	if _, ok := g.filterBy("day > soon").(keymap.Say); !ok {
		t.Error("a date that is none is accepted")
	}
	g = New(orders(), 0)
	for _, bad := range []string{"> ten", "amount > NULL", "amount = x"} {
		if _, ok := g.filterBy(bad).(keymap.Say); !ok {
			t.Errorf("%q is accepted", bad)
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
