package sqlitefile

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"
)

// What can be wrong with a lease's file; see FileError.
var (
	ErrLocked   = errors.New("is locked by another process")
	ErrMissing  = errors.New("cannot be found or created")
	ErrDamaged  = errors.New("is damaged")
	ErrForeign  = errors.New("is not a lease's file")
	ErrReadOnly = errors.New("cannot be written")
	ErrReplaced = errors.New("was removed or replaced while it was in use")
	ErrFailed   = errors.New("failed")
)

// FileError is a failure of the lease's file.
type FileError struct {
	Path  string
	Kind  error // one of those above
	Cause error // may be nil
}

var advice = map[error]string{
	ErrLocked:   "a master that is paused may hold the lock: let it go on or end it",
	ErrMissing:  "create its folder, or name another file; all masters must name the same",
	ErrDamaged:  "stop the masters, remove it and start them again; the workers keep the newest term",
	ErrForeign:  "name another file; the masters create it",
	ErrReadOnly: "let the user that runs the masters write the file and its folder",
	ErrReplaced: "leave the file alone while masters run",
	ErrFailed:   "check the disk",
}

// Error says which file, what is wrong and what to do.
func (e *FileError) Error() string {
	s := fmt.Sprintf("the lease's file %s %v", e.Path, e.Kind)
	if e.Cause != nil {
		s += fmt.Sprintf(" (%v)", e.Cause)
	}
	return s + ": " + advice[e.Kind]
}

// Unwrap returns the kind and the cause.
func (e *FileError) Unwrap() []error {
	if e.Cause == nil {
		return []error{e.Kind}
	}
	return []error{e.Kind, e.Cause}
}

// fileError classifies an error of the file system or of SQLite. Others are returned unchanged.
func fileError(path string, err error) error {
	if err == nil {
		return nil
	}
	if _, done := errors.AsType[*FileError](err); done {
		return err
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return &FileError{path, ErrMissing, err}
	case errors.Is(err, fs.ErrPermission):
		return &FileError{path, ErrReadOnly, err}
	}
	e, ok := errors.AsType[*sqlite.Error](err)
	if !ok {
		if _, ok := errors.AsType[*fs.PathError](err); ok {
			return &FileError{path, ErrFailed, err}
		}
		return err
	}
	kind := ErrFailed
	switch e.Code() & 0xff { // the primary result code
	case lib.SQLITE_BUSY, lib.SQLITE_LOCKED:
		kind = ErrLocked
	case lib.SQLITE_READONLY, lib.SQLITE_PERM, lib.SQLITE_CANTOPEN, lib.SQLITE_AUTH:
		kind = ErrReadOnly
	case lib.SQLITE_CORRUPT, lib.SQLITE_NOTADB:
		kind = ErrDamaged
	case lib.SQLITE_ERROR, lib.SQLITE_SCHEMA: // the table or a column is missing
		kind = ErrForeign
	case lib.SQLITE_IOERR:
		if e.Code() == lib.SQLITE_IOERR_SHORT_READ {
			kind = ErrDamaged
		}
	case lib.SQLITE_INTERRUPT:
		return context.Canceled
	}
	return &FileError{path, kind, err}
}
