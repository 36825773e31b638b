package editor

import (
	"testing"

	"shardeck/tui/keymap"
)

// TestVimKeys has the results that Vim 9 gives for the same keys.
func TestVimKeys(t *testing.T) {
	for _, tc := range []struct {
		text string // the cursor is at the start
		keys []string
		want string
	}{
		{"abc", []string{"ix", "<esc>"}, "|xabc"},
		{"abc", []string{"ax", "<esc>"}, "a|xbc"},
		{"abc", []string{"Ax", "<esc>"}, "abc|x"},
		{"  abc", []string{"$Ix", "<esc>"}, "  |xabc"},
		{"  a", []string{"ob", "<esc>"}, "  a\n  |b"},
		{"  a", []string{"Ob", "<esc>"}, "  |b\n  a"},
		{"abc", []string{"$"}, "ab|c"},
		{"abc", []string{"lllll"}, "ab|c"},
		{"one two, three", []string{"www"}, "one two, |three"},
		{"one two, three", []string{"3w"}, "one two, |three"},
		{"one two", []string{"$b"}, "one |two"},
		{"one two", []string{"ee"}, "one tw|o"},
		{"one two", []string{"x"}, "|ne two"},
		{"one two", []string{"3x"}, "| two"},
		{"one two", []string{"dw"}, "|two"},
		{"one two three", []string{"2dw"}, "|three"},
		{"one two three", []string{"d2w"}, "|three"},
		{"one two", []string{"wdw"}, "one| "},
		{"one\ntwo", []string{"dw"}, "|\ntwo"},
		{"one two", []string{"de"}, "| two"},
		{"one two", []string{"$db"}, "one |o"},
		{"one two", []string{"wD"}, "one| "},
		{"one two", []string{"wd$"}, "one| "},
		{"one two", []string{"d0"}, "|one two"},
		{"a\nb\nc", []string{"dd"}, "|b\nc"},
		{"a\nb\nc", []string{"2dd"}, "|c"},
		{"a\nb\nc", []string{"Gdd"}, "a\n|b"},
		{"a\nb\nc", []string{"dj"}, "|c"},
		{"a\nb\nc", []string{"jdG"}, "|a"},
		{"a\nb\nc", []string{"Gdgg"}, "|"},
		{"a\nb\nc", []string{"2G"}, "a\n|b\nc"},
		{"a\nb\nc", []string{"Ggg"}, "|a\nb\nc"},
		{"a\nb", []string{"ddp"}, "b\n|a"},
		{"a\nb", []string{"yyP"}, "|a\na\nb"},
		{"a\nb", []string{"yy2p"}, "a\n|a\na\nb"},
		{"ab", []string{"xp"}, "b|a"},
		{"ab", []string{"ylp"}, "a|ab"},
		{"one two", []string{"cwsix", "<esc>"}, "si|x two"},
		{"one two", []string{"c2wsix", "<esc>"}, "si|x"},
		{"one two", []string{"wCx", "<esc>"}, "one |x"},
		{"  one\ntwo", []string{"ccx", "<esc>"}, "  |x\ntwo"},
		{"ab", []string{"sx", "<esc>"}, "|xb"},
		{"abc", []string{"vld"}, "|c"},
		{"abc", []string{"vlcx", "<esc>"}, "|xc"},
		{"a\nb\nc", []string{"Vjd"}, "|c"},
		{"one two", []string{"wvy"}, "one |two"},
		{"one two", []string{"dwu"}, "|one two"},
		{"one two", []string{"dwu", "<ctrl+r>"}, "|two"},
		{"one two", []string{"cwa b c", "<esc>", "u"}, "|one two"},
		{"one two three", []string{"dw."}, "|three"},
		{"one two", []string{"cwx", "<esc>", "w."}, "x |x"},
		{"f(a)", []string{"%"}, "f(a|)"},
		{"f(a)b", []string{"ld%"}, "f|b"},
		{"abc", []string{"d", "<esc>", "x"}, "|bc"},
	} {
		e := New(tc.text)
		e.Configure(Options{Vim: true})
		press(t, e, tc.keys...)
		got := e.Text()[:e.Cursor()] + "|" + e.Text()[e.Cursor():]
		if got != tc.want || e.Mode() != "NORMAL" {
			t.Errorf("%q and %q give %q in mode %s, not %q", tc.text, tc.keys, got, e.Mode(), tc.want)
		}
	}
}

func TestVimTypedTextIsKeysInNormalMode(t *testing.T) {
	e := New("one two")
	e.Configure(Options{Vim: true})
	e.Typed(keymap.Typed{Text: "dwix"})
	if e.Text() != "xtwo" || e.Mode() != "INSERT" {
		t.Errorf("got %q in mode %s", e.Text(), e.Mode())
	}
	e.Typed(keymap.Typed{Text: "dw"})
	if e.Text() != "xdwtwo" {
		t.Errorf("typed in insert mode: %q", e.Text())
	}
}

func TestVimUndoInInsertMode(t *testing.T) {
	e := New("ab")
	e.Configure(Options{Vim: true})
	press(t, e, "x", "ionetwo", "<ctrl+z>", "y", "<esc>", "u")
	if e.Text() != "b" {
		t.Errorf("the step before insert mode was undone, too: %q", e.Text())
	}
}

func TestVimModes(t *testing.T) {
	e := New("abc")
	if e.Mode() != "" {
		t.Errorf("without vim the mode is %q", e.Mode())
	}
	e.Configure(Options{Vim: true})
	for _, step := range [][2]string{{"v", "VISUAL"}, {"V", "VISUAL LINE"}, {"<esc>", "NORMAL"}, {"i", "INSERT"}, {"<esc>", "NORMAL"}} {
		press(t, e, step[0])
		if e.Mode() != step[1] {
			t.Errorf("after %s the mode is %q, not %q", step[0], e.Mode(), step[1])
		}
	}
	if keymap.Find(e.Commands(), "esc") != nil {
		t.Error("with nothing to cancel, Esc is the screen's")
	}
}
