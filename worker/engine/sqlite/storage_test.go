package sqlite

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	lib "modernc.org/sqlite/lib"

	"shardeck/shared/api"
	"shardeck/worker/engine/sqlite/internal/raw"
)

// watched is an engine that checks its files often.
func watched(t *testing.T) (*Engine, string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "data")
	return school(t, Config{Dir: dir, Suffix: "GO", WatchEvery: 5 * time.Millisecond}), dir
}

// awaitStorage waits until the worst failure has the code; "" if there is none.
func awaitStorage(t *testing.T, e *Engine, code api.StorageCode) *api.StorageFailure {
	t.Helper()
	for {
		all := e.Storage()
		switch {
		case len(all) == 0 && code == "":
			return nil
		case len(all) > 0 && all[0].Code == code:
			return &all[0]
		}
		if t.Context().Err() != nil {
			t.Fatalf("failures %+v, want %q", all, code)
		}
		time.Sleep(time.Millisecond)
	}
}

func refused(t *testing.T, e *Engine) {
	t.Helper()
	if _, err := e.Exec(t.Context(), request(insert(student(900)))); api.CodeOf(err) != api.CodeStorageFailed {
		t.Errorf("Exec: %v, want %s", err, api.CodeStorageFailed)
	}
	if err := e.Query(t.Context(), selectAll(""), func([]byte) error { return nil }); api.CodeOf(err) != api.CodeStorageFailed {
		t.Errorf("Query: %v, want %s", err, api.CodeStorageFailed)
	}
	if _, err := e.DropDB(t.Context(), "SchoolDB", fence1); api.CodeOf(err) != api.CodeStorageFailed {
		t.Errorf("DropDB: %v, want %s", err, api.CodeStorageFailed)
	}
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	b, err := os.ReadFile(from)
	if err == nil {
		err = os.WriteFile(to, b, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// takings are ways in which files get lost under a running worker.
var takings = map[string]func(t *testing.T, dir string){
	"the directory is removed": func(t *testing.T, dir string) { worked(t, os.RemoveAll(dir)) },
	"the directory is moved":   func(t *testing.T, dir string) { worked(t, os.Rename(dir, dir+".old")) },
	"the directory is replaced by a copy": func(t *testing.T, dir string) {
		worked(t, os.CopyFS(dir+".new", os.DirFS(dir)))
		worked(t, os.Rename(dir, dir+".old"))
		worked(t, os.Rename(dir+".new", dir))
	},
	"the file is removed": func(t *testing.T, dir string) { worked(t, os.Remove(filepath.Join(dir, "SchoolDBGO.db"))) },
	"the file is replaced by a copy": func(t *testing.T, dir string) {
		copyFile(t, filepath.Join(dir, "SchoolDBGO.db"), filepath.Join(dir, "copy"))
		worked(t, os.Rename(filepath.Join(dir, "copy"), filepath.Join(dir, "SchoolDBGO.db")))
	},
	"the log is removed": func(t *testing.T, dir string) { worked(t, os.Remove(filepath.Join(dir, "SchoolDBGO.db-wal"))) },
}

func worked(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Error(err)
	}
}

func skipWindows(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows does not remove or move files that are open")
	}
}

func TestFilesLostDuringACommitAreNotAcknowledged(t *testing.T) {
	skipWindows(t)
	for name, take := range takings {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "data")
			e := school(t, Config{Dir: dir, Suffix: "GO", WatchEvery: time.Hour}) // only commits check
			mustExec(t, e, keyed("k", "h", insert(student(1))))
			w := writerOf(t, e)
			commit := w.commit
			w.commit = sync.OnceValue(func() error {
				err := commit()
				take(t, dir)
				return err
			})
			if _, err := e.Exec(t.Context(), request(insert(student(2)))); api.CodeOf(err) != api.CodeOutcomeUnknown {
				t.Errorf("Exec: %v, want %s", err, api.CodeOutcomeUnknown)
			}
			refused(t, e)
			if got := e.Storage(); len(got) != 1 || got[0].Code != api.StorageRemoved || got[0].DB != "SchoolDB" || got[0].Path == "" {
				t.Errorf("failures %+v", got)
			}
		})
	}
}

func TestAReplayIsNotAcknowledgedWithoutItsFile(t *testing.T) {
	skipWindows(t)
	dir := filepath.Join(t.TempDir(), "data")
	e := school(t, Config{Dir: dir, Suffix: "GO", WatchEvery: time.Hour})
	mustExec(t, e, keyed("k", "h", insert(student(1))))
	worked(t, os.RemoveAll(dir))
	if _, err := e.Exec(t.Context(), keyed("k", "h", insert(student(1)))); api.CodeOf(err) != api.CodeStorageFailed {
		t.Errorf("Exec: %v, want %s", err, api.CodeStorageFailed)
	}
}

