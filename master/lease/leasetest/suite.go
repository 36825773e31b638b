package leasetest

import (
	"context"
	"errors"
	"testing"
	"time"

	"shardeck/master/lease"
	"shardeck/shared/api"
)

// hung is how long a test waits for what a lease that works does much sooner.
const hung = time.Minute

// Store is the store of one lease.
type Store struct {
	// Open returns another master's view of the lease. The suite closes it.
	Open func(t testing.TB) lease.Lease
	// Pause cuts a lease that Open returned off from the store, until resume is called.
	Pause func(l lease.Lease) (resume func())
	// Restore returns the store to its state at the time of Backup. Both or neither are nil.
	Backup, Restore func(t testing.TB)
	// Rounds is how many grants the race of many masters lasts.
	Rounds int
}

// Run runs the suite; open returns a new, empty store. Its calls may overlap.
func Run(t *testing.T, open func(t *testing.T) Store) {
	run := func(t *testing.T, test func(*testing.T, *fixture)) {
		test(t, &fixture{Store: open(t), t: t, ref: NewReferee(t)})
	}
	// These keep the machine busy, and so run alone.
	t.Run("many masters race", func(t *testing.T) { run(t, race) })
	t.Run("masters race while holders vanish or go on", func(t *testing.T) { run(t, vanish) })
	for name, test := range map[string]func(*testing.T, *fixture){
		"one master holds it":                          oneHolds,
		"terms rise above the workers'":                termsRise,
		"terms end":                                    termsEnd,
		"terms rise after the store was restored":      restored,
		"release lets a challenger in":                 release,
		"a holder that renews keeps it":                renews,
		"a holder that is cut off is lost":             cutOff,
		"its own holder acquires again":                again,
		"a closed lease":                               closed,
		"a cancelled context":                          cancelled,
		"an observer sees what happens":                observe,
		"a demoted holder releases nothing of another": lateRelease,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			run(t, test)
		})
	}
}

type fixture struct {
	Store
	t   *testing.T
	ref *Referee
}

func (f *fixture) open() lease.Lease {
	f.t.Helper()
	l := f.Store.Open(f.t)
	f.t.Cleanup(func() {
		if err := l.Close(); err != nil {
			f.t.Errorf("Close: %v", err)
		}
	})
	return l
}

// acquire acquires the lease as soon as nobody holds it.
func (f *fixture) acquire(l lease.Lease, holder string, after uint64) lease.Grant {
	f.t.Helper()
	for start := time.Now(); ; {
		g, err := l.Acquire(f.t.Context(), holder, after)
		if err == nil {
			f.ref.Granted(holder, g)
			return g
		}
		wait := 20 * time.Millisecond
		if held, ok := errors.AsType[*lease.HeldError](err); ok {
			wait = min(held.Holding.ExpiresIn, wait)
		}
		if time.Since(start) > hung { // until then it may be held, or the machine too busy to acquire it in time
			f.t.Fatalf("%s still cannot acquire the lease: %v", holder, err)
		}
		time.Sleep(wait)
	}
}

func (f *fixture) release(g lease.Grant) {
	f.t.Helper()
	if err := g.Release(f.t.Context()); err != nil {
		f.t.Fatalf("Release: %v", err)
	}
	f.isLost(g)
	if time.Now().Before(g.Until()) {
		f.t.Error("the deadline of a released grant has not passed")
	}
}

func (f *fixture) isLost(g lease.Grant) {
	f.t.Helper()
	select {
	case <-g.Lost():
	case <-time.After(hung):
		f.t.Fatalf("term %d is not lost", g.Term())
	}
}

func (f *fixture) holding(l lease.Lease) lease.Holding {
	f.t.Helper()
	h, err := l.Observe(f.t.Context())
	for start := time.Now(); err != nil; h, err = l.Observe(f.t.Context()) { // it may have just been cut off
		if time.Since(start) > hung {
			f.t.Fatalf("Observe: %v", err)
		}
		time.Sleep(20 * time.Millisecond)
	}
	if !h.Automatic || h.Free != (h.ExpiresIn == 0) {
		f.t.Errorf("got %+v", h)
	}
	return h
}

