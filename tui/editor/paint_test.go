package editor

import (
	"strings"
	"testing"

	"github.com/muesli/termenv"

	"shardeck/tui/theme"
	"shardeck/tui/widget"
)

// paintAt returns the drawn editor without colours.
func paintAt(t testing.TB, e *Editor, width, height int) string {
	t.Helper()
	th, err := theme.New(theme.Mono, theme.Options{Profile: termenv.Ascii})
	if err != nil {
		t.Fatal(err)
	}
	c := widget.NewCanvas(width, height)
	e.Paint(c.Area(), Look{Focused: true, Faults: []Fault{{From: 1, To: 3}}})
	return c.Render(th)
}

func TestInvisibleCharactersAreVisible(t *testing.T) {
	for text, want := range map[string]string{
		"a\tb":               " 1 a   b",
		"a\x00b\x1b[0m":      " 1 a^@b^[[0m",
		"a\u00a0b":           " 1 a<U+00A0>b",
		"a\u200bb\ufeff":     " 1 a<U+200B>b<U+FEFF>",
		"a\u202eb\u2066":     " 1 a<U+202E>b<U+2066>",
		"a\u200db":           " 1 a<U+200D>b",
		"\u0301b":            " 1 <U+0301>b",
		"a\xffb\xe4\xb8":     " 1 a<FF>b<E4><B8>",
		"a\r\nb":             " 1 a^M| 2 b",
		"a\rb":               " 1 a^Mb",
		"a\u2028b":           " 1 a<U+2028>b",
		"李小龙":                " 1 李小龙",
		"a\x7fb\u0085\u00ad": " 1 a^?b<U+0085><U+00AD>",
	} {
		var rows []string
		for row := range strings.SplitSeq(paintAt(t, New(text), 40, 3), "\n") {
			if row = strings.TrimRight(row, " "); row != "" {
				rows = append(rows, row)
			}
		}
		if got := strings.Join(rows, "|"); got != want {
			t.Errorf("%q is drawn %q, not %q", text, got, want)
		}
	}
}

// TestLooks compares what is drawn in colour with the theme's own sequences.
func TestLooks(t *testing.T) {
	th, err := theme.New(theme.Dark, theme.Options{Profile: termenv.TrueColor})
	if err != nil {
		t.Fatal(err)
	}
	painted := func(role theme.Role, text string) string {
		var b strings.Builder
		th.Paint(&b, role, text)
		return b.String()
	}
	e := New("SELECT 'a' -- b\nf(x) \x00 y\nselected z")
	e.Select(strings.Index(e.Text(), "selected"), strings.Index(e.Text(), " z"))
	c := widget.NewCanvas(30, 5)
	y := strings.Index(e.Text(), "y")
	e.Paint(c.Area(), Look{Focused: true, Faults: []Fault{{From: y, To: y + 1}}, Current: Range{From: 0, To: 5}})
	got := c.Render(th)
	for _, want := range []string{
		painted(theme.Key, "1"), painted(theme.Title, "SELECT"), painted(theme.Good, "'a'"), painted(theme.Muted, "-- b"),
		painted(theme.Warn, "^@"), painted(theme.BadBadge, "y"), painted(theme.Selected, "selected"), painted(theme.ButtonFocus, " "),
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not in %q", want, got)
		}
	}
	e.MoveTo(strings.Index(e.Text(), "("))
	e.Paint(c.Area(), Look{Focused: true})
	if got := c.Render(th); !strings.Contains(got, painted(theme.InfoBadge, ")")) {
		t.Errorf("the matching bracket does not stand out: %q", got)
	}
}

func TestCaretIsWhereTheCursorIsDrawn(t *testing.T) {
	e := New("aaa bbb ccc\n李x")
	e.MoveTo(len(e.Text()))
	paintAt(t, e, 11, 5)
	if x, y := e.Caret(); x != 3+3 || y != 2 {
		t.Errorf("at %d, %d", x, y)
	}
}

func TestWrappedLinesFollowTheCursor(t *testing.T) {
	e := New(strings.Repeat("word ", 100) + "\nlast")
	e.MoveTo(len(e.Text()))
	if got := paintAt(t, e, 30, 4); !strings.Contains(got, "2 last") {
		t.Errorf("the cursor is not seen:\n%s", got)
	}
	e.MoveTo(0)
	if got := paintAt(t, e, 30, 4); !strings.HasPrefix(got, " 1 word word") {
		t.Errorf("the start is not seen:\n%s", got)
	}
}

// TestTheTopStays moves within what is seen: nothing scrolls.
func TestTheTopStays(t *testing.T) {
	e := New(strings.Repeat("a line\n", 100))
	press(t, e, "<ctrl+end>")
	paintAt(t, e, 30, 10)
	for range 5 {
		press(t, e, "<up>")
	}
	if got := paintAt(t, e, 30, 10); !strings.Contains(strings.Split(got, "\n")[0], "92") {
		t.Errorf("it scrolled:\n%s", got)
	}
}

func TestPaintSurvivesEverySize(t *testing.T) {
	texts := []string{"", "\n", "\r\n", "a\u200bb \x00 李小龙 (x)\n\n" + strings.Repeat("word ( ", 40) + "\n\tx", strings.Repeat("李", 50), "e\u0301\u0301 👨‍👩‍👧 \xff"}
	for _, text := range texts {
		for w := 1; w <= 60; w++ {
			for h := 1; h <= 20; h++ {
				e := New(text)
				paintAt(t, e, w, h)
				e.MoveTo(len(text))
				press(t, e, "<shift+up>")
				paintAt(t, e, w, h)
			}
		}
	}
}
