package api_test

import (
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/google/go-cmp/cmp"

	"shardeck/shared/api"
)

func TestRowSets(t *testing.T) {
	for _, c := range []struct {
		indexes []int
		want    [][2]int
		text    string
	}{
		{nil, [][2]int{}, "no row"},
		{[]int{3}, [][2]int{{3, 3}}, "row 3"},
		{[]int{7, 0, 2, 1}, [][2]int{{0, 2}, {7, 7}}, "rows 0-2, 7"},
		{[]int{1, 3, 5, 7, 9, 11, 13, 15, 17, 18}, [][2]int{{1, 1}, {3, 3}, {5, 5}, {7, 7}, {9, 9}, {11, 11}, {13, 13}, {15, 15}, {17, 18}},
			"rows 1, 3, 5, 7, 9, 11, 13, 15 and 2 more"},
	} {
		got := api.NewRowSet(c.indexes)
		want := api.RowSet{Count: len(c.indexes), Ranges: c.want}
		if diff := cmp.Diff(want, got); diff != "" || got.String() != c.text {
			t.Errorf("%v is %q (-want +got)\n%s", c.indexes, got, diff)
		}
	}
}

// TestManyRowsStayWithinAProblem: for the worst case of an insert.
func TestManyRowsStayWithinAProblem(t *testing.T) {
	const n = 1_000_000
	var sets [3][]int
	for i := range n {
		sets[i%3] = append(sets[i%3], i)
	}
	p := api.NewProblem(api.CodeOutcomeUnknown, "x")
	p.Rows = &api.RowOutcomes{Inserted: api.NewRowSet(sets[0]), NotInserted: api.NewRowSet(sets[1]), Unknown: api.NewRowSet(sets[2])}
	text, err := json.Marshal(p)
	if err != nil || len(text) > 4<<20 {
		t.Errorf("%d bytes, %v", len(text), err)
	}
	if s := p.Rows.Inserted; !s.Truncated || s.Count != len(sets[0]) {
		t.Errorf("%d rows of %d, truncated: %v", s.Count, len(sets[0]), s.Truncated)
	}
	if small := api.NewRowSet(sets[0][:1000]); small.Truncated || len(small.Ranges) != 1000 {
		t.Errorf("%d ranges, truncated: %v", len(small.Ranges), small.Truncated)
	}
}
