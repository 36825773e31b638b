// Package widget provides a canvas of cells, sanitized text, formatted numbers, bars,
// sparklines. It knows neither clusters nor key bindings nor colours, only
// the roles of package theme.
package widget

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"
)

// Clean makes untrusted text safe to show as a label on one line: it removes escape
// sequences and turns control characters into spaces. Letters keep their combining marks,
// and whatever else cannot be drawn is replaced by a mark, as [Data] does, so that the text
// takes [Width] cells in any terminal.
func Clean(s string) string {
	if printableASCII(s) {
		return s
	}
	if strings.IndexFunc(s, unicode.IsControl) >= 0 {
		s = ansi.Strip(strings.ToValidUTF8(s, string(substitute)))
		s = strings.Map(func(r rune) rune {
			if unicode.IsControl(r) {
				return ' '
			}
			return r
		}, s)
	}
	return Data(s)
}

// Data makes a value safe to show on one line and hides nothing: control characters become
// their pictures, such as ␊, and so an escape sequence is legible text. Whatever cannot be drawn
// (direction marks, lone joiners, invalid bytes) is replaced by a mark.
func Data(s string) string {
	n := plainPrefix(s)
	if n == len(s) {
		return s
	}
	var b strings.Builder
	b.Grow(len(s) + 8)
	b.WriteString(s[:n])
	for s = s[n:]; s != ""; {
		n := clusterLen(s)
		if r, size := utf8.DecodeRuneInString(s); size == n && plain(r) {
			b.WriteString(s[:n])
		} else {
			appendCluster(&b, s[:n])
		}
		s = s[n:]
	}
	return b.String()
}

// plainPrefix returns how many bytes of s can be drawn as they are and are found to be so
// cheaply, in whole clusters.
func plainPrefix(s string) int {
	last := 0
	for i, r := range s {
		if !plain(r) {
			return last
		}
		last = i // a mark may follow this one
	}
	return len(s)
}

func printableASCII(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
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

// RuneWidth returns the number of cells that r takes after what precedes it in a clean
// text: 0 for a combining mark, and 1 for each half of a flag.
func RuneWidth(r rune) int {
	switch {
	case narrow(r), regional(r):
		return 1
	case ideographic(r):
		return 2
	case r == zwnj, conjoins(r), r >= 0x300 && unicode.In(r, unicode.Mn, unicode.Me):
		return 0
	case r >= 0x250 && r < 0x1100:
		return 1 // the alphabets: the width library would find so too
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
func Fit(s string, width int) string { return Cut(Clean(s), width) }

// FitData is [Fit] for a value: it is shown as by [Data]. It reads no more of a long value
// than fits.
func FitData(s string, width int) string {
	switch {
	case width <= 0:
		return ""
	case len(s) <= width && printableASCII(s):
		return s
	case len(s) > width && printableASCII(s[:width+1]):
		return s[:width-1] + "…"
	}
	var b strings.Builder
	b.Grow(min(len(s), 3*width))
	used, cut := 0, 0 // cut is where "…" would still fit
	for s != "" {
		cluster, w, n := NextCluster(s)
		if used+w > width {
			return b.String()[:cut] + "…"
		}
		b.WriteString(cluster)
		if used += w; used < width {
			cut = b.Len()
		}
		s = s[n:]
	}
	return b.String()
}

// Cut cuts a text that [Clean] or [Data] returned to at most width cells, between clusters;
// it then ends in "…".
func Cut(s string, width int) string {
	if width <= 0 {
		return ""
	}
	if Width(s) <= width {
		return s
	}
	used := 0
	for at := 0; at < len(s); {
		n := clusterLen(s[at:])
		w := Width(s[at : at+n])
		if used+w > width-1 {
			return s[:at] + "…"
		}
		used += w
		at += n
	}
	return s
}

// FitMiddle is Fit for names and addresses, whose end matters more than their middle: it
// cuts from the middle.
func FitMiddle(s string, width int) string {
	s = Clean(s)
	if Width(s) <= width || width < 5 {
		return Cut(s, width)
	}
	tail := s
	for used, keep := Width(s), (width-1)/2; used > keep && tail != ""; {
		n := clusterLen(tail)
		used -= Width(tail[:n])
		tail = tail[n:]
	}
	return Cut(s, width-Width(tail)) + tail
}
