package testcluster

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"shardeck/shared/childproc"
)

// Timeouts and limits of a process.
const (
	startTimeout = time.Minute
	stopTimeout  = 30 * time.Second
	maxLog       = 4 << 20 // bytes kept of a process's log
)

// Node is one process. Its methods are for one goroutine at a time.
type Node struct {
	// Name is its name in the cluster: "worker-0", "master-1".
	Name string
	// URL is its base URL, the same after a restart.
	URL string

	service string
	command []string // program and arguments; empty: the service built from this repository
	env     []string
	log     *childproc.Tail
	proc    *childproc.Child // nil while it is not running
	paused  bool
}

// start runs the process and waits until it listens. env is appended to the node's own
// environment.
func (n *Node) start(tb testing.TB, env ...string) error {
	if n.proc != nil {
		return fmt.Errorf("%s is already running", n.Name)
	}
	spec := childproc.Spec{
		Name: n.Name,
		// A race-enabled process would sleep for a second at exit. Later variables override earlier ones.
		Env:    slices.Concat([]string{"GORACE=atexit_sleep_ms=50"}, cleanEnv(), []string{"EXIT_WITH_PARENT=true"}, n.env, env),
		Stdout: n.log, Stderr: n.log,
	}
	if len(n.command) > 0 {
		spec.Path, spec.Args, spec.Dir = n.command[0], n.command[1:], Root(tb)
	} else {
		spec.Path = Binary(tb, n.service)
	}
	p, err := childproc.Start(spec)
	if err != nil {
		return err
	}
	url, err := p.AwaitReady(context.Background(), startTimeout)
	if err != nil {
		return fmt.Errorf("%w\n%s", err, n.Log())
	}
	n.proc, n.URL = p, url
	return nil
}

// Kill ends the process at once (SIGKILL) and waits for it.
func (n *Node) Kill(tb testing.TB) {
	tb.Helper()
	n.need(tb)
	if err := n.proc.Kill(); err != nil {
		tb.Error(err)
	}
	n.proc, n.paused = nil, false
}

// Stop shuts the process down and waits for it.
func (n *Node) Stop(tb testing.TB) {
	tb.Helper()
	n.need(tb)
	p := n.proc
	n.proc = nil
	switch inOrder, err := p.Stop(stopTimeout); {
	case err != nil:
		tb.Error(err)
	case !inOrder:
		tb.Errorf("%s did not stop within %s", n.Name, stopTimeout)
	case p.Err() != nil:
		tb.Errorf("%s exited with an error: %v", n.Name, p.Err())
	}
}

// Pause suspends the process (SIGSTOP): it keeps its connections but does not respond. The test
// is skipped on systems where that is not possible.
func (n *Node) Pause(tb testing.TB) {
	tb.Helper()
	n.need(tb)
	if err := pause(tb, n.proc); err != nil {
		tb.Fatalf("pausing %s: %v", n.Name, err)
	}
	n.paused = true
}

// Resume continues a paused process (SIGCONT).
func (n *Node) Resume(tb testing.TB) {
	tb.Helper()
	n.need(tb)
	if err := resume(tb, n.proc); err != nil {
		tb.Fatalf("resuming %s: %v", n.Name, err)
	}
	n.paused = false
}

// Restart starts the process again at its URL with its data, first killing it if it is running.
func (n *Node) Restart(tb testing.TB) {
	tb.Helper()
	if n.proc != nil {
		n.Kill(tb)
	}
	url := n.URL
	if err := n.start(tb, n.portVar()+"="+url[strings.LastIndexByte(url, ':')+1:]); err != nil {
		tb.Fatalf("restarting: %v", err)
	}
	if n.URL != url {
		tb.Fatalf("%s restarted at %s, not at %s", n.Name, n.URL, url)
	}
}

// TryStart starts the process again with more environment variables. If it does not start, the
// error contains its log.
func (n *Node) TryStart(tb testing.TB, env ...string) error {
	tb.Helper()
	return n.start(tb, env...)
}

// Running reports whether the process runs, paused or not, as far as its Node knows.
func (n *Node) Running() bool { return n.proc != nil }

// PID is the process's id; it must be running.
func (n *Node) PID() int { return n.proc.PID() }

// Log is the process's output over all its runs, or the end of it.
func (n *Node) Log() string { return n.log.String() }

func (n *Node) portVar() string { return strings.ToUpper(n.service) + "_PORT" }

func (n *Node) need(tb testing.TB) {
	tb.Helper()
	if n.proc == nil {
		tb.Fatalf("%s is not running", n.Name)
	}
}

// finish ends the process and reports errors found on the way.
func (n *Node) finish(tb testing.TB) {
	if p := n.proc; p != nil {
		switch {
		case !p.Alive():
			tb.Errorf("%s exited unexpectedly: %v", n.Name, p.Err())
			n.proc = nil
		case n.paused:
			n.Kill(tb)
		default:
			n.Stop(tb)
		}
	}
	log := n.Log()
	for _, bad := range []string{"WARNING: DATA RACE", "panic: ", "a handler panicked"} {
		if strings.Contains(log, bad) {
			tb.Errorf("the log of %s contains %q", n.Name, bad)
		}
	}
	if tb.Failed() {
		tb.Logf("log of %s:\n%s", n.Name, log)
	}
}

// cleanEnv is the test's environment without the variables that configure services.
func cleanEnv() []string {
	var env []string
	for _, kv := range os.Environ() {
		if !strings.HasPrefix(kv, "MASTER_") && !strings.HasPrefix(kv, "WORKER_") {
			env = append(env, kv)
		}
	}
	return env
}
