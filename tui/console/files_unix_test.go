//go:build unix

package console

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"shardeck/tui/keymap"
	"shardeck/tui/screen"
	"shardeck/tui/terminal"
)

// saveTo saves the text to a path.
func (d *driver) saveTo(path string) { d.t.Helper(); d.path("ctrl+s", path) }

// open opens the file at a path.
func (d *driver) open(path string) { d.t.Helper(); d.path("ctrl+o", path) }

func (d *driver) path(key, path string) {
	d.t.Helper()
	d.keys(key, "ctrl+u")
	d.send(keymap.Typed{Text: path})
	d.keys("enter")
}

// asks reports whether a question is shown.
func (d *driver) asks() bool { _, ok := d.m.top().(*screen.Confirm); return ok }

// shortDir is a directory whose files' paths fit into a line of a dialog.
func shortDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "f")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	return dir
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func has(t *testing.T, path, want string) {
	t.Helper()
	if b, err := os.ReadFile(path); string(b) != want || err != nil {
		t.Errorf("%s has %q, want %q; %v", filepath.Base(path), b, want, err)
	}
}

func TestOwnFileIsSavedWithoutQuestion(t *testing.T) {
	d, _ := driveSQL(t)
	path := filepath.Join(t.TempDir(), "a.sql")
	write(t, path, "SELECT 1")
	d.open(path)
	for _, text := range []string{"SELECT 2", "SELECT 3"} {
		d.write(text)
		d.keys("ctrl+s", "enter")
		if d.asks() {
			t.Fatalf("a question:\n%s", d.frame())
		}
		has(t, path, text)
	}
	d.saveTo(path + ".new") // which does not exist
	d.write("SELECT 4")
	d.keys("ctrl+s", "enter")
	has(t, path+".new", "SELECT 4")
	has(t, path, "SELECT 3")
}

func TestOtherFilesAreReplacedOnlyAfterAQuestion(t *testing.T) {
	d, _ := driveSQL(t)
	dir := shortDir(t)
	own, other := filepath.Join(dir, "own.sql"), filepath.Join(dir, "other.sql")
	write(t, own, "SELECT 1")
	write(t, other, "SELECT precious")
	d.open(own)
	d.write("SELECT 2")
	d.saveTo(other)
	d.shows("Replace the file", other+" exists")
	d.keys("enter") // Cancel has the focus
	has(t, other, "SELECT precious")
	d.saveTo(other)
	write(t, other, "SELECT precious too") // while the question is shown
	d.keys("right", "enter")
	if !d.asks() {
		t.Error("the answer about one file was taken for another")
	}
	has(t, other, "SELECT precious too")
	d.keys("right", "enter")
	has(t, other, "SELECT 2")
	d.write("SELECT 3") // it is the tab's own now
	d.keys("ctrl+s", "enter")
	has(t, other, "SELECT 3")

	write(t, other, "SELECT of another program")
	d.keys("ctrl+s", "enter")
	d.shows(other + " has changed")
	d.keys("esc")
	has(t, other, "SELECT of another program")

	// A tab that never read the file asks, whatever another tab did.
	d.open(own)
	d.keys("alt+t")
	d.write("SELECT 5")
	d.saveTo(own)
	if !d.asks() {
		t.Error("no question")
	}
	d.keys("esc")
	has(t, own, "SELECT 1")
}

// The tab that asked has the file, whichever is shown when it has been saved.
func TestSavedFileIsOfTheTabThatAsked(t *testing.T) {
	d, _ := driveSQL(t)
	path := filepath.Join(t.TempDir(), "a.sql")
	d.write("SELECT 1")
	d.keys("ctrl+s", "ctrl+u")
	d.send(keymap.Typed{Text: path})
	d.wait(time.Second)
	d.send(keyMsg("enter"))
	d.send(keyMsg("alt+t")) // before the file is written
	d.settle()
	d.write("SELECT 2")
	d.saveTo(path)
	if !d.asks() {
		t.Error("the other tab's file was replaced without a question")
	}
	has(t, path, "SELECT 1")
}

