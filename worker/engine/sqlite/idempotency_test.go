package sqlite

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"shardeck/shared/api"
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
	var now atomic.Int64
	now.Store(time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC).UnixNano())
	e := school(t, Config{
		Dir: t.TempDir(), Suffix: "GO", IdempotencyTTL: time.Hour,
		Now: func() time.Time { return time.Unix(0, now.Load()) },
	})
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
	count := func() string {
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
		return fmt.Sprint(s.Int(0))
	}
	if got := count(); got != "1200" {
		t.Fatalf("%s records, want 1200", got)
	}
	now.Add(int64(time.Hour))
	// An expired key that is not pruned yet does not count.
	if resp := mustExec(t, e, keyed("k1199", "another", insert(student(9999)))); resp.Replayed {
		t.Error("an expired record was replayed")
	}
	for i := range 3 {
		mustExec(t, e, request(insert(student(5000+i))))
	}
	if got := count(); got != "1" {
		t.Errorf("%s records after pruning, want 1", got)
	}
}
