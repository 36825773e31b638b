package sqlitefile

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"shardeck/master/lease"
	"shardeck/master/lease/leasetest"
)

var errCutOff = errors.New("cut off by the test")

// gate is a store that can be cut off.
type gate struct {
	store
	mu  sync.Mutex
	cut bool
}

func (g *gate) check() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.cut {
		return errCutOff
	}
	return nil
}

func (g *gate) set(cut bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.cut = cut
}

func (g *gate) read(ctx context.Context) (record, error) {
	if err := g.check(); err != nil {
		return record{}, err
	}
	return g.store.read(ctx)
}

func (g *gate) update(ctx context.Context, change func(record) (record, error)) error {
	if err := g.check(); err != nil {
		return err
	}
	return g.store.update(ctx, change)
}

func testLog(t testing.TB) *slog.Logger {
	return slog.New(slog.NewTextHandler(t.Output(), nil))
}

// openFile opens a lease whose store can be cut off.
func openFile(t testing.TB, path string, ttl time.Duration) *Lease {
	t.Helper()
	f := newFile(path, ttl)
	if _, err := f.read(t.Context()); err != nil {
		t.Fatal(err)
	}
	return newLease(&gate{store: f}, ttl, testLog(t))
}

func pause(l lease.Lease) (resume func()) {
	g := l.(*Lease).store.(*gate)
	g.set(true)
	return func() { g.set(false) }
}

func TestSuite(t *testing.T) {
	leasetest.Run(t, func(t *testing.T) leasetest.Store {
		path := filepath.Join(t.TempDir(), "lease.db")
		return leasetest.Store{
			Open:  func(t testing.TB) lease.Lease { return openFile(t, path, time.Second) },
			Pause: pause,
			// Another process reads the file: to open and close it in this one would drop
			// SQLite's locks.
			Backup: func(t testing.TB) {
				if out, err := exec.Command("cp", path, path+".old").CombinedOutput(); err != nil {
					t.Fatalf("%v: %s", err, out)
				}
			},
			Restore: func(t testing.TB) {
				if err := os.Rename(path+".old", path); err != nil {
					t.Fatal(err)
				}
			},
			Rounds: 2000,
		}
	})
}