func oneHolds(t *testing.T, f *fixture) {
	a, b := f.open(), f.open()
	if h := f.holding(a); h.Holder != "" || h.Term != 0 {
		t.Errorf("before the first holder: %+v", h)
	}
	g := f.acquire(a, "http://a", 0)
	if g.Term() == 0 || !time.Now().Before(g.Until()) {
		t.Errorf("term %d until %s", g.Term(), g.Until())
	}
	_, err := b.Acquire(t.Context(), "http://b", 0)
	held, ok := errors.AsType[*lease.HeldError](err)
	if !ok {
		t.Fatalf("another master acquires: %v", err)
	}
	if h := held.Holding; h.Holder != "http://a" || h.Term != g.Term() || h.Free || h.ExpiresIn <= 0 || !h.Automatic {
		t.Errorf("held by %+v", h)
	}
	f.release(g)
}

func termsRise(t *testing.T, f *fixture) {
	a, b := f.open(), f.open()
	last := uint64(0)
	for i, after := range []uint64{0, 41, 0, 1 << 40} {
		g := f.acquire([]lease.Lease{a, b}[i%2], "http://m", after)
		if g.Term() <= max(after, last) {
			t.Errorf("term %d after %d and %d", g.Term(), last, after)
		}
		last = g.Term()
		f.release(g)
	}
}

func termsEnd(t *testing.T, f *fixture) {
	a, b := f.open(), f.open()
	g := f.acquire(a, "http://a", api.MaxTerm-1)
	if g.Term() != api.MaxTerm {
		t.Errorf("term %d", g.Term())
	}
	f.release(g)
	for _, after := range []uint64{0, api.MaxTerm, 1<<64 - 1} {
		if g, err := b.Acquire(t.Context(), "http://b", after); err == nil {
			t.Errorf("term %d was granted after %d", g.Term(), after)
		} else if _, held := errors.AsType[*lease.HeldError](err); held {
			t.Errorf("after %d: %v", after, err)
		}
	}
}

func restored(t *testing.T, f *fixture) {
	if f.Restore == nil {
		t.Skip("this store is not restored in tests")
	}
	a := f.open()
	f.release(f.acquire(a, "http://a", 0))
	f.Backup(t)
	for range 5 {
		f.release(f.acquire(a, "http://a", 0))
	}
	newest := f.ref.Newest()
	f.Restore(t)
	f.release(f.acquire(f.open(), "http://b", newest))
	f.release(f.acquire(a, "http://a", newest))
}

func release(t *testing.T, f *fixture) {
	a, b := f.open(), f.open()
	f.release(f.acquire(a, "http://a", 0))
	if h := f.holding(b); !h.Free {
		t.Errorf("after Release: %+v", h)
	}
	g, err := b.Acquire(t.Context(), "http://b", 0)
	if err != nil {
		t.Fatalf("at once after Release: %v", err)
	}
	f.ref.Granted("http://b", g)
	f.release(g)
	if err := g.Release(t.Context()); err != nil {
		t.Errorf("a second Release: %v", err)
	}
}

// renews waits for three renewals. A machine that is busy for most of a TTL may lose the lease
// before, so it tries again.
func renews(t *testing.T, f *fixture) {
	a, b := f.open(), f.open()
	for try := 1; ; try++ {
		g := f.acquire(a, "http://a", 0)
		if f.sawRenewals(g, 3) {
			if _, err := b.Acquire(t.Context(), "http://b", 0); err == nil {
				t.Error("acquired while the holder renewed")
			}
			f.release(g)
			return
		}
		if try == 5 {
			t.Fatal("the holder never renewed three times")
		}
	}
}

func (f *fixture) sawRenewals(g lease.Grant, n int) bool {
	for until := g.Until(); n > 0; time.Sleep(time.Millisecond) {
		select {
		case <-g.Lost():
			return false
		default:
		}
		if now := g.Until(); now.After(until) {
			until = now
			n--
		}
	}
	return true
}

