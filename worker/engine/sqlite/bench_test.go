package sqlite

import (
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"shardeck/shared/api"
	"shardeck/worker/engine/sqlite/internal/raw"
)

// Each benchmark reports "ratio": the engine's rate over the rate of the bare
// binding doing the same work on a file of its own, measured in the same run. Times
// of one machine mean nothing on another; the ratio should.

const (
	benchRows    = 200_000
	benchClients = 64
)

// floorConn opens a file with the engine's settings and the students table, without the engine.
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

// floorInsert inserts rows in one transaction and returns the rate in rows/s.
func floorInsert(b *testing.B, conn *raw.Conn, from, n int) float64 {
	b.Helper()
	start := time.Now()
	check(b, conn.Exec("BEGIN IMMEDIATE"))
	s := must(conn.Prepare(insertStudent))
	for i := range n {
		check(b, bindStudent(s, from+i))
		check(b, s.Run())
	}
	check(b, s.Close())
	check(b, conn.Exec("COMMIT"))
	return float64(n) / time.Since(start).Seconds()
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
}

func BenchmarkBulkInsert(b *testing.B) {
	e := school(b, Config{})
	conn := floorConn(b, filepath.Join(b.TempDir(), "floor.db"))
	check(b, conn.Exec(studentsDDL))
	floor := floorInsert(b, conn, 0, 100_000)
	n := 0
	for b.Loop() {
		b.StopTimer()
		req := batch(n, 1000)
		n += 1000
		b.StartTimer()
		mustExec(b, e, req)
	}
	rate := float64(n) / b.Elapsed().Seconds()
	b.ReportMetric(rate, "rows/s")
	b.ReportMetric(rate/floor, "ratio")
}

func BenchmarkInsert64(b *testing.B) {
	e := school(b, Config{})
	conn := floorConn(b, filepath.Join(b.TempDir(), "floor.db"))
	check(b, conn.Exec(studentsDDL))
	s := must(conn.Prepare(insertStudent))
	start := time.Now()
	const single = 500
	for i := range single {
		check(b, bindStudent(s, i))
		check(b, s.Run()) // a transaction and an fsync each
	}
	floor := single / time.Since(start).Seconds()
	check(b, s.Close())

	var next atomic.Int64
	b.ReportAllocs()
	b.ResetTimer()
	clients(b, func() {
		id := int(next.Add(1))
		if _, err := e.Exec(b.Context(), request(insert(student(id)))); err != nil {
			b.Error(err)
		}
	})
	rate := float64(b.N) / b.Elapsed().Seconds()
	b.ReportMetric(rate, "inserts/s")
	b.ReportMetric(rate/floor, "ratio")
}

// clients shares b.N calls among benchClients goroutines.
func clients(b *testing.B, call func()) {
	var left atomic.Int64
	left.Store(int64(b.N))
	var wg sync.WaitGroup
	for range benchClients {
		wg.Go(func() {
			for left.Add(-1) >= 0 {
				call()
			}
		})
	}
	wg.Wait()
}

func BenchmarkPointSelect64(b *testing.B) {
	e := school(b, Config{})
	fill(b, e, benchRows)
	req := selectAll(`WHERE "student_id" = @p1`)
	req.Types = []string{"INT"}
	floor := floorSelects(b, e, req.SQL)
	var next atomic.Int64
	b.ReportAllocs()
	b.ResetTimer()
	clients(b, func() {
		r := *req
		r.Params = jsontext.Value(fmt.Sprintf("[%d]", next.Add(7919)%benchRows))
		n := 0
		if err := e.Query(b.Context(), &r, func([]byte) error { n++; return nil }); err != nil || n != 1 {
			b.Errorf("%d rows, %v", n, err)
		}
	})
	rate := float64(b.N) / b.Elapsed().Seconds()
	b.ReportMetric(rate, "selects/s")
	b.ReportMetric(rate/floor, "ratio")
}

// floorSelects runs point selects on as many bare connections as the engine has
// readers, with the settings that writers have: SQLite's usual ones.
func floorSelects(b *testing.B, e *Engine, sql string) float64 {
	b.Helper()
	const each = 20_000
	run := func(s *raw.Stmt, n int) {
		for i := range n {
			check(b, s.BindInt(0, int64(i*7919%benchRows)))
			if ok, err := s.Step(); !ok {
				b.Error("no row", err)
			}
			for col := range s.Columns() {
				_ = s.Class(col)
				_ = s.View(col)
			}
			_, _ = s.Step()
			s.Reset()
		}
	}
	var statements []*raw.Stmt
	for range e.cfg.Readers {
		s := must(floorConn(b, filepath.Join(e.cfg.Dir, "SchoolDBGO.db")).Prepare(sql))
		run(s, each/10)
		statements = append(statements, s)
	}
	var wg sync.WaitGroup
	start := time.Now()
	for _, s := range statements {
		wg.Go(func() { run(s, each) })
	}
	wg.Wait()
	rate := float64(len(statements)*each) / time.Since(start).Seconds()
	for _, s := range statements {
		check(b, s.Close())
	}
	return rate
}

func BenchmarkScan(b *testing.B) {
	e := school(b, Config{})
	fill(b, e, benchRows)
	conn := floorConn(b, filepath.Join(e.cfg.Dir, "SchoolDBGO.db"))
	s := must(conn.Prepare(selectAll("").SQL))
	floor := floorScan(b, s)
	floor = max(floor, floorScan(b, s))
	check(b, s.Close())
	var bytes int64
	b.ReportAllocs()
	for b.Loop() {
		check(b, e.Query(b.Context(), selectAll(""), func(line []byte) error {
			bytes += int64(len(line))
			return nil
		}))
	}
	rate := float64(b.N) * benchRows / b.Elapsed().Seconds()
	b.ReportMetric(rate, "rows/s")
	b.ReportMetric(float64(bytes)/b.Elapsed().Seconds()/1e6, "MB/s")
	b.ReportMetric(rate/floor, "ratio")
}

// floorScan reads all columns of all rows without making anything of them.
func floorScan(b *testing.B, s *raw.Stmt) float64 {
	b.Helper()
	start := time.Now()
	n := 0
	for {
		more, err := s.Step()
		check(b, err)
		if !more {
			break
		}
		for i := range s.Columns() {
			if s.Class(i) == raw.ClassInteger {
				_ = s.Int(i)
			} else {
				_ = s.View(i)
			}
		}
		n++
	}
	s.Reset()
	return float64(n) / time.Since(start).Seconds()
}

func BenchmarkCount(b *testing.B) {
	e := school(b, Config{})
	fill(b, e, benchRows)
	const sql = `SELECT count(*) FROM "Students"`
	conn := floorConn(b, filepath.Join(e.cfg.Dir, "SchoolDBGO.db"))
	s := must(conn.Prepare(sql))
	check(b, s.Run())
	start := time.Now()
	for range 20 {
		check(b, s.Run())
	}
	floor := 20 / time.Since(start).Seconds()
	check(b, s.Close())
	req := &api.QueryRequest{DB: "SchoolDB", SQL: sql, Columns: []api.Column{{Name: "n", Type: "BIGINT"}}}
	for b.Loop() {
		check(b, e.Query(b.Context(), req, func(line []byte) error {
			if !strings.Contains(string(line), fmt.Sprint(benchRows)) {
				b.Fatalf("counted %s", line)
			}
			return nil
		}))
	}
	rate := float64(b.N) / b.Elapsed().Seconds()
	b.ReportMetric(rate, "counts/s")
	b.ReportMetric(rate/floor, "ratio")
}
