package polyglot

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
)

// stamp is a file that says what packages were installed from, so that they are installed again
// only if that has changed. It is written last: an interrupted installation has none.
type stamp struct{ path, want string }

// newStamp is the stamp of an installation from a lock file by a toolchain of some version.
func newStamp(path, version, lockFile string) (*stamp, error) {
	lock, err := os.ReadFile(lockFile)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(append([]byte(version+"\n"), lock...))
	return &stamp{path: path, want: hex.EncodeToString(sum[:])}, nil
}

func (s *stamp) current() bool {
	got, err := os.ReadFile(s.path)
	return err == nil && string(got) == s.want
}

func (s *stamp) write() error { return os.WriteFile(s.path, []byte(s.want), 0o644) }
