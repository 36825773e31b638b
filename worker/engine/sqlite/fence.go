package sqlite

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"

	"shardeck/shared/api"
	"shardeck/worker/engine/contract"
	"shardeck/worker/engine/sqlite/internal/raw"
	"shardeck/worker/engine/storage"
)

// stateFile holds the fence. No database can have this name, as names begin with a letter.
const stateFile = "_state" + fileExt

// fence is the worker's state, in memory and in its file. The lock on that file also makes the
// data directory exclusive to this engine.
type fence struct {
	// gate is held for reading by work under the fence, from the check to the end of its
	// transaction, and for writing by changes of the fence.
	gate sync.RWMutex
	cur  atomic.Pointer[api.WorkerState] // replaced with gate held for writing

	mu   sync.Mutex // guards the fields below
	conn *raw.Conn
	save *raw.Stmt
	mark *raw.Stmt // see discard
	keep *raw.Stmt
	try  *raw.Stmt // see probe

	files openedFiles
	store *storage.Store
}

func openFence(path string, store *storage.Store) (*fence, error) {
	conn, err := raw.Open(path, raw.Create)
	if err != nil {
		return nil, err
	}
	f := &fence{conn: conn, store: store}
	err = f.load()
	if err == nil {
		f.files, err = openedState(path)
	}
	if err != nil {
		_ = f.close()
		if e, ok := errors.AsType[*raw.Error](err); ok && e.Primary() == codeBusy {
			return nil, errors.New("it is in use by another worker (one process at a time can own a data directory; choose another one, or stop the other)")
		}
		return nil, err
	}
	return f, nil
}

// openedState notes the state's file and its directory.
func openedState(path string) (openedFiles, error) {
	dir, err := openedNow(filepath.Dir(path), 0)
	if err != nil {
		return nil, err
	}
	file, err := openedNow(path, 0)
	if err != nil {
		return nil, err
	}
	return openedFiles{dir, file}, nil
}

// load acquires the exclusive lock, which the connection keeps until it is closed, and reads the
// state.
func (f *fence) load() error {
	for _, sql := range []string{
		"PRAGMA locking_mode = EXCLUSIVE",
		"PRAGMA journal_mode = DELETE",
		"PRAGMA synchronous = FULL",
		"BEGIN EXCLUSIVE",
		`CREATE TABLE IF NOT EXISTS state (
			id INTEGER PRIMARY KEY CHECK (id = 1), term INTEGER NOT NULL, map_version INTEGER NOT NULL,
			leader TEXT NOT NULL, shard TEXT NOT NULL)`,
		"INSERT OR IGNORE INTO state VALUES (1, 0, 0, '', '')",
		"CREATE TABLE IF NOT EXISTS discarded (physical TEXT PRIMARY KEY) WITHOUT ROWID",
		// Versions that do not know this table leave it alone.
		"CREATE TABLE IF NOT EXISTS directory (id INTEGER PRIMARY KEY CHECK (id = 1), suffix TEXT, probes INTEGER NOT NULL)",
		"INSERT OR IGNORE INTO directory VALUES (1, NULL, 0)",
		"COMMIT",
	} {
		if err := f.conn.Exec(sql); err != nil {
			return err
		}
	}
	s, err := f.conn.Prepare("SELECT term, map_version, leader, shard FROM state")
	if err != nil {
		return err
	}
	var st api.WorkerState
	ok, err := s.Step()
	if ok {
		st.Term, st.MapVersion = uint64(s.Int(0)), uint64(s.Int(1))
		st.Leader, st.Shard = strings.Clone(s.View(2)), strings.Clone(s.View(3))
	}
	if err := errors.Join(err, s.Close()); err != nil {
		return err
	}
	f.cur.Store(&st)
	for _, p := range []struct {
		stmt **raw.Stmt
		sql  string
	}{
		{&f.save, "UPDATE state SET term = @p1, map_version = @p2, leader = @p3, shard = @p4"},
		{&f.mark, "INSERT OR IGNORE INTO discarded VALUES (@p1)"},
		{&f.keep, "DELETE FROM discarded WHERE physical = @p1"},
		{&f.try, "UPDATE directory SET probes = probes + 1"},
	} {
		if *p.stmt, err = f.conn.Prepare(p.sql); err != nil {
			return err
		}
	}
	return nil
}

func (f *fence) close() error {
	f.gate.Lock()
	defer f.gate.Unlock()
	f.mu.Lock()
	defer f.mu.Unlock()
	var errs []error
	for _, s := range []*raw.Stmt{f.save, f.mark, f.keep, f.try} {
		if s != nil {
			errs = append(errs, s.Close())
		}
	}
	f.save, f.mark, f.keep, f.try = nil, nil, nil, nil
	return errors.Join(append(errs, f.conn.Close())...)
}