func TestLostFilesAreNoticedWithoutWrites(t *testing.T) {
	skipWindows(t)
	for name, take := range takings {
		t.Run(name, func(t *testing.T) {
			e, dir := watched(t)
			mustExec(t, e, request(insert(student(1))))
			awaitStorage(t, e, "")
			take(t, dir)
			awaitStorage(t, e, api.StorageRemoved)
			for e.fence.store.Refusal() == nil && writerOfAny(e).db.store.Refusal() == nil {
				time.Sleep(time.Millisecond)
			}
			if writerOfAny(e).db.store.Refusal() != nil {
				refused(t, e)
			}
		})
	}
}

func writerOfAny(e *Engine) *writer {
	for _, db := range *e.dbs.Load() {
		return db.writer
	}
	return nil
}

// Every row that was acknowledged exists after the directory was moved back, and none is
// acknowledged once it was moved.
func TestWritersUnderLoadLoseNoAcknowledgedRowToAMovedDirectory(t *testing.T) {
	skipWindows(t)
	e, dir := watched(t)
	var next, acked atomic.Int64
	var moved atomic.Bool
	var mu sync.Mutex
	all := map[int]bool{}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for {
				id, before := int(next.Add(1)), moved.Load()
				_, err := e.Exec(context.Background(), request(insert(student(id))))
				switch c := api.CodeOf(err); {
				case c == api.CodeStorageFailed || c == api.CodeOutcomeUnknown:
					return
				case err != nil:
					t.Error(err)
					return
				case before:
					t.Errorf("row %d was acknowledged after its file was moved", id)
					return
				}
				acked.Add(1)
				mu.Lock()
				all[id] = true
				mu.Unlock()
			}
		})
	}
	for acked.Load() < 200 {
		time.Sleep(time.Millisecond)
	}
	worked(t, os.Rename(dir, dir+".old"))
	moved.Store(true)
	wg.Wait()
	worked(t, e.Close())
	e = open(t, dir+".old")
	for _, line := range rows(t, e, selectAll("")) {
		id, _, _ := strings.Cut(line[1:], ",")
		n, err := strconv.Atoi(id)
		worked(t, err)
		delete(all, n)
	}
	if len(all) > 0 {
		t.Errorf("%d acknowledged rows are lost: %v", len(all), all)
	}
}

// A worker that ends must not touch the files that were put in the place of its own.
func TestClosingLeavesTheFilesOfARestoredDirectoryAlone(t *testing.T) {
	skipWindows(t)
	e, dir := watched(t)
	mustExec(t, e, request(insert(student(1))))
	takings["the directory is replaced by a copy"](t, dir)
	worked(t, e.Close())
	if _, err := os.Stat(filepath.Join(dir, "SchoolDBGO.db-wal")); err != nil {
		t.Errorf("the log of the copy: %v", err)
	}
	e = open(t, dir)
	if n := rowCount(t, e); n != 1 {
		t.Errorf("%d rows in the copy, want 1", n)
	}
}

func TestALostStateRefusesWrites(t *testing.T) {
	skipWindows(t)
	e, dir := watched(t)
	worked(t, os.Remove(filepath.Join(dir, stateFile)))
	if f := awaitStorage(t, e, api.StorageRemoved); f.DB != "" {
		t.Errorf("the failure is of %q, want the state", f.DB)
	}
	up := api.StateUpdate{Fence: api.Fence{Term: 9, MapVersion: 9}, Leader: "http://a", Shard: "0/1"}
	if _, err := e.SetState(t.Context(), up); api.CodeOf(err) != api.CodeStorageFailed {
		t.Errorf("SetState: %v", err)
	}
	if _, err := e.Exec(t.Context(), request(insert(student(1)))); api.CodeOf(err) != api.CodeStorageFailed {
		t.Errorf("Exec: %v", err)
	}
	if _, err := e.CreateDB(t.Context(), "Other", fence1); api.CodeOf(err) != api.CodeStorageFailed {
		t.Errorf("CreateDB: %v", err)
	}
	rows(t, e, selectAll("")) // reads are still right
}

func TestATermIsNotTakenWithoutTheStateFile(t *testing.T) {
	skipWindows(t)
	dir := filepath.Join(t.TempDir(), "data")
	e := school(t, Config{Dir: dir, Suffix: "GO", WatchEvery: time.Hour})
	worked(t, os.Rename(dir, dir+".old"))
	up := api.StateUpdate{Fence: api.Fence{Term: 9, MapVersion: 9}, Leader: "http://a", Shard: "0/1"}
	if _, err := e.SetState(t.Context(), up); api.CodeOf(err) != api.CodeStorageFailed {
		t.Errorf("SetState without the file: %v", err)
	}
}

