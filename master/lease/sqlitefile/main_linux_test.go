package sqlitefile

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/sys/unix"

	"shardeck/master/lease"
	"shardeck/shared/childproc"
)

// childVar makes this test binary act as a master with a lease in the file that it names.
const childVar = "SQLITEFILE_TEST_CHILD"

func TestMain(m *testing.M) {
	if path := os.Getenv(childVar); path != "" {
		os.Exit(actAsMaster(path))
	}
	goleak.VerifyTestMain(m)
}

// systemClock is the monotonic clock that all processes of a system share, which time.Time hides.
func systemClock() int64 {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts); err != nil {
		panic(err)
	}
	return ts.Nano()
}

// actAsMaster acquires the lease whenever it can, and reports its deadlines by the system's clock.
func actAsMaster(path string) int {
	l, err := Open(context.Background(), Config{Path: path, TTL: childTTL})
	if err != nil {
		fmt.Println(err)
		return 1
	}
	for {
		g, err := l.Acquire(context.Background(), "http://child", 0)
		if err != nil {
			time.Sleep(10 * time.Millisecond)
			continue
		}
		fmt.Println("granted", g.Term(), systemClock())
		for last := (time.Time{}); ; time.Sleep(5 * time.Millisecond) {
			until := g.Until()
			if left := time.Until(until); left <= 0 {
				break
			} else if !until.Equal(last) {
				// The sum is late by the time between the two readings, never early.
				fmt.Println("until", g.Term(), systemClock()+int64(left))
				last = until
			}
		}
		fmt.Println("lost", g.Term(), systemClock())
	}
}

const childTTL = time.Second

// reports collects what a child prints.
type reports struct {
	mu   sync.Mutex
	line []string
}

func (r *reports) collect(in *os.File) {
	for s := bufio.NewScanner(in); s.Scan(); {
		r.mu.Lock()
		r.line = append(r.line, s.Text())
		r.mu.Unlock()
	}
}

// find returns the last number of the lines of a kind and a term.
func (r *reports) find(kind string, term uint64) []int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	var found []int64
	for _, l := range r.line {
		if rest, ok := strings.CutPrefix(l, fmt.Sprintf("%s %d ", kind, term)); ok {
			n, err := strconv.ParseInt(rest, 10, 64)
			if err != nil {
				panic(err)
			}
			found = append(found, n)
		}
	}
	return found
}

func startMaster(t *testing.T, path string) (*childproc.Child, *reports) {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	c, err := childproc.Start(childproc.Spec{Name: "master", Path: exe, Env: append(os.Environ(), childVar+"="+path), Stdout: w})
	if err != nil {
		t.Fatal(err)
	}
	rep := &reports{}
	done := make(chan struct{})
	go func() {
		defer close(done)
		rep.collect(r)
	}()
	t.Cleanup(func() {
		_ = c.Signal(syscall.SIGCONT)
		if err := c.Kill(); err != nil {
			t.Error(err)
		}
		_ = w.Close()
		<-done
		_ = r.Close()
	})
	return c, rep
}

func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for start := time.Now(); !is(); time.Sleep(2 * time.Millisecond) {
		if time.Since(start) > time.Minute {
			t.Fatalf("never: %s", what)
		}
	}
}

// holdsNow waits until the child holds the lease, and returns its term.
func holdsNow(t *testing.T, rep *reports, l *Lease) (term uint64) {
	t.Helper()
	eventually(t, "the child holds the lease", func() bool {
		h, err := l.Observe(t.Context())
		term = h.Term
		return err == nil && h.Holder == "http://child" && !h.Free && len(rep.find("until", h.Term)) > 2
	})
	return term
}

// takeOver acquires the lease for this process. A child that was stopped in the middle of a write
// keeps SQLite's lock: unstick lets it leave it.
func takeOver(t *testing.T, l *Lease, unstick func()) lease.Grant {
	t.Helper()
	var got lease.Grant
	locked := 0
	eventually(t, "the lease is acquired", func() bool {
		g, err := l.Acquire(t.Context(), "http://test", 0)
		if err != nil && strings.Contains(err.Error(), ErrLocked.Error()) {
			if locked++; locked%5 == 0 {
				unstick()
			}
		}
		got = g
		return err == nil
	})
	return got
}

