package widget

import (
	"strings"
	"testing"
	"unicode"

	"github.com/charmbracelet/x/ansi"
	"github.com/muesli/termenv"
	"pgregory.net/rapid"

	"shardeck/tui/theme"
)

// widths are what tmux 3.3a moves its cursor by, measured with a cursor position report
// after writing what is drawn.
var widths = []struct {
	name, text, shown string
	cells             int
}{
	{"decomposed accent", "e\u0301", "e\u0301", 1},
	{"Devanagari, spacing vowel", "\u0915\u093e", "\u0915\u093e", 2},
	{"Devanagari, conjunct", "\u0915\u094d\u0937\u093f", "\u0915\u094d\u0937\u093f", 3},
	{"Devanagari, word", "नमस्ते", "नमस्ते", 4},
	{"Tamil", "\u0ba8\u0bbf", "\u0ba8\u0bbf", 2},
	{"Thai, vowel and tone", "\u0e19\u0e35\u0e48", "\u0e19\u0e35\u0e48", 1},
	{"Thai, sara am", "\u0e19\u0e49\u0e33", "\u0e19\u0e49\u0e33", 2},
	{"conjoining Hangul", "\u1112\u1161\u11ab", "\u1112\u1161\u11ab", 2},
	{"Hebrew with points", "\u05e9\u05b8\u05c1", "\u05e9\u05b8\u05c1", 1},
	{"Arabic with a vowel", "\u0645\u064f", "\u0645\u064f", 1},
	{"Persian, non-joiner", "می\u200cروم", "می\u200cروم", 5},
	{"ideographic variant", "\u845b\U000e0100", "\u845b\U000e0100", 2},
	{"kana, decomposed", "か\u3099", "か\u3099", 2},
	{"half-width kana", "\uff76\uff9e", "\uff76\uff9e", 2},
	{"flag", "🇩🇪", "🇩🇪", 2},
	{"presentation selector", "❤\ufe0f", "❤", 1},
	{"keycap", "1\ufe0f\u20e3", "1\u20e3", 1},
	{"family", "👨\u200d👩", "👨�👩", 5},
	{"skin tone", "👍\U0001f3fd", "👍�", 3},
	{"half a flag", "\U0001f1e9", "�", 1},
	{"half a flag with a mark", "\U0001f1e9\U000101fd", "�◌\U000101fd", 2},
	{"mark without a letter", "\u0301", "◌\u0301", 1},
	{"direction override", "a\u202eb", "a�b", 3},
	{"zero-width space", "a\u200bb", "a�b", 3},
	{"non-joiner in Latin", "a\u200cb", "a�b", 3},
	{"soft hyphen", "a\u00adb", "a�b", 3},
	{"hidden variation selectors", "a\U000e0100\U000e0101", "a��", 3},
	{"escape sequence", "\x1b[31mred", "␛[31mred", 8},
	{"newline and tab", "a\r\n\tb", "a␍␊␉b", 5},
	{"C1 control", "a\u009bb", "a�b", 3},
	{"invalid bytes", "a\xff\xfe", "a��", 3},
	{"many marks", "a" + strings.Repeat("\u0301", 20), "a" + strings.Repeat("\u0301", 8) + "�", 2},
}

func TestDataIsShownWholeOrMarked(t *testing.T) {
	for _, c := range widths {
		if got := Data(c.text); got != c.shown {
			t.Errorf("%s: %+q is shown as %+q, want %+q", c.name, c.text, got, c.shown)
		}
		if got := Width(c.shown); got != c.cells {
			t.Errorf("%s: %+q takes %d cells, want %d", c.name, c.shown, got, c.cells)
		}
	}
}

// posixWidth adds up the cells of code points as tmux, xterm and VTE do.
func posixWidth(s string) int {
	w := 0
	for _, r := range s {
		switch {
		case unicode.In(r, unicode.Mn, unicode.Me), r == zwnj, r >= 0x1160 && r <= 0x11ff, r >= 0xd7b0 && r <= 0xd7ff:
		case regional(r):
			w++
		default:
			w += ansi.StringWidthWc(string(r))
		}
	}
	return w
}

