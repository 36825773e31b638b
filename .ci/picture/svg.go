package main

import (
	"encoding/xml"
	"fmt"
	"strings"

	"github.com/hinshun/vt10x"
)

// Sizes in the picture's units, for a font of size 14.
const (
	cellW, cellH = 8.4, 18.0
	fontSize     = 14
	margin       = 14.0
	titleH       = 30.0
	ink, paper   = "#d8dee9", "#11151c"
	barColour    = "#1b212c"
)

// Attributes of a vt10x.Glyph that the picture shows; the library does not export them.
const (
	attrUnderline = 1 << 1
	attrBold      = 1 << 2
	attrItalic    = 1 << 4
)

// style is the appearance of a run of cells.
type style struct {
	fg, bg string
	mode   int16
}

// draw renders the screen as an SVG. Each run has an explicit length, so that it lines up
// in any monospaced font.
func draw(screen vt10x.Terminal, title string) []byte {
	screen.Lock()
	defer screen.Unlock()
	cols, rows := screen.Size()
	var b strings.Builder
	begin(&b, cols, rows, title)
	for y := range rows {
		drawLine(&b, screen, y, cols)
	}
	b.WriteString("</g>\n</svg>\n")
	return []byte(b.String())
}

// begin draws the window, and opens the group of its lines.
func begin(b *strings.Builder, cols, rows int, title string) {
	w, h := float64(cols)*cellW+2*margin, float64(rows)*cellH+2*margin+titleH
	fmt.Fprintf(b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %.0f %.0f" width="%.0f" height="%.0f" role="img" aria-label="%s">`+"\n", w, h, w, h, escape(title))
	fmt.Fprintf(b, `<rect width="100%%" height="100%%" rx="10" fill="%s"/>`+"\n", paper)
	fmt.Fprintf(b, `<path d="M0 %.0fV10A10 10 0 0 1 10 0H%.0fA10 10 0 0 1 %.0f 10V%.0fZ" fill="%s"/>`+"\n", titleH, w-10, w, titleH, barColour)
	for i, colour := range []string{"#ec6a5e", "#f4bf4f", "#61c554"} {
		fmt.Fprintf(b, `<circle cx="%d" cy="%.0f" r="6" fill="%s"/>`+"\n", 20+20*i, titleH/2, colour)
	}
	fmt.Fprintf(b, `<g font-family="ui-monospace,'SFMono-Regular','DejaVu Sans Mono',Menlo,Consolas,monospace" font-size="%d" xml:space="preserve">`+"\n", fontSize)
	fmt.Fprintf(b, `<text x="%.0f" y="%.0f" text-anchor="middle" fill="#8a94a6">%s</text>`+"\n", w/2, titleH/2+5, escape(title))
}

func drawLine(b *strings.Builder, screen vt10x.Terminal, y, cols int) {
	for x := 0; x < cols; {
		st := styleOf(screen.Cell(x, y))
		var text strings.Builder
		start := x
		for ; x < cols && styleOf(screen.Cell(x, y)) == st; x++ {
			char := screen.Cell(x, y).Char
			if char == 0 {
				char = ' '
			}
			text.WriteRune(char)
		}
		drawRun(b, text.String(), st, start, x, y)
	}
}

// drawRun draws the cells from start to end of line y.
func drawRun(b *strings.Builder, text string, st style, start, end, y int) {
	left := margin + float64(start)*cellW
	top := titleH + margin + float64(y)*cellH
	if st.bg != paper {
		fmt.Fprintf(b, `<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" fill="%s"/>`+"\n", left, top, float64(end-start)*cellW, cellH, st.bg)
	}
	text = takeShapes(b, text, st.fg, left, top)
	trimmed := strings.TrimLeft(text, " ")
	indent := len(text) - len(trimmed)
	trimmed = strings.TrimRight(trimmed, " ")
	if trimmed == "" {
		return
	}
	extra := ""
	if st.mode&attrBold != 0 {
		extra += ` font-weight="bold"`
	}
	if st.mode&attrItalic != 0 {
		extra += ` font-style="italic"`
	}
	if st.mode&attrUnderline != 0 {
		extra += ` text-decoration="underline"`
	}
	cells := len([]rune(trimmed))
	fmt.Fprintf(b, `<text x="%.1f" y="%.1f" textLength="%.1f" lengthAdjust="spacingAndGlyphs" fill="%s"%s>%s</text>`+"\n",
		left+float64(indent)*cellW, top+cellH-4.5, float64(cells)*cellW, st.fg, extra, escape(trimmed))
}

func styleOf(g vt10x.Glyph) style {
	return style{
		fg:   colour(g.FG, ink, paper),
		bg:   colour(g.BG, ink, paper),
		mode: g.Mode & (attrUnderline | attrBold | attrItalic),
	}
}

// colour formats a terminal's colour: a default, one of 256, or 24-bit.
func colour(c vt10x.Color, fg, bg string) string {
	switch {
	case c == vt10x.DefaultFG || c == vt10x.DefaultCursor:
		return fg
	case c == vt10x.DefaultBG:
		return bg
	case c < 16:
		return ansi[c]
	case c < 232:
		level := func(n vt10x.Color) vt10x.Color {
			if n == 0 {
				return 0
			}
			return 55 + 40*n
		}
		n := c - 16
		return fmt.Sprintf("#%02x%02x%02x", level(n/36), level(n/6%6), level(n%6))
	case c < 256:
		grey := 8 + 10*(c-232)
		return fmt.Sprintf("#%02x%02x%02x", grey, grey, grey)
	}
	return fmt.Sprintf("#%06x", uint32(c)&0xffffff)
}

var ansi = [16]string{
	"#2e3440", "#d9646b", "#8fbf7f", "#dfb35f", "#6f9fd8", "#b48ead", "#7fc7cf", "#d8dee9",
	"#667084", "#ef7d84", "#a6d596", "#f2ca7c", "#8bb8ee", "#caa5c6", "#98dde3", "#f4f6fa",
}

func escape(s string) string {
	var b strings.Builder
	// Writing to a Builder does not fail.
	_ = xml.EscapeText(&b, []byte(s))
	return b.String()
}
