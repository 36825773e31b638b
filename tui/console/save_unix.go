//go:build unix

package console

import (
	"io/fs"
	"os"
	"syscall"
)

// mustKeep reports whether a file has more than one name, or an owner or a group that a new one
// would not have.
func mustKeep(info fs.FileInfo) bool {
	s, ok := info.Sys().(*syscall.Stat_t)
	return ok && (s.Nlink > 1 || int(s.Uid) != os.Geteuid() || int(s.Gid) != os.Getegid())
}
