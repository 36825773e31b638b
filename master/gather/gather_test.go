package gather

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"shardeck/master/plan"
	"shardeck/shared/api"
	"shardeck/shared/sqltypes"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// memory is a source of given blocks. It reuses its buffer, as real sources do, so that
// retaining a block is detected.
type memory struct {
	blocks []string
	err    error // after the blocks; nil means io.EOF
	buf    []byte
}

func (m *memory) NextBlock() ([]byte, error) {
	for i := range m.buf {
		m.buf[i] = '!'
	}
	if len(m.blocks) == 0 {
		if m.err != nil {
			return nil, m.err
		}
		return nil, io.EOF
	}
	m.buf = append(m.buf[:0], m.blocks[0]...)
	m.blocks = m.blocks[1:]
	return m.buf, nil
}

// hanging is a source whose NextBlock blocks until it is cancelled.
type hanging struct{ cancelled chan struct{} }

func (h hanging) NextBlock() ([]byte, error) {
	<-h.cancelled
	return nil, errors.New("cancelled")
}

func gatheringOf(sources ...Source) *Gathering { return &Gathering{Sources: sources} }

func rowsOf(blocks ...string) *memory { return &memory{blocks: blocks} }

// collectInto returns a sink that checks the number of rows and appends them to out.
func collectInto(t interface{ Errorf(string, ...any) }, out *strings.Builder) Sink {
	return func(block []byte, rows int64) error {
		if n := int64(bytes.Count(block, []byte("\n"))); n != rows || n == 0 {
			t.Errorf("a block has %d rows, reported as %d", n, rows)
		}
		out.Write(block)
		return nil
	}
}

func ptr(n int64) *int64 { return &n }

