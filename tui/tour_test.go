package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestDefaultTourPasses(t *testing.T) {
	child, out, tmp := demoRun(t, "--tour", "--rows", "1500")
	if err := waitAtMost(t, child, 3*time.Minute); err != nil {
		t.Fatalf("the tour: %v\n%s", err, out.all())
	}
	for _, want := range []string{"[1/9]", "[9/9]", "ok     count >= students", "All checks passed."} {
		if !strings.Contains(out.all(), want) {
			t.Errorf("%q is not in\n%s", want, out.all())
		}
	}
	expectGone(t, out.pids(), tmp)
}

func TestTourFails(t *testing.T) {
	file := filepath.Join(t.TempDir(), "a tour.toml")
	write := func(text string) {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	run := func(args ...string) (code int, text string) {
		child, out, _ := demoRun(t, args...)
		err := waitAtMost(t, child, time.Minute)
		if exit, ok := errors.AsType[*exec.ExitError](err); ok {
			return exit.ExitCode(), out.all()
		}
		return 0, out.all()
	}
	write("title = \"A\"\n[[step]]\ncaption = \"B\"\ndo = [\"count\", { run = \"SELECT nothing FROM Students\" }]\nexpect = [{ count = 7 }]\n[[step]]\ncaption = \"C\"\n")
	code, text := run("--rows", "30", "--no-traffic", "--tour", file)
	if code != 1 || !strings.Contains(text, "FAILED count = 7: it is 30") || !strings.Contains(text, "FAILED run SELECT nothing FROM Students: ") || !strings.Contains(text, "The tour ends at step 1 of 2 (line 2)") {
		t.Errorf("exit code %d:\n%s", code, text)
	}
	write("title = \"A\"\n[[step]]\ncaption = \"B\"\n")
	if code, text := run("--rows", "30", "--tour="+file); code != 0 || !strings.Contains(text, "1 steps, 0 checks") {
		t.Errorf("exit code %d:\n%s", code, text)
	}
	// What is wrong with a file is said before anything is started.
	write("title = \"A\"\n[[step]]\ncaption = \"B\"\ndo = [\"cuont\"]\n")
	for want, path := range map[string]string{"a tour.toml, line 4: do: item 1: there is no \"cuont\"; did you mean count?": file, "no such file": file + "x", "is a directory": t.TempDir()} {
		if code, text := run("--tour", path); code != 2 || !strings.Contains(text, want) || strings.Contains(text, "starting") {
			t.Errorf("%s: exit code %d:\n%s", path, code, text)
		}
	}
	write("title = \"A\"\n[[step]]\ncaption = \"B\"\ndo = [{ kill = \"worker 7\" }]\n")
	if code, text := run("--tour", file); code != 2 || !strings.Contains(text, "line 2 kills worker 7, and the demo has workers 0 to 2") {
		t.Errorf("exit code %d:\n%s", code, text)
	}
}
