package editor

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"shardeck/shared/tsqltoken"
	"shardeck/tui/keymap"
	"shardeck/tui/theme"
	"shardeck/tui/widget"
)

// pieces are what texts are made of: what tokens, clusters and lines go wrong at.
var pieces = []string{
	"SELECT ", "a", "b ", " ", "    ", "\t", "\n", "\r\n", "\r", "(", ")", "[", "]", "'", "''", "--", "/*", "*/", "-- x\n", "N'", "\"", "1e", "+", ".5", "@p",
	"é", "e\u0301", "\u0301", "\u200d", "👨‍👩‍👧", "🇨🇭", "🇩", "नमस्ते", "각", "李", "\u200b", "\u00a0", "\ufeff", "\x00", "\x1b", "\xe4", "\xb8", "\xad", "\xff",
}

func drawText(t *rapid.T, label string, most int) string {
	return strings.Join(rapid.SliceOfN(rapid.SampledFrom(pieces), 0, most).Draw(t, label), "")
}

// boundaries returns the boundaries of clusters, found from the start of the text.
func boundaries(text string) []int {
	all := []int{0}
	for at := 0; at < len(text); {
		at += clusterSize(text[at:])
		all = append(all, at)
	}
	return all
}

// checkState holds an editor to what is true of every one.
func checkState(t *rapid.T, e *Editor, what string) {
	text := e.Text()
	bounds := boundaries(text)
	if !slices.Contains(bounds, e.Cursor()) {
		t.Fatalf("%s: the cursor of %q is at %d, inside a character", what, text, e.Cursor())
	}
	if from, to := e.Selection(); from < 0 || to > len(text) || from > to || e.SelectedText() != text[from:to] {
		t.Fatalf("%s: %d to %d of %q is selected", what, from, to, text)
	}
	if want := indexLines(text); !slices.Equal(e.lines, want) {
		t.Fatalf("%s: lines of %q begin at %v, not %v", what, text, e.lines, want)
	}
}

// checkRoles compares the roles with those of a scan of the whole text.
func checkRoles(t *rapid.T, e *Editor, what string) {
	text := e.Text()
	whole := make([]theme.Role, len(text))
	for i := range whole {
		whole[i] = theme.Text
	}
	scan := tsqltoken.NewScanner(text)
	var token tsqltoken.Token
	for scan.Next(&token) {
		for i := token.Start; i < token.End; i++ {
			whole[i] = widget.SQLRole(token)
		}
	}
	from := rapid.IntRange(0, len(text)).Draw(t, "from")
	to := rapid.IntRange(from, len(text)).Draw(t, "to")
	for i, role := range e.roles(nil, from, to) {
		if want := whole[from+i]; role != want {
			t.Fatalf("%s: byte %d of %q has role %d, not %d", what, from+i, text, role, want)
		}
	}
}

// keysOf returns every key of the commands but those that put another text in.
func keysOf(e *Editor) []string {
	var keys []string
	for _, c := range e.Commands() {
		keys = append(keys, c.Keys...)
	}
	return keys
}

// deleting keys take one range away, at the cursor or the selection.
var deletingKeys = []string{"backspace", "delete", "ctrl+w", "alt+backspace", "alt+d", "ctrl+u", "ctrl+k", "alt+x"}

func TestEditsAreWhatTheySay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		start := drawText(t, "text", 30)
		e := New(start)
		e.MoveTo(rapid.IntRange(0, len(start)).Draw(t, "at"))
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			before, cursor := e.Text(), e.Cursor()
			from, to := e.Selection()
			switch rapid.IntRange(0, 3).Draw(t, "what") {
			case 0:
				s := drawText(t, "insert", 6)
				if err := e.Insert(s); err != nil {
					t.Fatal(err)
				}
				if want := before[:from] + s + before[to:]; e.Text() != want {
					t.Fatalf("inserting %q into %q at %d to %d gives %q", s, before, from, to, e.Text())
				}
			case 1:
				key := rapid.SampledFrom(deletingKeys).Draw(t, "key")
				e.Key(keymap.Key{Name: key})
				got := e.Text()
				n := len(before) - len(got)
				a := min(cursor, from)
				if key != "alt+d" && key != "delete" && key != "ctrl+k" && from == to {
					a = cursor - n
				}
				if n < 0 || a < 0 || got != before[:a]+before[a+n:] {
					t.Fatalf("%s in %q at %d gives %q", key, before, cursor, got)
				}
			case 2:
				key := rapid.SampledFrom(keysOf(e)).Draw(t, "key")
				e.Key(keymap.Key{Name: key})
				c := keymap.Find(e.Commands(), key)
				if c.Group == groupMove && e.Text() != before {
					t.Fatalf("%s changes %q to %q", key, before, e.Text())
				}
			default:
				e.MoveTo(rapid.IntRange(-1, len(before)+1).Draw(t, "move"))
			}
			checkState(t, e, "after a step")
			checkRoles(t, e, "after a step")
		}
	})
}

