package editor

import (
	"slices"
	"strings"
)

// lineIndex holds the offsets at which the lines of a text begin; the first is 0.
type lineIndex []int

func indexLines(text string) lineIndex {
	return newStarts(lineIndex{0}, text, 0)
}

// newStarts appends the starts of the lines that begin in s, a text at an offset.
func newStarts(starts lineIndex, s string, at int) lineIndex {
	for i := 0; ; {
		n := strings.IndexByte(s[i:], '\n')
		if n < 0 {
			return starts
		}
		i += n + 1
		starts = append(starts, at+i)
	}
}

// of returns the line, from 0, that an offset is in.
func (l lineIndex) of(at int) int {
	i, found := slices.BinarySearch(l, at)
	if found {
		return i
	}
	return i - 1
}

// splice follows the replacement of text[from:to] by s.
func (l lineIndex) splice(from, to int, s string) lineIndex {
	first := l.of(from) + 1
	last := l.of(to) + 1
	delta := len(s) - (to - from)
	for i := last; i < len(l); i++ {
		l[i] += delta
	}
	if first == last && strings.IndexByte(s, '\n') < 0 {
		return l
	}
	return slices.Replace(l, first, last, newStarts(nil, s, from)...)
}

// line returns where the line number i, from 0, begins and ends, without its line break.
func (e *Editor) line(i int) (from, to int) {
	from, to = e.lines[i], len(e.text)
	if i+1 < len(e.lines) {
		to = e.lines[i+1] - 1
		if to > from && e.text[to-1] == '\r' {
			to--
		}
	}
	return from, to
}

// lineOf returns where the line of an offset begins and ends, without its line break.
func (e *Editor) lineOf(at int) (from, to int) { return e.line(e.lines.of(at)) }

// lineBreak returns the line break that lines around the cursor have.
func (e *Editor) lineBreak() string {
	i := e.lines.of(e.at)
	if i+1 == len(e.lines) {
		i--
	}
	if i >= 0 && strings.HasSuffix(e.text[e.lines[i]:e.lines[i+1]], "\r\n") {
		return "\r\n"
	}
	return "\n"
}

// lineRange returns the lines, from 0, that the selection or the cursor touches. A line of
// which only the start is selected does not count.
func (e *Editor) lineRange() (first, last int) {
	from, to := e.Selection()
	first, last = e.lines.of(from), e.lines.of(to)
	if last > first && e.lines[last] == to {
		last--
	}
	return first, last
}
