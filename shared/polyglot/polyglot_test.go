package polyglot

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestVersionsAreCompared(t *testing.T) {
	for _, c := range []struct {
		version      string
		major, minor int
		want         bool
	}{
		{"3.11.7", 3, 11, true}, {"3.9.2", 3, 11, false}, {"3.9", 3, 9, true}, {"4.0.0", 3, 11, true}, {"2.7.18", 3, 11, false},
		{"v24.15.0", 24, 15, true}, {"v24.9.0", 24, 15, false}, {"v26.0.1", 24, 15, true}, {"v20.20.2", 24, 15, false},
		{"", 3, 11, false}, {"3", 3, 11, false}, {"x.y.z", 3, 11, false},
	} {
		if got := atLeast(c.version, c.major, c.minor); got != c.want {
			t.Errorf("atLeast(%q, %d, %d) = %v", c.version, c.major, c.minor, got)
		}
	}
}

func TestAStampIsCurrentUntilTheLockFileChanges(t *testing.T) {
	dir := t.TempDir()
	lock := filepath.Join(dir, "lock")
	write := func(text string) {
		if err := os.WriteFile(lock, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if s := newStamp(dir, "3.11", lock); current(s) {
		t.Error("a stamp without a lock file is current")
	}
	write("a")
	s := newStamp(dir, "3.11", lock)
	if current(s) {
		t.Error("it is current before it is written")
	}
	if err := s.write(); err != nil {
		t.Fatal(err)
	}
	if !current(newStamp(dir, "3.12", lock), newStamp(dir, "3.11", lock)) {
		t.Error("it is not current once it is written")
	}
	if current(newStamp(dir, "3.12", lock)) {
		t.Error("it is current for another version of the interpreter")
	}
	if write("b"); current(newStamp(dir, "3.11", lock)) {
		t.Error("it is current after the lock file has changed")
	}
}

// With nothing on the PATH, everything is reported at once, with how to get it.
func TestWhatIsMissingIsNamed(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	t.Setenv("CC", "")
	root, err := Root()
	if err != nil {
		t.Fatal(err)
	}
	_, err = SetUp(t.Context(), root, false, t.Logf)
	if err == nil {
		t.Fatal("it was set up from nothing")
	}
	for _, want := range []string{"Go: ", "a C compiler: ", "Python 3.11 or later: ", "npm"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%v\nlacks %q", err, want)
		}
	}
}
