package demo

import (
	"os"
	"os/exec"
	"syscall"
)

// ownGroup puts the child into a process group of its own: a Ctrl-C in the
// terminal then reaches the parent alone, and the parent decides who ends when.
func ownGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{CreationFlags: syscall.CREATE_NEW_PROCESS_GROUP}
}

// EndSignals are the signals that end a command in an orderly way. Closing the
// console window arrives as SIGTERM here.
func EndSignals() []os.Signal {
	return []os.Signal{os.Interrupt, syscall.SIGTERM}
}
