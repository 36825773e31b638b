package sqlite

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"sync/atomic"

	"shardeck/shared/api"
	"shardeck/worker/engine/storage"
)

// openedFiles are files as they were when the engine opened them. SQLite goes on working with a
// file that has been removed or replaced, and would acknowledge writes that are gone with the
// process.
//
// Files are only ever examined by path: opening and closing one, other than through SQLite, would
// release all locks that SQLite has on it in this process.
type openedFiles []*openedFile

type openedFile struct {
	path string
	info fs.FileInfo
	// sizeLimit bounds the size to which the file can shrink by itself: any part of the largest
	// size it had up to here must still be there. largest is that size.
	sizeLimit int64
	largest   atomic.Int64
}

// A database's file never shrinks by itself: nothing vacuums it, and a checkpoint only adds to it.
// Its log is cut to journalSizeLimit at most. For other files the size is not checked.
const wholeFile = math.MaxInt64

// openedNow notes what is at a path now.
func openedNow(path string, sizeLimit int64) (*openedFile, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	// On Windows the file's identity is only read when it is first compared.
	os.SameFile(info, info)
	f := &openedFile{path: path, info: info, sizeLimit: sizeLimit}
	f.largest.Store(info.Size())
	return f, nil
}

// openedDatabase notes a database's file and its log, which exists since the first read.
func openedDatabase(path string) (openedFiles, error) {
	file, err := openedNow(path, wholeFile)
	if err != nil {
		return nil, err
	}
	log, err := openedNow(path+"-wal", journalSizeLimit)
	if err != nil {
		return nil, err
	}
	return openedFiles{file, log}, nil
}

// errMoved reports that a file is not the one that was opened.
type errMoved struct{ path string }

func (e *errMoved) Error() string { return e.path + " is not the file that was opened" }

// errShrunk reports that a part of a file is gone.
type errShrunk struct {
	path      string
	size, had int64
}

func (e *errShrunk) Error() string {
	return fmt.Sprintf("%s has %d bytes, and had %d", e.path, e.size, e.had)
}

// check returns an error unless all files are still in place and whole: an *errMoved, an
// *errShrunk, or one that does not tell.
func (o openedFiles) check() error {
	for _, f := range o {
		if err := f.check(); err != nil {
			return err
		}
	}
	return nil
}

func (f *openedFile) check() error {
	had := f.largest.Load() // before the file is examined, as others may see it grow meanwhile
	info, err := os.Stat(f.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return &errMoved{f.path}
	case err != nil:
		return err
	case !os.SameFile(info, f.info):
		return &errMoved{f.path}
	case info.Size() < min(had, f.sizeLimit):
		return &errShrunk{f.path, info.Size(), had}
	}
	for size := info.Size(); size > had; had = f.largest.Load() {
		if f.largest.CompareAndSwap(had, size) {
			break
		}
	}
	return nil
}

// checkPlace checks the files and closes their store if they are not in place and whole.
func (o openedFiles) checkPlace(s *storage.Store) error {
	err := o.check()
	if err == nil {
		return nil
	}
	if moved, ok := errors.AsType[*errMoved](err); ok {
		s.Close(storage.Place, api.StorageRemoved, moved.path, moved)
	} else if shrunk, ok := errors.AsType[*errShrunk](err); ok {
		s.Close(storage.Content, api.StorageDamaged, shrunk.path, shrunk)
	} else {
		s.Fail(storage.Read, api.StorageReadFailed, o[0].path, err)
	}
	return err
}

// displaced is the problem for requests whose database's files are not in place, or may not be.
func (db *database) displaced() error {
	if p := db.refusal(); p != nil {
		return p
	}
	return api.NewProblem(api.CodeShardUnavailable, "the worker cannot examine its files").Hinted("check the worker's log and its disk")
}
