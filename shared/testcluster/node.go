package testcluster

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// Bounds of a process's life.
const (
	startTimeout = time.Minute
	stopTimeout  = 30 * time.Second
	maxLog       = 4 << 20 // bytes kept of a process's log
)

// Node is one process. Its methods are for one goroutine at a time.
type Node struct {
	// Name is what the cluster calls it: "worker-0", "master-1".
	Name string
	// URL is its base URL, the same after a restart.
	URL string

	service string
	env     []string
	log     logBuffer
	proc    *process
}

// process is one run of a Node.
type process struct {
	cmd    *exec.Cmd
	stdin  io.WriteCloser // its end tells the process to stop
	exited chan struct{}
	err    error // of Wait, once exited is closed
	paused bool
}

// start runs the process and waits until it listens. env comes after the node's own.
func (n *Node) start(tb testing.TB, env ...string) error {
	if n.proc != nil {
		return fmt.Errorf("%s runs already", n.Name)
	}
	cmd := exec.Command(Binary(tb, n.service), "--exit-with-parent")
	// A race-enabled process would sleep for a second at its end. What comes later wins.
	cmd.Env = slices.Concat([]string{"GORACE=atexit_sleep_ms=50"}, cleanEnv(), n.env, env)
	cmd.Stderr = &n.log
	cmd.WaitDelay = stopTimeout
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	line := newFirstLine(&n.log)
	cmd.Stdout = line
	if err := cmd.Start(); err != nil {
		return err
	}
	p := &process{cmd: cmd, stdin: stdin, exited: make(chan struct{})}
	go func() {
		p.err = cmd.Wait()
		close(p.exited)
	}()
	timer := time.NewTimer(startTimeout)
	defer timer.Stop()
	select {
	case text := <-line.got:
		url, ok := strings.CutPrefix(text, "listening on ")
		if !ok {
			p.kill()
			return fmt.Errorf("%s said %q where it should say where it listens", n.Name, text)
		}
		n.proc, n.URL = p, url
		return nil
	case <-p.exited:
		return fmt.Errorf("%s ended at its start: %w\n%s", n.Name, errors.Join(p.err, errors.New("no listener")), n.Log())
	case <-timer.C:
		p.kill()
		return fmt.Errorf("%s did not listen within %s\n%s", n.Name, startTimeout, n.Log())
	}
}

func (p *process) kill() {
	// An error means that it has ended already.
	_ = p.cmd.Process.Kill()
	_ = p.stdin.Close()
	<-p.exited
}

// Kill ends the process at once (SIGKILL) and waits until it is gone.
func (n *Node) Kill(tb testing.TB) {
	tb.Helper()
	n.need(tb)
	n.proc.kill()
	n.proc = nil
}

// Stop tells the process to end in order and waits for it.
func (n *Node) Stop(tb testing.TB) {
	tb.Helper()
	n.need(tb)
	p := n.proc
	n.proc = nil
	_ = p.stdin.Close() // it may have ended already, which shows below
	timer := time.NewTimer(stopTimeout)
	defer timer.Stop()
	select {
	case <-p.exited:
		if p.err != nil {
			tb.Errorf("%s did not end well: %v", n.Name, p.err)
		}
	case <-timer.C:
		p.kill()
		tb.Errorf("%s did not stop within %s", n.Name, stopTimeout)
	}
}

// Pause halts the process (SIGSTOP): it keeps its connections and answers nothing.
// Where that is not possible the test is skipped.
func (n *Node) Pause(tb testing.TB) {
	tb.Helper()
	n.need(tb)
	if err := pause(tb, n.proc.cmd.Process); err != nil {
		tb.Fatalf("pausing %s: %v", n.Name, err)
	}
	n.proc.paused = true
}

// Resume lets a paused process go on (SIGCONT).
func (n *Node) Resume(tb testing.TB) {
	tb.Helper()
	n.need(tb)
	if err := resume(tb, n.proc.cmd.Process); err != nil {
		tb.Fatalf("resuming %s: %v", n.Name, err)
	}
	n.proc.paused = false
}

// Restart starts the process again at its URL, on its data, killing it first if it runs.
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
		tb.Fatalf("%s came back at %s, not at %s", n.Name, n.URL, url)
	}
}

// Running says whether the process runs, paused or not, as far as its Node knows.
func (n *Node) Running() bool { return n.proc != nil }

// PID is the process's id; it must run.
func (n *Node) PID() int { return n.proc.cmd.Process.Pid }

// Log is what the process has written so far over all its runs, or the end of it.
func (n *Node) Log() string { return n.log.String() }

func (n *Node) portVar() string { return strings.ToUpper(n.service) + "_PORT" }

func (n *Node) need(tb testing.TB) {
	tb.Helper()
	if n.proc == nil {
		tb.Fatalf("%s does not run", n.Name)
	}
}

// finish ends the process and reports what it should not have done.
func (n *Node) finish(tb testing.TB) {
	if p := n.proc; p != nil {
		select {
		case <-p.exited:
			tb.Errorf("%s ended by itself: %v", n.Name, p.err)
			n.proc = nil
		default:
			if p.paused {
				n.Kill(tb)
			} else {
				n.Stop(tb)
			}
		}
	}
	log := n.Log()
	for _, bad := range []string{"WARNING: DATA RACE", "panic: ", "a handler panicked"} {
		if strings.Contains(log, bad) {
			tb.Errorf("the log of %s has %q", n.Name, bad)
		}
	}
	if tb.Failed() {
		tb.Logf("log of %s:\n%s", n.Name, log)
	}
}

// cleanEnv is the test's environment without what configures services.
func cleanEnv() []string {
	var env []string
	for _, kv := range os.Environ() {
		if !strings.HasPrefix(kv, "MASTER_") && !strings.HasPrefix(kv, "WORKER_") {
			env = append(env, kv)
		}
	}
	return env
}

// logBuffer keeps the end of what is written to it.
type logBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *logBuffer) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.buf.Write(b)
	if over := l.buf.Len() - maxLog; over > 0 {
		l.buf.Next(over + maxLog/4)
	}
	return len(b), nil
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

// firstLine hands on the first line written to it and passes the rest to a log.
type firstLine struct {
	got  chan string
	rest io.Writer
	head []byte
	done bool
}

func newFirstLine(rest io.Writer) *firstLine {
	return &firstLine{got: make(chan string, 1), rest: rest}
}

func (f *firstLine) Write(b []byte) (int, error) {
	if f.done {
		return f.rest.Write(b)
	}
	f.head = append(f.head, b...)
	advance, line, _ := bufio.ScanLines(f.head, false)
	if advance == 0 {
		return len(b), nil
	}
	f.done = true
	f.got <- string(line)
	_, err := f.rest.Write(f.head[advance:])
	return len(b), err
}
