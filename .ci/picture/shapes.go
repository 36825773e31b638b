package main

import (
	"fmt"
	"strings"
)

// shape returns the SVG path of a character that has to join its neighbours, in the cell
// with its top left corner at x, y. Fonts draw such characters with gaps between lines.
func shape(char rune, x, y float64) (svg string, ok bool) {
	mx, my, right, bottom := x+cellW/2, y+cellH/2, x+cellW, y+cellH
	rect := func(x, y, w, h float64) (string, bool) {
		return fmt.Sprintf("M%.1f %.1fh%.2fv%.2fh%.2fz", x, y, w, h, -w), true
	}
	line := func(x1, y1, x2, y2 float64) (string, bool) {
		if x1 == x2 {
			return rect(x1-0.5, y1, 1, y2-y1)
		}
		return rect(x1, y1-0.5, x2-x1, 1)
	}
	const r = cellW / 2
	// A corner is a quarter of a ring and the straight line to the cell's edge.
	corner := func(toX, toY, dx, dy float64) (string, bool) {
		return fmt.Sprintf("M%.1f %.1fL%.1f %.1fQ%.1f %.1f %.1f %.1fl0 %.1fQ%.1f %.1f %.1f %.1fL%.1f %.1fz",
			mx-0.5, toY, mx-0.5, my+r*dy, mx-0.5, my-0.5*dy, toX, my-0.5*dy,
			dy, mx+0.5*dx, my+0.5*dy, mx+0.5, my+r*dy, mx+0.5, toY), true
	}
	switch {
	case char == '│':
		return line(mx, y, mx, bottom)
	case char == '─':
		return line(x, my, right, my)
	case char == '╭':
		return corner(right, bottom, 1, 1)
	case char == '╮':
		return corner(x, bottom, -1, 1)
	case char == '╰':
		return corner(right, y, 1, -1)
	case char == '╯':
		return corner(x, y, -1, -1)
	case '▁' <= char && char <= '█': // eighths from below
		h := cellH * float64(char-'▁'+1) / 8
		return rect(x, bottom-h, cellW, h)
	case '▉' <= char && char <= '▏': // seven to one eighths from the left
		return rect(x, y, cellW*float64('▐'-char)/8, cellH)
	}
	return "", false
}

// takeShapes draws the shapes in a run as one path and returns the run with spaces in
// their place.
func takeShapes(b *strings.Builder, text, fill string, left, top float64) string {
	var path, rest strings.Builder
	i := 0
	for _, char := range text {
		if d, ok := shape(char, left+float64(i)*cellW, top); ok {
			path.WriteString(d)
			char = ' '
		}
		rest.WriteRune(char)
		i++
	}
	if path.Len() > 0 {
		fmt.Fprintf(b, `<path fill="%s" d="%s"/>`+"\n", fill, path.String())
	}
	return rest.String()
}
