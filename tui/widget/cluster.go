package widget

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"
)

// How wide text is, where terminals disagree.
//
// Terminals count cells in two ways. Those that follow POSIX's wcwidth (tmux, xterm, VTE, the
// Linux console) add up code points: a spacing mark, such as the vowel of Devanagari का,
// takes a cell of its own. Those that follow grapheme clusters (UAX 29), as the renderer does
// that frames pass through, count one cell for the whole of it. A frame must fit both.
//
//   - A cluster that both count alike is one cell: a letter with its accents, Thai vowels
//     above and below, conjoining Hangul, flags, ideographs with a variation selector.
//   - A cluster that takes a cell for each spacing code point in tmux is drawn as those
//     cells, one after another, with an empty SGR sequence between them: it ends the cluster for
//     whoever counts clusters, and terminals show it unchanged. (A terminal that does join them
//     regardless shows such a row shorter, never longer, so that no line wraps.)
//   - What a terminal may or may not join (joiners between emoji, skin tones) is replaced by
//     a mark, which leaves its parts side by side.
//   - A selector of emoji or text presentation is left out, as terminals differ in the width
//     that it gives its character. It is the one thing that is dropped without a mark.
const (
	// substitute marks what cannot be shown: direction marks, joiners, invalid bytes.
	substitute = '�'
	// dotted carries a combining mark that has no letter.
	dotted = '◌'
	// maxMarks bounds the marks on one letter; there are texts with thousands.
	maxMarks = 8
)

// NextCluster returns what the text begins with and people see as one character (a grapheme
// cluster): how it is drawn, how many cells that takes, and how many bytes of s it is.
// It returns "", 0, 0 for an empty text. Control characters are drawn as their pictures,
// such as ␉.
func NextCluster(s string) (cluster string, width, bytes int) {
	n := clusterLen(s)
	shown := Data(s[:n])
	return shown, Width(shown), n
}

// clusterLen returns the length of the first cluster of s in bytes.
func clusterLen(s string) int {
	if len(s) == 0 {
		return 0
	}
	r, n := utf8.DecodeRuneInString(s)
	if plain(r) {
		if n == len(s) || s[n] < utf8.RuneSelf && r != '\r' {
			return n
		}
		if next, _ := utf8.DecodeRuneInString(s[n:]); plain(next) {
			return n
		}
	}
	if r == utf8.RuneError {
		return n
	}
	cluster, _ := ansi.FirstGraphemeCluster(s, ansi.GraphemeWidth)
	return max(len(cluster), 1)
}

// plain reports whether r is printed by itself, unless a mark follows it. It recognizes
// what most text consists of, without the tables of package unicode.
func plain(r rune) bool {
	return narrow(r) || ideographic(r)
}

// ideographic reports whether r is one of the common characters of two cells: ideographs,
// kana and Hangul syllables.
func ideographic(r rune) bool {
	switch {
	case r < 0x3041:
		return false
	case r <= 0x3096, r >= 0x30a1 && r <= 0x30fa, r >= 0x4e00 && r <= 0x9fff:
		return true
	}
	return r >= 0xac00 && r <= 0xd7a3
}

// appendCluster appends what is drawn for one cluster.
func appendCluster(b *strings.Builder, cluster string) {
	base, marks := rune(0), 0
	for i, r := range cluster {
		switch {
		case r == utf8.RuneError:
			b.WriteRune(substitute)
			base = 0
		case unicode.IsControl(r):
			b.WriteRune(picture(r))
			base = 0
		case regional(r):
			pair := flag(cluster[i:])
			if base != 0 {
				continue // the second half
			}
			if pair > 0 {
				b.WriteString(cluster[i : i+pair])
				base = r
			} else {
				b.WriteRune(substitute)
			}
		case presentation(r) && base != 0 && marks == 0:
			marks++
		case nonspacing(r, base):
			if base == 0 {
				b.WriteRune(dotted)
				base = dotted
			}
			if marks++; marks <= maxMarks {
				b.WriteRune(r)
			} else if marks == maxMarks+1 {
				b.WriteRune(substitute)
			}
		case r == zwnj && base != 0 && shaped(base):
			b.WriteRune(r)
		case !spacing(r):
			b.WriteRune(substitute)
			base = 0
		case unicode.IsSpace(r):
			b.WriteString("  "[:RuneWidth(r)])
			base = ' '
		default:
			b.WriteRune(r)
			base, marks = r, 0
		}
	}
}