func cutOff(t *testing.T, f *fixture) {
	a, b := f.open(), f.open()
	g := f.acquire(a, "http://a", 0)
	resume := f.Pause(a)
	next := f.acquire(b, "http://b", 0) // the referee compares with Until
	f.isLost(g)
	until := g.Until()
	resume()
	if f.holding(a).Holder != "http://b" || g.Until().After(until) {
		t.Error("a holder that was cut off goes on")
	}
	f.release(next)
	f.release(f.acquire(a, "http://a", 0))
}

// lateRelease releases a grant after another master has acquired the lease.
func lateRelease(t *testing.T, f *fixture) {
	a, b := f.open(), f.open()
	g := f.acquire(a, "http://a", 0)
	resume := f.Pause(a)
	next := f.acquire(b, "http://b", 0)
	resume()
	if err := g.Release(t.Context()); err != nil {
		t.Logf("Release of a lost grant: %v", err)
	}
	if got, err := a.Acquire(t.Context(), "http://a", 0); err == nil {
		f.ref.Granted("http://a", got) // legal only if b has lost it
	}
	f.release(next)
}

func again(t *testing.T, f *fixture) {
	a := f.open()
	first := f.acquire(a, "http://a", 0)
	second, err := a.Acquire(t.Context(), "http://a", 0)
	if err != nil {
		t.Fatal(err)
	}
	f.ref.Granted("http://a", second)
	f.isLost(first)
	if err := first.Release(t.Context()); err != nil {
		t.Errorf("Release of the first: %v", err)
	}
	if !f.sawRenewals(second, 1) {
		t.Log("the second grant was lost before its first renewal")
	}
	f.release(second)
}

func observe(t *testing.T, f *fixture) {
	a, b := f.open(), f.open()
	g := f.acquire(a, "http://a", 0)
	if h := f.holding(b); h.Free || h.Holder != "http://a" || h.Term != g.Term() {
		t.Errorf("while it is held: %+v", h)
	}
	if h := f.holding(a); h.Free || h.Term != g.Term() {
		t.Errorf("the holder observes %+v", h)
	}
	f.Pause(a)
	start := time.Now()
	for !f.holding(b).Free {
		if time.Since(start) > hung {
			t.Fatal("it never expires")
		}
		time.Sleep(5 * time.Millisecond)
	}
	if time.Now().Before(g.Until()) {
		t.Error("observed to be free before the holder's deadline")
	}
	next, err := b.Acquire(t.Context(), "http://b", 0)
	if err != nil {
		t.Fatalf("observed to be free, but: %v", err)
	}
	f.ref.Granted("http://b", next)
	f.release(next)
}

func closed(t *testing.T, f *fixture) {
	a, b := f.open(), f.Store.Open(t)
	g := f.acquire(b, "http://b", 0)
	for range 2 {
		if err := b.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	}
	f.isLost(g)
	if _, err := b.Acquire(t.Context(), "http://b", 0); err == nil {
		t.Error("a closed lease grants")
	}
	if _, err := b.Observe(t.Context()); err == nil {
		t.Error("a closed lease observes")
	}
	if err := g.Release(t.Context()); err == nil {
		t.Log("a closed lease releases")
	}
	f.release(f.acquire(a, "http://a", 0)) // it expires
}

func cancelled(t *testing.T, f *fixture) {
	a := f.open()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := a.Acquire(ctx, "http://a", 0); err == nil {
		t.Error("Acquire succeeds under a cancelled context")
	}
	if _, err := a.Observe(ctx); err == nil {
		t.Error("Observe succeeds under a cancelled context")
	}
	for try := 1; ; try++ {
		ctx, cancel = context.WithCancel(t.Context())
		f.release(f.acquire(a, "http://a", 0))
		g, err := a.Acquire(ctx, "http://a", 0)
		if err != nil {
			t.Fatal(err)
		}
		f.ref.Granted("http://a", g)
		cancel() // ends the call, not the grant
		going := f.sawRenewals(g, 1)
		f.release(g)
		if going {
			return
		}
		if try == 5 {
			t.Fatal("the grant ended with the context of its Acquire")
		}
	}
}
