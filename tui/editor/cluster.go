package editor

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"

	"shardeck/tui/widget"
)

// tabWidth is the distance of the tab stops, in cells, and the width of an indentation.
const tabWidth = 4

// maxCluster bounds a cluster, in bytes. The longest emoji have some 40; what combines
// beyond that is shown as marks of its own.
const maxCluster = 64

// clusterSize returns the size of the grapheme cluster at the start of s, which must not be
// empty. A byte that is not UTF-8 and a control character are clusters by themselves; a
// carriage return and the line feed after it are one.
func clusterSize(s string) int {
	switch c := s[0]; {
	case c == '\r' && len(s) > 1 && s[1] == '\n':
		return 2
	case c < ' ' || c == 0x7f:
		return 1
	case c < utf8.RuneSelf && (len(s) == 1 || s[1] < utf8.RuneSelf):
		return 1
	}
	r, n := utf8.DecodeRuneInString(s)
	if alone(r, n) {
		return n
	}
	if wide(r) {
		if next, _ := utf8.DecodeRuneInString(s[n:]); next >= ' ' && next <= '~' || wide(next) {
			return n // spares the slower library
		}
	}
	// A little more than the bound, so that no rune at the bound is cut.
	cluster, _ := ansi.FirstGraphemeCluster(s[:min(len(s), maxCluster+utf8.UTFMax)], ansi.GraphemeWidth)
	for n < len(cluster) {
		r, size := utf8.DecodeRuneInString(cluster[n:])
		if alone(r, size) || n+size > maxCluster {
			break
		}
		n += size
	}
	return n
}

// alone reports whether a rune of that size never combines.
func alone(r rune, size int) bool {
	return r == utf8.RuneError && size == 1 || unicode.IsControl(r)
}

// wide reports whether r is a character that takes two cells and never combines with another
// such one: a Han character, a Hangul syllable, hiragana or katakana.
func wide(r rune) bool {
	return r >= 0x4e00 && r <= 0x9fff || r >= 0xac00 && r <= 0xd7a3 || r >= 0x3041 && r <= 0x3096 || r >= 0x30a1 && r <= 0x30fa
}

// clusterWidth returns the number of cells that the canvas gives a printable cluster.
func clusterWidth(cluster string) int { return widget.Width(widget.Clean(cluster)) }

// plain reports whether r never combines with another plain rune beside it.
func plain(r rune) bool {
	return r >= ' ' && r <= '~' || wide(r) ||
		unicode.In(r, unicode.Latin, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Cyrillic, unicode.Greek, unicode.Arabic, unicode.Hebrew) &&
			unicode.IsLetter(r) && r != 0xff9e && r != 0xff9f
}

// maxBack bounds how far a boundary is looked for in a text whose characters all might
// combine, in bytes.
const maxBack = 64 << 10

// safe returns a boundary of clusters before offset at of the text, or at itself if it is 0.
func safe(text string, at int) int {
	if at == 0 {
		return 0
	}
	r, n := utf8.DecodeLastRuneInString(text[:at])
	for p := at - n; p > 0; p -= n {
		if at-p > maxBack {
			return p
		}
		var before rune
		before, n = utf8.DecodeLastRuneInString(text[:p])
		if before == '\n' || plain(before) && plain(r) {
			return p
		}
		r = before
	}
	return 0
}

// floor returns the last boundary of clusters at or before an offset.
func floor(text string, at int) int {
	if at <= 0 || at >= len(text) {
		return min(max(at, 0), len(text))
	}
	p := safe(text, at)
	for {
		next := p + clusterSize(text[p:])
		if next > at {
			return p
		}
		p = next
	}
}

// ceil returns the first boundary of clusters at or after an offset.
func ceil(text string, at int) int {
	if p := floor(text, at); p < at {
		return p + clusterSize(text[p:])
	}
	return min(max(at, 0), len(text))
}

// after returns the boundary after a boundary.
func after(text string, at int) int {
	if at >= len(text) {
		return len(text)
	}
	return at + clusterSize(text[at:])
}

// before returns the boundary before a boundary.
func before(text string, at int) int {
	if at <= 0 {
		return 0
	}
	return floor(text, at-1)
}

// glyph is how a cluster is drawn.
type glyph struct {
	text  string
	width int
	mark  bool // it stands for something that cannot be seen
}

// draw returns how a cluster is drawn that begins in a column of its row.
func draw(cluster string, column int) glyph {
	c := cluster[0]
	switch {
	case len(cluster) == 1 && c >= ' ' && c <= '~':
		return glyph{text: cluster, width: 1}
	case c == '\t':
		w := tabWidth - column%tabWidth
		return glyph{text: strings.Repeat(" ", w), width: w}
	}
	r, n := utf8.DecodeRuneInString(cluster)
	if n == len(cluster) && wide(r) {
		return glyph{text: cluster, width: 2}
	}
	if (n > 1 || r != utf8.RuneError) && visible(r) && !hides(r, cluster[n:]) {
		if w := clusterWidth(cluster); w > 0 {
			return glyph{text: cluster, width: w}
		}
	}
	return spelled(cluster)
}

// visible reports whether r, by itself, can be seen for what it is.
func visible(r rune) bool {
	return unicode.IsPrint(r) && !unicode.In(r, unicode.Mn, unicode.Me, unicode.Variation_Selector)
}

// hides reports whether something invisible follows a base that has no use for it: joiners
// and selectors belong to emoji and to scripts whose letters join.
func hides(base rune, rest string) bool {
	if base >= 0x250 {
		return false
	}
	for _, r := range rest {
		if unicode.In(r, unicode.Cf, unicode.Variation_Selector) {
			return true
		}
	}
	return false
}

// spelled returns a cluster with marks for what cannot be seen: ^[ for a control character,
// <U+200B> for a zero-width space, <FF> for a byte that is not UTF-8.
func spelled(cluster string) glyph {
	var b strings.Builder
	for i := 0; i < len(cluster); {
		r, n := utf8.DecodeRuneInString(cluster[i:])
		switch {
		case r == utf8.RuneError && n == 1:
			fmt.Fprintf(&b, "<%02X>", cluster[i])
		case r < ' ' || r == 0x7f:
			b.WriteByte('^')
			b.WriteByte(byte(r) ^ 0x40)
		case i == 0 && visible(r):
			b.WriteRune(r)
		default:
			fmt.Fprintf(&b, "<U+%04X>", r)
		}
		i += n
	}
	return glyph{text: b.String(), width: clusterWidth(b.String()), mark: true}
}
