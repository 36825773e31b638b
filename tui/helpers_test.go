package main

import (
	"bytes"
	"os"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"shardeck/tui/demo"
)

// scriptClusters holds the cluster of each running script.
type scriptClusters struct{ sync.Map }

var running scriptClusters

func (s *scriptClusters) get(ts *testscript.TestScript) *demo.Cluster {
	c, ok := s.Load(ts)
	if !ok {
		ts.Fatalf("the script has no cluster yet")
	}
	return c.(*demo.Cluster)
}

// lines collects a program's output and lets a test wait for parts of it.
type lines struct {
	mu      sync.Mutex
	buf     bytes.Buffer
	changed chan struct{}
}

func newLines(t *testing.T) *lines {
	l := &lines{changed: make(chan struct{}, 1)}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("output:\n%s", l.all())
		}
	})
	return l
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	select {
	case l.changed <- struct{}{}:
	default:
	}
	return l.buf.Write(b)
}

func (l *lines) all() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

func (l *lines) await(t *testing.T, part string) {
	t.Helper()
	deadline := time.NewTimer(time.Minute)
	defer deadline.Stop()
	for !strings.Contains(l.all(), part) {
		select {
		case <-l.changed:
		case <-deadline.C:
			t.Fatalf("%q did not appear", part)
		}
	}
}

// pids returns the process IDs listed by the demo.
func (l *lines) pids() []int {
	var pids []int
	for _, m := range regexp.MustCompile(`\bpid (\d+)`).FindAllStringSubmatch(l.all(), -1) {
		if pid, err := strconv.Atoi(m[1]); err == nil {
			pids = append(pids, pid)
		}
	}
	return pids
}

// runs reports whether a process is running. A zombie is not; in some containers nobody
// reaps it, so it remains.
func runs(pid int) bool {
	if runtime.GOOS == "linux" {
		stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
		if err != nil {
			return false
		}
		after := stat[bytes.LastIndexByte(stat, ')')+1:]
		state := bytes.Fields(after)
		return len(state) > 0 && state[0][0] != 'Z' && state[0][0] != 'X'
	}
	return signalFinds(pid)
}
