package gather

import (
	"fmt"
	"io"
	"testing"

	"shardeck/master/plan"
	"shardeck/shared/sqltypes"
)

const benchRows = 20_000 // of each source

// repeated is a source that yields the same blocks again in each iteration.
type repeated struct {
	blocks [][]byte
	buf    []byte
	next   int
}

func (s *repeated) NextBlock() ([]byte, error) {
	if s.next == len(s.blocks) {
		return nil, io.EOF
	}
	s.buf = append(s.buf[:0], s.blocks[s.next]...)
	s.next++
	return s.buf, nil
}

// benchSources returns sources of rows in blocks of about 32 KiB; row returns the row with the
// given key.
func benchSources(n, stride int, row func(dst []byte, key int) []byte) []*repeated {
	sources := make([]*repeated, n)
	for i := range sources {
		sources[i] = &repeated{}
		var block []byte
		for r := range benchRows {
			// Runs of stride keys are on one source.
			block = row(block, (r/stride*n+i)*stride+r%stride)
			if len(block) > 32<<10 || r == benchRows-1 {
				sources[i].blocks = append(sources[i].blocks, block)
				block = nil
			}
		}
	}
	return sources
}

func benchGather(b *testing.B, sources []*repeated, run func(g *Gathering) error) {
	g := &Gathering{Sources: make([]Source, len(sources))}
	size := 0
	for i, s := range sources {
		g.Sources[i] = s
		for _, block := range s.blocks {
			size += len(block)
		}
	}
	b.SetBytes(int64(size))
	b.ReportAllocs()
	for b.Loop() {
		for _, s := range sources {
			s.next = 0
		}
		if err := run(g); err != nil {
			b.Fatal(err)
		}
	}
}

func discardRows([]byte, int64) error { return nil }

func studentRow(dst []byte, key int) []byte {
	return fmt.Appendf(dst, `[%d,"Student number %08d","student@example.org","3.45",21,"2001-02-03"]`+"\n", key, key)
}

func BenchmarkConcat(b *testing.B) {
	for _, n := range []int{1, 3} {
		b.Run(fmt.Sprintf("%d sources", n), func(b *testing.B) {
			benchGather(b, benchSources(n, 1, studentRow), func(g *Gathering) error { return g.Concat(nil, 0, discardRows) })
		})
	}
}

func BenchmarkMerge(b *testing.B) {
	byID := []plan.MergeKey{{Column: 0, Type: sqltypes.IntType}}
	byName := []plan.MergeKey{{Column: 1, Type: sqltypes.Type{Kind: sqltypes.NVarChar, Length: 50}}, byID[0]}
	for _, tt := range []struct {
		name   string
		n      int
		stride int
		keys   []plan.MergeKey
	}{
		{"3 sources by INT", 3, 1, byID}, {"3 sources by INT in runs", 3, 1000, byID},
		{"3 sources by NVARCHAR", 3, 1, byName}, {"3 sources by NVARCHAR in runs", 3, 1000, byName},
		{"1 source by NVARCHAR", 1, 1, byName},
	} {
		b.Run(tt.name, func(b *testing.B) {
			o := Order{Keys: tt.keys, Columns: 6}
			benchGather(b, benchSources(tt.n, tt.stride, studentRow), func(g *Gathering) error { return g.Merge(o, discardRows) })
		})
	}
}

func BenchmarkFinish(b *testing.B) {
	p := &plan.Plan{
		Merge: []plan.MergeKey{{Column: 0, Type: sqltypes.Type{Kind: sqltypes.NVarChar, Length: 20}}},
		Final: &plan.Final{
			Keys: 1,
			Aggregates: []plan.Aggregate{
				{Func: plan.CombineCount, Column: 1, Type: sqltypes.BigIntType, Result: sqltypes.IntType},
				{Func: plan.CombineSum, Column: 2, Type: sqltypes.DecimalType(38, 2), Result: sqltypes.DecimalType(38, 2)},
			},
		},
	}
	p.Final.Output = []*plan.Expr{value(0, p.Merge[0].Type), value(1, sqltypes.IntType), value(2, sqltypes.DecimalType(38, 2))}
	sources := benchSources(3, 1, func(dst []byte, key int) []byte {
		return fmt.Appendf(dst, `["group %08d",%d,"%d.25"]`+"\n", key/3, key%10, key)
	})
	benchGather(b, sources, func(g *Gathering) error { return g.Finish(p, discardRows) })
}