// TestAPausedProcessIsLostBeforeTheNextHolds also continues it: it must not believe that it holds
// the lease.
func TestAPausedProcessIsLostBeforeTheNextHolds(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "lease.db")
	l := openFile(t, path, childTTL)
	defer l.Close()
	child, rep := startMaster(t, path)
	for range 3 {
		term := holdsNow(t, rep, l)
		signal := func(s syscall.Signal) {
			if err := child.Signal(s); err != nil {
				t.Fatal(err)
			}
		}
		signal(syscall.SIGSTOP)
		g := takeOver(t, l, func() {
			signal(syscall.SIGCONT)
			time.Sleep(20 * time.Millisecond)
			signal(syscall.SIGSTOP)
		})
		granted := systemClock()
		if g.Term() <= term {
			t.Errorf("term %d after %d", g.Term(), term)
		}
		if err := g.Release(t.Context()); err != nil {
			t.Fatal(err)
		}
		signal(syscall.SIGCONT)
		eventually(t, "the child says that it lost the lease", func() bool { return len(rep.find("lost", term)) == 1 })
		if latest := slices.Max(rep.find("until", term)); latest > granted {
			t.Errorf("term %d was granted %s before the paused holder's deadline", g.Term(), time.Duration(latest-granted))
		}
	}
}

// TestAKilledProcessIsReplaced logs how long that took, for people.
func TestAKilledProcessIsReplaced(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "lease.db")
	l := openFile(t, path, childTTL)
	defer l.Close()
	for range 3 {
		child, rep := startMaster(t, path)
		term := holdsNow(t, rep, l)
		killed := time.Now()
		if err := child.Kill(); err != nil {
			t.Fatal(err)
		}
		g := takeOver(t, l, func() {})
		granted := systemClock()
		t.Logf("TTL %s: from SIGKILL to the next grant %s", childTTL, time.Since(killed).Round(time.Millisecond))
		if latest := slices.Max(rep.find("until", term)); latest > granted || g.Term() <= term {
			t.Errorf("term %d after %d, %s after the old deadline", g.Term(), term, time.Duration(granted-latest))
		}
		if err := g.Release(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

// TestProcessesNeverHoldItTogether kills and pauses several at random while they race.
func TestProcessesNeverHoldItTogether(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "lease.db")
	l := openFile(t, path, childTTL)
	defer l.Close()
	var children []*childproc.Child
	var all []*reports
	for range 3 {
		c, rep := startMaster(t, path)
		children, all = append(children, c), append(all, rep)
	}
	newest := uint64(0)
	for i := range 6 {
		eventually(t, "a child holds the lease", func() bool {
			h, err := l.Observe(t.Context())
			if err != nil || h.Free || h.Term <= newest {
				return false
			}
			newest = h.Term
			return true
		})
		for _, c := range children {
			_ = c.Signal(syscall.SIGSTOP) // the next is granted among those that go on
		}
		time.Sleep(childTTL * 5 / 4)
		for j := range children { // the old holder goes on at the same time as the others
			_ = children[(i+j)%len(children)].Signal(syscall.SIGCONT)
		}
	}
	time.Sleep(childTTL)
	compareTenures(t, all)
}

// compareTenures compares the deadlines of every term with the grant of the next.
func compareTenures(t *testing.T, all []*reports) {
	t.Helper()
	type tenure struct{ granted, until int64 }
	terms := map[uint64]tenure{}
	for term := uint64(1); term < 1000; term++ {
		for _, rep := range all {
			granted, until := rep.find("granted", term), rep.find("until", term)
			if len(granted) == 0 {
				continue
			}
			if _, taken := terms[term]; taken || len(granted) > 1 {
				t.Errorf("term %d was granted twice", term)
			}
			terms[term] = tenure{granted[0], slices.Max(append(until, granted[0]))}
		}
	}
	if len(terms) < 3 {
		t.Errorf("only %d terms were granted", len(terms))
	}
	for term, a := range terms {
		for other, b := range terms {
			if other > term && b.granted < a.until {
				t.Errorf("term %d was granted %s before the deadline of term %d", other, time.Duration(a.until-b.granted), term)
			}
		}
	}
	t.Logf("%d terms", len(terms))
}
