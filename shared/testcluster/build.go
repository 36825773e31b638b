package testcluster

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
)

const buildTimeout = 5 * time.Minute

// binaries are built at most once per test process, by the first test that needs them; a package
// variable is the only place that all its tests share.
var binaries struct {
	mu   sync.Mutex
	dir  string
	path map[string]string
	err  map[string]error
}

// Main runs a package's tests, removes the binaries they built, and returns the exit status. It
// is nonzero too if tests passed but leaked goroutines.
func Main(m *testing.M) int {
	code := m.Run()
	if code == 0 {
		if err := goleak.Find(); err != nil {
			fmt.Fprintln(os.Stderr, "testcluster:", err)
			code = 1
		}
	}
	binaries.mu.Lock()
	defer binaries.mu.Unlock()
	if binaries.dir != "" {
		if err := os.RemoveAll(binaries.dir); err != nil {
			fmt.Fprintln(os.Stderr, "testcluster:", err)
		}
	}
	return code
}

// Binary returns the path of a service's executable, "worker" or "master", building it on first
// use.
func Binary(tb testing.TB, service string) string {
	tb.Helper()
	binaries.mu.Lock()
	defer binaries.mu.Unlock()
	if binaries.path == nil {
		binaries.path, binaries.err = map[string]string{}, map[string]error{}
	}
	if binaries.path[service] == "" && binaries.err[service] == nil {
		binaries.path[service], binaries.err[service] = build(service)
	}
	if err := binaries.err[service]; err != nil {
		tb.Fatalf("testcluster: %v", err)
	}
	return binaries.path[service]
}

// build is called with binaries.mu held.
func build(service string) (string, error) {
	if binaries.dir == "" {
		dir, err := os.MkdirTemp("", "shardeck-test-")
		if err != nil {
			return "", err
		}
		binaries.dir = dir
	}
	path := filepath.Join(binaries.dir, service)
	if runtime.GOOS == "windows" {
		path += ".exe"
	}
	args := []string{"build", "-o", path}
	if raceEnabled {
		args = append(args, "-race")
	}
	ctx, cancel := context.WithTimeout(context.Background(), buildTimeout)
	defer cancel()
	out, err := exec.CommandContext(ctx, "go", append(args, "shardeck/"+service)...).CombinedOutput()
	if err != nil {
		return "", errors.Join(fmt.Errorf("go build shardeck/%s: %w\n%s", service, err, out), ctx.Err())
	}
	return path, nil
}