// TestFrameIsExactForBothWaysToCount draws text side by side and counts the cells of the
// lines by clusters and by code points.
func TestFrameIsExactForBothWaysToCount(t *testing.T) {
	const w = 24
	check := func(t interface{ Fatalf(string, ...any) }, th *theme.Theme, texts ...string) {
		c := NewCanvas(w, 1)
		x := 0
		for i, text := range texts {
			x = c.Area().Text(x, 0, []theme.Role{theme.Text, theme.Good}[i%2], Data(text))
		}
		line := c.Render(th)
		if got := ansi.StringWidth(line); got != w {
			t.Fatalf("%+q is %d cells by clusters, not %d", line, got, w)
		}
		plain := strings.ReplaceAll(line, separator, "")
		if got := posixWidth(ansi.Strip(plain)); got != w && !newer(plain) {
			t.Fatalf("%+q is %d cells by code points, not %d", line, got, w)
		}
	}
	for _, p := range []termenv.Profile{termenv.Ascii, termenv.TrueColor} {
		th, err := theme.New(theme.Dark, theme.Options{Profile: p})
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range widths {
			check(t, th, a.text)
			for _, b := range widths {
				check(t, th, a.text, b.text)
			}
		}
		rapid.Check(t, func(t *rapid.T) {
			r := rapid.OneOf(rapid.Rune(), rapid.SampledFrom([]rune("aé東ก\u0301\u093e\u0915\u094d\u0937\u1100\u1161\u11a8각\u200d👨🇩🇪\u0e33\u0e49\uff9e")))
			check(t, th, rapid.StringOf(r).Draw(t, "a"), rapid.StringOf(r).Draw(t, "b"))
		})
	}
}

// newer reports whether a text has characters that the two width tables know in different
// versions of Unicode, or that are ambiguous.
func newer(s string) bool {
	for _, r := range s {
		if RuneWidth(r) > 0 && !regional(r) && ansi.StringWidthWc(string(r)) != ansi.StringWidth(string(r)) {
			return true
		}
	}
	return false
}

func TestNextClusterConsumesAllText(t *testing.T) {
	if c, w, n := NextCluster(""); c != "" || w != 0 || n != 0 {
		t.Errorf("the empty text: %q, %d, %d", c, w, n)
	}
	for text, want := range map[string]int{"e\u0301x": 3, "\u0915\u094d\u0937\u093fx": 12, "ab": 1, "\r\nx": 2, "\xffx": 1, "🇩🇪🇫🇷": 8, "東\u0301": 5} {
		if _, _, n := NextCluster(text); n != want {
			t.Errorf("the first cluster of %+q has %d bytes, want %d", text, n, want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.OneOf(rapid.String(), rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) string { return string(b) })).Draw(t, "s")
		whole, drawn := Data(s), ""
		for rest := s; rest != ""; {
			c, w, n := NextCluster(rest)
			if n <= 0 || w != Width(c) || w < 1 {
				t.Fatalf("%+q: cluster %+q of %d cells and %d bytes", rest, c, w, n)
			}
			drawn += c
			rest = rest[n:]
		}
		if drawn != whole {
			t.Fatalf("%+q is drawn as %+q in clusters, %+q at once", s, drawn, whole)
		}
		if Data(whole) != whole || Clean(whole) != whole {
			t.Fatalf("%+q is cleaned again to %+q", whole, Data(whole))
		}
	})
}

// TestShortcutsAgreeWithTheWidthLibrary checks what is decided here without asking it.
func TestShortcutsAgreeWithTheWidthLibrary(t *testing.T) {
	for r := rune(0x20); r <= unicode.MaxRune; r++ {
		if !unicode.IsPrint(r) || unicode.In(r, unicode.Mn, unicode.Me) || conjoins(r) || regional(r) {
			continue
		}
		w := ansi.StringWidth(string(r))
		if RuneWidth(r) != w {
			t.Errorf("%U takes %d cells, not %d", r, w, RuneWidth(r))
		}
		if got := ansi.StringWidth(string(r)+"aa") != w+2; got != prepends(r) {
			t.Errorf("%U prepends: %v, want %v", r, !got, got)
		}
		if next := ansi.StringWidth("a"+string(r)) != w+1; next && spacing(r) && !attaches(r) {
			t.Errorf("%U attaches to a letter", r)
		}
	}
}

func FuzzData(f *testing.F) {
	for _, c := range widths {
		f.Add(c.text)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, got := range []string{Clean(s), Data(s), FitData(s, 10)} {
			if i := strings.IndexFunc(got, unicode.IsControl); i >= 0 {
				t.Errorf("a control character is left in %q", got)
			}
		}
		if w := Width(FitData(s, 10)); w > 10 {
			t.Errorf("%q takes %d cells of 10", s, w)
		}
		if got := FitData(s, 1<<20); got != Data(s) {
			t.Errorf("%+q fits as %+q, is shown as %+q", s, got, Data(s))
		}
	})
}

func BenchmarkFrameOfWideData(b *testing.B) {
	th, err := theme.New(theme.Dark, theme.Options{Profile: termenv.TrueColor})
	if err != nil {
		b.Fatal(err)
	}
	for name, text := range map[string]string{"ascii": "order 12345 ", "wide": "東京都e\u0301नमस्ते", "hangul": "서울특별시"} {
		line := strings.Repeat(text, 20)
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				c := NewCanvas(200, 60)
				for y := range 60 {
					c.Area().Data(0, y, theme.Text, line, 200)
				}
				c.Render(th)
			}
		})
	}
}