func TestUndoGoesBackToTheStart(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		start := drawText(t, "text", 20)
		e := New(start)
		if rapid.Bool().Draw(t, "vim") {
			e.Configure(Options{Vim: true})
		}
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			if rapid.IntRange(0, 2).Draw(t, "type") == 0 {
				if err := e.Insert(drawText(t, "insert", 4)); err != nil {
					t.Fatal(err)
				}
			} else if keys := keysOf(e); len(keys) > 0 {
				key := rapid.SampledFrom(keys).Draw(t, "key")
				k := keymap.Key{Name: key}
				if len(key) == 1 {
					k.Text = key
				}
				e.Key(k)
			}
			checkState(t, e, "after a key")
		}
		e.Configure(Options{})
		end := e.Text()
		// Steps that the keys took back already are made again first.
		for len(e.undo.undone) > 0 {
			e.Key(keymap.Key{Name: "alt+z"})
		}
		last := e.Text()
		for len(e.undo.done) > 0 {
			e.Key(keymap.Key{Name: "ctrl+z"})
			checkState(t, e, "undone")
			checkRoles(t, e, "undone")
		}
		if e.Text() != start {
			t.Fatalf("undone to %q, not %q, from %q", e.Text(), start, end)
		}
		for len(e.undo.undone) > 0 {
			e.Key(keymap.Key{Name: "alt+z"})
			checkState(t, e, "redone")
		}
		if e.Text() != last {
			t.Fatalf("redone to %q, not %q", e.Text(), last)
		}
	})
}

// TestCheckpointsHold edits long texts at random places. Each checkpoint must be where a token
// of the whole text begins.
func TestCheckpointsHold(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		unit := drawText(t, "unit", 5) + "ab (c) "
		e := New(strings.Repeat(unit, 20_000/len(unit)))
		// Places are drawn evenly; rapid prefers small numbers.
		even := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		for range 20 {
			a := even.IntN(len(e.text) + 1)
			b := a + even.IntN(min(600, len(e.text)-a)+1)
			if even.IntN(2) == 0 {
				b = a
			}
			e.replace(a, b, drawText(t, "by", 4)+rapid.SampledFrom([]string{"", "'", "/*", "*/", "[", "--", "x"}).Draw(t, "opens"))
			if even.IntN(3) > 0 {
				continue
			}
			e.tokens.find(e.text, even.IntN(len(e.text)+1))
			begins := map[int]bool{0: true}
			scan := tsqltoken.NewScanner(e.text)
			for token := (tsqltoken.Token{}); scan.Next(&token); {
				begins[token.Start] = true
			}
			for _, at := range e.tokens.at[:e.tokens.valid] {
				if !begins[at] {
					t.Fatalf("no token of %q begins at the checkpoint %d", e.text, at)
				}
			}
			checkRoles(t, e, "after edits")
		}
	})
}

func TestPaintSurvivesRandomKeys(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := New(drawText(t, "text", 60))
		e.Configure(Options{Vim: rapid.Bool().Draw(t, "vim")})
		for range rapid.IntRange(1, 15).Draw(t, "steps") {
			key := rapid.SampledFrom(keysOf(e)).Draw(t, "key")
			e.Key(keymap.Key{Name: key})
			c := widget.NewCanvas(rapid.IntRange(1, 60).Draw(t, "width"), rapid.IntRange(1, 20).Draw(t, "height"))
			e.Paint(c.Area(), Look{Focused: true})
			cursorSeen(t, e, c.Area().H)
		}
	})
}

// cursorSeen checks that the row of the cursor is drawn.
func cursorSeen(t *rapid.T, e *Editor, height int) {
	line, index := e.rowAt(e.at)
	top, row := e.back(line, index, height-1)
	l := e.layout
	if l.line < top || l.line == top && l.row < row || l.line > line || l.line == line && l.row > index {
		t.Fatalf("the cursor in row %d of line %d is not seen from row %d of line %d on, in %d rows", index, line, l.row, l.line, height)
	}
}
