package sqlitefile

import (
	"database/sql"
	"testing"
	"time"

	"shardeck/master/lease"
)

// TestALockThatIsNeverLeft: another process was stopped, which kept one of SQLite's locks. One of
// the others replaces the file; nobody is granted the lease while the holder may believe that it
// has it; and the one that goes on has lost it.
func TestALockThatIsNeverLeft(t *testing.T) {
	const ttl = 600 * time.Millisecond
	for name, begin := range map[string]string{"shared": "BEGIN; SELECT * FROM lease", "reserved": "BEGIN IMMEDIATE", "exclusive": "BEGIN EXCLUSIVE"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := newPath(t)
			first, second := openFile(t, path, ttl), openFile(t, path, ttl)
			defer first.Close()
			defer second.Close()
			var held lease.Grant
			eventually(t, "the first acquires the lease", func() (ok bool) {
				g, err := first.Acquire(t.Context(), "http://a", 0)
				held = g
				return err == nil
			})
			eventually(t, "the second knows the term", func() bool {
				h, err := second.Observe(t.Context())
				return err == nil && h.Term == held.Term()
			})
			mine, err := sql.Open("sqlite", path+"?_pragma=busy_timeout(60000)")
			if err != nil {
				t.Fatal(err)
			}
			defer mine.Close()
			mine.SetMaxOpenConns(1)
			if _, err := mine.Exec(begin); err != nil {
				t.Fatal(err)
			}
			eventually(t, "the second acquires the lease", func() bool {
				g, err := second.Acquire(t.Context(), "http://b", 0)
				if err != nil {
					return false
				}
				select {
				case <-held.Lost():
				default:
					t.Error("the lease was granted while the first still holds it")
				}
				if g.Term() <= held.Term() {
					t.Errorf("term %d was granted after term %d", g.Term(), held.Term())
				}
				return true
			})
			if _, err := mine.Exec("COMMIT"); err != nil {
				t.Error(err)
			}
			if h, err := first.Observe(t.Context()); err != nil || h.Holder != "http://b" {
				t.Errorf("afterwards the first sees %+v, %v", h, err)
			}
		})
	}
}
