//go:build unix

package testcluster

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"shardeck/shared/childproc"
)

// pause suspends the process. SIGSTOP is asynchronous, and a thread on another CPU can still
// answer a request meanwhile: where the system lists threads, all of them are waited for.
func pause(_ testing.TB, p *childproc.Child) error {
	if err := p.Signal(syscall.SIGSTOP); err != nil {
		return err
	}
	for deadline := time.Now().Add(stopTimeout); !halted(p.PID()); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			return fmt.Errorf("process %d still runs %s after SIGSTOP", p.PID(), stopTimeout)
		}
	}
	return nil
}

// halted reports whether all threads of the process have stopped, as far as /proc shows.
func halted(pid int) bool {
	stats, err := filepath.Glob("/proc/" + strconv.Itoa(pid) + "/task/*/stat")
	if err != nil {
		return true
	}
	for _, path := range stats {
		stat, err := os.ReadFile(path)
		if err != nil {
			continue // the thread has ended
		}
		// The state follows the name, which is in parentheses and may itself contain parentheses.
		if state := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:]); len(state) > 0 && state[0][0] != 'T' {
			return false
		}
	}
	return true
}

func resume(_ testing.TB, p *childproc.Child) error { return p.Signal(syscall.SIGCONT) }
