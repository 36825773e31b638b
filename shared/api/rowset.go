package api

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// RowOutcomes reports, for a failed multi-row insert, the outcome of each row. Under an
// Idempotency-Key it covers this attempt only.
type RowOutcomes struct {
	Inserted    RowSet `json:"inserted"`
	NotInserted RowSet `json:"not_inserted"`
	// Unknown are the rows of shards that never responded (outcome_unknown), or that the primary
	// will send their part.
	Unknown RowSet `json:"unknown"`
}

// RowSet is a set of rows identified by their index in the request, from 0.
type RowSet struct {
	Count int `json:"count"`
	// Ranges are the first and last index of each run of rows, in order.
	Ranges [][2]int `json:"ranges"`
	// Truncated is set if not all ranges are listed; Count is always exact.
	Truncated bool `json:"truncated,omitzero"`
}

// maxRanges bounds a set's ranges, so that a problem stays within the size clients read: three
// sets of that many take some 3 MB. Rows spread over shards at random make one range per two or
// three rows.
const maxRanges = 50_000

// NewRowSet returns the set of the indexes, which must be distinct.
func NewRowSet(indexes []int) RowSet {
	s := RowSet{Count: len(indexes), Ranges: [][2]int{}}
	for _, i := range slices.Sorted(slices.Values(indexes)) {
		if last := len(s.Ranges) - 1; last >= 0 && s.Ranges[last][1] == i-1 {
			s.Ranges[last][1] = i
			continue
		}
		if len(s.Ranges) == maxRanges {
			s.Truncated = true
			break
		}
		s.Ranges = append(s.Ranges, [2]int{i, i})
	}
	return s
}

// String names the rows in readable form: "no row", "row 3", "rows 0-4, 7", and for many ranges
// only the first ones: "rows 0-4, 7, 9 and 12 more".
func (s RowSet) String() string {
	const most = 8
	switch s.Count {
	case 0:
		return "no row"
	case 1:
		if len(s.Ranges) == 1 {
			return "row " + strconv.Itoa(s.Ranges[0][0])
		}
	}
	named := 0
	shown := make([]string, 0, most)
	for _, r := range s.Ranges[:min(most, len(s.Ranges))] {
		text := strconv.Itoa(r[0])
		if r[1] > r[0] {
			text += "-" + strconv.Itoa(r[1])
		}
		shown = append(shown, text)
		named += r[1] - r[0] + 1
	}
	text := "rows " + strings.Join(shown, ", ")
	if more := s.Count - named; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

// String summarizes the outcomes in one line, such as "rows 0-4, 7 were inserted, row 5 was
// not inserted, the outcome of row 8 is unknown".
func (o *RowOutcomes) String() string {
	were := func(s RowSet) string {
		if s.Count == 1 {
			return s.String() + " was"
		}
		return s.String() + " were"
	}
	parts := make([]string, 0, 3)
	if o.Inserted.Count > 0 {
		parts = append(parts, were(o.Inserted)+" inserted")
	}
	if o.NotInserted.Count > 0 {
		parts = append(parts, were(o.NotInserted)+" not inserted")
	}
	if o.Unknown.Count > 0 {
		parts = append(parts, "the outcome of "+o.Unknown.String()+" is unknown")
	}
	return strings.Join(parts, ", ")
}
