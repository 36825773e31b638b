package widget

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"
	"github.com/muesli/termenv"
	"pgregory.net/rapid"

	"shardeck/tui/theme"
)

// typed returns an editor's text after keys: names in angle brackets, anything else as
// characters. The cursor is shown as |.
func typed(t testing.TB, e Editor, keys ...string) string {
	t.Helper()
	for _, k := range keys {
		if name, ok := strings.CutPrefix(k, "<"); ok {
			next, known := e.Key(strings.TrimSuffix(name, ">"))
			if !known {
				t.Errorf("the editor does not know %s", k)
			}
			e = next
		} else {
			e = e.Insert(k)
		}
	}
	return e.text[:e.at] + "|" + e.text[e.at:]
}

func TestEditorKeys(t *testing.T) {
	for want, keys := range map[string][]string{
		"ab|":                {"a", "b"},
		"a|b":                {"ab", "<left>"},
		"李|小龙":               {"李小龙", "<left>", "<left>"},
		"SELECT\n  a|":       {"SELECT", "<enter>", "  ", "a"},
		"  a\n  |":           {"  a", "<enter>"},
		"ab\ncd|":            {"ab\r\ncd"},
		"a    b|":            {"a\tb\x1b\x00"},
		"abc|\nd\nefg":       {"abc\nd\nefg", "<up>", "<up>"},
		"|abc\ndef":          {"abc\ndef", "<up>", "<up>"},
		"abc\ndef|":          {"abc\ndef", "<home>", "<down>"},
		"ab|c\nd\nefg":       {"abc\nd\nefg", "<left>", "<up>", "<up>"},
		"one |":              {"one two", "<ctrl+w>"},
		"one |two":           {"one two", "<ctrl+left>"},
		"one| two":           {"one two", "<home>", "<ctrl+right>"},
		"a\n|":               {"a\nbc", "<ctrl+u>"},
		"a|c":                {"abc", "<left>", "<backspace>"},
		"a|":                 {"ab", "<left>", "<delete>"},
		"|b":                 {"a\nb", "<ctrl+home>", "<ctrl+k>", "<ctrl+k>"},
		"x|":                 {"<backspace>", "<left>", "<up>", "<down>", "<delete>", "<right>", "x"},
		"'it''s' -- a note|": {"'it''s' -- a note"},
	} {
		if got := typed(t, Editor{}, keys...); got != want {
			t.Errorf("%q gives %q, not %q", keys, got, want)
		}
	}
}

func TestEditorTextIsBounded(t *testing.T) {
	e := NewEditor(strings.Repeat("x", 2*MaxEditorText))
	if len(e.Text()) != MaxEditorText || len(e.Insert("y").Text()) != MaxEditorText {
		t.Errorf("it holds %d bytes", len(e.Text()))
	}
}

func TestEditorSurvivesAnyKeys(t *testing.T) {
	names := []string{"left", "right", "up", "down", "home", "end", "ctrl+left", "ctrl+right", "enter", "backspace", "delete", "ctrl+w", "ctrl+u", "ctrl+k", "ctrl+home", "ctrl+end"}
	th, err := theme.New(theme.Mono, theme.Options{Profile: termenv.Ascii})
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		e := NewEditor(rapid.String().Draw(t, "text"))
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			before := e
			if rapid.Bool().Draw(t, "type") {
				e = e.Insert(rapid.OneOf(rapid.String(), rapid.StringMatching(`[a 李\n'@-]*`)).Draw(t, "typed"))
			} else {
				e, _ = e.Key(rapid.SampledFrom(names).Draw(t, "key"))
			}
			if e.at < 0 || e.at > len(e.text) || !utf8.ValidString(e.text) || (e.at < len(e.text) && !utf8.RuneStart(e.text[e.at])) {
				t.Fatalf("the cursor is at %d of %q after %q", e.at, e.text, before.text)
			}
			w, h := rapid.IntRange(0, 60).Draw(t, "width"), rapid.IntRange(0, 12).Draw(t, "height")
			c := NewCanvas(w, h)
			e.Paint(c.Area(), EditorLook{Focused: true, Role: SQLRoles(e.Text()), Fault: rapid.IntRange(-1, 50).Draw(t, "fault")})
			if w > 0 && h > 0 {
				if got := ansi.StringWidth(strings.Split(c.Render(th), "\n")[0]); got != w {
					t.Fatalf("a row of %d cells for %d", got, w)
				}
			}
		}
	})
}

func TestCursorIsAlwaysVisible(t *testing.T) {
	text := strings.TrimSuffix(strings.Repeat("SELECT a, b, c FROM Students WHERE student_id = 42\n", 30), "\n")
	for width := 4; width < 70; width += 3 {
		for height := 1; height < 12; height++ {
			e := NewEditor(text)
			for range 40 {
				c := NewCanvas(width, height)
				e.Paint(c.Area(), EditorLook{Focused: true, Fault: -1})
				seen := false
				for _, cell := range c.cells {
					seen = seen || cell.role == theme.ButtonFocus
				}
				if !seen {
					t.Fatalf("no cursor at %d in %dx%d", e.at, width, height)
				}
				e, _ = e.Key("up")
			}
		}
	}
}

// Comments nest in T-SQL, and a doubled quote or bracket does not end a string or a name.
func TestHighlightingFollowsTSQL(t *testing.T) {
	text := "SELECT .5, /* a /* b */ c */ [a]]SELECT], 0xFF, 'it''s' AND t.x \u00e9 @@n 'open"
	roles := SQLRoles(text)
	for word, want := range map[string]theme.Role{
		".5": theme.Info, "c */": theme.Muted, "SELECT]": theme.Text, "0xFF": theme.Info, "s' A": theme.Good, "AND": theme.Title,
		"x": theme.Info, "\u00e9": theme.Text, "@@n": theme.Key, "open": theme.Good,
	} {
		if got := roles(strings.Index(text, word)); got != want {
			t.Errorf("%s has role %d, not %d", word, got, want)
		}
	}
}

func TestHighlighting(t *testing.T) {
	text := "SELECT a1 FROM t WHERE n = N'x''y' AND @id = 1.5 -- done\n/* [select] */ [select]"
	roles := SQLRoles(text)
	for word, want := range map[string]theme.Role{
		"SELECT": theme.Title, "a1": theme.Text, "N'x": theme.Good, "y'": theme.Good, "@id": theme.Key, "1.5": theme.Info,
		"-- done": theme.Muted, "/*": theme.Muted, "*/": theme.Muted,
	} {
		if got := roles(strings.Index(text, word)); got != want {
			t.Errorf("%s has role %d, not %d", word, got, want)
		}
	}
	if roles(len(text)-3) != theme.Text {
		t.Error("a name in brackets is taken for a keyword")
	}
}
