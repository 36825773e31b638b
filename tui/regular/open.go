package regular

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// An Error says that a path is not a regular file.
type Error struct {
	Path string
	Mode fs.FileMode
}

// Error names the path and what is there.
func (e *Error) Error() string { return fmt.Sprintf("%s is %s, not a file", e.Path, kind(e.Mode)) }

func kind(m fs.FileMode) string {
	switch {
	case m.IsDir():
		return "a directory"
	case m&fs.ModeNamedPipe != 0:
		return "a named pipe"
	case m&fs.ModeSocket != 0:
		return "a socket"
	case m&fs.ModeDevice != 0:
		return "a device"
	}
	return "something special"
}

// Check refuses a file that is not regular.
func Check(path string, info fs.FileInfo) error {
	if !info.Mode().IsRegular() {
		return &Error{Path: path, Mode: info.Mode()}
	}
	return nil
}

// Open opens an existing file, or one that flag creates. It looks before it opens, since to open a
// device can have an effect already, and again at what it has opened, which may be another file.
func Open(path string, flag int, perm fs.FileMode) (*os.File, error) {
	if err := CheckPath(path); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(path, flag|NoWait, perm)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil {
		err = Check(path, info)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// CheckPath refuses a path, followed through links, at which there is something that is not a
// regular file. It accepts one at which there is nothing.
func CheckPath(path string) error {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	}
	return Check(path, info)
}
