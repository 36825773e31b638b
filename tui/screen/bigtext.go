package screen

import (
	"unicode/utf8"

	"shardeck/tui/theme"
	"shardeck/tui/widget"
)

// The large characters, each in three rows of half blocks.
var bigGlyphs = map[rune][bigRows]string{
	'0': {"█▀█", "█ █", "▀▀▀"}, '1': {"▀█ ", " █ ", "▀▀▀"}, '2': {"▀▀█", "█▀▀", "▀▀▀"}, '3': {"▀▀█", " ▀█", "▀▀▀"}, '4': {"█ █", "▀▀█", "  ▀"},
	'5': {"█▀▀", "▀▀█", "▀▀▀"}, '6': {"█▀▀", "█▀█", "▀▀▀"}, '7': {"▀▀█", "  █", "  ▀"}, '8': {"█▀█", "█▀█", "▀▀▀"}, '9': {"█▀█", "▀▀█", "▀▀▀"},
	'A': {"█▀█", "█▀█", "▀ ▀"}, 'B': {"█▀▄", "█▀▄", "▀▀ "}, 'C': {"█▀▀", "█  ", "▀▀▀"}, 'D': {"█▀▄", "█ █", "▀▀ "}, 'E': {"█▀▀", "█▀▀", "▀▀▀"},
	'F': {"█▀▀", "█▀▀", "▀  "}, 'G': {"█▀▀", "█ █", "▀▀▀"}, 'H': {"█ █", "█▀█", "▀ ▀"}, 'I': {"▀█▀", " █ ", "▀▀▀"}, 'J': {"▀▀█", "  █", "▀▀ "},
	'K': {"█ █", "█▀▄", "▀ ▀"}, 'L': {"█  ", "█  ", "▀▀▀"}, 'M': {"█▄█", "█ █", "▀ ▀"}, 'N': {"█▀█", "█ █", "▀ ▀"}, 'O': {"█▀█", "█ █", "▀▀▀"},
	'P': {"█▀█", "█▀▀", "▀  "}, 'R': {"█▀▄", "█▀▄", "▀ ▀"}, 'S': {"█▀▀", "▀▀█", "▀▀▀"}, 'T': {"▀█▀", " █ ", " ▀ "}, 'U': {"█ █", "█ █", "▀▀▀"},
	'V': {"█ █", "▀▄▀", " ▀ "}, 'W': {"█ █", "█▄█", "▀ ▀"}, 'X': {"█ █", "▄▀▄", "▀ ▀"}, 'Y': {"█ █", " █ ", " ▀ "},
	',': {" ", " ", "▟"}, '.': {" ", " ", "▄"}, '~': {"  ", "▄▀", "  "}, ' ': {" ", " ", " "}, '<': {" ▄", "▀▄", "  "}, '–': {"  ", "▀▀", "  "}, '-': {"  ", "▀▀", "  "},
}

// segments are the large digits where block characters cannot be shown.
var segments = map[rune][bigRows]string{
	'0': {" _ ", "| |", "|_|"}, '1': {"   ", "  |", "  |"}, '2': {" _ ", " _|", "|_ "}, '3': {" _ ", " _|", " _|"}, '4': {"   ", "|_|", "  |"},
	'5': {" _ ", "|_ ", " _|"}, '6': {" _ ", "|_ ", "|_|"}, '7': {" _ ", "  |", "  |"}, '8': {" _ ", "|_|", "|_|"}, '9': {" _ ", "|_|", " _|"},
	',': {" ", " ", ","}, '.': {" ", " ", "."}, '~': {" ", "~", " "}, ' ': {" ", " ", " "},
}

// glyph is a character drawn large; one that cannot be is in the middle row as it is.
func glyph(r rune, ascii bool) [bigRows]string {
	all := bigGlyphs
	if ascii {
		all = segments
	}
	if g, ok := all[r]; ok {
		return g
	}
	return [bigRows]string{" ", string(r), " "}
}

// bigWidth is the width of a text drawn large.
func bigWidth(text string, ascii bool) (w int) {
	for _, r := range text {
		w += utf8.RuneCountInString(glyph(r, ascii)[0]) + 1
	}
	return max(w-1, 0)
}

// paintBig draws a text in three rows.
func paintBig(a widget.Area, x int, role theme.Role, text string, ascii bool) {
	for _, r := range text {
		g := glyph(r, ascii)
		for y, row := range g {
			a.Text(x, y, role, row)
		}
		x += utf8.RuneCountInString(g[0]) + 1
	}
}
