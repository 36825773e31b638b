package sqlite

import (
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"shardeck/shared/api"
	"shardeck/worker/engine/sqlite/internal/raw"
)

func keyed(key, hash string, statements ...api.Statement) *api.ExecRequest {
	req := request(statements...)
	req.Idempotency = &api.Idempotency{Key: key, Hash: hash}
	return req
}

func TestARepeatedKeyGetsTheStoredAnswer(t *testing.T) {
	dir := t.TempDir()
	e := school(t, Config{Dir: dir, Suffix: "GO"})
	mustExec(t, e, keyed("k", "h", insert(student(1), student(2))))
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	e = open(t, dir)
	got := mustExec(t, e, keyed("k", "h", insert(student(1), student(2))))
	if diff := cmp.Diff(&api.ExecResponse{RowsAffected: []int64{2}, Replayed: true}, got); diff != "" {
		t.Error(diff)
	}
	_, err := e.Exec(t.Context(), keyed("k", "other", insert(student(3))))
	if api.CodeOf(err) != api.CodeIdempotencyMismatch {
		t.Errorf("another body under the key: %v", err)
	}
	if n := rowCount(t, e); n != 2 {
		t.Errorf("%d rows, want 2", n)
	}
}

func TestAKeyWhoseRequestFailedIsFree(t *testing.T) {
	e := school(t, Config{})
	mustExec(t, e, request(insert(student(1))))
	if _, err := e.Exec(t.Context(), keyed("k", "h", insert(student(2), student(1)))); api.CodeOf(err) != api.CodeDuplicateKey {
		t.Fatalf("Exec: %v", err)
	}
	if resp := mustExec(t, e, keyed("k", "h2", insert(student(2)))); resp.Replayed {
		t.Error("a failed request was replayed")
	}
}

func TestOneOfManyConcurrentRepeatsIsRun(t *testing.T) {
	e := school(t, Config{})
	var run atomic.Int64
	var wg sync.WaitGroup
	for i := range 200 {
		wg.Go(func() {
			id := i % 10
			resp, err := e.Exec(t.Context(), keyed(fmt.Sprint("k", id), "h", insert(student(id))))
			if err != nil {
				t.Error(err)
			} else if !resp.Replayed {
				run.Add(1)
			}
		})
	}
	wg.Wait()
	if run.Load() != 10 || rowCount(t, e) != 10 {
		t.Errorf("%d requests ran, %d rows; want 10 and 10", run.Load(), rowCount(t, e))
	}
}