// damage changes a file's bytes. It is closed last: that releases the locks that SQLite has on it.
func damage(t *testing.T, path string, change func(f *os.File) error) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	worked(t, change(f))
	t.Cleanup(func() { f.Close() })
}

func TestDamagedFilesAreNoticed(t *testing.T) {
	for name, change := range map[string]func(f *os.File) error{
		"truncated": func(f *os.File) error { return f.Truncate(8192) },
		"emptied":   func(f *os.File) error { return f.Truncate(0) },
		"overwritten": func(f *os.File) error {
			_, err := io.Copy(f, bytes.NewReader(bytes.Repeat([]byte("garbage "), 8192)))
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			skipWindows(t)
			e, dir := watched(t)
			var many []string
			for i := range 2000 {
				many = append(many, student(i))
			}
			mustExec(t, e, request(insert(many...)))
			path := filepath.Join(dir, "SchoolDBGO.db")
			for { // until the log is in the file
				if info, err := os.Stat(path); err == nil && info.Size() > 64<<10 {
					break
				}
				time.Sleep(time.Millisecond)
			}
			damage(t, path, change)
			awaitStorage(t, e, api.StorageDamaged)
			refused(t, e)
		})
	}
}

// A log that is cut loses what the next recovery would read from it.
func TestALogThatIsCutDuringACommitIsNotAcknowledged(t *testing.T) {
	e := school(t, Config{Dir: t.TempDir(), Suffix: "GO", WatchEvery: time.Hour})
	mustExec(t, e, request(insert(student(1))))
	w := writerOf(t, e)
	commit := w.commit
	w.commit = sync.OnceValue(func() error {
		err := commit()
		worked(t, os.Truncate(w.db.path+"-wal", 4096)) // does not open it
		return err
	})
	if _, err := e.Exec(t.Context(), request(insert(student(2)))); api.CodeOf(err) != api.CodeOutcomeUnknown {
		t.Errorf("Exec: %v, want %s", err, api.CodeOutcomeUnknown)
	}
	refused(t, e)
	if got := e.Storage(); len(got) != 1 || got[0].Code != api.StorageDamaged {
		t.Errorf("failures %+v", got)
	}
}

// A log that has grown beyond its limit is cut by SQLite itself.
func TestALargeLogMayBeCutToItsLimit(t *testing.T) {
	f := &openedFile{path: filepath.Join(t.TempDir(), "log"), sizeLimit: 100}
	worked(t, os.WriteFile(f.path, make([]byte, 50), 0o600))
	info, err := os.Stat(f.path)
	worked(t, err)
	f.info = info
	for _, step := range []struct {
		size int64
		ok   bool
	}{{50, true}, {300, true}, {100, true}, {150, true}, {99, false}} {
		worked(t, os.Truncate(f.path, step.size))
		if err := f.check(); (err == nil) != step.ok {
			t.Errorf("%d bytes: %v, want it accepted: %v", step.size, err, step.ok)
		}
	}
}

// failing lets the commits of an engine fail while the switch is on.
func failing(t *testing.T, e *Engine, code int) *atomic.Bool {
	t.Helper()
	on := new(atomic.Bool)
	w := writerOf(t, e)
	commit := w.commit
	w.commit = func() error {
		if on.Load() {
			return &raw.Error{Code: code, Msg: "as a test says"}
		}
		return commit()
	}
	return on
}

func TestAWriteFailureLastsUntilAWriteSucceeds(t *testing.T) {
	for name, c := range map[string]struct {
		code int
		want api.StorageCode
	}{
		"full":      {lib.SQLITE_FULL, api.StorageFull},
		"read-only": {lib.SQLITE_READONLY, api.StorageReadOnly},
		"fsync":     {lib.SQLITE_IOERR_FSYNC, api.StorageWriteFailed},
	} {
		t.Run(name, func(t *testing.T) {
			e, _ := watched(t)
			on := failing(t, e, c.code)
			on.Store(true)
			if _, err := e.Exec(t.Context(), request(insert(student(1)))); err == nil {
				t.Fatal("the write was acknowledged")
			}
			since := awaitStorage(t, e, c.want).Since
			time.Sleep(20 * time.Millisecond) // several checks, which must not end it
			if got := awaitStorage(t, e, c.want); !got.Since.Equal(since) {
				t.Errorf("it began at %s, now %s", since, got.Since)
			}
			rows(t, e, selectAll("")) // reads go on
			on.Store(false)
			awaitStorage(t, e, "") // without another request
			mustExec(t, e, request(insert(student(2))))
		})
	}
}

