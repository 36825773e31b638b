package sqlitefile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"
)

// stuck is a run of failures to get SQLite's lock on one file.
type stuck struct {
	file        fs.FileInfo // nil: there is none
	since, last time.Time
}

// unstick removes the file once this process could not get its lock for a whole TTL in which nobody
// wrote the file either: whoever has the lock is paused in the middle of a read or a write, and
// would keep it for as long. That is safe, as a file that is removed takes the lease with it: the new
// one counts as held for a TTL, and a process that goes on finds that its own is no longer the
// path's. It returns err, the result of an access, or that the file was removed.
func (f *file) unstick(s *stuck, err error) error {
	if err == nil {
		*s = stuck{}
	}
	if !errors.Is(err, ErrLocked) {
		return err
	}
	now := time.Now()
	info, statErr := os.Stat(f.path)
	if statErr != nil || f.ours == nil || !os.SameFile(info, f.ours) {
		return err // it may be another program's
	}
	if s.file == nil || !os.SameFile(info, s.file) || !info.ModTime().Equal(s.file.ModTime()) || now.Sub(s.last) > f.ttl {
		*s = stuck{file: info, since: now}
	}
	s.last = now
	if now.Sub(s.since) < f.ttl {
		return err
	}
	*s = stuck{}
	// The journal first: it must not be rolled back into the file that comes next.
	if removeErr := errors.Join(removeIfThere(f.path+"-journal"), removeIfThere(f.path)); removeErr != nil {
		return errors.Join(err, removeErr)
	}
	return &FileError{Path: f.path, Kind: ErrReplaced, Cause: fmt.Errorf("it was locked for %s and is given up: %w", f.ttl, err)}
}
