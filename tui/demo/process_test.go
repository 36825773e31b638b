package demo

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"context"

	"go.uber.org/goleak"

	"shardeck/shared/childproc"
)

// childVar tells this test binary to act as a child; see actAsChild.
const childVar = "DEMO_TEST_CHILD"

func TestMain(m *testing.M) {
	if kind := os.Getenv(childVar); kind != "" {
		os.Exit(actAsChild(kind))
	}
	goleak.VerifyTestMain(m)
}

// actAsChild is a child of the tests: a service with the given behaviour.
func actAsChild(kind string) int {
	if kind == "failing" {
		fmt.Fprintln(os.Stderr, "the disk is made of cheese")
		return 3
	}
	fmt.Println("something else first")
	fmt.Println(childproc.ReadyPrefix + "http://127.0.0.1:1")
	switch kind {
	case "stubborn": // ignores its stdin
		time.Sleep(time.Hour)
	case "polite":
		line, err := bufio.NewReader(os.Stdin).ReadString('\n')
		fmt.Fprintf(os.Stderr, "heard %q %v\n", line, err)
	}
	return 0
}

func testProcess(t *testing.T, kind string) *process {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	p := &process{name: kind, exe: exe, env: append(os.Environ(), childVar+"="+kind), logPath: filepath.Join(t.TempDir(), "log")}
	t.Cleanup(func() {
		if err := p.kill(); err != nil {
			t.Error(err)
		}
	})
	return p
}

func TestChildStopsWhenAsked(t *testing.T) {
	p := testProcess(t, "polite")
	for range 2 { // it can be restarted
		if err := p.start(t.Context()); err != nil {
			t.Fatal(err)
		}
		if !p.alive() || p.pid() == 0 {
			t.Fatal("it is not running")
		}
		if err := p.stop(); err != nil {
			t.Fatal(err)
		}
		if p.alive() {
			t.Fatal("it is still running")
		}
	}
	if got := tail(p.logPath, 5); strings.Count(got, `heard "stop\n" <nil>`) != 2 {
		t.Errorf("it was not asked twice: %s", got)
	}
	if err := p.stop(); err != nil {
		t.Errorf("stopping it again: %v", err)
	}
}

func TestStartReportsWhyChildFailed(t *testing.T) {
	err := testProcess(t, "failing").start(t.Context())
	if err == nil || !strings.Contains(err.Error(), "made of cheese") || !strings.Contains(err.Error(), "exit status 3") {
		t.Errorf("got %v", err)
	}
}

func TestStartEndsWithContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	p := testProcess(t, "stubborn")
	// It may be ready before the context is checked; then stop stops it.
	if err := p.start(ctx); err != nil && (!errors.Is(err, context.Canceled) || p.alive()) {
		t.Errorf("got %v, alive %v", err, p.alive())
	}
}

func TestOrphanExitsAndRemovesDirectory(t *testing.T) {
	quiet := slog.New(slog.DiscardHandler)
	serve := func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
	for _, c := range []struct {
		name, stdin string
		gone        bool
	}{
		{"asked to stop", "stop\n", false},
		{"parent gone", "", true},
		{"parent gone in the middle of a word", "sto", true},
	} {
		dir, err := newRunDir("")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { os.RemoveAll(dir.path) })
		f := &childFlags{OrphanRemove: dir.path}
		if err := f.underParent(t.Context(), strings.NewReader(c.stdin), quiet, serve); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		if _, err := os.Stat(dir.path); errors.Is(err, fs.ErrNotExist) != c.gone {
			t.Errorf("%s: the directory: %v", c.name, err)
		}
	}
	boom := errors.New("boom")
	r, w := io.Pipe()
	defer func() { // the reading goroutine must not take the end of the test for that of the parent
		io.WriteString(w, stopWord+"\n")
		w.Close()
	}()
	err := (&childFlags{}).underParent(t.Context(), r, quiet, func(context.Context) error { return boom })
	if !errors.Is(err, boom) {
		t.Errorf("a service's own error is lost: %v", err)
	}
}

