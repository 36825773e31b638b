package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"shardeck/shared/childproc"
)

const (
	// readyTimeout bounds the wait for a child's "listening on" line. A cold
	// start on a busy machine with a virus scanner takes seconds, not more.
	readyTimeout = 30 * time.Second
	// stopGrace is how long a child may take to shut down.
	stopGrace = 5 * time.Second
	// stopWord on a child's stdin asks it to stop. If the pipe closes without it, the
	// parent is gone.
	stopWord = "stop"
)

// process is one service of the cluster: a child that can be started, stopped, killed and
// restarted on the same port. Its methods are safe for concurrent use; start, stop and
// kill exclude each other.
type process struct {
	name string // such as "worker-8081"
	url  string // such as "http://127.0.0.1:8081"
	// language is that of a worker's program; "" if it is the same as in other demos.
	language string
	exe      string
	dir      string // the working directory; "" is this program's
	args     []string
	env      []string
	logPath  string

	retired   atomic.Bool // it is not started any more: the demo ends
	lifecycle sync.Mutex  // held while starting or stopping
	mu        sync.Mutex
	current   *childproc.Child // the latest run; nil before the first
	trouble   *trouble         // what is being done to it; nil for nothing
}

// start starts the child and returns once it accepts requests. If it does not, the error
// contains the end of its log and no child is left behind.
func (p *process) start(ctx context.Context) error {
	p.lifecycle.Lock()
	defer p.lifecycle.Unlock()
	if p.alive() {
		return nil
	}
	if p.retired.Load() {
		return fmt.Errorf("%s is not started: the demo ends", p.name)
	}
	if err := p.relieved(); err != nil {
		return err
	}
	logFile, err := os.OpenFile(p.logPath, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("%s: opening its log: %w", p.name, err)
	}
	defer logFile.Close() // the child has its own handle
	c, err := childproc.Start(childproc.Spec{Name: p.name, Path: p.exe, Args: p.args, Dir: p.dir, Env: p.env, Stderr: logFile, StopWord: stopWord})
	if err != nil {
		return err
	}
	p.mu.Lock()
	p.current = c
	p.mu.Unlock()
	_, err = c.AwaitReady(ctx, readyTimeout)
	if _, ended := errors.AsType[*childproc.EndedError](err); ended {
		return fmt.Errorf("%w; the end of %s: %s", err, filepath.Base(p.logPath), finalError(p.logPath))
	}
	if err != nil && ctx.Err() == nil {
		return fmt.Errorf("%w; see %s", err, p.logPath)
	}
	return err
}

// note is what to add to the process in a list.
func (p *process) note() string {
	if p.language == "" {
		return ""
	}
	return "  in " + p.language
}

// run returns the latest run, nil before the first.
func (p *process) run() *childproc.Child {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.current
}

// alive reports whether the child is running.
func (p *process) alive() bool {
	c := p.run()
	return c != nil && c.Alive()
}

// pid returns the process ID of the latest run, 0 before the first.
func (p *process) pid() int {
	if c := p.run(); c != nil {
		return c.PID()
	}
	return 0
}

// stop asks the child to stop, waits for stopGrace, and then kills it. It returns once the
// child is gone, with an error only if it cannot be killed.
func (p *process) stop() error {
	p.lifecycle.Lock()
	defer p.lifecycle.Unlock()
	c := p.run()
	if c == nil {
		return nil
	}
	// What is frozen would not hear it, and be killed.
	relieved := p.relieved()
	_, err := c.Stop(stopGrace)
	return errors.Join(relieved, err)
}

// kill kills the child at once, as SIGKILL does: it gets no chance to shut down.
func (p *process) kill() error {
	p.lifecycle.Lock()
	defer p.lifecycle.Unlock()
	c := p.run()
	if c == nil {
		return nil
	}
	err := c.Kill()
	return errors.Join(p.relieved(), err) // nobody may signal a process that is gone
}

// finalError returns the error that a child exited with: the last line of its log, or
// more of the log if that line is not an error, as after a panic.
func finalError(path string) string {
	if last := tail(path, 1); strings.HasPrefix(last, "error: ") {
		return strings.TrimPrefix(last, "error: ")
	}
	return tail(path, 12)
}

// tail returns the last n lines of a log, from at most its last 8 KiB.
func tail(path string, n int) string {
	const window = 8 << 10
	f, err := os.Open(path) //nolint:gosec // a log that this program wrote
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
