package sqlitefile

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"time"
)

const (
	// applicationID marks a lease's file in SQLite's header: "SDLs".
	applicationID = 0x53444c73
	formatVersion = 1
	// lockWait bounds how long one statement waits for SQLite's lock.
	lockWait = 250 * time.Millisecond

	schema = `CREATE TABLE lease (
		id INTEGER PRIMARY KEY CHECK (id = 1), holder TEXT NOT NULL, session TEXT NOT NULL, term INTEGER NOT NULL,
		renewals INTEGER NOT NULL, ttl_ms INTEGER NOT NULL, released INTEGER NOT NULL) STRICT`
	selectRow = `SELECT holder, session, term, renewals, ttl_ms, released FROM lease WHERE id = 1`
	updateRow = `UPDATE lease SET holder = ?, session = ?, term = ?, renewals = ?, ttl_ms = ?, released = ? WHERE id = 1`
)

// file is the row in a SQLite file. It opens the file when it is needed, and again after it was
// replaced. Its methods are safe for concurrent use, and work one at a time.
type file struct {
	path  string
	query string // of the data source name
	ttl   time.Duration

	turn   chan struct{} // guards what follows; a mutex that a context can give up waiting for
	closed bool
	db     *sql.DB
	opened fs.FileInfo
	ours   fs.FileInfo // the latest that was a lease's
	count  uint64
	newest uint64 // term that was read or written; a new file goes on from there

	reads, writes stuck
}

func newFile(path string, ttl time.Duration) *file {
	q := url.Values{"mode": {"rw"}, "_txlock": {"immediate"}, "_pragma": {
		fmt.Sprintf("busy_timeout(%d)", lockWait.Milliseconds()),
		"journal_mode(truncate)", "synchronous(off)", "trusted_schema(off)",
	}}
	return &file{path: path, query: q.Encode(), ttl: ttl, turn: make(chan struct{}, 1)}
}

// source returns the data source name. Nothing in a path can become a parameter.
func (f *file) source(path, query string) string {
	return "file:" + (&url.URL{Path: filepath.ToSlash(path)}).EscapedPath() + "?" + query
}

func (f *file) lock(ctx context.Context) error {
	select {
	case f.turn <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	if f.closed {
		f.unlock()
		return fmt.Errorf("the lease's file %s: %w", f.path, fs.ErrClosed)
	}
	return nil
}

func (f *file) unlock() { <-f.turn }

// read returns the row.
func (f *file) read(ctx context.Context) (record, error) {
	if err := f.lock(ctx); err != nil {
		return record{}, err
	}
	defer f.unlock()
	var rec record
	err := f.guarded(ctx, func(db *sql.DB) (err error) {
		rec, err = f.scan(db.QueryRowContext(ctx, selectRow))
		return err
	})
	return rec, f.unstick(&f.reads, err)
}

// update replaces the row by what change returns for it, in one transaction. If it fails for
// another reason than change's error, the row may have been replaced or not.
func (f *file) update(ctx context.Context, change func(record) (record, error)) error {
	if err := f.lock(ctx); err != nil {
		return err
	}
	defer f.unlock()
	return f.unstick(&f.writes, f.guarded(ctx, func(db *sql.DB) error {
		tx, err := db.BeginTx(ctx, nil)
		if err != nil {
			return err
		}
		defer func() { _ = tx.Rollback() }() // does nothing after a commit
		cur, err := f.scan(tx.QueryRowContext(ctx, selectRow))
		if err != nil {
			return err
		}
		next, err := change(cur)
		if err != nil {
			return err
		}
		f.newest = max(f.newest, next.term)
		if _, err := tx.ExecContext(ctx, updateRow, next.holder, next.session, int64(next.term), next.renewals, next.ttl.Milliseconds(), next.released); err != nil { //nolint:gosec // at most api.MaxTerm
			return err
		}
		return tx.Commit()
	}))
}

// close closes the file for good.
func (f *file) close() error {
	f.turn <- struct{}{}
	defer f.unlock()
	f.closed = true
	return f.forget()
}

// guarded runs do on the open file, and fails if that was not the path's file all the time.
func (f *file) guarded(ctx context.Context, do func(*sql.DB) error) error {
	if err := f.reopen(ctx); err != nil {
		return fileError(f.path, err)
	}
	if err := do(f.db); err != nil {
		return fileError(f.path, err)
	}
	if !f.current() {
		return &FileError{Path: f.path, Kind: ErrReplaced}
	}
	return nil
}

// current reports whether the path still names the open file. It never opens and closes the file,
// which would drop SQLite's locks: POSIX locks are of a process, not of a descriptor.
func (f *file) current() bool {
	now, err := os.Stat(f.path)
	return err == nil && os.SameFile(now, f.opened)
}

func (f *file) forget() error {
	if f.db == nil {
		return nil
	}
	err := f.db.Close()
	f.db, f.opened = nil, nil
	return err
}

// reopen opens the path's file unless that is open, and creates it if it is missing.
func (f *file) reopen(ctx context.Context) error {
	if f.db != nil && f.current() {
		return nil
	}
	if err := f.forget(); err != nil {
		return err
	}
	info, err := os.Stat(f.path)
	if errors.Is(err, fs.ErrNotExist) {
		if err := f.create(ctx); err != nil {
			return err
		}
		info, err = os.Stat(f.path)
	}
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return &FileError{f.path, ErrForeign, errors.New("it is not a regular file")}
	}
	if info.Size() == 0 {
		return &FileError{f.path, ErrDamaged, errors.New("it is empty")}
	}
	db, err := sql.Open("sqlite", f.source(f.path, f.query))
	if err != nil {
		return err
	}
	db.SetMaxOpenConns(1)
	f.db, f.opened = db, info
	f.count++
	if err := f.checkFormat(ctx); err != nil {
		return errors.Join(err, f.forget())
	}
	f.ours = info
	return nil
}

