package history

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"github.com/go-json-experiment/json"
)

// The bounds of the file.
const (
	MaxEntries   = 2000     // loaded, the latest ones
	MaxBytes     = 4 << 20  // beyond this the older half is dropped
	MaxStatement = 64 << 10 // bytes; longer statements are not saved
)

// Path is the path of the user's file, in the directory for programs' state; "" if there is none.
func Path(getenv func(string) string) string {
	dir := getenv("XDG_STATE_HOME")
	switch {
	case filepath.IsAbs(dir):
	case runtime.GOOS == "windows":
		if dir = getenv("LOCALAPPDATA"); dir == "" {
			return ""
		}
	default:
		home := getenv("HOME")
		if home == "" {
			return ""
		}
		dir = filepath.Join(home, ".local", "state")
	}
	return filepath.Join(dir, "shardeck", "statements.jsonl")
}

// Load reads the latest entries, the oldest first. A missing file is empty, and lines that cannot
// be decoded are skipped.
func Load(path string) ([]Entry, error) {
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	all := Merge(decode(b))
	return all[max(len(all)-MaxEntries, 0):], nil
}

func decode(b []byte) []Line {
	var lines []Line
	for text := range bytes.Lines(b) {
		var l Line
		if json.Unmarshal(bytes.TrimSpace(text), &l) == nil {
			lines = append(lines, l)
		}
	}
	return lines
}

// Append adds a line to the file, and makes it private.
func Append(path string, l Line) error {
	if len(l.SQL) > MaxStatement {
		return nil
	}
	text, err := json.Marshal(l)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target // also of a shortened file, which replaces the target and not the link
	}
	if info, err := os.Stat(path); err == nil && info.Size() > MaxBytes {
		if err := shorten(path); err != nil {
			return err
		}
	}
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	err = makePrivate(f)
	if err == nil {
		// Each line is one write, so that concurrent consoles do not interleave theirs.
		_, err = f.Write(append(text, '\n'))
	}
	return errors.Join(err, f.Close())
}

// makePrivate takes the file away from everybody else, whatever its mode was.
func makePrivate(f *os.File) error {
	info, err := f.Stat()
	switch {
	case err != nil:
		return err
	case !info.Mode().IsRegular():
		return fmt.Errorf("%s is not a file", f.Name())
	case runtime.GOOS == "windows" || info.Mode().Perm()&0o077 == 0:
		return nil
	}
	return f.Chmod(0o600)
}

// shorten drops the older half of the file, except for favourites.
func shorten(path string) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	half := len(b) / 2
	var kept []byte
	for at := 0; at < len(b); {
		end := len(b)
		if i := bytes.IndexByte(b[at:], '\n'); i >= 0 {
			end = at + i + 1
		}
		text := b[at:end]
		if at >= half || bytes.Contains(text, []byte(`"favourite"`)) {
			kept = append(kept, text...)
		}
		at = end
	}
	shorter := path + ".new"
	if err := os.WriteFile(shorter, kept, 0o600); err != nil {
		return err
	}
	return os.Rename(shorter, path)
}
