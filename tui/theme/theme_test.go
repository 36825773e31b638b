package theme

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"
	"github.com/lucasb-eyer/go-colorful"
	"github.com/muesli/termenv"
)

func env(vars map[string]string) func(string) string { return func(k string) string { return vars[k] } }

func TestChooseConsidersTerminal(t *testing.T) {
	utf8 := map[string]string{"LANG": "en_GB.UTF-8"}
	for _, c := range []struct {
		name, asked string
		terminal    Terminal
		want        string
		ascii       bool
	}{
		{"dark background", "", Terminal{termenv.TrueColor, true, env(utf8)}, Dark, false},
		{"light background", Auto, Terminal{termenv.ANSI256, false, env(utf8)}, Light, false},
		{"NO_COLOR", Auto, Terminal{termenv.Ascii, true, env(map[string]string{"NO_COLOR": "1", "LANG": "C.UTF-8"})}, Mono, false},
		{"by name", HighContrast, Terminal{termenv.TrueColor, true, env(utf8)}, HighContrast, false},
		{"no UTF-8", Auto, Terminal{termenv.ANSI, true, env(map[string]string{"LC_ALL": "C"})}, Dark, true},
	} {
		name, o := Choose(c.asked, c.terminal)
		if name != c.want || o.ASCII != c.ascii || o.Profile == termenv.Ascii {
			t.Errorf("%s: %s with %+v", c.name, name, o)
		}
	}
}

func TestMonoHasNoColour(t *testing.T) {
	th, err := New(Mono, Options{Profile: termenv.TrueColor})
	if err != nil {
		t.Fatal(err)
	}
	for role := range roleCount {
		var b strings.Builder
		th.Paint(&b, role, "x")
		if strings.Contains(b.String(), "38;") || strings.Contains(b.String(), "48;") {
			t.Errorf("role %d is coloured: %q", role, b.String())
		}
	}
}

func TestThemesDoNotChangeText(t *testing.T) {
	name := Names()[0]
	for range Names() {
		for _, p := range []termenv.Profile{termenv.TrueColor, termenv.ANSI256, termenv.ANSI, termenv.Ascii} {
			th, err := New(name, Options{Profile: p})
			if err != nil {
				t.Fatal(err)
			}
			for role := range roleCount {
				var b strings.Builder
				th.Paint(&b, role, "a b")
				if ansi.Strip(b.String()) != "a b" {
					t.Errorf("%s, role %d: %q", name, role, b.String())
				}
			}
		}
		name = Next(name)
	}
	if name != Names()[0] {
		t.Errorf("Next does not cycle back to the first theme but to %s", name)
	}
	if _, err := New("plaid", Options{}); err == nil || !strings.Contains(err.Error(), HighContrast) {
		t.Errorf("an unknown theme gives %v", err)
	}
}

func TestWithoutUnicodeEverythingIsASCII(t *testing.T) {
	th, err := New(Mono, Options{Profile: termenv.Ascii, ASCII: true})
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	th.Paint(&b, Text, "╭─╮│╰╯ ▁▂▃▄▅▆▇█▏▎▍▌▋▊▉ ●○▲✗✓⊘≠ ▸★✎…·—Σ↑↓←→‖▒┆÷–µ")
	if s := b.String(); utf8.RuneCountInString(s) != len(s) {
		t.Errorf("%q is not ASCII", s)
	}
}

// contrast is the contrast ratio of WCAG 2.2, from 1 to 21.
func contrast(a, b string) float64 {
	luminance := func(hex string) float64 {
		c, err := colorful.Hex(hex)
		if err != nil {
			return 0
		}
		r, g, b := c.LinearRgb()
		return 0.2126*r + 0.7152*g + 0.0722*b
	}
	x, y := luminance(a), luminance(b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

func TestTextContrast(t *testing.T) {
	decoration := map[Role]bool{Dim: true, Border: true, ButtonOff: true}
	for name, least := range map[string]float64{Dark: 4.5, Light: 4.5, HighContrast: 7, ColourBlind: 4.5} {
		p := palettes[name]
		for role := range roleCount {
			l := p.looks[role]
			fg, bg := l.fg, l.bg
			if fg == "" {
				fg = p.fg
			}
			if bg == "" {
				bg = p.bg
			}
			need := least
			if role >= Series0 && role <= Series5 || role == Stale {
				need = 3 // bars, and numbers that a ~ and words mark too
			}
			if got := contrast(fg, bg); got < need && !decoration[role] {
				t.Errorf("%s: role %d has a contrast of %.1f, less than %.1f", name, role, got, need)
			}
		}
	}
}

// Good, warn and bad differ in lightness in the theme for people who cannot rely on hue.
func TestColourBlindStatesDifferInLightness(t *testing.T) {
	p := palettes[ColourBlind]
	for _, pair := range [][2]Role{{Good, Warn}, {Warn, Bad}, {Good, Bad}} {
		if a, b := p.looks[pair[0]].fg, p.looks[pair[1]].fg; contrast(a, b) < 1.4 {
			t.Errorf("%s and %s differ by a contrast of %.2f only", a, b, contrast(a, b))
		}
	}
}