func (f *file) checkFormat(ctx context.Context) error {
	var id, version int64
	if err := f.db.QueryRowContext(ctx, "SELECT application_id, user_version FROM pragma_application_id, pragma_user_version").Scan(&id, &version); err != nil {
		return fileError(f.path, err)
	}
	if id != applicationID || version != formatVersion {
		return &FileError{f.path, ErrForeign, fmt.Errorf("it is marked as application %d, format %d", id, version)}
	}
	return nil
}

// create makes a complete file under another name and links it, so that nobody sees a half-made
// one, and nobody's file is overwritten.
func (f *file) create(ctx context.Context) (err error) {
	tmp, err := os.CreateTemp(filepath.Dir(f.path), ".lease-*") // mode 0600
	if err != nil {
		return err
	}
	name := tmp.Name()
	defer func() { err = errors.Join(err, os.Remove(name)) }()
	if err := tmp.Close(); err != nil {
		return err
	}
	db, err := sql.Open("sqlite", f.source(name, f.query))
	if err != nil {
		return err
	}
	db.SetMaxOpenConns(1)
	err = func() error {
		for _, s := range []string{
			fmt.Sprintf("PRAGMA application_id = %d", applicationID),
			fmt.Sprintf("PRAGMA user_version = %d", formatVersion),
			schema,
		} {
			if _, err := db.ExecContext(ctx, s); err != nil {
				return err
			}
		}
		_, err := db.ExecContext(ctx, "INSERT INTO lease VALUES (1, '', ?, ?, 0, ?, 0)", rand.Text(), int64(f.newest), f.ttl.Milliseconds())
		return err
	}()
	if err := errors.Join(err, db.Close(), removeIfThere(name+"-journal")); err != nil {
		return err
	}
	if err := os.Link(name, f.path); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}

func removeIfThere(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

func (f *file) scan(row *sql.Row) (record, error) {
	var term, ttl int64
	rec := record{file: f.count}
	if err := row.Scan(&rec.holder, &rec.session, &term, &rec.renewals, &ttl, &rec.released); err != nil {
		if errors.Is(err, sql.ErrNoRows) {
			return record{}, &FileError{f.path, ErrDamaged, errors.New("it has no row")}
		}
		return record{}, err
	}
	rec.term, rec.ttl = uint64(term), time.Duration(min(max(ttl, 0), MaxTTL.Milliseconds()+1))*time.Millisecond //nolint:gosec // a negative term is beyond MaxTerm
	if err := rec.check(); err != nil {
		return record{}, &FileError{f.path, ErrDamaged, err}
	}
	f.newest = max(f.newest, rec.term)
	return rec, nil
}
