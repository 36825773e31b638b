package rowstore

import (
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
)

var (
	errClosed  = errors.New("the result has been closed")
	errDamaged = errors.New("the file is damaged")
	errLimit   = errors.New("the result is larger than its limit on disk")
)

// file is what a store requires of its temporary file.
type file interface {
	io.ReaderAt
	io.WriterAt
	io.Closer
}

// FullError says that no further rows can be kept; those before it can be read.
type FullError struct {
	Rows int    // how many rows are kept
	Dir  string // of the file, "" for the system's folder for temporary files
	Err  error
}

func (e *FullError) Error() string {
	dir := e.Dir
	if dir == "" {
		dir = os.TempDir()
	}
	switch {
	case errors.Is(e.Err, syscall.ENOSPC):
		return fmt.Sprintf("the disk of %s is full: the first %d rows are kept; free some space there, or set TMPDIR to another folder", dir, e.Rows)
	case errors.Is(e.Err, errLimit):
		return fmt.Sprintf("the result is too large to be kept in %s: the first %d rows are kept; narrow the statement", dir, e.Rows)
	}
	return fmt.Sprintf("no more rows can be kept in %s: %v; the first %d rows are kept", dir, e.Err, e.Rows)
}

func (e *FullError) Unwrap() error { return e.Err }

// temporary is a file that no other user can read, and that ends with the process where the
// system lets a file be removed while it is open.
type temporary struct {
	*os.File
	remove string // its name, if it is still there
}

func createFile(dir string) (file, error) {
	f, err := os.CreateTemp(dir, "shardeck-rows-*") // with permissions 0600
	if err != nil {
		return nil, err
	}
	t := &temporary{File: f}
	if os.Remove(f.Name()) != nil {
		t.remove = f.Name() // Windows: Close removes it
	}
	return t, nil
}

// Close removes the file.
func (t *temporary) Close() error {
	err := t.File.Close()
	if t.remove != "" {
		err = errors.Join(err, os.Remove(t.remove))
	}
	return err
}