func TestRecordsExpire(t *testing.T) {
	clocks := newClocks()
	e := school(t, clocks.config(t.TempDir()))
	const records = 1200 // more than one pruning deletes
	var wg sync.WaitGroup
	for i := range records { // concurrently, so that they share commits
		wg.Go(func() {
			if _, err := e.Exec(t.Context(), keyed(fmt.Sprint("k", i), "h", insert(student(i)))); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if got := stored(t, e); got != 1200 {
		t.Fatalf("%d records, want 1200", got)
	}
	clocks.pass(time.Hour)
	// An expired key that is not pruned yet does not count.
	if resp := mustExec(t, e, keyed("k1199", "another", insert(student(9999)))); resp.Replayed {
		t.Error("an expired record was replayed")
	}
	for i := range 3 {
		mustExec(t, e, request(insert(student(5000+i))))
	}
	if got := stored(t, e); got != 1 {
		t.Errorf("%d records after pruning, want 1", got)
	}
}

// clocks are an engine's two clocks.
type clocks struct{ wall, running atomic.Int64 }

func newClocks() *clocks {
	c := &clocks{}
	c.wall.Store(time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC).UnixNano())
	return c
}

// pass lets time pass.
func (c *clocks) pass(d time.Duration) {
	c.wall.Add(int64(d))
	c.running.Add(int64(d))
}

// set sets the wall clock forward or back.
func (c *clocks) set(by time.Duration) { c.wall.Add(int64(by)) }

// config is that of an engine that keeps records for an hour.
func (c *clocks) config(dir string) Config {
	return Config{
		Dir: dir, Suffix: "GO", IdempotencyTTL: time.Hour,
		Now:     func() time.Time { return time.Unix(0, c.wall.Load()) },
		Running: func() time.Duration { return time.Duration(c.running.Load()) },
	}
}

// stored counts the stored idempotency records.
func stored(t *testing.T, e *Engine) int64 {
	t.Helper()
	db, err := e.database("SchoolDB")
	if err != nil {
		t.Fatal(err)
	}
	conn, err := openConn(db.path, 0, readerCache)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	s, err := conn.Prepare("SELECT count(*) FROM _sd_idempotency")
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, err := s.Step(); err != nil {
		t.Fatal(err)
	}
	return s.Int(0)
}

const year = 365 * 24 * time.Hour

func TestSettingTheClockNeitherRemovesNorKeepsRecords(t *testing.T) {
	for name, jump := range map[string]time.Duration{"forward": year, "back": -year} {
		t.Run(name, func(t *testing.T) {
			c := newClocks()
			e := school(t, c.config(t.TempDir()))
			mustExec(t, e, keyed("k", "h", insert(student(1))))
			c.set(jump)
			c.pass(59 * time.Minute)
			mustExec(t, e, request(insert(student(2)))) // prunes
			if resp := mustExec(t, e, keyed("k", "h", insert(student(1)))); !resp.Replayed {
				t.Fatal("the record is gone before its time")
			}
			c.pass(2 * time.Minute)
			mustExec(t, e, request(insert(student(3))))
			if n := stored(t, e); n != 0 {
				t.Errorf("%d records are kept beyond their time", n)
			}
		})
	}
}

// Time in which no worker runs does not count, nor does that of a worker that is killed before it
// stores it.
func TestRecordsOutliveTimeWithoutAWorker(t *testing.T) {
	c, dir := newClocks(), t.TempDir()
	e := school(t, c.config(dir))
	mustExec(t, e, keyed("k", "h", insert(student(1))))
	c.pass(50 * time.Minute)
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	c.set(year)
	c.running.Store(0) // another process
	e = openWith(t, c.config(dir))
	c.pass(9 * time.Minute)
	if resp := mustExec(t, e, keyed("k", "h", insert(student(1)))); !resp.Replayed {
		t.Fatal("the record is gone before its time")
	}
	c.pass(2 * time.Minute)
	mustExec(t, e, request(insert(student(2))))
	if n := stored(t, e); n != 0 {
		t.Errorf("%d records after 61 minutes of running, want none", n)
	}
}

func TestFilesOfEarlierVersionsGetRunningTime(t *testing.T) {
	c, dir := newClocks(), t.TempDir()
	e := school(t, c.config(dir))
	mustExec(t, e, keyed("k", "h", insert(student(1))))
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	conn, err := raw.Open(filepath.Join(dir, "SchoolDBGO.db"), raw.ReadWrite)
	if err != nil {
		t.Fatal(err)
	}
	for _, sql := range []string{"ALTER TABLE _sd_database DROP COLUMN ran", "ALTER TABLE _sd_idempotency DROP COLUMN ran"} {
		if err := conn.Exec(sql); err != nil {
			t.Fatal(err)
		}
	}
	if err := conn.Close(); err != nil {
		t.Fatal(err)
	}
	c.set(year)
	e = openWith(t, c.config(dir))
	if resp := mustExec(t, e, keyed("k", "h", insert(student(1)))); !resp.Replayed {
		t.Error("the record of an earlier version is gone")
	}
	c.pass(61 * time.Minute)
	mustExec(t, e, request(insert(student(2))))
	if n := stored(t, e); n != 0 {
		t.Errorf("%d records of an earlier version are kept, want none", n)
	}
}
