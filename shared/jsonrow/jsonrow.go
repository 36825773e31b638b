package jsonrow

import (
	"bytes"
	"iter"
)

// Splitter finds the first elements of rows. It reuses its memory from row to row.
type Splitter struct {
	ends []int // ends[i] is the offset after element i
}

// Split finds the first n elements of a row, which begins with '[', and reports whether it has
// that many.
func (s *Splitter) Split(row []byte, n int) bool {
	s.ends = s.ends[:0]
	for from := 1; len(s.ends) < n; from = s.ends[len(s.ends)-1] + 1 {
		end := elementEnd(row, from)
		if end < 0 {
			return false
		}
		s.ends = append(s.ends, end)
		if row[end] == ']' {
			break
		}
	}
	return len(s.ends) == n
}

// Element returns element i of the row last passed to Split.
func (s *Splitter) Element(row []byte, i int) []byte {
	start := 1
	if i > 0 {
		start = s.ends[i-1] + 1
	}
	return bytes.TrimSpace(row[start:s.ends[i]])
}

// End returns the offset after element i of the row last passed to Split.
func (s *Splitter) End(i int) int { return s.ends[i] }

// Elements yields the elements of a row. It yields false and stops at anything invalid: an empty
// or unterminated element, or text before or after the array.
func Elements(row []byte) iter.Seq2[[]byte, bool] {
	return func(yield func([]byte, bool) bool) {
		row := bytes.TrimSpace(row)
		if len(row) == 0 || row[0] != '[' {
			yield(row, false)
			return
		}
		if rest := bytes.TrimSpace(row[1:]); len(rest) == 1 && rest[0] == ']' {
			return
		}
		for from := 1; ; {
			end := elementEnd(row, from)
			if end < 0 {
				yield(row[from:], false)
				return
			}
			element := bytes.TrimSpace(row[from:end])
			if len(element) == 0 {
				yield(row[from:], false)
				return
			}
			if !yield(element, true) {
				return
			}
			from = end + 1
			if row[end] == ']' {
				if from < len(row) {
					yield(row[from:], false)
				}
				return
			}
		}
	}
}

// elementEnd returns the offset of the comma or bracket after the element that begins at i, or
// -1.
func elementEnd(row []byte, i int) int {
	depth := 0
	for i < len(row) {
		switch row[i] {
		case '"':
			if i = stringEnd(row, i); i < 0 {
				return -1
			}
			continue
		case '[', '{':
			depth++
		case '}':
			depth--
		case ',':
			if depth <= 0 {
				return i
			}
		case ']':
			if depth <= 0 {
				return i
			}
			depth--
		}
		i++
	}
	return -1
}

// stringEnd returns the offset after the string that begins at i, or -1 if it is unterminated.
func stringEnd(row []byte, i int) int {
	i++
	for {
		j := bytes.IndexByte(row[i:], '"')
		if j < 0 {
			return -1
		}
		i += j + 1
		// The quote is escaped if an odd number of backslashes precedes it.
		k := i - 2
		for row[k] == '\\' {
			k--
		}
		if (i-k)%2 == 0 {
			return i
		}
	}
}
