package journal

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"github.com/rogpeppe/go-internal/lockedfile"

	"shardeck/tui/regular"
)

// File is a file of lines. Its methods are safe for concurrent use, by several programs too.
type File struct {
	Path string
	// Max is the size in bytes beyond which the older half is dropped.
	Max int64
	// Keep reports whether a line stays although it is old; nil keeps none.
	Keep func(line []byte) bool
}

// StateFile is the path of a file of the user's in the directory for programs' state; "" if there is
// none.
func StateFile(getenv func(string) string, name string) string {
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
	return filepath.Join(dir, "shardeck", name)
}

// Read returns the lines, the oldest first. A missing file is empty. Of a file that something else
// has made huge only the end is read.
func (f File) Read() ([]byte, error) {
	file, err := f.open(os.O_RDONLY)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	b, err := f.tail(file)
	if err = errors.Join(err, file.Close()); err != nil {
		return nil, err
	}
	return b, nil
}

// Append adds lines, each of which ends with a newline, and makes the file private.
func (f File) Append(lines []byte) error {
	if err := os.MkdirAll(filepath.Dir(f.Path), 0o700); err != nil {
		return err
	}
	file, err := f.open(os.O_RDWR | os.O_CREATE)
	if err != nil {
		return err
	}
	return errors.Join(f.add(file, lines), file.Close())
}

// open opens the file and locks it: shared to read it, for this program alone to write it.
func (f File) open(flag int) (*lockedfile.File, error) {
	if err := regular.CheckPath(f.Path); err != nil {
		return nil, err
	}
	file, err := lockedfile.OpenFile(f.Path, flag|regular.NoWait, 0o600)
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err == nil {
		err = regular.Check(f.Path, info)
	}
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return file, nil
}

// tail reads the lines at the end of the file.
func (f File) tail(file *lockedfile.File) ([]byte, error) {
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	from := max(info.Size()-2*f.Max, 0)
	b, err := io.ReadAll(io.NewSectionReader(file, from, 2*f.Max))
	if from > 0 {
		_, b, _ = bytes.Cut(b, []byte{'\n'})
	}
	return b, err
}

// add makes the file private and short enough, and writes lines to its end.
func (f File) add(file *lockedfile.File, lines []byte) error {
	info, err := file.Stat()
	if err != nil {
		return err
	}
	if runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 {
		if err := file.Chmod(0o600); err != nil {
			return err
		}
	}
	size := info.Size()
	if size > f.Max {
		if size, err = f.shorten(file); err != nil {
			return err
		}
	}
	if size > 0 {
		last := make([]byte, 1)
		if _, err := file.ReadAt(last, size-1); err != nil {
			return err
		}
		if last[0] != '\n' { // something died while it wrote
			lines = append([]byte{'\n'}, lines...)
		}
	}
	if _, err = file.WriteAt(lines, size); err != nil {
		return errors.Join(err, file.Truncate(size)) // no half of a line
	}
	return nil
}

// shorten drops the older half of the file, except for what is kept, and returns its new size. The
// lines move towards the beginning within the file, in their order, so that a line is overwritten
// only after it has moved: if this is cut short, at most the line at the seam is lost. It is not
// replaced by a new file, because programs that wait for the lock would write to the old one.
func (f File) shorten(file *lockedfile.File) (int64, error) {
	b, err := f.tail(file)
	if err != nil {
		return 0, err
	}
	var kept []byte
	at := 0
	for text := range bytes.Lines(b) {
		if int64(len(b)-at) <= f.Max/2 || f.Keep != nil && f.Keep(text) {
			kept = append(kept, text...)
		}
		at += len(text)
	}
	if _, err := file.WriteAt(kept, 0); err != nil {
		return 0, err
	}
	return int64(len(kept)), file.Truncate(int64(len(kept)))
}
