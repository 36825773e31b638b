package gather

import (
	"bytes"
	"iter"
	"math"

	"shardeck/master/plan"
	"shardeck/shared/sqltypes"
)

// splitter finds the elements of rows, which are JSON arrays on one line without
// decoding them. It trusts the worker to write valid JSON inside an element and
// only needs to find where each ends; what is decoded is checked then.
type splitter struct {
	ends []int // ends[i] is the offset behind element i
}

// split finds the first n elements of the row and reports whether it has as many.
// The row begins with '[' and ends with ']', without the newline.
func (s *splitter) split(row []byte, n int) bool {
	s.ends = s.ends[:0]
	depth, i := 0, 1
	for i < len(row) {
		switch row[i] {
		case '"':
			end := stringEnd(row, i)
			if end < 0 {
				return false
			}
			i = end
			continue
		case '[', '{':
			depth++
		case '}':
			depth--
		case ']', ',':
			if depth > 0 {
				if row[i] == ']' {
					depth--
				}
				break
			}
			s.ends = append(s.ends, i)
			if len(s.ends) == n {
				return true
			}
			if row[i] == ']' {
				return false
			}
		}
		i++
	}
	return false
}

// stringEnd is the offset behind the string that begins at i, -1 where it does not end.
func stringEnd(row []byte, i int) int {
	i++
	for {
		j := bytes.IndexByte(row[i:], '"')
		if j < 0 {
			return -1
		}
		i += j + 1
		// The quote is escaped when an odd number of backslashes stands before it.
		k := i - 2
		for row[k] == '\\' {
			k--
		}
		if (i-k)%2 == 0 {
			return i
		}
	}
}

// element is element i of the row, by the latest split.
func (s *splitter) element(row []byte, i int) []byte {
	start := 1
	if i > 0 {
		start = s.ends[i-1] + 1
	}
	return bytes.TrimSpace(row[start:s.ends[i]])
}

// Elements yields the elements of a row, a JSON array on one line, undecoded. It
// ends early where the row is no array.
func Elements(row []byte) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		var s splitter
		row = bytes.TrimRight(row, "\n")
		s.split(row, math.MaxInt)
		for i := range s.ends {
			if e := s.element(row, i); len(e) == 0 || !yield(e) {
				return
			}
		}
	}
}

// compareValues orders two values by one key.
func compareValues(k *plan.MergeKey, a, b sqltypes.Value) int {
	var c int
	if k.Binary && a.Form == sqltypes.FormText && b.Form == sqltypes.FormText {
		c = sqltypes.CompareBinary(a.Str, b.Str)
	} else {
		c = sqltypes.Compare(k.Type, a, b)
	}
	if k.Desc {
		return -c
	}
	return c
}

func compareKeys(keys []plan.MergeKey, a, b []sqltypes.Value) int {
	for i := range keys {
		if c := compareValues(&keys[i], a[i], b[i]); c != 0 {
			return c
		}
	}
	return 0
}