// TestLastOrphanRemovesWhatOthersLeft: an orphan that is still shutting down writes to the
// directory while another removes it, so that the marker is gone and files are left.
func TestLastOrphanRemovesWhatOthersLeft(t *testing.T) {
	dir, err := newRunDir("")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir.path) })
	f := &childFlags{OrphanRemove: dir.path}
	if err := f.underParent(t.Context(), strings.NewReader(""), slog.New(slog.DiscardHandler), func(ctx context.Context) error {
		<-ctx.Done()
		removeOrphaned(dir.path, slog.New(slog.DiscardHandler)) // the other orphan
		if err := os.MkdirAll(dir.logs(), 0o700); err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(dir.path, "lease.db-journal"), []byte("late"), 0o600)
	}); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(dir.path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the directory is left behind: %v", err)
	}
}

func TestOnlyOwnDirectoryIsRemoved(t *testing.T) {
	precious := t.TempDir()
	for _, dir := range []string{precious, filepath.Join(precious, "none")} {
		f := &childFlags{OrphanRemove: dir}
		err := f.underParent(t.Context(), strings.NewReader(""), slog.New(slog.DiscardHandler), func(context.Context) error {
			t.Error("a child serves from a directory that is not the demo's")
			return nil
		})
		if err == nil || !strings.Contains(err.Error(), "not removed") {
			t.Errorf("a directory without the marker: %v", err)
		}
	}
	if _, err := os.Stat(precious); err != nil {
		t.Error(err)
	}
	kept := filepath.Join(precious, "kept")
	dir, err := newRunDir(kept)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(dir.writeToken(), dir.remove()); err != nil {
		t.Fatal(err)
	}
	first, err := os.ReadFile(dir.tokenFile())
	if err != nil {
		t.Fatal(err)
	}
	again, err := newRunDir(kept)
	if err != nil {
		t.Fatal(err)
	}
	if err := again.writeToken(); err != nil {
		t.Fatal(err)
	}
	if second, err := os.ReadFile(again.tokenFile()); err != nil || string(second) != string(first) {
		t.Error("a kept directory did not keep its token")
	}
}

func TestTokenIsPrivate(t *testing.T) {
	dir, err := newRunDir("")
	if err != nil {
		t.Fatal(err)
	}
	defer dir.remove()
	if err := dir.writeToken(); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(dir.tokenFile())
	if err != nil {
		t.Fatal(err)
	}
	if os.PathSeparator == '/' && info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v", info.Mode())
	}
	b, err := os.ReadFile(dir.tokenFile())
	if err != nil || len(strings.TrimSpace(string(b))) != 64 {
		t.Errorf("the token has %d characters, %v", len(b), err)
	}
}

func TestTakenPortIsReplacedAndReported(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	busy := l.Addr().(*net.TCPAddr).Port
	ports, taken, err := choosePorts([]int{busy, 0, 0}, false)
	if err != nil {
		t.Fatal(err)
	}
	if len(taken) != 1 || taken[0].port != busy || taken[0].instead != ports[0] {
		t.Errorf("taken %v, want %d and %d instead", taken, busy, ports[0])
	}
	if runtime.GOOS == "linux" && taken[0].by != "" && !strings.HasSuffix(taken[0].by, fmt.Sprintf("(pid %d)", os.Getpid())) {
		t.Errorf("%s, which is this process, %d", taken[0], os.Getpid())
	}
	if slices.Contains(ports, busy) || ports[0] == ports[1] || ports[1] == ports[2] || ports[0] == ports[2] {
		t.Errorf("ports %v", ports)
	}
	if _, taken, err := choosePorts([]int{busy}, true); err != nil || len(taken) != 0 {
		t.Errorf("any free port: %v taken, %v", taken, err)
	}
}

func TestChildrenDoNotInheritConfiguration(t *testing.T) {
	got := childEnv([]string{"PATH=/bin", "MASTER_PORT=1", "WORKER_DSN=x", "Shardeck_Masters=y", "LOG_LEVEL=debug", "HOME=/h", "MASTERY=1"})
	if want := []string{"PATH=/bin", "HOME=/h", "MASTERY=1"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestTailIsBounded(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	var b strings.Builder
	for i := range 100_000 {
		b.WriteString("line " + strconv.Itoa(i) + "\n")
	}
	if err := os.WriteFile(path, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := tail(path, 2); got != "line 99998\nline 99999" {
		t.Errorf("got %q", got)
	}
	if got := tail(path+"none", 2); !strings.HasPrefix(got, "(no log") {
		t.Errorf("got %q", got)
	}
}