func TestAFailureOfAReadIsReported(t *testing.T) {
	e := school(t, Config{Dir: t.TempDir(), Suffix: "GO", WatchEvery: time.Hour})
	db, err := e.database("SchoolDB")
	worked(t, err)
	for _, c := range []struct {
		code int
		want api.StorageCode // the worst so far
	}{{lib.SQLITE_IOERR_READ, api.StorageReadFailed}, {lib.SQLITE_CORRUPT, api.StorageDamaged}} {
		err := db.queryProblem(t.Context(), selectAll(""), &raw.Error{Code: c.code, Msg: "as a test says"})
		if got := e.Storage(); len(got) == 0 || got[0].Code != c.want {
			t.Errorf("failures %+v after %v, want %s", got, err, c.want)
		}
	}
	db.look()
	if got := e.Storage(); len(got) != 1 || got[0].Code != api.StorageDamaged {
		t.Errorf("failures %+v after a good read, want damaged only", got)
	}
	if _, err := e.Exec(t.Context(), request(insert(student(1)))); err != nil {
		t.Errorf("a statement's failure has closed the database: %v", err)
	}
}

func TestTheSuffixOfADirectoryIsFixed(t *testing.T) {
	dir := t.TempDir()
	worked(t, school(t, Config{Dir: dir, Suffix: "GO"}).Close())
	_, err := Open(t.Context(), Config{Dir: dir, Suffix: "O"})
	if err == nil || !strings.Contains(err.Error(), `"GO"`) || !strings.Contains(err.Error(), "WORKER_DB_SUFFIX=GO") {
		t.Errorf("Open with another suffix: %v, want an error that names the right one", err)
	}
	open(t, dir)
}

func TestADirectoryWithoutASuffixOnRecord(t *testing.T) {
	dir := t.TempDir()
	worked(t, school(t, Config{Dir: dir, Suffix: "GO"}).Close())
	forget := func() {
		t.Helper()
		conn, err := raw.Open(filepath.Join(dir, stateFile), raw.ReadWrite)
		worked(t, err)
		worked(t, conn.Exec("DROP TABLE directory"))
		worked(t, conn.Close())
	}
	forget()
	_, err := Open(t.Context(), Config{Dir: dir, Suffix: "O"})
	if err == nil || !strings.Contains(err.Error(), "SchoolDBGO") {
		t.Errorf("Open with another suffix: %v, want an error that names the file", err)
	}
	worked(t, open(t, dir).Close())
	if _, err := Open(t.Context(), Config{Dir: dir, Suffix: "O"}); err == nil {
		t.Error("the suffix was not recorded")
	}
}

// A database's file must never be taken for that of a new database.
func TestCreateDBSparesTheFileOfAnotherDatabase(t *testing.T) {
	e := school(t, Config{})
	mustExec(t, e, request(insert(student(1))))
	e.cfg.Suffix = ""
	for _, name := range []string{"SchoolDBGO", "SCHOOLDBgo"} {
		if _, err := e.CreateDB(t.Context(), name, fence1); api.CodeOf(err) != api.CodeDatabaseExists {
			t.Errorf("CreateDB %s: %v, want %s", name, err, api.CodeDatabaseExists)
		}
	}
	if n := len(rows(t, e, selectAll(""))); n != 1 {
		t.Errorf("%d rows, want 1", n)
	}
}

func TestAStoredTermBeyondTheGreatestIsReportedAsItIs(t *testing.T) {
	dir := t.TempDir()
	worked(t, open(t, dir).Close())
	conn, err := raw.Open(filepath.Join(dir, stateFile), raw.ReadWrite)
	worked(t, err)
	worked(t, conn.Exec("UPDATE state SET term = -1")) // 64 bits without a sign, by an earlier version
	worked(t, conn.Close())
	if got := state(t, open(t, dir)).Term; got != 1<<64-1 {
		t.Errorf("term %d, want the stored one", got)
	}
}

func TestTermsAreBounded(t *testing.T) {
	e := school(t, Config{})
	beyond := api.Fence{Term: api.MaxTerm + 1, MapVersion: 1}
	req := request(insert(student(1)))
	req.Fence = beyond
	_, exec := e.Exec(t.Context(), req)
	_, create := e.CreateDB(t.Context(), "Other", beyond)
	_, drop := e.DropDB(t.Context(), "SchoolDB", beyond)
	for _, err := range []error{exec, create, drop} {
		if p, ok := errors.AsType[*api.Problem](err); !ok || p.Code != api.CodeInvalidField || p.Field != "fence.term" {
			t.Errorf("%v, want invalid_field at fence.term", err)
		}
	}
	req.Fence.Term = api.MaxTerm
	if _, err := e.Exec(t.Context(), req); err != nil {
		t.Errorf("the greatest term: %v", err)
	}
}
