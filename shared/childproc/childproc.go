package childproc

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"time"
)

const (
	// ReadyPrefix begins the line that every service prints once it accepts requests; its base URL
	// follows.
	ReadyPrefix = "listening on "

	// killWait bounds the wait for the system to reap a killed child.
	killWait = 5 * time.Second
	// outputWait bounds the wait for the rest of a child's output once it has ended: a process it
	// started may still hold the pipe open.
	outputWait = 5 * time.Second
)

// Spec describes the program to start.
type Spec struct {
	Name string // for errors, such as "worker-8081"
	Path string
	Args []string
	Env  []string // the complete environment; nil inherits this process's
	Dir  string   // the working directory; empty: this process's
	// Stdout and Stderr receive what the child writes; nil discards it.
	Stdout, Stderr io.Writer
	// StopWord is a line that Stop writes before it closes the child's standard input.
	StopWord string
}

// Child is one run of a program. Its methods are safe for concurrent use.
type Child struct {
	spec  Spec
	cmd   *exec.Cmd
	ready *readyWatcher
	done  chan struct{} // closed once the child has ended
	err   error         // how it ended; read after done

	closing sync.Once
	stdin   io.WriteCloser
}

// Start starts a program. The child must be ended with Stop or Kill unless it exits by itself.
func Start(spec Spec) (*Child, error) {
	c := &Child{spec: spec, ready: newReadyWatcher(spec.Stdout), done: make(chan struct{})}
	c.cmd = exec.Command(spec.Path, spec.Args...) //nolint:gosec // the callers' own programs
	c.cmd.Env, c.cmd.Dir = spec.Env, spec.Dir
	c.cmd.Stdout, c.cmd.Stderr = c.ready, spec.Stderr
	c.cmd.WaitDelay = outputWait
	ownGroup(c.cmd)
	stdin, err := c.cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", spec.Name, err)
	}
	c.stdin = stdin
	if err := c.cmd.Start(); err != nil {
		_ = stdin.Close() // nobody holds its other end
		return nil, fmt.Errorf("%s: starting %s: %w", spec.Name, spec.Path, err)
	}
	go func() {
		c.err = c.cmd.Wait()
		close(c.done)
	}()
	return c, nil
}

// AwaitReady waits until the child announces that it listens, and returns its base URL. On a
// timeout or an early exit, no child is left behind; an early exit is reported as an
// [EndedError].
func (c *Child) AwaitReady(ctx context.Context, within time.Duration) (url string, err error) {
	timer := time.NewTimer(within)
	defer timer.Stop()
	select {
	case url := <-c.ready.url:
		return url, nil
	case <-c.done:
		return "", &EndedError{Name: c.spec.Name, Cause: c.err}
	case <-ctx.Done():
		err = ctx.Err()
	case <-timer.C:
		err = fmt.Errorf("%s was not ready after %s", c.spec.Name, within)
	}
	return "", errors.Join(err, c.Kill())
}

// EndedError reports a child that ended before it was ready.
type EndedError struct {
	Name  string
	Cause error // nil if the exit status was 0
}

// Error includes the exit status.
func (e *EndedError) Error() string {
	if e.Cause == nil {
		return e.Name + " ended before it was ready (exit status 0)"
	}
	return e.Name + " ended before it was ready (" + e.Cause.Error() + ")"
}

// Unwrap returns the cause.
func (e *EndedError) Unwrap() error { return e.Cause }

// PID is the child's process id.
func (c *Child) PID() int { return c.cmd.Process.Pid }

// Done is closed once the child has ended.
func (c *Child) Done() <-chan struct{} { return c.done }

// Alive reports whether the child is running.
func (c *Child) Alive() bool {
	select {
	case <-c.done:
		return false
	default:
		return true
	}
}

// Err reports how the child ended, once it has: nil for exit status 0.
func (c *Child) Err() error {
	<-c.done
	return c.err
}

// Signal sends the child a signal.
func (c *Child) Signal(s os.Signal) error { return c.cmd.Process.Signal(s) }

// Wait waits for the child to end by itself, and reports whether it did within d.
func (c *Child) Wait(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-c.done:
		return true
	case <-timer.C:
		return false
	}
}

// Stop asks the child to end, waits for the grace period, and then kills it. inOrder reports
// whether it ended by itself; an error means that it is still running.
func (c *Child) Stop(grace time.Duration) (inOrder bool, err error) {
	c.closing.Do(func() {
		// If the child has already ended, the pipe is closed, which is the goal.
		if c.spec.StopWord != "" {
			_, _ = io.WriteString(c.stdin, c.spec.StopWord+"\n")
		}
		_ = c.stdin.Close()
	})
	if c.Wait(grace) {
		return true, nil
	}
	return false, c.Kill()
}

// Kill ends the child at once, as SIGKILL does, and waits until it has ended.
func (c *Child) Kill() error {
	defer c.closing.Do(func() { _ = c.stdin.Close() }) // to nobody
	if err := c.cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("%s (pid %d) cannot be killed: %w", c.spec.Name, c.PID(), err)
	}
	if !c.Wait(killWait + outputWait) {
		return fmt.Errorf("%s (pid %d) was killed but is still running after %s", c.spec.Name, c.PID(), killWait+outputWait)
	}
	return nil
}
