// Package widget provides a canvas of cells, sanitized text, formatted numbers, bars,
// sparklines and an editor. It knows neither clusters nor key bindings nor colours, only
// the roles of package theme.
package widget

import (
	"strings"
	"unicode"

	"github.com/charmbracelet/x/ansi"
)

// substitute replaces a character that cannot be shown in cells of its own.
const substitute = '?'

// Clean makes untrusted text safe to show on one line: it removes escape sequences, turns
// control characters into spaces, and replaces by a question mark or removes whatever
// would combine with its neighbour (combining marks, joiners, direction marks, flags), so
// that each remaining rune takes one or two cells whatever is next to it.
func Clean(s string) string {
	if printableASCII(s) {
		return s
	}
	s = ansi.Strip(strings.ToValidUTF8(s, string(substitute)))
	return strings.Map(cleanRune, s)
}

func printableASCII(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

func cleanRune(r rune) rune {
	switch {
	case narrow(r):
		return r
	case unicode.IsControl(r), unicode.IsSpace(r):
		return ' '
	case unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf, unicode.Variation_Selector):
		return -1
	case joins(r), !unicode.IsPrint(r):
		return substitute
	}
	if w := RuneWidth(r); w != 1 && w != 2 {
		return substitute
	}
	return r
}

// joins reports whether r can form a grapheme cluster with a neighbour (Unicode Standard
// Annex 29): conjoining Hangul, regional indicators, spacing marks, prepended
// letters and skin tones.
func joins(r rune) bool {
	switch {
	case r >= 0x1100 && r <= 0x11ff, r >= 0xa960 && r <= 0xa97f, r >= 0xd7b0 && r <= 0xd7ff,
		r >= 0x1f1e6 && r <= 0x1f1ff, r >= 0x1f3fb && r <= 0x1f3ff,
		r == 0x0e33, r == 0x0eb3, r == 0xff9e, r == 0xff9f:
		return true
	}
	return unicode.In(r, unicode.Mc, unicode.Prepended_Concatenation_Mark) || prepends(r)
}

// prepends reports whether a letter after r would combine with it. The set is small and
// scattered, so the width library decides.
func prepends(r rune) bool {
	return r > 0x2ff && ansi.StringWidth(string(r)+"aa") != RuneWidth(r)+2
}

// narrow reports whether r is one of the runes that frames mostly consist of: ASCII, Latin
// letters, box drawing, blocks and the console's marks. Each takes one cell and combines
// with nothing; this spares them the slower width library.
func narrow(r rune) bool {
	switch {
	case r >= ' ' && r <= '~', r >= 0xae && r <= 0x24f, r >= 0x2500 && r <= 0x25fc:
		return true
	}
	switch r {
	case '…', '—', '–', '✓', '✗', '⊘', '≠', 'Σ', '‖', '←', '→', '↑', '↓':
		return true
	}
	return false
}

// RuneWidth returns the number of cells that r takes, as the renderer counts them.
func RuneWidth(r rune) int {
	if narrow(r) {
		return 1
	}
	return ansi.StringWidth(string(r))
}

// Width returns the number of cells that a clean text takes.
func Width(s string) int {
	if printableASCII(s) {
		return len(s)
	}
	w := 0
	for _, r := range s {
		w += RuneWidth(r)
	}
	return w
}

// Fit returns text cleaned and cut to at most width cells; a cut one ends in "…".
func Fit(s string, width int) string {
	s = Clean(s)
	if width <= 0 {
		return ""
	}
	if Width(s) <= width {
		return s
	}
	used := 0
	for i, r := range s {
		w := RuneWidth(r)
		if used+w > width-1 {
			return s[:i] + "…"
		}
		used += w
	}
	return s
}

// FitMiddle is Fit for names and addresses, whose end matters more than their middle: it
// cuts from the middle.
func FitMiddle(s string, width int) string {
	s = Clean(s)
	if Width(s) <= width || width < 5 {
		return Fit(s, width)
	}
	tail := []rune(s)
	keep := (width - 1) / 2
	used, i := 0, len(tail)
	for i > 0 && used+RuneWidth(tail[i-1]) <= keep {
		i--
		used += RuneWidth(tail[i])
	}
	head := Fit(s, width-used)
	return head + string(tail[i:])
}
