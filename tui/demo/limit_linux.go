package demo

import "golang.org/x/sys/unix"

// cannotFill is why a full disk cannot be simulated on this system; "" if it can.
const cannotFill = ""

// limitFiles bounds the size to which a process may write its files; 0 lifts the bound. Only the soft
// limit changes, so that it can be lifted again.
func limitFiles(pid int, size uint64) error {
	var l unix.Rlimit
	if err := unix.Prlimit(pid, unix.RLIMIT_FSIZE, nil, &l); err != nil {
		return err
	}
	l.Cur = l.Max
	if size > 0 {
		l.Cur = min(size, l.Max)
	}
	return unix.Prlimit(pid, unix.RLIMIT_FSIZE, &l, nil)
}
