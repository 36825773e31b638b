//go:build unix

package demo

import (
	"syscall"

	"shardeck/shared/childproc"
)

// cannotFreeze is why processes cannot be frozen on this system; "" if they can.
const cannotFreeze = ""

// suspendChild suspends the process, and resumeChild lets it go on. A process that is suspended when
// the demo dies is not left behind: the system sends the group of an orphan that is stopped SIGHUP
// and SIGCONT.
func suspendChild(c *childproc.Child) error { return c.Signal(syscall.SIGSTOP) }
func resumeChild(c *childproc.Child) error  { return c.Signal(syscall.SIGCONT) }
