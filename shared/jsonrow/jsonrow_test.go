package jsonrow

import (
	"bytes"
	"encoding/json"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// all returns a row's elements and whether the row is complete.
func all(row string) (elements []string, whole bool) {
	for e, ok := range Elements([]byte(row)) {
		if !ok {
			return elements, false
		}
		elements = append(elements, string(e))
	}
	return elements, true
}

func TestRowIsSplit(t *testing.T) {
	for _, c := range []struct {
		row   string
		want  []string
		whole bool
	}{
		{`[]`, nil, true},
		{" [ ] \n", nil, true},
		{"[1]\n", []string{"1"}, true},
		{` [ 1 , "a" ,null ] `, []string{"1", `"a"`, "null"}, true},
		{`["a,b","]","\"","\\"]`, []string{`"a,b"`, `"]"`, `"\""`, `"\\"`}, true},
		{`[{"a":[1,2]},[3,[4]],"x"]`, []string{`{"a":[1,2]}`, `[3,[4]]`, `"x"`}, true},
		{``, nil, false},
		{`1`, nil, false},
		{`{"a":1}`, nil, false},
		{`[`, nil, false},
		{`[1`, nil, false},
		{`[1,]`, []string{"1"}, false},
		{`[,1]`, nil, false},
		{`[1,,2]`, []string{"1"}, false},
		{`["a]`, nil, false},
		{`["\"]`, nil, false},
		{`[1] 2`, []string{"1"}, false},
		{`[1]]`, []string{"1"}, false},
	} {
		if got, whole := all(c.row); whole != c.whole || !slices.Equal(got, c.want) {
			t.Errorf("%q: %q, whole %v; want %q, %v", c.row, got, whole, c.want, c.whole)
		}
	}
}

func TestTheFirstElementsAreFound(t *testing.T) {
	row := []byte(`[1, "a,]" ,[2,3],null]`)
	var s Splitter
	for n, want := range []string{"1", `"a,]"`, "[2,3]", "null"} {
		if !s.Split(row, n+1) || string(s.Element(row, n)) != want || row[s.End(n)] != ',' && row[s.End(n)] != ']' {
			t.Errorf("element %d is %q, want %q", n, s.Element(row, n), want)
		}
	}
	if s.Split(row, 5) {
		t.Error("found five elements in a row of four")
	}
}

// FuzzElements compares with encoding/json for valid rows, and looks for panics in others.
func FuzzElements(f *testing.F) {
	for _, s := range []string{`[1,"a",null]`, `["\\",{"a":[1,2]},"]"]`, `[`, `[]`, ``, `["\"`, `[[[[`, `]]`, `[1] x`, `[}1,{]`} {
		f.Add([]byte(s), 3)
	}
	f.Fuzz(func(t *testing.T, row []byte, n int) {
		var got []json.RawMessage
		whole := true
		for e, ok := range Elements(row) {
			if whole = ok; ok {
				got = append(got, e)
			}
		}
		var s Splitter
		if n = n&15 + 1; len(row) > 0 && row[0] == '[' && s.Split(row, n) {
			for i := range n {
				e := s.Element(row, i)
				if i < len(got) && !bytes.Equal(e, got[i]) {
					t.Fatalf("%q: element %d is %q and %q", row, i, e, got[i])
				}
			}
		}
		var want []json.RawMessage
		if json.Unmarshal(row, &want) != nil || want == nil {
			return
		}
		if diff := cmp.Diff(want, got, cmp.Transformer("", func(m json.RawMessage) string { return string(m) })); len(want)+len(got) > 0 && diff != "" || !whole {
			t.Fatalf("%q, whole %v: %s", row, whole, diff)
		}
	})
}

func BenchmarkSplit(b *testing.B) {
	row := []byte(`[12345,"Student number 12345","student@example.org","3.45",21,"2001-02-03"]`)
	var s Splitter
	b.ReportAllocs()
	for b.Loop() {
		s.Split(row, 6)
	}
}
