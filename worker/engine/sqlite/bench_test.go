package sqlite

import (
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"shardeck/shared/api"
	"shardeck/worker/engine/sqlite/internal/raw"
)

// Each benchmark reports "ratio": the speed of the engine as a multiple of the bare binding's for
// the same work on its own file. The two alternate, so that other load on the machine slows both.
// Times are not comparable between machines; the ratio should be.

// turns times the engine and the baseline alternately.
type turns struct {
	engine, floor time.Duration
}

func timed(total *time.Duration, f func()) {
	start := time.Now()
	f()
	*total += time.Since(start)
}

// report reports the engine's rate, for work units per iteration, and the ratio, if the baseline
// did floorWork units per iteration.
func (r *turns) report(b *testing.B, work, floorWork float64, unit string) {
	rate := work * float64(b.N) / r.engine.Seconds()
	b.ReportMetric(0, "ns/op") // would be the total of both
	b.ReportMetric(rate, unit)
	b.ReportMetric(rate/(floorWork*float64(b.N)/r.floor.Seconds()), "ratio")
}

const (
	benchRows    = 200_000
	benchClients = 64
)

// floorConn opens a file with the engine's settings and the students table, but without the
// engine.
func floorConn(b *testing.B, path string) *raw.Conn {
	b.Helper()
	conn, err := openConn(path, raw.Create, writerCache)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := conn.Close(); err != nil {
			b.Error(err)
		}
	})
	return conn
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func check(b *testing.B, err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

func bindStudent(s *raw.Stmt, id int) error {
	for _, err := range []error{
		s.BindInt(0, int64(id)), s.BindText(1, "Student of some length"), s.BindInt(2, 20), s.BindText(3, "3.50"), s.BindInt(4, int64(id%5040)),
	} {
		if err != nil {
			return err
		}
	}
	return nil
}

func batch(from, n int) *api.ExecRequest {
	st := insert()
	for i := range n {
		st.Rows = append(st.Rows, jsontext.Value(fmt.Sprintf(`[%d,"Student of some length",20,"3.50",%d]`, from+i, (from+i)%5040)))
	}
	return request(st)
}

func fill(b *testing.B, e *Engine, n int) {
	b.Helper()
	for i := 0; i < n; i += 1000 {
		mustExec(b, e, batch(i, 1000))
	}
	// As the writer does after a second without work.
	check(b, floorConn(b, filepath.Join(e.cfg.Dir, "SchoolDBGO.db")).Exec("PRAGMA wal_checkpoint(PASSIVE)"))
}

// BenchmarkBulkInsert compares durable requests of 1000 rows with a single transaction of all
// rows.
func BenchmarkBulkInsert(b *testing.B) {
	e := school(b, Config{})
	conn := floorConn(b, filepath.Join(b.TempDir(), "floor.db"))
	check(b, conn.Exec(studentsDDL))
	s := must(conn.Prepare(insertStudent))
	check(b, conn.Exec("BEGIN IMMEDIATE"))
	const rows = 1000
	var r turns
	n := 0
	for b.Loop() {
		req := batch(n, rows)
		timed(&r.engine, func() { mustExec(b, e, req) })
		timed(&r.floor, func() {
			for i := range rows {
				check(b, bindStudent(s, n+i))
				check(b, s.Run())
			}
		})
		n += rows
	}
	timed(&r.floor, func() { check(b, conn.Exec("COMMIT")) })
	check(b, s.Close())
	r.report(b, rows, rows, "rows/s")
}

// clients has benchClients goroutines make n calls each.
func clients(n int, call func()) {
	var wg sync.WaitGroup
	for range benchClients {
		wg.Go(func() {
			for range n {
				call()
			}
		})
	}
	wg.Wait()
}

// BenchmarkInsert64 compares durable single-row inserts of 64 clients with one fsync per insert.
func BenchmarkInsert64(b *testing.B) {
	e := school(b, Config{})
	conn := floorConn(b, filepath.Join(b.TempDir(), "floor.db"))
	check(b, conn.Exec(studentsDDL))
	s := must(conn.Prepare(insertStudent))
	var r turns
	var next atomic.Int64
	const each, single = 10, 20
	n := 0
	for b.Loop() {
		timed(&r.engine, func() {
			clients(each, func() {
				if _, err := e.Exec(b.Context(), request(insert(student(int(next.Add(1)))))); err != nil {
					b.Error(err)
				}
			})
		})
		timed(&r.floor, func() {
			for range single {
				n++
				check(b, bindStudent(s, n))
				check(b, s.Run())
			}
		})
	}
	check(b, s.Close())
	r.report(b, each*benchClients, single, "inserts/s")
}

// BenchmarkPointSelect64 compares point selects of 64 clients with the same on as many bare
// connections as the engine keeps open, with SQLite's usual settings.
func BenchmarkPointSelect64(b *testing.B) {
	e := school(b, Config{})
	fill(b, e, benchRows)
	req := selectAll(`WHERE "student_id" = @p1`)
	req.Types = []string{"INT"}
	var bare []*raw.Stmt
	for range keepIdle {
		bare = append(bare, must(floorConn(b, filepath.Join(e.cfg.Dir, "SchoolDBGO.db")).Prepare(req.SQL)))
	}
	const each = 100
	var r turns
	var next atomic.Int64
	for b.Loop() {
		timed(&r.engine, func() {
			clients(each, func() {
				r := *req
				r.Params = jsontext.Value(fmt.Sprintf("[%d]", next.Add(7919)%benchRows))
				n := 0
				if err := e.Query(b.Context(), &r, func([]byte) error { n++; return nil }); err != nil || n != 1 {
					b.Errorf("%d rows, %v", n, err)
				}
			})
		})
		timed(&r.floor, func() {
			var wg sync.WaitGroup
			for _, s := range bare {
				wg.Go(func() {
					for range each * benchClients / len(bare) {
						check(b, s.BindInt(0, next.Add(7919)%benchRows))
						if n := readAll(b, s); n != 1 {
							b.Errorf("%d rows", n)
						}
					}
				})
			}
			wg.Wait()
		})
	}
	for _, s := range bare {
		check(b, s.Close())
	}
	r.report(b, each*benchClients, each*benchClients, "selects/s")
}

// readAll reads all columns of all rows, discards them, and resets.
func readAll(b *testing.B, s *raw.Stmt) (rows int) {
	for {
		more, err := s.Step()
		if err != nil || !more {
			if err != nil {
				b.Error(err)
			}
			s.Reset()
			return rows
		}
		for i := range s.Columns() {
			if s.Class(i) == raw.ClassInteger {
				_ = s.Int(i)
			} else {
				_ = s.View(i)
			}
		}
		rows++
	}
}

// benchQuery compares a query with the bare binding stepping through its rows.
func benchQuery(b *testing.B, req *api.QueryRequest, rows int, unit string) {
	e := school(b, Config{})
	fill(b, e, benchRows)
	s := must(floorConn(b, filepath.Join(e.cfg.Dir, "SchoolDBGO.db")).Prepare(req.SQL))
	readAll(b, s)
	var r turns
	for b.Loop() {
		n := 0
		timed(&r.engine, func() {
			check(b, e.Query(b.Context(), req, func([]byte) error { n++; return nil }))
		})
		if n != rows {
			b.Fatalf("%d rows, want %d", n, rows)
		}
		timed(&r.floor, func() { readAll(b, s) })
	}
	check(b, s.Close())
	r.report(b, float64(rows), float64(rows), unit)
}

// BenchmarkScan compares all rows as JSON with all rows just read.
func BenchmarkScan(b *testing.B) { benchQuery(b, selectAll(""), benchRows, "rows/s") }

// BenchmarkCount compares a count with one through SQLite's page cache.
func BenchmarkCount(b *testing.B) {
	benchQuery(b, &api.QueryRequest{
		DB: "SchoolDB", SQL: `SELECT count(*) FROM "Students"`, ResultTypes: []string{"BIGINT"},
	}, 1, "counts/s")
}

// BenchmarkCheckPlace is what each group commit does besides its fsync.
func BenchmarkCheckPlace(b *testing.B) {
	db := (*school(b, Config{}).dbs.Load())["schooldb"]
	for b.Loop() {
		if err := db.files.checkPlace(db.store); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkLook is what the watcher does for each database once a second.
func BenchmarkLook(b *testing.B) {
	db := (*school(b, Config{WatchEvery: time.Hour, Dir: b.TempDir(), Suffix: "GO"}).dbs.Load())["schooldb"]
	for b.Loop() {
		db.look()
	}
}
