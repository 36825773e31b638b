package sqlitefile

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"shardeck/master/lease"
	"shardeck/master/lease/leasetest"
)

// memory is a row in memory. Its writes take time, and may fail before or after they were done.
type memory struct {
	reliable bool // nothing fails
	rng      *rand.Rand
	turn     chan struct{} // SQLite's lock, and what guards the rest
	rec      record
}

func newMemory(seed uint64, ttl time.Duration) *memory {
	return &memory{
		rng: rand.New(rand.NewPCG(seed, 1)), turn: make(chan struct{}, 1), //nolint:gosec // a test
		rec: record{file: 1, session: "new", ttl: ttl},
	}
}

var errDisk = errors.New("the disk failed")

// view is one master's access to the row. A frozen one does nothing until it is thawed, as a
// process that was stopped.
type view struct {
	*memory
	mu   sync.Mutex
	thaw chan struct{} // nil if not frozen
}

func (v *view) freeze() (thaw func()) {
	v.mu.Lock()
	defer v.mu.Unlock()
	c := make(chan struct{})
	v.thaw = c
	return func() {
		v.mu.Lock()
		defer v.mu.Unlock()
		v.thaw = nil
		close(c)
	}
}

// pass waits while the view is frozen.
func (v *view) pass(ctx context.Context) error {
	v.mu.Lock()
	thaw := v.thaw
	v.mu.Unlock()
	if thaw == nil {
		return ctx.Err()
	}
	select {
	case <-thaw:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// locked runs do as the only one, after and before a while.
func (v *view) locked(ctx context.Context, do func() error) error {
	if err := v.pass(ctx); err != nil {
		return err
	}
	err := v.alone(ctx, do)
	if pass := v.pass(ctx); pass != nil { // stopped before it saw the answer
		return pass
	}
	return err
}

func (v *view) alone(ctx context.Context, do func() error) error {
	select {
	case v.turn <- struct{}{}:
		defer func() { <-v.turn }()
	case <-ctx.Done():
		return ctx.Err()
	}
	v.sleep()
	defer v.sleep()
	return do()
}

func (v *view) sleep() {
	d := time.Duration(v.rng.Int64N(int64(4 * time.Millisecond)))
	if v.rng.IntN(50) == 0 {
		d *= 40
	}
	time.Sleep(d)
}

func (v *view) fails() bool { return !v.reliable && v.rng.IntN(40) == 0 }

func (v *view) read(ctx context.Context) (rec record, err error) {
	err = v.locked(ctx, func() error {
		rec = v.rec
		if v.fails() {
			return errDisk
		}
		return nil
	})
	return rec, err
}

func (v *view) update(ctx context.Context, change func(record) (record, error)) error {
	return v.locked(ctx, func() error {
		if v.fails() {
			return errDisk
		}
		next, err := change(v.rec)
		if err != nil {
			return err
		}
		v.rec = next
		if v.fails() {
			return errDisk // although it was done
		}
		return nil
	})
}

func (*view) close() error { return nil }

// TestMastersNeverHoldItTogether lets masters acquire, renew, release, vanish, stop and go on for
// thousands of grants, over a store that is slow and fails.
func TestMastersNeverHoldItTogether(t *testing.T) {
	for seed := range uint64(5) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { chaos(t, seed, 1000) })
		})
	}
}

func chaos(t *testing.T, seed uint64, rounds int) {
	row := newMemory(seed, DefaultTTL)
	ref := leasetest.NewReferee(t)
	var masters sync.WaitGroup
	for i := range 5 {
		rng := rand.New(rand.NewPCG(seed, uint64(i)+2)) //nolint:gosec // a test
		masters.Go(func() {
			v := &view{memory: row}
			l := newLease(v, DefaultTTL, testLog(t))
			defer l.Close()
			for ref.Grants() < rounds {
				play(t, rng, ref, l, v, fmt.Sprint("http://m", i))
				time.Sleep(time.Duration(rng.Int64N(int64(DefaultTTL / 4))))
			}
		})
	}
	masters.Wait()
	t.Logf("%d grants, the newest of term %d", ref.Grants(), ref.Newest())
}