func TestConcat(t *testing.T) {
	tests := map[string]struct {
		sources [][]string
		limit   *int64
		offset  int64
		want    string
	}{
		"no sources yield no rows":                  {nil, nil, 0, ""},
		"one source passes through":                 {[][]string{{"[1]\n[2]\n", "[3]\n"}}, nil, 0, "[1]\n[2]\n[3]\n"},
		"first blocks come in the order of sources": {[][]string{{"[1]\n"}, {"[2]\n"}, {}, {"[3]\n"}}, nil, 0, "[1]\n[2]\n[3]\n"},
		"a limit cuts a block":                      {[][]string{{"[1]\n[2]\n[3]\n"}}, ptr(2), 0, "[1]\n[2]\n"},
		"a limit at a block's end stops there":      {[][]string{{"[1]\n", "[2]\n"}}, ptr(1), 0, "[1]\n"},
		"a limit spans sources":                     {[][]string{{"[1]\n"}, {"[2]\n[3]\n"}}, ptr(2), 0, "[1]\n[2]\n"},
		"a limit of zero reads nothing":             {[][]string{{"[1]\n"}}, ptr(0), 0, ""},
		"an offset skips whole blocks and parts":    {[][]string{{"[1]\n", "[2]\n[3]\n"}}, nil, 2, "[3]\n"},
		"an offset and a limit in one block":        {[][]string{{"[1]\n[2]\n[3]\n[4]\n"}}, ptr(2), 1, "[2]\n[3]\n"},
		"an offset past the end leaves no rows":     {[][]string{{"[1]\n"}}, ptr(3), 5, ""},
		"a limit that is not reached passes all":    {[][]string{{"[1]\n"}, {"[2]\n"}}, ptr(10), 0, "[1]\n[2]\n"},
		"a string that looks like a row's end":      {[][]string{{`["\n]"]` + "\n"}}, nil, 0, `["\n]"]` + "\n"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			g := gatheringOf()
			for _, blocks := range tt.sources {
				g.Sources = append(g.Sources, rowsOf(blocks...))
			}
			var got strings.Builder
			if err := g.Concat(tt.limit, tt.offset, collectInto(t, &got)); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got.String()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestConcatPassesEveryRowOnceInTheOrderOfItsSource(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := gatheringOf()
		want := make([][]string, rapid.IntRange(1, 6).Draw(t, "sources"))
		for i := range want {
			m := &memory{}
			for b := range rapid.IntRange(0, 5).Draw(t, "blocks") {
				block := ""
				for r := range rapid.IntRange(1, 4).Draw(t, "rows") {
					row := fmt.Sprintf("[%d,%d,%d]", i, b, r)
					want[i] = append(want[i], row)
					block += row + "\n"
				}
				m.blocks = append(m.blocks, block)
			}
			g.Sources = append(g.Sources, m)
		}
		var got strings.Builder
		if err := g.Concat(nil, 0, collectInto(t, &got)); err != nil {
			t.Fatal(err)
		}
		have := make([][]string, len(want))
		for line := range strings.Lines(got.String()) {
			var i, b, r int
			if _, err := fmt.Sscanf(line, "[%d,%d,%d]", &i, &b, &r); err != nil {
				t.Fatalf("%q: %v", line, err)
			}
			have[i] = append(have[i], strings.TrimSpace(line))
		}
		if diff := cmp.Diff(want, have); diff != "" {
			t.Fatal(diff)
		}
	})
}

func TestFailedSourceEndsTheAnswerUnlessPartialIsAllowed(t *testing.T) {
	broken := func() *memory {
		return &memory{blocks: []string{"[2]\n"}, err: api.NewProblem(api.CodeShardTimeout, "late")}
	}
	keys := []plan.MergeKey{{Column: 0, Type: sqltypes.IntType}}
	run := map[string]func(g *Gathering, sink Sink) error{
		"concat": func(g *Gathering, sink Sink) error { return g.Concat(nil, 0, sink) },
		"merge":  func(g *Gathering, sink Sink) error { return g.Merge(Order{Keys: keys, Columns: 1}, sink) },
	}
	for name, gatherAll := range run {
		t.Run(name+" fails as a whole", func(t *testing.T) {
			cancelled := 0
			g := gatheringOf(rowsOf("[1]\n"), broken(), rowsOf("[3]\n"))
			g.Cancel = func() { cancelled++ }
			err := gatherAll(g, func([]byte, int64) error { return nil })
			if api.CodeOf(err) != api.CodeShardTimeout {
				t.Errorf("got %v", err)
			}
			if cancelled == 0 {
				t.Error("the other sources were not cancelled")
			}
		})
		t.Run(name+" continues without it", func(t *testing.T) {
			g := gatheringOf(rowsOf("[1]\n"), broken(), rowsOf("[3]\n"))
			var failed []int
			g.Failed = func(source int, _ error) error { failed = append(failed, source); return nil }
			var got strings.Builder
			if err := gatherAll(g, collectInto(t, &got)); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff("[1]\n[2]\n[3]\n", got.String()); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff([]int{1}, failed); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestSinkErrorUnblocksSources(t *testing.T) {
	gone := errors.New("the client has gone")
	h := hanging{make(chan struct{})}
	g := gatheringOf(rowsOf("[1]\n", "[2]\n"), h)
	g.Cancel = func() { close(h.cancelled) }
	err := g.Concat(nil, 0, func([]byte, int64) error { return gone })
	if !errors.Is(err, gone) {
		t.Errorf("got %v", err)
	}
}

func TestMergeEqualsSorting(t *testing.T) {
	type row struct {
		n    int64
		null bool
		s    string
		id   int
	}
	intType, textType := sqltypes.IntType, sqltypes.Type{Kind: sqltypes.NVarChar, Length: 20}
	rapid.Check(t, func(t *rapid.T) {
		keys := []plan.MergeKey{
			{Column: 2, Type: intType, Desc: rapid.Bool().Draw(t, "n desc")},
			{Column: 1, Type: textType, Desc: rapid.Bool().Draw(t, "s desc"), Binary: rapid.Bool().Draw(t, "s binary")},
		}
		value := func(r row) []sqltypes.Value {
			n := sqltypes.Int64(r.n)
			if r.null {
				n = sqltypes.Null()
			}
			return []sqltypes.Value{n, sqltypes.Text(r.s)}
		}
		less := func(a, b row) int { return compareKeys(keys, value(a), value(b)) }
		line := func(r row, hidden bool) string {
			out := []byte(fmt.Sprintf("[%d,", r.id))
			out = append(sqltypes.AppendJSON(out, textType, value(r)[1]), ',')
			out = sqltypes.AppendJSON(out, intType, value(r)[0])
			if hidden {
				out = append(out, `,"hid,]den"`...)
			}
			return string(append(out, ']'))
		}
		hidden := rapid.IntRange(0, 1).Draw(t, "hidden")
		var all []row
		g := gatheringOf()
		id := 0
		for range rapid.IntRange(1, 5).Draw(t, "sources") {
			rows := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) row {
				return row{n: rapid.Int64Range(-2, 2).Draw(t, "n"), null: rapid.Bool().Draw(t, "null"),
					s: rapid.SampledFrom([]string{"", "a", "A", "b ", "b", `"\`, "[,]", "ß", "SS"}).Draw(t, "s")}
			}), 0, 12).Draw(t, "rows")
			slices.SortStableFunc(rows, less)
			m := &memory{}
			for i := range rows {
				rows[i].id = id
				id++
				l := line(rows[i], hidden == 1) + "\n"
				if n := len(m.blocks); n > 0 && rapid.Bool().Draw(t, "same block") {
					m.blocks[n-1] += l
				} else {
					m.blocks = append(m.blocks, l)
				}
			}
			all = append(all, rows...)
			g.Sources = append(g.Sources, m)
		}
		slices.SortStableFunc(all, less)
		offset := rapid.IntRange(0, 10).Draw(t, "offset")
		limit := rapid.IntRange(0, 20).Draw(t, "limit")
		var want strings.Builder
		for i, r := range all {
			if i >= offset && i < offset+limit {
				want.WriteString(line(r, false) + "\n")
			}
		}
		var got strings.Builder
		o := Order{Keys: keys, Hidden: hidden, Columns: 3, Limit: ptr(int64(limit)), Offset: int64(offset)}
		if err := g.Merge(o, collectInto(t, &got)); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want.String(), got.String()); diff != "" {
			t.Fatal(diff)
		}
	})
}

func TestInvalidRowIsABadAnswer(t *testing.T) {
	keys := []plan.MergeKey{{Column: 1, Type: sqltypes.IntType}}
	for name, row := range map[string]string{
		"too short":              "[1]\n",
		"wrong type":             "[1,\"x\"]\n",
		"an unterminated string": "[1,\"2]\n",
		"empty":                  "\n",
		"not JSON":               "[1,]\n",
	} {
		t.Run(name, func(t *testing.T) {
			err := gatheringOf(rowsOf(row)).Merge(Order{Keys: keys, Columns: 2}, func([]byte, int64) error { return nil })
			if api.CodeOf(err) != api.CodeShardBadAnswer {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestCount(t *testing.T) {
	shardOf := func(source int) int { return []int{0, 2}[source] }
	t.Run("without groups", func(t *testing.T) {
		got, err := gatheringOf(rowsOf("[3]\n"), rowsOf(`["9007199254740993"]`+"\n")).Count(nil, 3, shardOf)
		if err != nil {
			t.Fatal(err)
		}
		want := &Counts{Total: 9007199254740996, PerShard: []int64{3, 9007199254740993}}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("combines groups that are equal in the collation", func(t *testing.T) {
		keys := []plan.MergeKey{{Column: 0, Type: sqltypes.Type{Kind: sqltypes.NVarChar, Length: 5}}}
		got, err := gatheringOf(
			rowsOf("[null,1]\n[\"cs\",2]\n", "[\"math\",1]\n"),
			rowsOf("[\"CS\",5]\n[\"zoo\",1]\n"),
		).Count(keys, 3, shardOf)
		if err != nil {
			t.Fatal(err)
		}
		want := &Counts{Total: 10, PerShard: []int64{4, 6}, Groups: []api.CountGroup{
			{Key: []byte("[null]"), Count: 1, Shards: []int64{1, 0, 0}},
			{Key: []byte(`["cs"]`), Count: 7, Shards: []int64{2, 0, 5}},
			{Key: []byte(`["math"]`), Count: 1, Shards: []int64{1, 0, 0}},
			{Key: []byte(`["zoo"]`), Count: 1, Shards: []int64{0, 0, 1}},
		}}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("continues without a failed source if allowed", func(t *testing.T) {
		keys := []plan.MergeKey{{Column: 0, Type: sqltypes.IntType}}
		g := gatheringOf(rowsOf("[1,1]\n[4,1]\n"), rowsOf("[1,2]\n[2,-1]\n[2,\"x\"]\n[3,5]\n"))
		var failed []int
		g.Failed = func(source int, _ error) error { failed = append(failed, source); return nil }
		got, err := g.Count(keys, 3, shardOf)
		if err != nil {
			t.Fatal(err)
		}
		want := &Counts{Total: 4, PerShard: []int64{2, 2}, Groups: []api.CountGroup{
			{Key: []byte("[1]"), Count: 3, Shards: []int64{1, 0, 2}},
			{Key: []byte("[4]"), Count: 1, Shards: []int64{1, 0, 0}},
		}}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff([]int{1}, failed); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("rejects an invalid count", func(t *testing.T) {
		_, err := gatheringOf(rowsOf("[-1]\n")).Count(nil, 1, func(int) int { return 0 })
		if api.CodeOf(err) != api.CodeShardBadAnswer {
			t.Errorf("got %v", err)
		}
	})
}
