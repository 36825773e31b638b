package endtoend_test

import (
	"testing"

	"golang.org/x/sys/unix"
)

// limitFiles bounds the size of the files that a process may write to, as a full disk does; 0
// lifts the bound.
func limitFiles(t *testing.T, pid int, size uint64) {
	t.Helper()
	var l unix.Rlimit
	err := unix.Prlimit(pid, unix.RLIMIT_FSIZE, nil, &l)
	if err == nil {
		l.Cur = l.Max
		if size > 0 {
			l.Cur = min(size, l.Max)
		}
		err = unix.Prlimit(pid, unix.RLIMIT_FSIZE, &l, nil)
	}
	if err != nil {
		t.Errorf("limiting the files of process %d: %v", pid, err)
	}
}
