package sqlite

import (
	"path/filepath"
	"testing"

	"shardeck/worker/engine/sqlite/internal/raw"
)

// BenchmarkFunctions measures the cost of one call of a SQL function, including SQLite's
// overhead: each iteration runs a statement of 10,000 calls.
func BenchmarkFunctions(b *testing.B) {
	const calls = 10_000
	conn, err := openConn(filepath.Join(b.TempDir(), "f.db"), raw.Create, readerCache)
	check(b, err)
	b.Cleanup(func() { check(b, conn.Close()) })
	for _, expr := range []string{
		`i + 1`, // no function: the baseline
		`sd_add(i, 1, 'INT')`,
		`sd_div(i, 3, 'INT')`,
		`sd_add(d, i, 'DECIMAL(12,2)')`,
		`sd_div(d, i, 'DECIMAL(12,8)')`,
		`sd_like('%ent of _ome%', s)`,
		`sd_upper(s)`,
		`sd_len(s)`,
	} {
		b.Run(expr, func(b *testing.B) {
			s := must(conn.Prepare(`WITH RECURSIVE n(i, s, d) AS (SELECT 1, 'Student of some length', '12.50'
				UNION ALL SELECT i + 1, s, d FROM n WHERE i < 10000) SELECT count(` + expr + `) FROM n`))
			b.ReportAllocs()
			for b.Loop() {
				readAll(b, s)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/calls, "ns/call")
			check(b, s.Close())
		})
	}
}
