package sqlitefile

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"shardeck/master/lease"
	"shardeck/shared/api"
)

func mustExec(t *testing.T, path string, statements ...string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, s := range statements {
		if _, err := db.Exec(s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
}

// newPath returns the path of a lease's file that is not open.
func newPath(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "lease.db")
	l, err := Open(t.Context(), Config{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestFilesThatAreNoLease(t *testing.T) {
	for name, tc := range map[string]struct {
		spoil func(t *testing.T, path string)
		want  error
	}{
		"a text": {func(t *testing.T, path string) {
			write(t, path, strings.Repeat("not a database\n", 100))
		}, ErrDamaged},
		"empty":                     {func(t *testing.T, path string) { write(t, path, "") }, ErrDamaged},
		"truncated":                 {func(t *testing.T, path string) { truncate(t, path, 1000) }, ErrDamaged},
		"of whole pages, truncated": {func(t *testing.T, path string) { truncate(t, path, 4096) }, ErrDamaged},
		"a folder": {func(t *testing.T, path string) {
			if err := errors.Join(os.Remove(path), os.Mkdir(path, 0o700)); err != nil {
				t.Fatal(err)
			}
		}, ErrForeign},
		"another database": {func(t *testing.T, path string) {
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
			mustExec(t, path, "CREATE TABLE t (a)")
		}, ErrForeign},
		"a later format":  {func(t *testing.T, path string) { mustExec(t, path, "PRAGMA user_version = 2") }, ErrForeign},
		"another table":   {func(t *testing.T, path string) { mustExec(t, path, "DROP TABLE lease", "CREATE TABLE lease (id)") }, ErrForeign},
		"no row":          {func(t *testing.T, path string) { mustExec(t, path, "DELETE FROM lease") }, ErrDamaged},
		"a negative term": {func(t *testing.T, path string) { mustExec(t, path, "UPDATE lease SET term = -1") }, ErrDamaged},
		"a great term":    {func(t *testing.T, path string) { mustExec(t, path, "UPDATE lease SET term = 9007199254740992") }, ErrDamaged},
		"no TTL":          {func(t *testing.T, path string) { mustExec(t, path, "UPDATE lease SET ttl_ms = 0") }, ErrDamaged},
		"an eternal TTL":  {func(t *testing.T, path string) { mustExec(t, path, "UPDATE lease SET ttl_ms = 9223372036854775807") }, ErrDamaged},
		"a long holder":   {func(t *testing.T, path string) { mustExec(t, path, "UPDATE lease SET holder = hex(zeroblob(2000))") }, ErrDamaged},
		"no session":      {func(t *testing.T, path string) { mustExec(t, path, "UPDATE lease SET session = ''") }, ErrDamaged},
	} {
		t.Run(name, func(t *testing.T) {
			path := newPath(t)
			tc.spoil(t, path)
			l, err := Open(t.Context(), Config{Path: path})
			if err == nil {
				l.Close()
			}
			if !errors.Is(err, tc.want) || err == nil || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), advice[tc.want]) {
				t.Errorf("got %v, want that it %v", err, tc.want)
			}
		})
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func truncate(t *testing.T, path string, size int64) {
	t.Helper()
	if err := os.Truncate(path, size); err != nil {
		t.Fatal(err)
	}
}

func TestMissingFolder(t *testing.T) {
	_, err := Open(t.Context(), Config{Path: filepath.Join(t.TempDir(), "no", "lease.db")})
	if !errors.Is(err, ErrMissing) {
		t.Errorf("got %v", err)
	}
}

// TestReadOnlyFile opens it without the right to write, as a superuser always has the right.
func TestReadOnlyFile(t *testing.T) {
	f := newFile(newPath(t), DefaultTTL)
	f.query = strings.Replace(f.query, "mode=rw", "mode=ro", 1)
	defer f.close()
	if _, err := f.read(t.Context()); err != nil {
		t.Fatal(err)
	}
	err := f.update(t.Context(), func(r record) (record, error) { return r, nil })
	if !errors.Is(err, ErrReadOnly) || !strings.Contains(err.Error(), f.path) {
		t.Errorf("got %v", err)
	}
}

func TestLockedFile(t *testing.T) {
	path := newPath(t)
	l := openFile(t, path, DefaultTTL)
	defer l.Close()
	other, err := sql.Open("sqlite", path+"?_txlock=exclusive&_pragma=busy_timeout(60000)") // l polls
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	tx, err := other.Begin()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.Acquire(t.Context(), "http://a", 0); !errors.Is(err, ErrLocked) {
		t.Errorf("Acquire: %v", err)
	}
	if _, err := l.Observe(t.Context()); !errors.Is(err, ErrLocked) {
		t.Errorf("Observe: %v", err)
	}
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Observe(t.Context()); err != nil {
		t.Errorf("Observe after it was unlocked: %v", err)
	}
}

func TestFileIsTheOwnersAlone(t *testing.T) {
	path := filepath.Join(filepath.Dir(newPath(t)), "a b%c#d?e=f&mode=memory.db")
	l, err := Open(t.Context(), Config{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	info, err := os.Stat(path)
	if err != nil || info.Mode() != 0o600 {
		t.Errorf("%v %v", info, err)
	}
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(entries) > 4 { // two leases with their journals
		t.Errorf("left behind: %v %v", entries, err)
	}
}

// TestReplacedFile removes and replaces the file under its holder.
func TestReplacedFile(t *testing.T) {
	for name, replace := range map[string]func(path string) error{
		"removed":                   os.Remove,
		"renamed":                   func(path string) error { return os.Rename(path, path+".old") },
		"replaced by an older copy": func(path string) error { return os.Rename(path+".copy", path) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := newPath(t)
			a := openFile(t, path, time.Second)
			defer a.Close()
			g := acquireSoon(t, a)
			mustVacuumInto(t, path, path+".copy")
			if err := replace(path); err != nil {
				t.Fatal(err)
			}
			b := openFile(t, path, time.Second)
			defer b.Close()
			next := acquireSoon(t, b)
			if until := g.Until(); time.Now().Before(until) {
				t.Errorf("another acquires %s before the deadline of the old file's holder", time.Until(until))
			}
			<-g.Lost()
			if err := next.Release(t.Context()); err != nil {
				t.Error(err)
			}
			if err := acquireSoon(t, a).Release(t.Context()); err != nil { // from the new file
				t.Error(err)
			}
		})
	}
}

// mustVacuumInto copies a database that is open in this process.
func mustVacuumInto(t *testing.T, path, to string) {
	t.Helper()
	mustExec(t, path, "VACUUM INTO '"+to+"'")
}

func TestConfig(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lease.db")
	for _, cfg := range []Config{
		{}, {Path: path, TTL: -1}, {Path: path, TTL: MinTTL - 1}, {Path: path, TTL: MaxTTL + 1}, {Path: path, TTL: time.Second + 1},
	} {
		if l, err := Open(t.Context(), cfg); err == nil {
			l.Close()
			t.Errorf("accepted: %+v", cfg)
		}
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("a refused configuration created the file")
	}
}

func TestHolderIsBounded(t *testing.T) {
	l := openFile(t, newPath(t), DefaultTTL)
	defer l.Close()
	for _, holder := range []string{"", strings.Repeat("x", maxHolder+1)} {
		if _, err := l.Acquire(t.Context(), holder, 0); err == nil {
			t.Errorf("a holder of %d bytes", len(holder))
		} else if _, held := errors.AsType[*lease.HeldError](err); held {
			t.Error(err)
		}
	}
}

func TestRenewedAcceptsItsOwnWritesAlone(t *testing.T) {
	mine := record{file: 1, holder: "h", session: "s", term: 3, renewals: 7, ttl: DefaultTTL}
	at := func(change func(*record)) record {
		r := mine
		change(&r)
		return r
	}
	for name, tc := range map[string]struct {
		cur record
		ok  bool
	}{
		"as written":                   {mine, true},
		"a write of unknown outcome":   {at(func(r *record) { r.renewals = 9 }), true},
		"older, from a backup":         {at(func(r *record) { r.renewals = 6 }), false},
		"newer than any of its writes": {at(func(r *record) { r.renewals = 10 }), false},
		"released":                     {at(func(r *record) { r.released = true }), false},
		"of another session":           {at(func(r *record) { r.session = "t" }), false},
		"of another term":              {at(func(r *record) { r.term = 4 }), false},
		"in another file":              {at(func(r *record) { r.file = 2 }), false},
	} {
		next, err := renewed(tc.cur, mine, 9)
		if (err == nil) != tc.ok || tc.ok && next.renewals != tc.cur.renewals+1 {
			t.Errorf("%s: %+v, %v", name, next, err)
		}
	}
}

func TestNextTerm(t *testing.T) {
	for _, tc := range []struct{ stored, after, want uint64 }{
		{0, 0, 1}, {5, 3, 6}, {3, 5, 6}, {api.MaxTerm - 1, 0, api.MaxTerm}, {api.MaxTerm, 0, 0}, {0, 1<<64 - 1, 0},
	} {
		if got, err := nextTerm(tc.stored, tc.after); got != tc.want || (err == nil) != (tc.want > 0) {
			t.Errorf("after %d and %d: %d, %v", tc.stored, tc.after, got, err)
		}
	}
}

// TestObserveDoesNotWait gives up with its context while another call has the file.
func TestObserveDoesNotWait(t *testing.T) {
	l := openFile(t, newPath(t), DefaultTTL)
	defer l.Close()
	f := l.store.(*gate).store.(*file)
	f.turn <- struct{}{}
	defer f.unlock()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if _, err := l.Observe(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}
