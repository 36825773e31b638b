package replica_test

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"shardeck/master/replica"
	"shardeck/shared/sqltypes"
)

// rows is a stream of rows in blocks of two.
type rows []string

func (r *rows) NextBlock() ([]byte, error) {
	if len(*r) == 0 {
		return nil, io.EOF
	}
	n := min(2, len(*r))
	var block []byte
	for _, row := range (*r)[:n] {
		block = append(append(block, row...), '\n')
	}
	*r = (*r)[n:]
	return block, nil
}

func source(list []string) *rows { r := rows(slices.Clone(list)); return &r }

var (
	intType  = sqltypes.Type{Kind: sqltypes.Int}
	textType = sqltypes.Type{Kind: sqltypes.NVarChar, Length: 10}
)

// record is a row of two columns.
type record struct {
	id   int
	name string
}

func (r record) String() string { return fmt.Sprintf("[%d,%q]", r.id, r.name) }

func sorted(list []record, whole bool) []string {
	list = slices.Clone(list)
	slices.SortFunc(list, func(a, b record) int {
		c := cmp.Compare(a.id, b.id)
		if c == 0 && whole {
			c = sqltypes.CompareText(a.name, b.name)
		}
		return c
	})
	var texts []string
	for _, r := range list {
		texts = append(texts, r.String())
	}
	return texts
}

// TestDifferencesAreWhatIsToBeDone: deleting what a copy has of each key that differs, and inserting
// what it should have, makes it equal to the other, with a primary key and without.
func TestDifferencesAreWhatIsToBeDone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		keyed := rapid.Bool().Draw(t, "keyed")
		table := replica.Table{Types: []sqltypes.Type{intType, textType}, Keys: []int{0, 1}}
		if keyed {
			table.Keys = []int{0}
		}
		draw := func(label string) []record {
			one := rapid.Custom(func(t *rapid.T) record {
				return record{rapid.IntRange(0, 6).Draw(t, "id"), rapid.SampledFrom([]string{"a", "A", "b", ""}).Draw(t, "name")}
			})
			if keyed {
				return rapid.SliceOfNDistinct(one, 0, 6, func(r record) int { return r.id }).Draw(t, label)
			}
			return rapid.SliceOfN(one, 0, 8).Draw(t, label)
		}
		want, have := draw("want"), draw("have")
		a, b := sorted(want, !keyed), sorted(have, !keyed)
		got := slices.Clone(b)
		missing, extra := 0, 0
		wanted, had, err := table.Compare(source(a), source(b), func(d *replica.Difference) error {
			if d.Missing() < 0 || d.Extra() < 0 || d.Changed() < 0 || d.Missing()+d.Extra()+d.Changed() == 0 {
				t.Fatalf("%+v is no difference", d)
			}
			missing, extra = missing+d.Missing()+d.Changed(), extra+d.Extra()+d.Changed()
			for _, row := range d.Have {
				at := slices.Index(got, string(row))
				if at < 0 {
					t.Fatalf("%s is to be deleted and not there", row)
				}
				got = slices.Delete(got, at, at+1)
			}
			for _, row := range d.Want {
				got = append(got, string(row))
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		slices.Sort(got)
		same := slices.Sorted(slices.Values(a))
		if !slices.Equal(got, same) {
			t.Fatalf("repaired to %q, want %q", got, same)
		}
		if len(b)-extra+missing != len(a) {
			t.Fatalf("%d missing and %d extra of %d and %d", missing, extra, len(a), len(b))
		}
		// The digests say the same, in any order.
		slices.Reverse(a)
		whole, err := table.Digest(source(a))
		if err != nil || whole != wanted {
			t.Fatalf("digests of the same rows: %v and %v, %v", whole, wanted, err)
		}
		if slices.Sort(b); (wanted == had) != slices.Equal(same, b) {
			t.Fatalf("%q and %q have the digests %v, %v", same, b, wanted, had)
		}
	})
}

func TestRowsOfAnotherTableAreRefused(t *testing.T) {
	table := replica.Table{Types: []sqltypes.Type{intType, textType}, Keys: []int{0}}
	for _, row := range []string{`[1]`, `[1,"a",2]x`, `["x","a"]`, `{}`, ``} {
		if _, err := table.Digest(source([]string{row})); err == nil {
			t.Errorf("%q is a row", row)
		}
	}
}

func TestChoose(t *testing.T) {
	table := replica.Table{Types: []sqltypes.Type{intType, textType}, Keys: []int{0}}
	digest := func(row string) *replica.Digest {
		d, err := table.Digest(source([]string{row}))
		if err != nil {
			t.Fatal(err)
		}
		return &d
	}
	a, b, c := digest(`[1,"a"]`), digest(`[1,"b"]`), digest(`[1,"c"]`)
	for name, tt := range map[string]struct {
		copies []*replica.Digest
		home   int
		want   int // -1: undecided
	}{
		"the majority":               {[]*replica.Digest{a, b, b}, 0, 1},
		"all":                        {[]*replica.Digest{a, a, a}, 2, 0},
		"the home's of two":          {[]*replica.Digest{a, b}, 1, 1},
		"the home's of all others":   {[]*replica.Digest{a, b, c}, 2, 2},
		"half is no majority":        {[]*replica.Digest{a, a, b, c}, 3, -1},
		"the home's among the most":  {[]*replica.Digest{a, b, a, b}, 3, 3},
		"a majority of known copies": {[]*replica.Digest{nil, b, b}, 0, 1},
		"too few are known":          {[]*replica.Digest{nil, nil, b}, 0, -1},
	} {
		t.Run(name, func(t *testing.T) {
			got, ok := replica.Choose(tt.copies, tt.home)
			if !ok {
				got = -1
			}
			if got != tt.want {
				t.Errorf("chose %d, want %d", got, tt.want)
			}
		})
	}
}