func TestSaveKeepsWhatAFileIs(t *testing.T) {
	d, _ := driveSQL(t)
	dir := shortDir(t)
	in := func(name string) string { return filepath.Join(dir, name) }
	replace := func(name string) {
		t.Helper()
		d.saveTo(in(name))
		if d.asks() {
			d.keys("right", "enter")
		}
	}
	d.write("SELECT 2")

	write(t, in("readonly"), "old")
	if err := os.Chmod(in("readonly"), 0o444); err != nil {
		t.Fatal(err)
	}
	replace("readonly")
	d.shows("not saved: " + in("readonly") + " is read-only")
	d.keys("esc")
	has(t, in("readonly"), "old")

	write(t, in("first"), "a longer old text")
	err := errors.Join(os.Link(in("first"), in("second")), os.Symlink("none.sql", in("dangling")), os.Symlink("mode", in("link")))
	if err != nil {
		t.Fatal(err)
	}
	replace("first")
	has(t, in("second"), "SELECT 2")
	replace("dangling")
	has(t, in("none.sql"), "SELECT 2")
	if to, err := os.Readlink(in("dangling")); to != "none.sql" || err != nil {
		t.Errorf("the link is %q, %v", to, err)
	}

	write(t, in("mode"), "old")
	if err := os.Chmod(in("mode"), 0o640); err != nil {
		t.Fatal(err)
	}
	replace("link")
	has(t, in("mode"), "SELECT 2")
	if info, err := os.Lstat(in("mode")); err != nil || info.Mode() != 0o640 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}

	const mark = "\xef\xbb\xbf"
	write(t, in("marked"), mark+"SELECT 'é'")
	d.open(in("marked"))
	d.write("SELECT 3")
	d.keys("ctrl+s", "enter")
	has(t, in("marked"), mark+"SELECT 3")
	d.write("SELECT 4")
	d.keys("ctrl+s", "enter")
	has(t, in("marked"), mark+"SELECT 4")
	if left, err := filepath.Glob(in(".shardeck-*")); len(left) != 0 || err != nil {
		t.Errorf("%v was left, %v", left, err)
	}
}

func TestOnlyRegularFilesAreOpened(t *testing.T) {
	d, _ := driveSQL(t)
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{pipe: "is a named pipe", "/dev/tty": "is a device", t.TempDir(): "is a directory"} {
		if _, err := readText(path); err == nil || !strings.Contains(err.Error(), path+" "+want) {
			t.Errorf("%s: %v", path, err)
		}
		if found, err := (saveFile{path: path}).save(); found != nil || err == nil || !strings.Contains(err.Error(), path+" "+want) {
			t.Errorf("%s was saved to: %v", path, err)
		}
	}
	d.open("/dev/tty")
	d.shows("/dev/tty is a device")
}

// What was written in the user's own editor is removed only when the console has it.
func TestTextFromTheEditorIsKept(t *testing.T) {
	failed := errors.New("exit status 1")
	for name, c := range map[string]struct {
		text  string
		err   error
		kept  bool
		shown string // in the console's editor
	}{
		"taken over":           {text: "SELECT 2", shown: "SELECT 2"},
		"unchanged":            {text: "SELECT 1", shown: "SELECT 1"},
		"not UTF-8":            {text: "SELECT 'caf\xe9'", kept: true, shown: "SELECT 1"},
		"failed after writing": {text: "SELECT 2", err: failed, kept: true, shown: "SELECT 1"},
		"failed":               {text: "SELECT 1", err: failed, shown: "SELECT 1"},
		"too long":             {text: strings.Repeat("x", 5<<20), kept: true, shown: "SELECT 1"},
	} {
		t.Run(name, func(t *testing.T) {
			d, _ := driveSQL(t)
			d.write("SELECT 1")
			path := filepath.Join(shortDir(t), "t.sql")
			write(t, path, c.text)
			d.send(terminal.Edited{Path: path, Err: c.err})
			d.settle()
			if got := d.m.query.Text(); got != c.shown {
				t.Errorf("the text is %.20q", got)
			}
			if !c.kept {
				if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
					t.Errorf("the file is still there: %v", err)
				}
				return
			}
			has(t, path, c.text)
			d.shows("Your text is kept", path)
			d.keys("enter")
			if d.m.top() != screen.Screen(d.m.query) {
				t.Error("the notice stays")
			}
		})
	}
}