const zwnj = '\u200c'

// picture returns the picture of a control character.
func picture(r rune) rune {
	switch {
	case r < ' ':
		return 0x2400 + r
	case r == 0x7f:
		return '␡'
	}
	return substitute
}

// flag returns the length of the two regional indicators that s begins with, 0 if it does not.
func flag(s string) int {
	a, n := utf8.DecodeRuneInString(s)
	b, m := utf8.DecodeRuneInString(s[n:])
	if regional(a) && regional(b) {
		return n + m
	}
	return 0
}

func regional(r rune) bool { return r >= 0x1f1e6 && r <= 0x1f1ff }

func presentation(r rune) bool { return r == 0xfe0e || r == 0xfe0f }

// nonspacing reports whether r takes no cell of its own after base, wherever cells are
// counted. The zero rune is no base.
func nonspacing(r, base rune) bool {
	switch {
	case r < 0x300:
		return false
	case conjoins(r):
		return base >= 0x1100 && base <= 0x115e || base >= 0xa960 && base <= 0xa97c || base >= 0xac00 && base <= 0xd7a3
	case r >= 0xe0100 && r <= 0xe01ef:
		return unicode.Is(unicode.Han, base)
	case unicode.Is(unicode.Variation_Selector, r), r == 0x34f, r >= 0x17b4 && r <= 0x17b5:
		return false // invisible: a mark shows them
	}
	return unicode.In(r, unicode.Mn, unicode.Me)
}

// conjoins reports whether r is a vowel or final consonant of Hangul that combines with what
// precedes it.
func conjoins(r rune) bool {
	return r >= 0x1160 && r <= 0x11ff || r >= 0xd7b0 && r <= 0xd7ff
}

// shaped reports whether r is of a script in which a non-joiner is spelling.
func shaped(r rune) bool {
	return unicode.In(r, unicode.Arabic, unicode.Devanagari, unicode.Bengali, unicode.Gurmukhi, unicode.Gujarati,
		unicode.Oriya, unicode.Tamil, unicode.Telugu, unicode.Kannada, unicode.Malayalam, unicode.Sinhala, unicode.Syriac)
}

// spacing reports whether r can be drawn in one or two cells of its own.
func spacing(r rune) bool {
	switch {
	case plain(r):
		return true
	case conjoins(r), r >= 0x1f3fb && r <= 0x1f3ff, r == 0x115f, r == 0x3164, r == 0xffa0:
		return false // joined by some terminals, or invisible
	case unicode.IsSpace(r):
		w := RuneWidth(r)
		return w == 1 || w == 2
	case prepends(r):
		return false
	case unicode.IsLetter(r):
	case !unicode.IsPrint(r), unicode.In(r, unicode.Mn, unicode.Me):
		return false
	}
	w := RuneWidth(r)
	return w == 1 || w == 2
}

// prepends reports whether a letter after r would combine with it. The set is small and
// scattered, so the width library decides where such letters are.
func prepends(r rune) bool {
	return (r == 0x0d4e || r >= 0x11000 && r < 0x12000) && ansi.StringWidth(string(r)+"aa") != RuneWidth(r)+2
}

// attaches reports whether r, although it takes a cell, continues the cluster before it as
// the renderer counts them: spacing marks, leading consonants of Hangul, and the like.
func attaches(r rune) bool {
	switch {
	case r < 0x903:
		return false
	case ideographic(r):
		return false
	case r >= 0x1100 && r <= 0x115e, r >= 0xa960 && r <= 0xa97c, r == 0x0e33, r == 0x0eb3, r == 0xff9e, r == 0xff9f:
		return true
	}
	return unicode.Is(unicode.Mc, r)
}
