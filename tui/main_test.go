package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/rogpeppe/go-internal/testscript"

	"shardeck/shared/childproc"
	"shardeck/tui/demo"
)

// binary is the real program, built once for all tests.
var binary string

func TestMain(m *testing.M) {
	os.Exit(buildAndTest(m))
}

func buildAndTest(m *testing.M) int {
	dir, err := os.MkdirTemp("", "shardeck-tui-test-*")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	binary = filepath.Join(dir, "tui")
	if runtime.GOOS == "windows" {
		binary += ".exe"
	}
	args := []string{"build", "-o", binary}
	if raceDetector {
		args = append(args, "-race")
	}
	build := exec.Command("go", append(args, ".")...)
	build.Stdout, build.Stderr = os.Stderr, os.Stderr
	if err := build.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "building the program:", err)
		return 1
	}
	return m.Run()
}

// TestScripts runs the scripts in testdata/script against the real program and, if they
// start one, a real cluster.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: filepath.Join("testdata", "script"),
		Setup: func(env *testscript.Env) error {
			env.Setenv("PATH", filepath.Dir(binary)+string(os.PathListSeparator)+env.Getenv("PATH"))
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits":        cmdExits,
			"until-exits":  cmdUntilExits,
			"json":         cmdJSON,
			"cluster":      cmdCluster,
			"kill-primary": cmdKillPrimary,
			"restart":      cmdRestart,
		},
	})
}

// cmdExits runs a program and checks its exit code: exits CODE program args...
func cmdExits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE program args...")
	}
	if got := exitCode(ts, args[1:]); strconv.Itoa(got) != args[0] {
		ts.Fatalf("exit code %d, want %s", got, args[0])
	}
}

// cmdUntilExits repeats a program until it exits with the code, for state that changes by
// itself, such as when a master's next probe finds a worker.
func cmdUntilExits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: until-exits CODE program args...")
	}
	deadline := time.Now().Add(30 * time.Second)
	for got := -1; ; {
		if got = exitCode(ts, args[1:]); strconv.Itoa(got) == args[0] {
			return
		}
		if time.Now().After(deadline) {
			ts.Fatalf("the last exit code is %d, want %s", got, args[0])
		}
		time.Sleep(50 * time.Millisecond)
	}
}

func exitCode(ts *testscript.TestScript, command []string) int {
	err := ts.Exec(command[0], command[1:]...)
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return exit.ExitCode()
	}
	ts.Check(err)
	return 0
}

// cmdJSON checks a member of the JSON document in a file: json FILE POINTER WANT,
// where WANT is JSON.
func cmdJSON(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 3 {
		ts.Fatalf("usage: json FILE POINTER WANT")
	}
	at := jsontext.Value(ts.ReadFile(args[0]))
	for token := range jsontext.Pointer(args[1]).Tokens() {
		at = member(ts, at, token)
	}
	want := jsontext.Value(args[2])
	ts.Check(at.Canonicalize())
	ts.Check(want.Canonicalize())
	if (string(at) == string(want)) == neg {
		ts.Fatalf("%s is %s", args[1], at)
	}
}

func member(ts *testscript.TestScript, in jsontext.Value, token string) jsontext.Value {
	switch in.Kind() {
	case '{':
		var object map[string]jsontext.Value
		ts.Check(json.Unmarshal(in, &object))
		if v, ok := object[token]; ok {
			return v
		}
	case '[':
		var array []jsontext.Value
		ts.Check(json.Unmarshal(in, &array))
		if i, err := strconv.Atoi(token); err == nil && i < len(array) {
			return array[i]
		}
	}
	ts.Fatalf("there is no %q in %s", token, in)
	return nil
}

