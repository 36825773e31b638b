package statement

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// TestIndexFollowsEdits compares an index of a text that is edited with one of the text alone.
// The text is long, so that most of an edited one is not read again.
func TestIndexFollowsEdits(t *testing.T) {
	filler := []string{"SELECT @a, 'x;y' FROM t;\n", "INSERT INTO t VALUES (1, N'Zoë') -- row\n", "/* ; */ GO 2\n", ";", "; -- behind\n", "\nGO\n", ", (1, [;])\n", "1e", "+5", "\n"}
	rapid.Check(t, func(t *rapid.T) {
		block := strings.Join(rapid.SliceOfN(rapid.SampledFrom(filler), 1, 12).Draw(t, "block"), "")
		text := strings.Repeat(block, rapid.IntRange(0, 8*markEvery/len(block)).Draw(t, "times"))
		var x Index
		x.Statements(text)
		for range rapid.IntRange(1, 6).Draw(t, "edits") {
			from := rapid.IntRange(0, len(text)).Draw(t, "from")
			to := min(from+rapid.SampledFrom([]int{0, 0, 1, 3, 100, 5000}).Draw(t, "removed"), len(text))
			s := strings.Join(rapid.SliceOfN(rapid.SampledFrom(append(pieces, "@b", "e", "+", "-", "*", "/", "N", ".", "3")), 0, 3).Draw(t, "inserted"), "")
			text = text[:from] + s + text[to:]
			want := Split(text)
			if got := x.Statements(text); !slices.Equal(got, want) {
				i := 0
				for i < len(got) && i < len(want) && got[i] == want[i] {
					i++
				}
				t.Fatalf("after %q for [%d, %d) of %d bytes statement %d of %d is %v, not %v", s, from, to, len(text), i, len(want), got[i:min(i+1, len(got))], want[i:min(i+1, len(want))])
			}
			if got, want := x.Params(text), Params(text); !slices.Equal(got, want) {
				t.Fatalf("after %q at %d the parameters are %q, not %q", s, from, got, want)
			}
		}
	})
}

// TestIndexReadsLittle counts what an index keeps when a blank is typed into a long text.
func TestIndexReadsLittle(t *testing.T) {
	for name, text := range map[string]string{
		"statements":    strings.Repeat("INSERT INTO students (id, name) VALUES (1, N'Zoë');\n", 10_000),
		"batches":       strings.Repeat("INSERT INTO students (id, name) VALUES (1, N'Zoë')\nGO\n", 10_000),
		"one statement": "INSERT INTO students VALUES\n" + strings.Repeat("(1, N'Zoë'),\n", 40_000),
	} {
		for _, at := range []int{10, len(text) / 2, len(text) - 10} {
			var x Index
			x.Statements(text)
			edited := text[:at] + " " + text[at:]
			kept, lost := slices.Clone(x.marks), 0
			x.Statements(edited)
			for i, m := range kept {
				if m.at > at && i+1 < len(kept) && !slices.ContainsFunc(x.marks, func(o mark) bool { return o.at == m.at+1 }) {
					lost++
				}
			}
			if lost > 3 {
				t.Errorf("%s: %d of %d marks were dropped after a blank at %d", name, lost, len(kept), at)
			}
		}
	}
}

// TestIndexKeepsNoOldText edits a text in many places: what was read of it at one edit must not
// keep that whole text in memory.
func TestIndexKeepsNoOldText(t *testing.T) {
	text := strings.Repeat("INSERT INTO students (id, name) VALUES (@id, N'Zoë');\n", 1<<14)
	var x Index
	x.Statements(text)
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := heap()
	const edits = 100
	for i := range edits {
		at := len(text) / edits * i
		text = text[:at] + " " + text[at:]
		x.Statements(text)
	}
	if after := heap(); after > before+uint64(edits*len(text)/4) {
		t.Errorf("%d edits of a text of %d bytes take %d bytes", edits, len(text), after-before)
	}
	runtime.KeepAlive(&x)
}

func TestParams(t *testing.T) {
	got := Params("SELECT @a, '@b', [@c] -- @d\n, @A, @a, @@ROWCOUNT, @ ; SELECT @e")
	want := []string{"a", "A", "ROWCOUNT", "e"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, not %q", got, want)
	}
}

func BenchmarkIndexAfterALetter(b *testing.B) {
	for _, size := range []int{10_000, 40_000} {
		text := strings.Repeat("INSERT INTO students (id, name) VALUES (1, N'Zoë');\n", size)
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			var x Index
			a, c := text[:len(text)/2]+"x"+text[len(text)/2:], text
			for i := 0; b.Loop(); i++ {
				x.Statements(a)
				a, c = c, a
			}
		})
	}
}