// play is one turn of a master.
func play(t *testing.T, rng *rand.Rand, ref *leasetest.Referee, l *Lease, v *view, name string) {
	g, err := l.Acquire(t.Context(), name, uint64(rng.Int64N(10)))
	if err != nil {
		if _, held := errors.AsType[*lease.HeldError](err); !held && !errors.Is(err, errDisk) && !errors.Is(err, errSlow) {
			t.Error(err)
		}
		return
	}
	ref.Granted(name, g)
	hold := time.Duration(rng.Int64N(int64(3 * DefaultTTL)))
	switch rng.IntN(5) {
	case 0: // stopped, and going on later
		thaw := v.freeze()
		time.Sleep(hold)
		thaw()
	case 1: // renewing until somebody else acquires: never
		select {
		case <-g.Lost():
		case <-time.After(hold):
		}
	case 2: // acquiring again, without a release
		return
	}
	if err := g.Release(t.Context()); err != nil && !errors.Is(err, errDisk) {
		t.Error(err)
	}
}

// TestKillToNextGrant bounds how long a challenger that watches waits: a TTL after the last
// renewal, and what it takes to poll.
func TestKillToNextGrant(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		row := newMemory(1, DefaultTTL)
		a, b := &view{memory: row}, &view{memory: row}
		la, lb := newLease(a, DefaultTTL, testLog(t)), newLease(b, DefaultTTL, testLog(t))
		defer la.Close()
		defer lb.Close()
		var worst time.Duration
		for range 200 {
			g := acquireSoon(t, la)
			time.Sleep(time.Duration(rand.Int64N(int64(DefaultTTL))))
			thaw := a.freeze()
			killed := time.Now()
			next := acquireSoon(t, lb)
			worst = max(worst, time.Since(killed))
			if time.Now().Before(g.Until()) {
				t.Error("granted before the deadline")
			}
			thaw()
			for next.Release(t.Context()) != nil { // a store that fails
				t.Log("released again")
			}
		}
		// The store of this test takes up to 0.3 s for an answer, and fails at times.
		if limit := DefaultTTL + DefaultTTL/pollsPerTTL + 2*time.Second; worst > limit {
			t.Errorf("the next holder waited for %s of virtual time; at most %s", worst, limit)
		}
	})
}

// lossy is a row whose next write is done, but said to have failed.
type lossy struct {
	memory *view
	lose   bool
}

func (l *lossy) read(ctx context.Context) (record, error) { return l.memory.read(ctx) }

func (l *lossy) update(ctx context.Context, change func(record) (record, error)) error {
	err := l.memory.update(ctx, change)
	if err == nil && l.lose {
		l.lose = false
		return errDisk
	}
	return err
}

func (*lossy) close() error { return nil }

// TestAnAcquisitionWithALostAnswerIsRepeatedAtOnce: who has written the row need not wait for it to
// expire, while others must.
func TestAnAcquisitionWithALostAnswerIsRepeatedAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		row := newMemory(1, DefaultTTL)
		row.reliable = true
		mine := &lossy{memory: &view{memory: row}}
		l, other := newLease(mine, DefaultTTL, testLog(t)), newLease(&view{memory: row}, DefaultTTL, testLog(t))
		defer l.Close()
		defer other.Close()
		time.Sleep(2 * DefaultTTL) // the row of a new file expires
		mine.lose = true
		if _, err := l.Acquire(t.Context(), "http://m", 0); !errors.Is(err, errDisk) {
			t.Fatalf("the answer was not lost: %v", err)
		}
		if _, err := other.Acquire(t.Context(), "http://other", 0); !errors.As(err, new(*lease.HeldError)) {
			t.Errorf("another acquires what may be held: %v", err)
		}
		g, err := l.Acquire(t.Context(), "http://m", 0)
		if err != nil {
			t.Fatal(err)
		}
		if g.Term() != 2 {
			t.Errorf("the term is %d", g.Term())
		}
	})
}

func acquireSoon(t *testing.T, l *Lease) lease.Grant {
	t.Helper()
	for {
		if g, err := l.Acquire(t.Context(), "http://m", 0); err == nil {
			return g
		}
		time.Sleep(10 * time.Millisecond)
	}
}
