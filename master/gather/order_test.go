package gather

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"shardeck/master/plan"
	"shardeck/shared/api"
	"shardeck/shared/sqltypes"
)

var binaryType = sqltypes.Type{Kind: sqltypes.VarBinary, Length: 20}

func TestRowsOutOfOrderAreABadAnswer(t *testing.T) {
	byInt := plan.MergeKey{Column: 0, Type: intType}
	byText := plan.MergeKey{Column: 0, Type: textType}
	desc := func(k plan.MergeKey) plan.MergeKey { k.Desc = true; return k }
	binary := func(k plan.MergeKey) plan.MergeKey { k.Binary = true; return k }
	merge := func(keys ...plan.MergeKey) func(*Gathering, Sink) error {
		return func(g *Gathering, sink Sink) error { return g.Merge(Order{Keys: keys, Columns: 1}, sink) }
	}
	for name, tt := range map[string]struct {
		run     func(*Gathering, Sink) error
		rows    string
		ordered bool
	}{
		"in one block":         {merge(byInt), "[1]\n[3]\n[2]\n", false},
		"NULL is first":        {merge(byInt), "[1]\n[null]\n", false},
		"ascending":            {merge(desc(byInt)), "[1]\n[2]\n", false},
		"descending":           {merge(desc(byInt)), "[2]\n[1]\n[null]\n", true},
		"equal rows":           {merge(byInt), "[1]\n[1]\n[2]\n[2]\n", true},
		"strings":              {merge(byText), `["a"]` + "\n" + `["B"]` + "\n" + `["b "]` + "\n", true},
		"strings in binary":    {merge(binary(byText)), `["a"]` + "\n" + `["B"]` + "\n", false},
		"a second key":         {merge(byInt, plan.MergeKey{Column: 1, Type: intType}), "[1,2]\n[1,1]\n", false},
		"groups":               {func(g *Gathering, sink Sink) error { return g.Finish(grouped(plan.CombineCount, intType), sink) }, "[2,1]\n[1,1]\n", false},
		"values of a DISTINCT": {func(g *Gathering, sink Sink) error { return g.Finish(distinct(plan.CombineCountDistinct), sink) }, "[1,2]\n[1,1]\n", false},
		"counts": {func(g *Gathering, _ Sink) error {
			_, err := g.Count([]plan.MergeKey{byInt}, 1, func(int) int { return 0 })
			return err
		}, "[2,1]\n[1,1]\n", false},
		"UTF-16 code units":      {merge(byText), `["😀"]` + "\n" + `["\ue000"]` + "\n", true},
		"UTF-16 code units back": {merge(desc(byText)), `["\ue000"]` + "\n" + `["😀"]` + "\n", true},
		"zeros at the end":       {merge(plan.MergeKey{Column: 0, Type: binaryType}), `["0x0100"]` + "\n" + `["0x01"]` + "\n", true},
		"binary values":          {merge(plan.MergeKey{Column: 0, Type: binaryType}), `["0x02"]` + "\n" + `["0x0100"]` + "\n", false},
	} {
		t.Run(name, func(t *testing.T) {
			var failed []int
			// Of the other sources, one ends before and one after the rows.
			g := gatheringOf(rowsOf(), rowsOf(tt.rows))
			g.Failed = func(source int, err error) error { failed = append(failed, source); return err }
			err := tt.run(g, func([]byte, int64) error { return nil })
			if tt.ordered {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if api.CodeOf(err) != api.CodeShardBadAnswer || !slices.Equal(failed, []int{1}) {
				t.Errorf("%v, sources %d failed; want a bad answer of source 1", err, failed)
			}
		})
	}
}

// Of any rows of several sources, exactly those are merged that are sorted.
func TestMergeNoticesEveryDisorder(t *testing.T) {
	keys := []plan.MergeKey{{Column: 0, Type: intType}}
	rapid.Check(t, func(t *rapid.T) {
		g := gatheringOf()
		unsorted := map[int]bool{}
		for i := range rapid.IntRange(1, 4).Draw(t, "sources") {
			values := rapid.SliceOfN(rapid.IntRange(0, 9), 0, 6).Draw(t, "values")
			if rapid.Bool().Draw(t, "sort") {
				slices.Sort(values)
			}
			unsorted[i] = !slices.IsSorted(values)
			m := &memory{}
			for _, v := range values {
				m.blocks = append(m.blocks, fmt.Sprintf("[%d]\n", v))
			}
			g.Sources = append(g.Sources, m)
		}
		failed := map[int]bool{}
		g.Failed = func(source int, _ error) error { failed[source] = true; return nil }
		var got strings.Builder
		if err := g.Merge(Order{Keys: keys, Columns: 1}, collectInto(t, &got)); err != nil {
			t.Fatal(err)
		}
		for i := range g.Sources {
			if unsorted[i] != failed[i] {
				t.Fatalf("source %d: unsorted %v, failed %v", i, unsorted[i], failed[i])
			}
		}
		if !slices.IsSorted(strings.Fields(got.String())) {
			t.Fatalf("the answer is not sorted: %s", got.String())
		}
	})
}