// discard records, durably, that the files of a physical database are to be removed: it is being
// created, or has been dropped. A name recorded here when the engine opens belongs to an
// interrupted creation or drop.
func (f *fence) discard(physical string) error { return f.note(physical, true) }

// adopt deletes the record: the creation is complete, or the files are gone.
func (f *fence) adopt(physical string) error { return f.note(physical, false) }

func (f *fence) note(physical string, discard bool) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	s := f.keep
	if discard {
		s = f.mark
	}
	if s == nil {
		return contract.Closed()
	}
	if err := s.BindText(0, physical); err != nil {
		return err
	}
	return f.run(s)
}

// run makes a change of the file durable. The caller holds mu.
func (f *fence) run(s *raw.Stmt) error {
	if p := f.store.Refusal(); p != nil {
		return p
	}
	err := s.Run()
	if placeErr := f.files.checkPlace(f.store); placeErr != nil {
		if p := f.store.Refusal(); p != nil {
			return p
		}
		err = errors.Join(err, placeErr)
	}
	if err != nil {
		noteFailure(f.store, storage.Write, f.files[1].path, err)
		return err
	}
	f.store.Heal(storage.Write)
	return nil
}

// probe makes a small change of the file, whose success ends the failure of writes.
func (f *fence) probe() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.try != nil {
		_ = f.run(f.try) // which records the failure
	}
}

// discarded lists the recorded names.
func (f *fence) discarded() ([]string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	s, err := f.conn.Prepare("SELECT physical FROM discarded")
	if err != nil {
		return nil, err
	}
	var all []string
	for {
		more, err := s.Step()
		if err != nil || !more {
			return all, errors.Join(err, s.Close())
		}
		all = append(all, strings.Clone(s.View(0)))
	}
}

func (f *fence) state() api.WorkerState { return *f.cur.Load() }

func (f *fence) hold()    { f.gate.RLock() }
func (f *fence) release() { f.gate.RUnlock() }

// check compares a request's fence with the state. The caller holds the gate.
func (f *fence) check(req api.Fence) *api.Problem { return contract.CheckFence(f.cur.Load(), req) }

// raise stores a request's fence if it is newer than the state.
func (f *fence) raise(req api.Fence) error {
	if _, newer := contract.RaiseFence(*f.cur.Load(), req); !newer {
		return nil
	}
	f.gate.Lock()
	defer f.gate.Unlock()
	next, newer := contract.RaiseFence(*f.cur.Load(), req)
	if !newer {
		return nil
	}
	return f.replace(next)
}

// adoptSuffix records the suffix that the directory's databases are made with, and refuses another
// one than recorded: their files would be taken for those of other databases. complies reports
// whether the existing databases have the suffix; it is asked if none is recorded, as in a
// directory of an earlier version.
func (f *fence) adoptSuffix(suffix string, complies func() error) error {
	s, err := f.conn.Prepare("SELECT suffix FROM directory WHERE suffix IS NOT NULL")
	if err != nil {
		return err
	}
	known, err := s.Step()
	made := ""
	if known {
		made = strings.Clone(s.View(0))
	}
	if err := errors.Join(err, s.Close()); err != nil {
		return err
	}
	if known && made != suffix {
		return fmt.Errorf("its databases were made with the suffix %q, not %q: set WORKER_DB_SUFFIX=%s, or choose another data directory",
			made, suffix, made)
	}
	if known {
		return nil
	}
	if err := complies(); err != nil {
		return err
	}
	if s, err = f.conn.Prepare("UPDATE directory SET suffix = @p1"); err != nil {
		return err
	}
	if err = s.BindText(0, suffix); err == nil {
		err = s.Run()
	}
	return errors.Join(err, s.Close())
}

// set applies a master's update. It waits for the transactions that began under
// the state it replaces.
func (f *fence) set(up api.StateUpdate) (api.WorkerState, error) {
	f.gate.Lock()
	defer f.gate.Unlock()
	cur := *f.cur.Load()
	next, problem := contract.UpdateState(cur, up)
	if problem != nil {
		return cur, problem
	}
	if next == cur {
		return next, nil
	}
	if err := f.replace(next); err != nil {
		return cur, err
	}
	return next, nil
}

// replace makes the state durable and then current. The caller holds the gate for writing.
func (f *fence) replace(next api.WorkerState) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.save == nil {
		return contract.Closed()
	}
	err := errors.Join(f.save.BindInt(0, int64(next.Term)), f.save.BindInt(1, int64(next.MapVersion)),
		f.save.BindText(2, next.Leader), f.save.BindText(3, next.Shard))
	if err == nil {
		err = f.run(f.save)
	}
	if err != nil {
		return fmt.Errorf("store the worker's state: %w", err)
	}
	f.cur.Store(&next)
	return nil
}
