package editor

import (
	"strings"
	"testing"

	"shardeck/tui/keymap"
)

// press returns an editor's text after keys: names in angle brackets, anything else as
// characters typed one by one.
func press(t testing.TB, e *Editor, keys ...string) {
	t.Helper()
	for _, k := range keys {
		if name, ok := strings.CutPrefix(k, "<"); ok && strings.HasSuffix(k, ">") && len(k) > 2 {
			if _, known := e.Key(keymap.Key{Name: strings.TrimSuffix(name, ">")}); !known {
				t.Errorf("the editor does not know %s", k)
			}
			continue
		}
		for _, r := range k {
			e.Key(keymap.Key{Name: string(r), Text: string(r)})
		}
	}
}

// shown returns the text with the cursor as | and the other end of the selection as ^.
func shown(e *Editor) string {
	text := e.Text()
	if from, to := e.Selection(); from < to {
		if from == e.Cursor() {
			return text[:from] + "|" + text[from:to] + "^" + text[to:]
		}
		return text[:from] + "^" + text[from:to] + "|" + text[to:]
	}
	return text[:e.Cursor()] + "|" + text[e.Cursor():]
}

func paste(t testing.TB, e *Editor, text string) {
	t.Helper()
	if err := e.Insert(text); err != nil {
		t.Fatal(err)
	}
}

func TestKeys(t *testing.T) {
	for _, tc := range []struct {
		text string // the cursor is at the end
		keys []string
		want string
	}{
		{"", []string{"a", "b"}, "ab|"},
		{"ab", []string{"<left>"}, "a|b"},
		{"李小龙", []string{"<left>", "<left>"}, "李|小龙"},
		{"  a", []string{"<enter>"}, "  a\n  |"},
		{"\ta", []string{"<enter>", "b"}, "\ta\n\tb|"},
		{"a\r\nb", []string{"<enter>"}, "a\r\nb\r\n|"},
		{"abc\nd\nefg", []string{"<up>", "<up>"}, "abc|\nd\nefg"},
		{"abc\ndef", []string{"<up>", "<up>"}, "|abc\ndef"},
		{"abc\ndef", []string{"<home>", "<down>"}, "abc\ndef|"},
		{"  abc", []string{"<home>"}, "  |abc"},
		{"  abc", []string{"<home>", "<home>"}, "|  abc"},
		{"one two", []string{"<ctrl+w>"}, "one |"},
		{"one two", []string{"<ctrl+left>"}, "one |two"},
		{"one two", []string{"<ctrl+home>", "<ctrl+right>"}, "one| two"},
		{"a\nbc", []string{"<ctrl+u>"}, "a\n|"},
		{"abc", []string{"<left>", "<backspace>"}, "a|c"},
		{"ab", []string{"<left>", "<delete>"}, "a|"},
		{"a\nb", []string{"<ctrl+home>", "<ctrl+k>", "<ctrl+k>"}, "|b"},
		{"a\r\nb", []string{"<left>", "<backspace>"}, "a|b"},
		{"", []string{"<backspace>", "<left>", "<up>", "<down>", "<delete>", "<right>", "x"}, "x|"},

		// Characters that consist of several code points are one.
		{"e\u0301x", []string{"<left>", "<backspace>"}, "|x"},
		{"नमस्ते", []string{"<backspace>"}, "नम|"},
		{"👨‍👩‍👧!", []string{"<left>", "<left>"}, "|👨‍👩‍👧!"},
		{"🇨🇭🇩🇪", []string{"<left>"}, "🇨🇭|🇩🇪"},
		{"각각", []string{"<left>"}, "각|각"},

		// Selection.
		{"abc", []string{"<shift+left>", "<shift+left>"}, "a|bc^"},
		{"abc", []string{"<shift+left>", "x"}, "abx|"},
		{"abc", []string{"<shift+left>", "<shift+left>", "<left>"}, "a|bc"},
		{"abc", []string{"<shift+home>", "<right>"}, "abc|"},
		{"one two", []string{"<ctrl+shift+left>", "<delete>"}, "one |"},
		{"one two", []string{"<ctrl+@>", "<alt+b>"}, "one |two^"},
		{"one two", []string{"<ctrl+@>", "<alt+b>", "<ctrl+@>"}, "one |two"},
		{"one\ntwo\n", []string{"<up>", "<alt+l>"}, "one\n^two\n|"},
		{"one\ntwo\nthree", []string{"<ctrl+home>", "<alt+l>", "<alt+l>"}, "^one\ntwo\n|three"},
		{"ab", []string{"<alt+A>", "<alt+x>", "<ctrl+v>", "<ctrl+v>"}, "abab|"},
		{"ab cd", []string{"<shift+left>", "<alt+c>", "<home>", "<ctrl+v>"}, "d|ab cd"},
		{"ab cd", []string{"<shift+left>", "<ctrl+w>"}, "ab c|"},

		// The kill ring.
		{"one two three", []string{"<ctrl+w>", "<ctrl+w>", "<home>", "<ctrl+y>"}, "two three|one "},
		{"one two", []string{"<ctrl+w>", "<left>", "<ctrl+u>", "<ctrl+y>", "<alt+y>"}, "two| "},
		{"one two", []string{"<ctrl+w>", "<left>", "<ctrl+u>", "<ctrl+y>", "<alt+y>", "<alt+y>"}, "one| "},
		{"one two", []string{"<home>", "<alt+d>", "<alt+d>", "<ctrl+y>"}, "one two|"},

		// Undo goes by words, and a kill or a paste is a step.
		{"", []string{"one two", "<ctrl+z>"}, "one |"},
		{"", []string{"one two", "<ctrl+z>", "<ctrl+z>"}, "|"},
		{"", []string{"one two", "<ctrl+z>", "<ctrl+z>", "<alt+z>"}, "one |"},
		{"", []string{"one", "<left>", "x", "<ctrl+z>"}, "on|e"},
		{"abc", []string{"<backspace>", "<backspace>", "<ctrl+z>"}, "abc|"},
		{"abc", []string{"<shift+left>", "<shift+left>", "x", "<ctrl+z>"}, "a|bc^"},

		// Lines.
		{"a\n  b", []string{"<alt+A>", "<alt+i>"}, "^    a\n      b|"},
		{"    a\n  b\n\tc", []string{"<alt+A>", "<alt+u>"}, "^a\nb\nc|"},
		{"ab", []string{"<left>", "<alt+i>"}, "    a|b"},
		{"a\n\n  b", []string{"<alt+A>", "<ctrl+_>"}, "^-- a\n\n--   b|"},
		{"-- a\n\n--   b", []string{"<alt+A>", "<ctrl+_>"}, "^a\n\n  b|"},
		{"-- a\nb", []string{"<alt+A>", "<ctrl+_>"}, "^-- -- a\n-- b|"},
		{"a\nb\nc", []string{"<alt+up>"}, "a\nc|\nb"},
		{"a\nb\nc", []string{"<ctrl+home>", "<alt+down>"}, "b\n|a\nc"},
		{"a\r\nb", []string{"<alt+up>"}, "b|\r\na"},

		// Brackets.
		{"f(a, (b))", []string{"<alt+m>"}, "f|(a, (b))"},
		{"f(a, ')', [)] /* ) */)", []string{"<alt+m>"}, "f|(a, ')', [)] /* ) */)"},
		{"f(a) -- )", []string{"<alt+m>"}, "f(a) -- )|"},
		{"(a", []string{"<home>", "<alt+m>"}, "|(a"},
		{"[a b]", []string{"<alt+m>"}, "|[a b]"},
	} {
		e := New(tc.text)
		e.MoveTo(len(tc.text))
		press(t, e, tc.keys...)
		if got := shown(e); got != tc.want {
			t.Errorf("%q and %q give %q, not %q", tc.text, tc.keys, got, tc.want)
		}
	}
}

