package console

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	tea "github.com/charmbracelet/bubbletea"

	"shardeck/tui/regular"
	"shardeck/tui/screen"
	"shardeck/tui/statement"
)

// utf8Mark is the byte order mark of UTF-8.
var utf8Mark = []byte("\xef\xbb\xbf")

// saveFile is the intent of saving a text.
type saveFile struct {
	asked  screen.AskPath
	path   string
	agreed fs.FileInfo // of the file that the user has agreed to replace, nil for none
}

// conflict is a file that must not be replaced without a question.
type conflict struct {
	info     fs.FileInfo
	question string
}

// askSavePath asks where to save a text, again if the last path was not possible.
func (m *model) askSavePath(in screen.AskPath, path, fault string) {
	m.push(screen.NewPrompt("Save the text", "The path of the file, such as report.sql. Another file than this tab's is replaced only after a question.", path, func(path string) screen.Intent {
		return saveFile{asked: in, path: home(path)}
	}).Faulty(fault))
}

// askReplace asks whether to replace a file.
func (m *model) askReplace(in saveFile, found *conflict) {
	in.agreed = found.info
	m.push(screen.NewConfirm(m.now, "Replace the file", found.question, "replace", in))
}

// run saves the text. It is a command.
func (in saveFile) run() tea.Msg {
	found, err := in.save()
	if found != nil || err != nil {
		return fileMsg{err: err, save: &in, found: found}
	}
	return fileMsg{message: screen.FileSaved{For: in.asked, Path: in.path}}
}

// save writes the text to its file, as a whole or not at all where that is possible. The tab's own
// file is replaced if it is as the tab knows it, another one if the user has agreed to it. A link
// stays a link, and a file keeps its mode and its byte order mark.
func (in saveFile) save() (*conflict, error) {
	if in.path == "" {
		return nil, errors.New("no path was given")
	}
	path, err := target(in.path)
	if err != nil {
		return nil, err
	}
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, createFile(path, in.asked.Text)
	}
	if err == nil {
		err = regular.Check(path, info)
	}
	if err != nil {
		return nil, err
	}
	if info.Mode().Perm()&0o222 == 0 { // which is no obstacle to the superuser
		return nil, fmt.Errorf("%s is read-only", path)
	}
	f, err := regular.Open(path, os.O_WRONLY, 0) // a new file in its place would not need the permission
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // what was written is closed with its error checked
	old, oldErr := readBytes(path)
	if question := in.question(path, info, old, oldErr); question != "" {
		return &conflict{info: info, question: question}, nil
	}
	text := in.asked.Text
	if bytes.HasPrefix(old, utf8Mark) {
		text = string(utf8Mark) + text
	}
	return nil, replaceFile(path, f, info, text)
}

// question is what to ask before a file is replaced, "" for nothing.
func (in saveFile) question(path string, info fs.FileInfo, old []byte, oldErr error) string {
	if a := in.agreed; a != nil && os.SameFile(a, info) && a.Size() == info.Size() && a.ModTime().Equal(info.ModTime()) {
		return ""
	}
	name := in.path
	if path != in.path {
		name += ", which is " + path + ","
	}
	if in.asked.Path == "" || filepath.Clean(in.path) != filepath.Clean(in.asked.Path) {
		return name + " exists. Replace it with this text?"
	}
	if oldErr == nil {
		if text, err := statement.Decode(old); err == nil && text == in.asked.Saved {
			return ""
		}
	}
	return name + " has changed since this tab read or saved it. Replace what is there now with this text?"
}

// maxLinks is how many links a path may lead through.
const maxLinks = 40

// target is where a path leads through links, also if there is no file yet.
func target(path string) (string, error) {
	for range maxLinks {
		info, err := os.Lstat(path)
		if errors.Is(err, fs.ErrNotExist) {
			return path, nil
		}
		if err != nil {
			return "", err
		}
		if info.Mode()&fs.ModeSymlink == 0 {
			return path, nil
		}
		to, err := os.Readlink(path)
		if err != nil {
			return "", err
		}
		if !filepath.IsAbs(to) {
			// Not joined, since that takes .. for the parent of a directory that may be a link.
			to = filepath.Dir(path) + string(filepath.Separator) + to
		}
		path = to
	}
	return "", fmt.Errorf("%s leads through too many links", path)
}

// createFile writes a file that must not exist. One that could not be completed is removed.
func createFile(path, text string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600) // statements contain data
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	if err = errors.Join(err, f.Close()); err != nil {
		return errors.Join(err, os.Remove(path))
	}
	return nil
}

// replaceFile replaces what is in a file that f has open: by a new file in its place, so that it is
// whole whatever happens. A file with other names is written to instead, since those would keep the
// old text, and so is another user's, which a new file would take away from them, and one in a
// directory where no file can be created.
func replaceFile(path string, f *os.File, info fs.FileInfo, text string) error {
	if now, err := f.Stat(); err != nil || !os.SameFile(now, info) {
		return errors.Join(fmt.Errorf("%s was replaced by another program at this moment; save again", path), err)
	}
	if mustKeep(info) {
		return overwrite(f, text)
	}
	other, err := os.CreateTemp(filepath.Dir(path), ".shardeck-*")
	if errors.Is(err, fs.ErrPermission) {
		return overwrite(f, text)
	}
	if err != nil {
		return err
	}
	_, err = other.WriteString(text)
	// Windows renames over no open file.
	err = errors.Join(err, other.Chmod(info.Mode().Perm()), other.Close(), f.Close())
	if err == nil {
		err = os.Rename(other.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(other.Name()))
	}
	return nil
}

func overwrite(f *os.File, text string) error {
	_, err := f.WriteAt([]byte(text), 0)
	if err == nil {
		err = f.Truncate(int64(len(text)))
	}
	return errors.Join(err, f.Close())
}
