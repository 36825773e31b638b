package demo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

const (
	// readyTimeout bounds the wait for a child's "listening on" line. A cold
	// start on a busy machine with a virus scanner takes seconds, not more.
	readyTimeout = 30 * time.Second
	// stopGrace is how long a child may take to end by itself.
	stopGrace = 5 * time.Second
	// killWait bounds the wait for the system to take a killed child away.
	killWait = 5 * time.Second
	// stopWord on a child's stdin asks it to end. The pipe closing without it means
	// that the parent is gone.
	stopWord = "stop"
	// readyPrefix begins the one line every service prints once it accepts requests.
	readyPrefix = "listening on "
)

// process is one service of the cluster: a child that can be started, stopped,
// killed and started again on the same port. Its methods are safe for concurrent
// use; start and stop wait for each other.
type process struct {
	name    string // as "worker-8081"
	url     string // as "http://127.0.0.1:8081"
	exe     string
	args    []string
	env     []string
	logPath string

	lifecycle sync.Mutex // held while starting or stopping
	mu        sync.Mutex
	current   *run // the latest run; nil before the first
}

// run is one life of a process.
type run struct {
	cmd   *exec.Cmd
	stdin io.WriteCloser
	done  chan struct{} // closed when the child is gone
	err   error         // how it ended; read after done
}

// start starts the child and returns once it accepts requests. When it does not,
// the error has the end of its log and no child is left behind.
func (p *process) start(ctx context.Context) error {
	p.lifecycle.Lock()
	defer p.lifecycle.Unlock()
	if p.alive() {
		return nil
	}
	logFile, err := os.OpenFile(p.logPath, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("%s: opening its log: %w", p.name, err)
	}
	defer logFile.Close() // the child has its own handle

	ready := newLineWatcher(readyPrefix)
	cmd := exec.Command(p.exe, p.args...) //nolint:gosec // this very binary
	cmd.Env = p.env
	cmd.Stdout = ready
	cmd.Stderr = logFile
	cmd.WaitDelay = time.Second
	ownGroup(cmd)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return fmt.Errorf("%s: %w", p.name, err)
	}
	if err := cmd.Start(); err != nil {
		stdin.Close()
		return fmt.Errorf("%s: starting %s: %w", p.name, p.exe, err)
	}
	r := &run{cmd: cmd, stdin: stdin, done: make(chan struct{})}
	go func() {
		r.err = cmd.Wait()
		close(r.done)
	}()
	p.mu.Lock()
	p.current = r
	p.mu.Unlock()

	timer := time.NewTimer(readyTimeout)
	defer timer.Stop()
	select {
	case <-ready.seen:
		return nil
	case <-r.done:
		return fmt.Errorf("%s ended before it was ready (%w); %s says: %s", p.name, orNoError(r.err), filepath.Base(p.logPath), lastWords(p.logPath))
	case <-ctx.Done():
		err = ctx.Err()
	case <-timer.C:
		err = fmt.Errorf("%s was not ready after %s; see %s", p.name, readyTimeout, p.logPath)
	}
	return errors.Join(err, p.end(r, 0))
}

// alive says whether the child runs at this moment.
func (p *process) alive() bool {
	p.mu.Lock()
	r := p.current
	p.mu.Unlock()
	if r == nil {
		return false
	}
	select {
	case <-r.done:
		return false
	default:
		return true
	}
}

// pid returns the process id of the latest run, 0 before the first.
func (p *process) pid() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.current == nil {
		return 0
	}
	return p.current.cmd.Process.Pid
}

// stop asks the child to end, waits stopGrace, and then kills it. It returns once
// the child is gone; an error only when it will not go.
func (p *process) stop() error { return p.stopWithin(stopGrace) }

// kill ends the child at once, as SIGKILL does: it gets no chance to tidy up.
func (p *process) kill() error { return p.stopWithin(0) }

func (p *process) stopWithin(grace time.Duration) error {
	p.lifecycle.Lock()
	defer p.lifecycle.Unlock()
	p.mu.Lock()
	r := p.current
	p.mu.Unlock()
	if r == nil {
		return nil
	}
	return p.end(r, grace)
}

func (p *process) end(r *run, grace time.Duration) error {
	defer r.stdin.Close()
	if grace > 0 {
		// A child that is gone already has closed the pipe; that is no error here.
		_, _ = io.WriteString(r.stdin, stopWord+"\n")
		if waitDone(r.done, grace) {
			return nil
		}
	}
	if err := r.cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("%s (pid %d) cannot be killed: %w", p.name, r.cmd.Process.Pid, err)
	}
	if !waitDone(r.done, killWait) {
		return fmt.Errorf("%s (pid %d) was killed and is still there after %s", p.name, r.cmd.Process.Pid, killWait)
	}
	return nil
}

func waitDone(done <-chan struct{}, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-done:
		return true
	case <-timer.C:
		return false
	}
}

func orNoError(err error) error {
	if err == nil {
		return errors.New("exit status 0")
	}
	return err
}

// lineWatcher closes seen when a line with the prefix has been written to it, and
// drops everything. Its buffer is bounded by maxWatchedLine.
type lineWatcher struct {
	seen   chan struct{}
	prefix []byte
	once   sync.Once
	line   []byte
}

const maxWatchedLine = 4096

func newLineWatcher(prefix string) *lineWatcher {
	return &lineWatcher{seen: make(chan struct{}), prefix: []byte(prefix)}
}

// Write is called by one goroutine of os/exec only.
func (w *lineWatcher) Write(b []byte) (int, error) {
	for rest := b; len(rest) > 0; {
		part, after, whole := bytes.Cut(rest, []byte("\n"))
		if len(w.line)+len(part) <= maxWatchedLine {
			w.line = append(w.line, part...)
		}
		if whole {
			if bytes.HasPrefix(w.line, w.prefix) {
				w.once.Do(func() { close(w.seen) })
			}
			w.line = w.line[:0]
		}
		rest = after
	}
	return len(b), nil
}

// lastWords returns the error that a child ended with: the last line of its log, or
// more of it when that is none, as after a panic.
func lastWords(path string) string {
	if last := tail(path, 1); strings.HasPrefix(last, "error: ") {
		return strings.TrimPrefix(last, "error: ")
	}
	return tail(path, 12)
}

// tail returns the last n lines of a log, from at most its last 8 KiB.
func tail(path string, n int) string {
	const window = 8 << 10
	f, err := os.Open(path) //nolint:gosec // a log this program made
	if err != nil {
		return "(no log: " + err.Error() + ")"
	}
	defer f.Close()
	if size, err := f.Seek(0, io.SeekEnd); err == nil {
		_, _ = f.Seek(max(0, size-window), io.SeekStart)
	}
	b, err := io.ReadAll(io.LimitReader(f, window))
	if err != nil {
		return "(log unreadable: " + err.Error() + ")"
	}
	lines := strings.Split(strings.TrimRight(string(b), "\n"), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}
