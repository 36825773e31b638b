//go:build unix

package testcluster

import (
	"os"
	"syscall"
	"testing"
)

func pause(_ testing.TB, p *os.Process) error  { return p.Signal(syscall.SIGSTOP) }
func resume(_ testing.TB, p *os.Process) error { return p.Signal(syscall.SIGCONT) }
