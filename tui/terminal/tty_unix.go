//go:build unix

package terminal

import (
	"os"
	"os/signal"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// ownsTerminal reports whether this package reads the keyboard and paints, and not Bubble Tea.
const ownsTerminal = true

// pending returns whether the file has bytes to read.
func pending(f *os.File) func() bool {
	return func() bool {
		n, err := unix.IoctlGetInt(int(f.Fd()), inputQueue)
		return err == nil && n > 0
	}
}

// CanSuspend reports whether a shell with job control could continue this program after it
// was suspended, and if not, why.
func CanSuspend() (ok bool, why string) {
	pid := os.Getpid()
	session, err := unix.Getsid(pid)
	switch {
	case signal.Ignored(syscall.SIGTSTP):
		return false, "it was started with suspending disabled"
	case err != nil || session == pid:
		return false, "no shell is above it"
	}
	group := unix.Getpgrp()
	// The kernel stops a process group only if a process outside of it, in the same session,
	// is the parent of one inside, and so can continue it. Ours are the ones to look at.
	for p := os.Getppid(); p > 1; p = parent(p) {
		g, err := unix.Getpgid(p)
		if err != nil {
			break
		}
		if g == group {
			continue
		}
		if s, err := unix.Getsid(p); err == nil && s == session {
			return true, ""
		}
		break
	}
	return false, "no shell with job control is above it"
}

// stopWait is how long to wait for a stop that does not come.
const stopWait = time.Second

// stop stops the process, with its group if asked, until it is continued. It uses SIGSTOP, since
// Go does not restore what SIGTSTP does by default once a program has listened for it. Who
// calls it has asked [CanSuspend], as nobody would continue an orphaned group.
func (s *session) stop(group bool) {
	select {
	case <-s.continued: // of an earlier stop
	default:
	}
	s.stopping.Store(true)
	defer s.stopping.Store(false)
	target := os.Getpid()
	if group {
		target = 0
	}
	if syscall.Kill(target, syscall.SIGSTOP) != nil {
		return
	}
	select {
	case <-s.continued:
	case <-time.After(stopWait):
	}
}

// listen turns signals of job control and of the terminal's size into messages.
func (s *session) listen() {
	signal.Notify(s.signals, syscall.SIGTSTP, syscall.SIGCONT, syscall.SIGWINCH)
	for {
		select {
		case sig := <-s.signals:
			switch {
			case sig == syscall.SIGWINCH:
				s.sendSize()
			case sig == syscall.SIGTSTP:
				s.deliver(suspendRequest{alone: true})
			case s.stopping.Load():
				select {
				case s.continued <- struct{}{}:
				default:
				}
			default: // it was stopped by SIGSTOP, and its shell has changed the terminal since
				s.deliver(continuedUnasked{})
			}
		case <-s.quit:
			signal.Stop(s.signals)
			return
		}
	}
}

// hangupIgnored reports whether the program was started to outlive its terminal, as by nohup.
func hangupIgnored() bool { return signal.Ignored(syscall.SIGHUP) }

// editors are tried in order when the user has chosen none.
var editors = []string{"vi", "nano"}
