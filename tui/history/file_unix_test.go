//go:build unix

package history

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// Neither loading nor saving waits for a pipe or reads a device, however it is reached.
func TestOnlyRegularFilesAreHistories(t *testing.T) {
	dir := t.TempDir()
	pipe, link := filepath.Join(dir, "pipe"), filepath.Join(dir, "link")
	if err := errors.Join(syscall.Mkfifo(pipe, 0o600), os.Symlink("/dev/zero", link)); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{pipe, link, dir} {
		if all, err := Load(path); err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("%s was loaded: %v, %v", path, all, err)
		}
		if err := Append(path, Line{SQL: "x"}); err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("%s was written to: %v", path, err)
		}
	}
}

// What is read of a huge file is bounded: this one would take all the memory there is.
func TestHugeFileIsReadFromItsEnd(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	_, err = f.WriteAt([]byte("\n"+`{"sql":"last"}`+"\n"), 1<<40)
	if err := errors.Join(err, f.Close()); err != nil {
		t.Skipf("no sparse files here: %v", err)
	}
	if got := load(t, path); len(got) != 1 || got[0].SQL != "last" {
		t.Errorf("%d entries", len(got))
	}
	save(t, path, Line{SQL: "new"})
	info, err := os.Stat(path)
	if got := load(t, path); err != nil || info.Size() > MaxBytes || len(got) != 2 || got[1].SQL != "new" {
		t.Errorf("%d entries in %d bytes, %v", len(got), info.Size(), err)
	}
}

// What other consoles append while one drops the older half stays.
func TestShorteningLosesNobodysLines(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	old := []byte(strings.Repeat(`{"sql":"old"}`+"\n", MaxBytes/len(`{"sql":"old"}`)))
	for round := range 5 {
		if err := os.WriteFile(path, old, 0o600); err != nil {
			t.Fatal(err)
		}
		const consoles, lines = 8, 20
		var all sync.WaitGroup
		for c := range consoles {
			all.Go(func() {
				for i := range lines {
					if err := Append(path, Line{SQL: fmt.Sprintf("%d/%d", c, i)}); err != nil {
						t.Error(err)
					}
				}
			})
		}
		all.Wait()
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for c := range consoles {
			for i := range lines {
				if line := fmt.Sprintf(`{"sql":"%d/%d"}`, c, i) + "\n"; strings.Count(string(b), line) != 1 {
					t.Fatalf("round %d: %q is there %d times", round, line, strings.Count(string(b), line))
				}
			}
		}
	}
}

// Shortening writes to the history and to nothing beside it.
func TestShorteningWritesThroughNoLink(t *testing.T) {
	dir := t.TempDir()
	path, victim := filepath.Join(dir, "f"), filepath.Join(dir, "victim")
	if err := errors.Join(os.WriteFile(path, []byte(strings.Repeat(`{"sql":"old"}`+"\n", MaxBytes/10)), 0o600),
		os.WriteFile(victim, []byte("mine"), 0o600), os.Symlink(victim, path+".new")); err != nil {
		t.Fatal(err)
	}
	save(t, path, Line{SQL: "new"})
	if b, err := os.ReadFile(victim); string(b) != "mine" || err != nil {
		t.Errorf("the other file has %d bytes, %v", len(b), err)
	}
	names, err := os.ReadDir(dir)
	if len(names) != 3 || err != nil {
		t.Errorf("%v, %v", names, err)
	}
}

func TestLineAfterATornOne(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	if err := os.WriteFile(path, []byte(`{"sql":"whole"}`+"\n"+`{"sql":"to`), 0o600); err != nil {
		t.Fatal(err)
	}
	save(t, path, Drafted(&Entry{ID: "n", SQL: "new"}))
	if got := load(t, path); len(got) != 2 || got[1].SQL != "new" || !got[1].Draft || got[0].Draft {
		t.Errorf("%+v", got)
	}
}
