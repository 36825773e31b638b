package sqlite

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"shardeck/shared/api"
	"shardeck/worker/engine/storage"
)

// openedFiles are files as they were when the engine opened them. SQLite goes on working with a
// file that has been removed or replaced, and would acknowledge writes that are gone with the
// process.
//
// Files are only ever examined by path: opening and closing one, other than through SQLite, would
// release all locks that SQLite has on it in this process.
type openedFiles []openedFile

type openedFile struct {
	path string
	info fs.FileInfo
}

// openedNow notes what is at the paths now.
func openedNow(paths ...string) (openedFiles, error) {
	all := make(openedFiles, 0, len(paths))
	for _, p := range paths {
		info, err := os.Stat(p)
		if err != nil {
			return nil, err
		}
		// On Windows the file's identity is only read when it is first compared.
		os.SameFile(info, info)
		all = append(all, openedFile{p, info})
	}
	return all, nil
}

// errMoved reports that a file is not the one that was opened.
type errMoved struct{ path string }

func (e *errMoved) Error() string { return e.path + " is not the file that was opened" }

// check returns an error unless all files are still in place: an *errMoved, or one that does not
// tell.
func (o openedFiles) check() error {
	for i := range o {
		info, err := os.Stat(o[i].path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return &errMoved{o[i].path}
		case err != nil:
			return err
		case !os.SameFile(info, o[i].info):
			return &errMoved{o[i].path}
		}
	}
	return nil
}

// checkPlace checks the files and closes their store if they are not in place.
func (o openedFiles) checkPlace(s *storage.Store) error {
	err := o.check()
	if err == nil {
		return nil
	}
	if moved, ok := errors.AsType[*errMoved](err); ok {
		s.Close(storage.Place, api.StorageRemoved, moved.path, moved)
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

// checkSize closes the store if the database's file has shrunk. It never does by itself: nothing
// vacuums it, and a checkpoint only adds to it.
func (db *database) checkSize() error {
	info, err := os.Stat(db.path)
	if err != nil {
		db.store.Fail(storage.Read, api.StorageReadFailed, db.path, err)
		return err
	}
	if size, least := info.Size(), db.largest.Load(); size < least {
		err := fmt.Errorf("%s has %d bytes, and had %d", db.path, size, least)
		db.store.Close(storage.Content, api.StorageDamaged, db.path, err)
		return err
	} else if size > least {
		db.largest.Store(size)
	}
	return nil
}