func TestTextIsKeptByteForByte(t *testing.T) {
	for _, text := range []string{"a\tb\r\n\x00\x1b[31m\xff\xfe \ufeff\u200b\u202e", "\r\r\n\n\r", "    if\n        deeper\n            deepest\n"} {
		e := New("")
		paste(t, e, text)
		if e.Text() != text {
			t.Errorf("%q was pasted and is %q", text, e.Text())
		}
		press(t, e, "<ctrl+z>", "<alt+z>")
		if e.Text() != text {
			t.Errorf("%q is %q after undo and redo", text, e.Text())
		}
	}
}

func TestWhatDoesNotFitIsRefused(t *testing.T) {
	full := strings.Repeat("x", MaxText-1)
	e := New(full)
	if err := e.Insert("ab"); err == nil || e.Text() != full {
		t.Errorf("beyond the bound: %v, %d bytes", err, len(e.Text()))
	}
	if err := e.Insert("a"); err != nil || len(e.Text()) != MaxText {
		t.Errorf("up to the bound: %v, %d bytes", err, len(e.Text()))
	}
	if intent, _ := e.Key(keymap.Key{Name: "y", Text: "y"}); intent == nil || len(e.Text()) != MaxText {
		t.Errorf("a key beyond the bound is answered by %v, %d bytes", intent, len(e.Text()))
	}
	press(t, e, "<alt+A>")
	if err := e.Insert("b"); err != nil || e.Text() != "b" {
		t.Errorf("in place of a selection: %v, %d bytes", err, len(e.Text()))
	}
	if err := e.SetText(full + "yy"); err == nil || e.Text() != "b" {
		t.Errorf("SetText beyond the bound: %v, %d bytes", err, len(e.Text()))
	}
	press(t, e, "<ctrl+z>")
	if len(e.Text()) != MaxText {
		t.Errorf("undo after a refusal: %d bytes", len(e.Text()))
	}
}