// cmdCluster starts a cluster with ROWS students in which nobody takes over by himself: cluster ROWS. It sets SHARDECK_MASTERS,
// MASTER_1 and MASTER_2.
func cmdCluster(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: cluster ROWS")
	}
	rows, err := strconv.Atoi(args[0])
	ts.Check(err)
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	c, err := demo.Start(ctx, demo.Options{Executable: binary, FreePorts: true, Lease: "manual", Say: ts.Logf})
	ts.Check(err)
	ts.Defer(func() {
		if err := c.Stop(); err != nil {
			ts.Logf("stopping the cluster: %v", err)
		}
	})
	_, err = c.Load(ctx, rows, func(int, int) {})
	ts.Check(err)
	running.Store(ts, c)
	ts.Defer(func() { running.Delete(ts) })
	ts.Setenv("SHARDECK_MASTERS", strings.Join(c.Masters(), ","))
	for i, url := range c.Masters() {
		ts.Setenv("MASTER_"+strconv.Itoa(i+1), url)
	}
}

func cmdKillPrimary(ts *testscript.TestScript, _ bool, _ []string) {
	_, err := running.get(ts).KillPrimary(context.Background())
	ts.Check(err)
}

func cmdRestart(ts *testscript.TestScript, _ bool, _ []string) {
	_, err := running.get(ts).Restart(context.Background())
	ts.Check(err)
}

// demoRun starts `tui demo --headless` with its own temporary directory.
func demoRun(t *testing.T, args ...string) (child *childproc.Child, out *lines, tmp string) {
	t.Helper()
	tmp = t.TempDir()
	out = newLines(t)
	child, err := childproc.Start(childproc.Spec{
		Name: "the demo", Path: binary, Args: append([]string{"demo", "--headless", "--free-ports"}, args...),
		Env: append(os.Environ(), "TMPDIR="+tmp, "TMP="+tmp, "TEMP="+tmp), Stdout: out, Stderr: out,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = child.Kill() }) // it may have exited already
	return child, out, tmp
}

// waitAtMost waits for the demo to exit and kills it if it takes too long.
func waitAtMost(t *testing.T, child *childproc.Child, d time.Duration) error {
	t.Helper()
	if !child.Wait(d) {
		if err := child.Kill(); err != nil {
			t.Fatal(err)
		}
	}
	return child.Err()
}

// expectGone waits until no process of the demo is running and its directory is removed.
func expectGone(t *testing.T, pids []int, tmp string) {
	t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for {
		left := slices.DeleteFunc(slices.Clone(pids), func(pid int) bool { return !runs(pid) })
		entries, err := os.ReadDir(tmp)
		if err != nil {
			t.Fatal(err)
		}
		if len(left) == 0 && len(entries) == 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("left behind: processes %v, files %v", left, entries)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func TestTourPassesAndLeavesNothingBehind(t *testing.T) {
	child, out, tmp := demoRun(t, "--rows", "1500")
	if err := waitAtMost(t, child, 3*time.Minute); err != nil {
		t.Fatalf("the tour: %v\n%s", err, out.all())
	}
	if strings.Contains(out.all(), "FAILED") || !strings.Contains(out.all(), "All checks passed.") {
		t.Errorf("the tour printed:\n%s", out.all())
	}
	expectGone(t, out.pids(), tmp)
}

func TestNothingOutlivesKilledDemo(t *testing.T) {
	child, out, tmp := demoRun(t, "--rows", "10", "--pace", "5m")
	out.await(t, "[1/")
	if err := child.Kill(); err != nil {
		t.Fatal(err)
	}
	pids := out.pids()
	if len(pids) != 5 {
		t.Fatalf("the demo listed %d children:\n%s", len(pids), out.all())
	}
	expectGone(t, pids, tmp)
}

func TestInterruptedDemoShutsDown(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("os.Process cannot send Ctrl-C on Windows")
	}
	for _, at := range []string{"starting three workers", "[1/", "[2/"} {
		t.Run(at, func(t *testing.T) {
			pace := "1ms"
			if strings.HasPrefix(at, "[1") {
				pace = "5m" // interrupted during the pause
			}
			child, out, tmp := demoRun(t, "--rows", "20000", "--pace", pace)
			out.await(t, at)
			if err := child.Signal(os.Interrupt); err != nil {
				t.Fatal(err)
			}
			err := waitAtMost(t, child, time.Minute)
			exit, ok := errors.AsType[*exec.ExitError](err)
			if !ok || exit.ExitCode() != 130 {
				t.Errorf("got %v, want exit code 130\n%s", err, out.all())
			}
			expectGone(t, out.pids(), tmp)
		})
	}
}
