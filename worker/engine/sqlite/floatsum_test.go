package sqlite

import (
	"path/filepath"
	"testing"

	"shardeck/shared/sqltypes"
	"shardeck/worker/engine/sqlite/internal/raw"
)

func TestSumsOfFloatsTravelUnrounded(t *testing.T) {
	e := school(t, Config{})
	of := func(values string) string {
		return "WITH v(x) AS (VALUES " + values + ") SELECT sd_sum(x, 'FLOAT') FROM v"
	}
	for _, c := range []struct{ sql, want string }{
		{of("(1.5), (NULL), (2.0)"), `["0x0021000E0000"]`}, // 14 * 2^(32*33-1074+16)
		{of("(1e308), (1e308), (1.5), (-1e308), (2), (-1e308)"), `["0x0021000E0000"]`},
		{of("(1.5), (-1.5)"), `["0x"]`},
		{of("(NULL)"), "[null]"},
		{"SELECT sd_sum(1.5, 'FLOAT') WHERE 1 = 0", "[null]"},
		{of("(9e999)"), "[8115]"},
		{of("('x')"), "[8114]"},
	} {
		if got := evaluate(t, e, sqltypes.FloatPartial.String(), c.sql); got != c.want {
			t.Errorf("%s is %s, want %s", c.sql, got, c.want)
		}
	}
}

// BenchmarkSumOfFloats compares the exact sum of a column with SQLite's own, which depends on the
// order.
func BenchmarkSumOfFloats(b *testing.B) {
	conn, err := openConn(filepath.Join(b.TempDir(), "f.db"), raw.Create, readerCache)
	check(b, err)
	b.Cleanup(func() { check(b, conn.Close()) })
	check(b, conn.Exec("CREATE TABLE t (id INTEGER PRIMARY KEY, g INTEGER, f REAL) STRICT"))
	check(b, conn.Exec(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200000)
		INSERT INTO t SELECT i, i / 100, (i * 7919 % 2000000 - 1000000) / 100.0 FROM n`))
	for name, rest := range map[string]string{"all": "", "groups of 100": " GROUP BY g"} {
		b.Run(name, func(b *testing.B) {
			exact := must(conn.Prepare("SELECT sd_sum(f, 'FLOAT') FROM t" + rest))
			own := must(conn.Prepare("SELECT sum(f) FROM t" + rest))
			var r turns
			for b.Loop() {
				timed(&r.engine, func() { readAll(b, exact) })
				timed(&r.floor, func() { readAll(b, own) })
			}
			check(b, exact.Close())
			check(b, own.Close())
			r.report(b, benchRows, benchRows, "rows/s")
		})
	}
}