func TestPasteIsOneStepAndNotIndented(t *testing.T) {
	const text = "SELECT 1\n  FROM t\n    WHERE x"
	e := New("")
	press(t, e, "  ")
	paste(t, e, text)
	if e.Text() != "  "+text {
		t.Errorf("got %q", e.Text())
	}
	press(t, e, "<ctrl+z>")
	if e.Text() != "  " {
		t.Errorf("undone to %q", e.Text())
	}
}

func TestCopyAsksForTheClipboard(t *testing.T) {
	e := New("ab\ncd")
	press(t, e, "<alt+A>")
	intent, _ := e.Key(keymap.Key{Name: "alt+c"})
	if intent != (keymap.Copy{Text: "ab\ncd", What: "2 lines"}) {
		t.Errorf("got %v", intent)
	}
	if intent, _ := e.Key(keymap.Key{Name: "alt+c"}); intent == nil {
		t.Error("copying nothing says nothing")
	}
}

func TestSetTextCanBeUndone(t *testing.T) {
	e := New("one two")
	if err := e.SetText("one three"); err != nil || shown(e) != "|one three" {
		t.Fatalf("%v, %q", err, shown(e))
	}
	before := e.Revision()
	press(t, e, "<ctrl+z>")
	if e.Text() != "one two" || e.Revision() == before {
		t.Errorf("undone to %q, revision %d", e.Text(), e.Revision())
	}
}

func TestReplaceIsOneStep(t *testing.T) {
	e := New("SELECT na FROM t")
	e.MoveTo(9)
	press(t, e, "m")
	if err := e.Replace(Range{From: 7, To: 10}, "[name]"); err != nil || shown(e) != "SELECT [name]| FROM t" {
		t.Fatalf("%v, %q", err, shown(e))
	}
	press(t, e, "<ctrl+z>")
	if shown(e) != "SELECT nam| FROM t" {
		t.Errorf("undone to %q", shown(e))
	}
}

// TestNoKeyIsListedTwice holds the commands to one meaning a key, except for keys that do
// another thing in another state.
func TestNoKeyIsListedTwice(t *testing.T) {
	seen := map[string]string{}
	for _, c := range New("").Commands() {
		for _, k := range c.Keys {
			if other := seen[k]; other != "" && k != "ctrl+w" {
				t.Errorf("%s is %q and %q", k, other, c.Name)
			}
			seen[k] = c.Name
		}
	}
	for _, reserved := range strings.Fields("ctrl+c ctrl+r ctrl+p ctrl+n ctrl+t ctrl+o ctrl+g ctrl+q ctrl+s ctrl+l ctrl+x tab shift+tab esc alt+enter pgup pgdown ctrl+up ctrl+down f1 f5") {
		if name := seen[reserved]; name != "" {
			t.Errorf("%s is the screen's, and here %q", reserved, name)
		}
	}
}

func TestDownGoesByDrawnRows(t *testing.T) {
	e := New("aaa bbb ccc ddd\nx")
	paintAt(t, e, 11, 5) // 3 columns for line numbers, 7 of text, 1 for the cursor at the end of a row
	press(t, e, "<right>", "<down>")
	if got := shown(e); got != "aaa bbb c|cc ddd\nx" {
		t.Errorf("down from the first row: %q", got)
	}
	press(t, e, "<right>", "<right>", "<down>", "<up>") // the short line does not change the column aimed for
	if got := shown(e); got != "aaa bbb ccc| ddd\nx" {
		t.Errorf("down to a short line and back up: %q", got)
	}
	press(t, e, "<down>", "<down>")
	if e.Cursor() != len(e.Text()) {
		t.Errorf("down from the last row: %q", shown(e))
	}
}

func TestHistoryAndRingAreBounded(t *testing.T) {
	e := New("")
	big := strings.Repeat("x", MaxText)
	for range 8 {
		paste(t, e, big)
		press(t, e, "<alt+A>", "<alt+x>")
	}
	if e.undo.size > maxHistory || e.ring.size > maxRingText {
		t.Errorf("%d bytes for undo, %d in the ring", e.undo.size, e.ring.size)
	}
	size := 0
	for _, c := range e.undo.done {
		size += c.size()
	}
	if size != e.undo.size || len(e.undo.done) == 0 {
		t.Errorf("%d changes of %d bytes are counted as %d", len(e.undo.done), size, e.undo.size)
	}
	press(t, e, "<ctrl+z>")
	if e.Text() != big {
		t.Errorf("the last step is not undone: %d bytes", len(e.Text()))
	}
}
