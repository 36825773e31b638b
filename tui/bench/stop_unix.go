//go:build unix

package bench

import "syscall"

// pause stops a process as a debugger does, or lets it go on.
func pause(pid int, stop bool) error {
	if stop {
		return syscall.Kill(pid, syscall.SIGSTOP)
	}
	return syscall.Kill(pid, syscall.SIGCONT)
}
