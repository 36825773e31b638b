package terminal

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"shardeck/tui/keymap"
)

func key(names ...string) []any {
	var out []any
	for _, n := range names {
		k := keymap.Key{Name: n}
		if len([]rune(n)) == 1 {
			k.Text = n
		}
		out = append(out, k)
	}
	return out
}

var ignoreTime = cmp.Options{cmpopts.IgnoreFields(keymap.Key{}, "At"), cmpopts.IgnoreFields(keymap.Typed{}, "At")}

// The names are those of Bubble Tea v1 (key.go); the sequences are xterm's (ctlseqs), the
// Linux console's and rxvt's, and the forms of modifyOtherKeys and CSI u.
func TestKeysHaveBubbleTeasNames(t *testing.T) {
	for in, want := range map[string]string{
		"a": "a", "A": "A", " ": " ", "é": "é", "日": "日",
		"\r": "enter", "\n": "ctrl+j", "\t": "tab", "\x7f": "backspace", "\b": "ctrl+h", "\x00": "ctrl+@",
		"\x01": "ctrl+a", "\x12": "ctrl+r", "\x1a": "ctrl+z", "\x1c": "ctrl+\\", "\x1f": "ctrl+_",
		"\x1b[A": "up", "\x1bOA": "up", "\x1b[B": "down", "\x1b[C": "right", "\x1b[D": "left",
		"\x1b[1;5C": "ctrl+right", "\x1b[1;2A": "shift+up", "\x1b[1;6A": "ctrl+shift+up", "\x1b[1;3D": "alt+left",
		"\x1b\x1b[A": "alt+up", "\x1b[Z": "shift+tab", "\x1b[5~": "pgup", "\x1b[6~": "pgdown", "\x1b[5;5~": "ctrl+pgup",
		"\x1b[H": "home", "\x1b[F": "end", "\x1b[1~": "home", "\x1b[4~": "end", "\x1b[2~": "insert", "\x1b[3~": "delete",
		"\x1bOP": "f1", "\x1b[[A": "f1", "\x1b[11~": "f1", "\x1b[15~": "f5", "\x1b[24~": "f12", "\x1b[1;2P": "shift+f1", "\x1b[1;2R": "shift+f3", "\x1b[[E": "f5",
		"\x1b\r": "alt+enter", "\x1bx": "alt+x", "\x1bX": "alt+X", "\x1b\x7f": "alt+backspace", "\x1bé": "alt+é",
		"\x1b\x01": "alt+ctrl+a", "\x1b[": "alt+[", "\x1bO": "alt+O", "\x1b]": "alt+]", "\x1bP": "alt+P", "\x1b": "esc",
		"\x1b[13;5u": "ctrl+enter", "\x1b[13;2u": "shift+enter", "\x1b[27;5;13~": "ctrl+enter", "\x1b[97;5u": "ctrl+a",
		"\x1b[27;5;97~": "ctrl+a", "\x1b[97;6u": "ctrl+shift+a", "\x1b[27u": "esc", "\x1b[97u": "a", "\x1b[105;5u": "ctrl+i",
		"\x1b[32;5u": "ctrl+@", "\x1b[127;5u": "ctrl+backspace", "\x1bOM": "enter", "\x1bOk": "+",
	} {
		var d decoder
		got := append(d.feed([]byte(in), time.Time{}), d.flush(time.Time{})...)
		if diff := cmp.Diff(key(want), got, ignoreTime); diff != "" {
			t.Errorf("%q: %s", in, diff)
		}
	}
}

