package polyglot

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
)

// stamp is a file in a directory of packages that says what they were installed from, so that
// they are installed again only if that has changed. It is written last: an interrupted
// installation has none.
type stamp struct{ path, want string }

// newStamp is the stamp of an installation into dir from a lock file; kind is what else decides
// what is installed.
func newStamp(dir, kind, lockFile string) *stamp {
	s := &stamp{path: filepath.Join(dir, ".shardeck-stamp")}
	if lock, err := os.ReadFile(lockFile); err == nil { // without it, the installer reports that
		sum := sha256.Sum256(append([]byte(kind+"\n"), lock...))
		s.want = hex.EncodeToString(sum[:])
	}
	return s
}

// current reports whether the packages are those of one of the stamps.
func current(stamps ...*stamp) bool {
	for _, s := range stamps {
		if got, err := os.ReadFile(s.path); err == nil && s.want != "" && string(got) == s.want {
			return true
		}
	}
	return false
}

func (s *stamp) write() error { return os.WriteFile(s.path, []byte(s.want), 0o644) }
