//go:build unix

package testcluster

import (
	"syscall"
	"testing"

	"shardeck/shared/childproc"
)

func pause(_ testing.TB, p *childproc.Child) error  { return p.Signal(syscall.SIGSTOP) }
func resume(_ testing.TB, p *childproc.Child) error { return p.Signal(syscall.SIGCONT) }