func TestWhatArrivesTogether(t *testing.T) {
	for name, c := range map[string]struct {
		in   string
		want []any
	}{
		"text is not the key that it spells": {"f5", []any{keymap.Typed{Text: "f5"}}},
		"held key":                           {"jjj", []any{keymap.Typed{Text: "jjj"}}},
		"text and Enter":                     {"a\r", []any{keymap.Paste{Text: "a\n"}}},
		"lines":                              {"SELECT 1\r\n\tFROM T\rGO", []any{keymap.Paste{Text: "SELECT 1\n\tFROM T\nGO"}}},
		"control character in a paste":       {"a\x03\r", []any{keymap.Paste{Text: "a\x03\n"}}},
		"Enters alone":                       {"\r\r", key("enter", "enter")},
		"text around a key":                  {"ab\x1b[15~c", append([]any{keymap.Typed{Text: "ab"}}, key("f5", "c")...)},
		"text and a control character":       {"ab\x15", append([]any{keymap.Typed{Text: "ab"}}, key("ctrl+u")...)},
		"bracketed":                          {"\x1b[200~q\x1b[201~x", append([]any{keymap.Paste{Text: "q"}}, key("x")...)},
		"sequences inside a paste":           {"\x1b[200~a\x1b[Ab\x03\x1b[201~", []any{keymap.Paste{Text: "a\x1b[Ab\x03"}}},
		"empty paste":                        {"\x1b[200~\x1b[201~", []any{keymap.Paste{}}},
		"a paste without an end":             {"\x1b[200~abc", []any{keymap.Paste{Text: "abc"}}},
		"stray end mark":                     {"\x1b[201~a", key("a")},
		"Esc, Esc":                           {"\x1b\x1b", key("esc", "esc")},
		"dark background":                    {"\x1b]11;rgb:1e1e/1e1e/1e1e\x07", []any{Background{Dark: true}}},
		"light background by ST":             {"\x1b]11;rgb:ffff/ffff/eeee\x1b\\", []any{Background{}}},
		"other answers":                      {"\x1b[?62;c\x1b[24;80R\x1b[?2026;2$y\x1bP>|xterm(390)\x1b\\a", key("a")},
		"release of a key":                   {"\x1b[97;1:3ub", key("b")},
		"not UTF-8":                          {"a\xffb", []any{keymap.Typed{Text: "a\uFFFDb"}}},
		"answer of which the end was lost":   {"\x1b]11;rgb:1e1e", nil},
		"letters after Alt-X":                {"\x1bXyz", []any{keymap.Key{Name: "alt+X"}, keymap.Typed{Text: "yz"}}},
		"invalid sequence":                   {"\x1b[1\x01", key("ctrl+a")},
	} {
		var d decoder
		got := append(d.feed([]byte(c.in), time.Time{}), d.flush(time.Time{})...)
		if diff := cmp.Diff(c.want, got, ignoreTime, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestPasteTooLongIsRefusedWhole(t *testing.T) {
	for name, around := range map[string][2]string{"bracketed": {pasteStart, pasteEnd}, "plain": {"", ""}} {
		for _, n := range []int{MaxPaste, MaxPaste + 1, 3*MaxPaste + 5} {
			text := strings.Repeat("x", n-1) + "\n"
			var d decoder
			var got []any
			in := []byte(around[0] + text + around[1])
			step := 1000
			if name == "plain" {
				step = len(in)
			}
			for len(in) > 0 {
				k := min(step, len(in))
				got = append(got, d.feed(in[:k], time.Time{})...)
				in = in[k:]
			}
			got = append(got, d.feed([]byte("q"), time.Time{})...)
			want := any(keymap.Paste{Text: text})
			if n > MaxPaste {
				want = PasteTooLong{Bytes: n, Limit: MaxPaste}
			}
			if len(got) != 2 || got[0] != want {
				t.Errorf("%s of %d bytes: %d messages, the first a %T", name, n, len(got), got[0])
			}
		}
	}
}

// TestReadsMayEndAnywhere compares the messages of a stream with those of the same stream in
// pieces: whatever is cut, no character is lost, and no key becomes another.
func TestReadsMayEndAnywhere(t *testing.T) {
	pieces := []string{"a", "é", "日本語", "\x1b[A", "\x1b[15~", "\x1b[1;5C", "\x1b\r", pasteStart + "SELECT 'é\x1b[A'\r\n\t1" + pasteEnd, "👩‍👩‍👧", "\x15", "\x1b]11;rgb:0/0/0\x07"}
	rapid.Check(t, func(t *rapid.T) {
		stream := []byte(strings.Join(rapid.SliceOfN(rapid.SampledFrom(pieces), 1, 20).Draw(t, "stream"), ""))
		var whole, cut decoder
		want := flat(append(whole.feed(stream, time.Time{}), whole.flush(time.Time{})...))
		var got []any
		for len(stream) > 0 {
			n := rapid.IntRange(1, len(stream)).Draw(t, "read")
			got = append(got, cut.feed(stream[:n], time.Time{})...)
			stream = stream[n:]
		}
		got = flat(append(got, cut.flush(time.Time{})...))
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatal(diff)
		}
	})
}

// flat splits Typed into its keys, since a read may end between two characters.
func flat(msgs []any) []any {
	var out []any
	for _, m := range msgs {
		if t, ok := m.(keymap.Typed); ok {
			for _, k := range t.Keys() {
				out = append(out, k)
			}
			continue
		}
		out = append(out, m)
	}
	return out
}

func FuzzDecoder(f *testing.F) {
	f.Add([]byte("a\x1b[1;5Cb\x1b[200~x\x1b[201~"), 3)
	f.Fuzz(func(t *testing.T, in []byte, at int) {
		var d decoder
		if at < 0 || at > len(in) {
			at = 0
		}
		d.feed(in[:at], time.Time{})
		d.feed(in[at:], time.Time{})
		d.flush(time.Time{})
		if d.wait() != 0 {
			t.Error("something is held back after a flush")
		}
	})
}
