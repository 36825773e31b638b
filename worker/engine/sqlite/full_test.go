//go:build unix

package sqlite

import (
	"context"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"shardeck/shared/api"
)

// fullDir, if set in the environment, makes TestAFileThatCannotGrow the child process, whose files
// are bounded by the operating system.
const fullDir = "SHARDECK_TEST_FULL_DIR"

func TestAFileThatCannotGrow(t *testing.T) {
	if dir := os.Getenv(fullDir); dir != "" {
		reachTheLimit(t, dir)
		return
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestAFileThatCannotGrow$", "-test.v")
	cmd.Env = append(os.Environ(), fullDir+"="+t.TempDir())
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

func reachTheLimit(t *testing.T, dir string) {
	signal.Ignore(syscall.SIGXFSZ) // so that a write fails instead
	e := school(t, Config{Dir: dir, Suffix: "GO", WatchEvery: 10 * time.Millisecond})
	limit := func(bytes uint64) {
		t.Helper()
		var l syscall.Rlimit
		worked(t, syscall.Getrlimit(syscall.RLIMIT_FSIZE, &l))
		l.Cur = min(bytes, l.Max)
		worked(t, syscall.Setrlimit(syscall.RLIMIT_FSIZE, &l))
	}
	info, err := os.Stat(filepath.Join(dir, "SchoolDBGO.db-wal"))
	worked(t, err)
	limit(uint64(info.Size()) + 1)
	if _, err = e.Exec(context.Background(), request(insert(student(1)))); err == nil {
		t.Fatal("a write beyond the limit was acknowledged")
	}
	// By the system's manual, a write that is cut short by the limit is followed by EFBIG, which SQLite
	// does not count as a full disk.
	got := e.Storage()
	if len(got) != 1 || got[0].Code != api.StorageWriteFailed && got[0].Code != api.StorageFull {
		t.Errorf("failures %+v after %v", got, err)
	}
	time.Sleep(50 * time.Millisecond) // several attempts to write
	if len(e.Storage()) != 1 {
		t.Errorf("failures %+v while no write can succeed", e.Storage())
	}
	limit(1 << 62)
	awaitStorage(t, e, "")
	mustExec(t, e, request(insert(student(2))))
	if n := len(rows(t, e, selectAll(`WHERE "student_id" = 2`))); n != 1 {
		t.Errorf("%d rows after the recovery, want 1", n)
	}
}
