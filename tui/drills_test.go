package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// runDrills runs drills with the real program, and returns the exit code, the output and the report.
func runDrills(t *testing.T, args ...string) (code int, output, page string) {
	t.Helper()
	report := filepath.Join(t.TempDir(), "report.md")
	child, out, tmp := demoRun(t, append([]string{"--rows", "300", "--report", report}, args...)...)
	err := waitAtMost(t, child, 5*time.Minute)
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		code = exit.ExitCode()
	} else if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(report)
	if err != nil {
		t.Fatalf("%v\n%s", err, out.all())
	}
	expectGone(t, out.pids(), tmp)
	return code, out.all(), string(b)
}

func TestDrillsPassAndReport(t *testing.T) {
	names := []string{"kill-worker", "kill-primary", "restart-backup"}
	if runtime.GOOS == "linux" {
		names = append(names, "full-disk")
	}
	if os.Getenv("SHARDECK_LONG") != "" {
		names = []string{"all"}
	}
	var args []string
	for _, n := range names {
		args = append(args, "--drill", n)
	}
	code, out, page := runDrills(t, args...)
	if code != 0 || strings.Contains(out, "FAILED") {
		t.Errorf("exit code %d\n%s", code, out)
	}
	passed := strings.Count(page, "| Verdict | **PASSED** |")
	if headings := strings.Count(page, "# Drill: "); passed != headings || passed < len(names) {
		t.Errorf("%d of %d reports passed:\n%s", passed, headings, page)
	}
	if n := strings.Count(page, "| ✓ | every acknowledged write is there |"); n != passed {
		t.Errorf("%d of %d drills read back their writes:\n%s", n, passed, page)
	}
}

// A drill whose expectation cannot come true fails, and says why.
func TestDrillThatIsNotPossibleFails(t *testing.T) {
	code, out, page := runDrills(t, "--lease", "manual", "--drill", "kill-primary")
	if code != 1 || !strings.Contains(out, "0 of 1 drills passed") {
		t.Errorf("exit code %d\n%s", code, out)
	}
	if !strings.Contains(page, "**FAILED**: not possible here: nobody takes over by itself") {
		t.Errorf("the report:\n%s", page)
	}
}

func TestInterruptedDrillIsUndone(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("os.Process cannot send Ctrl-C on Windows, nor are processes frozen there")
	}
	child, out, tmp := demoRun(t, "--rows", "10", "--drill", "freeze-worker")
	out.await(t, "SIGSTOP to the process")
	if err := child.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	err := waitAtMost(t, child, time.Minute)
	if exit, ok := errors.AsType[*exec.ExitError](err); !ok || exit.ExitCode() != 130 {
		t.Errorf("got %v, want exit code 130\n%s", err, out.all())
	}
	if !strings.Contains(out.all(), "undone: SIGCONT") || !strings.Contains(out.all(), "CANCELED") {
		t.Errorf("the output:\n%s", out.all())
	}
	expectGone(t, out.pids(), tmp)
}

// A process that is frozen when the demo is killed cannot notice it by itself.
func TestFrozenProcessDoesNotOutliveKilledDemo(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("processes are not frozen on Windows")
	}
	child, out, tmp := demoRun(t, "--rows", "10", "--drill", "freeze-worker")
	out.await(t, "SIGSTOP to the process")
	if err := child.Kill(); err != nil {
		t.Fatal(err)
	}
	expectGone(t, out.pids(), tmp)
}
