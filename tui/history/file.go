package history

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"github.com/go-json-experiment/json"
	"github.com/rogpeppe/go-internal/lockedfile"

	"shardeck/tui/regular"
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
// be decoded are skipped. Of a file that something else has made huge only the end is read.
func Load(path string) ([]Entry, error) {
	f, err := open(path, os.O_RDONLY)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	b, err := tail(f)
	if err = errors.Join(err, f.Close()); err != nil {
		return nil, err
	}
	all := Merge(decode(b))
	return all[max(len(all)-MaxEntries, 0):], nil
}

// open opens the file and locks it: shared to read it, for this console alone to write it. The lock
// is on the file itself, which is never replaced by another.
func open(path string, flag int) (*lockedfile.File, error) {
	if err := regular.CheckPath(path); err != nil {
		return nil, err
	}
	f, err := lockedfile.OpenFile(path, flag|regular.NoWait, 0o600)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil {
		err = regular.Check(path, info)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// tail reads the lines at the end of the file.
func tail(f *lockedfile.File) ([]byte, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	from := max(info.Size()-2*MaxBytes, 0)
	b, err := io.ReadAll(io.NewSectionReader(f, from, 2*MaxBytes))
	if from > 0 {
		_, b, _ = bytes.Cut(b, []byte{'\n'})
	}
	return b, err
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

// Append adds a line to the file, and makes it private. One with a statement that is longer than
// [MaxStatement] is dropped.
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
	f, err := open(path, os.O_RDWR|os.O_CREATE)
	if err != nil {
		return err
	}
	return errors.Join(add(f, append(text, '\n')), f.Close())
}

// add makes the file private and short enough, and writes a line to its end.
func add(f *lockedfile.File, line []byte) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 {
		if err := f.Chmod(0o600); err != nil {
			return err
		}
	}
	size := info.Size()
	if size > MaxBytes {
		if size, err = shorten(f); err != nil {
			return err
		}
	}
	if size > 0 {
		last := make([]byte, 1)
		if _, err := f.ReadAt(last, size-1); err != nil {
			return err
		}
		if last[0] != '\n' { // something died while it wrote
			line = append([]byte{'\n'}, line...)
		}
	}
	if _, err = f.WriteAt(line, size); err != nil {
		return errors.Join(err, f.Truncate(size)) // no half of a line
	}
	return nil
}

// shorten drops the older half of the file, except for favourites, and returns its new size. The
// lines move towards the beginning within the file, in their order, so that a line is overwritten
// only after it has moved: if this is cut short, at most the line at the seam is lost. It is not
// replaced by a new file, because consoles that wait for the lock would write to the old one.
func shorten(f *lockedfile.File) (int64, error) {
	b, err := tail(f)
	if err != nil {
		return 0, err
	}
	var kept []byte
	at := 0
	for text := range bytes.Lines(b) {
		if len(b)-at <= MaxBytes/2 || bytes.Contains(text, []byte(`"favourite"`)) {
			kept = append(kept, text...)
		}
		at += len(text)
	}
	if _, err := f.WriteAt(kept, 0); err != nil {
		return 0, err
	}
	return int64(len(kept)), f.Truncate(int64(len(kept)))
}
