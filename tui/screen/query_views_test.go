package screen

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/muesli/termenv"

	"shardeck/tui/history"
	"shardeck/tui/keymap"
	"shardeck/tui/theme"
)

// viewsOf are the parts of the query runner, each in a state that shows much of it.
func viewsOf() map[string][]Screen {
	v := tabled()
	after := noon.Add(time.Minute)
	on := func(q *Query, screens ...Screen) []Screen { return append([]Screen{&Dashboard{}, q}, screens...) }
	result := func(keys ...string) *Query {
		q := queryWith(groupedStatement, "f5", groupedResult())
		press(q, after, keys...)
		return q
	}
	writing := NewQuery(QueryOptions{})
	Paste(writing, "SELECT * FROM Students;\n\nSELECT COUNT(*) -- tab\tand \x1b\u200b\nFROM Students\nWHERE (name = N'a"+"́')\nORDER BY ")
	pressOn(writing, v, "n", "a")
	several := queryWith(groupedStatement, "f5", groupedResult())
	press(several, after, "alt+t")
	Paste(several, "DELETE FROM Students")
	long := queryWith("SELECT essay FROM Students", "f5", wideResult())
	press(long, after, "tab", "right", "right", "right", "enter")
	row := result("tab", "down", "o")
	menu := result("tab", "y")
	entries := []history.Entry{
		{SQL: "SELECT name FROM Students WHERE gpa > 3", At: noon.Add(-time.Hour), Took: 42 * time.Millisecond, Rows: 7, Outcome: history.OK, Favourite: true},
		{SQL: "SELECT nam\nFROM Students", At: noon.Add(-time.Minute), Rows: -1, Outcome: "unknown_column"},
		{SQL: "an idea", Rows: -1, Draft: true},
	}
	found := NewHistory(entries, "c0ffee")
	press(found, after, "n", "a")
	return map[string][]Screen{
		"editor":     on(several),
		"completion": on(writing),
		"result":     on(result("tab", "down", "right")),
		"detail":     on(long),
		"row":        on(row),
		"plot":       on(result("tab", "right", "p")),
		"copy":       on(menu, newCopyMenu(menu.shown().grid, "Students", false)),
		"history":    on(result(), found),
		"options":    on(result(), NewRunSettings(RunOptions{MaxRows: DefaultMaxRows, AllShards: true}, []string{"id"})),
		"question": on(result(), NewQuestion(noon, "Run this?", Question([]WriteCheck{{Piece: Piece{SQL: "DELETE FROM Students\nWHERE gpa < 1", Repeat: 1, Kind: 2}, Rows: 12,
			Route: groupedResult().Route}}, "SchoolDB"), "run", nil)),
		"value":   on(result(), NewValuePrompt("name of Students 42", "A new value.", "Ada", false, true, func(string, bool) Intent { return nil })),
		"palette": on(result(), NewPalette(result().Commands(v))),
		"help":    on(result(), NewHelp(result().Commands(v), false)),
	}
}

func TestQueryRunnerMatchesGoldenFiles(t *testing.T) {
	dark := newTheme(t, theme.Dark, termenv.TrueColor)
	ascii, err := theme.New(theme.Mono, theme.Options{Profile: termenv.Ascii, ASCII: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, size := range [][2]int{{80, 24}, {120, 40}, {200, 60}} {
		for name, stack := range viewsOf() {
			golden(t, fmt.Sprintf("view-%s-dark-%dx%d", name, size[0], size[1]), Render(dark, size[0], size[1], tabled(), stack...)+"\n")
			golden(t, fmt.Sprintf("view-%s-ascii-%dx%d", name, size[0], size[1]), Render(ascii, size[0], size[1], tabled(), stack...)+"\n")
		}
	}
}

// Every size of a terminal is drawn by one of the views, and by all of them at length.
func TestQueryRunnerHasEverySize(t *testing.T) {
	themes := []*theme.Theme{newTheme(t, theme.Dark, termenv.TrueColor), newTheme(t, theme.Mono, termenv.ANSI)}
	v := longNames()
	step := 7
	if os.Getenv("SHARDECK_LONG") != "" {
		step = 1
	}
	for name, stack := range viewsOf() {
		first := len(name) % step
		for width := 1 + first; width <= 220; width += step {
			for height := 1 + (width+first)%(2*step); height <= 70; height += 2 * step {
				if wrong := checkFrame(Render(themes[width%2], width, height, v, stack...), width, height); wrong != "" {
					t.Fatalf("%s at %dx%d: %s", name, width, height, wrong)
				}
			}
		}
	}
}

// A frame after a key, with a large result open, as bench prints it with its aim.
func BenchmarkUpdateAndView(b *testing.B) {
	th := newTheme(b, theme.Dark, termenv.TrueColor)
	var rows lines
	for i := range 100_000 {
		rows = append(rows, fmt.Appendf(nil, `[%d,"Student No. %d","s%d@students.example.edu",%q,"1.500"]`, i, i, i, strings.Repeat("It was a dark night; ", 5)))
	}
	wide := wideResult()
	q := queryWith("SELECT * FROM Students", "f5", NewResult("SELECT * FROM Students").Head(wide.Columns[:5], rows).End(endOf(wide)))
	v := tabled()
	pressOn(q, v, "tab")
	dash := &Dashboard{}
	for i := 0; b.Loop(); i++ {
		Press(q, v, keymap.Key{Name: []string{"down", "pgdown", "right", "up"}[i%4]})
		Render(th, 200, 60, v, dash, q)
	}
}
