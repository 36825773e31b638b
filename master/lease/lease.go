package lease

import (
	"context"
	"time"
)

// Lease is mutual exclusion between masters, with a new term for each time it is acquired.
// Its methods are safe for concurrent use.
type Lease interface {
	// Acquire makes holder the holder if nobody else is, under a term newer than after and
	// than every term of this lease before; after is the newest term that the workers store, so
	// that terms rise even if the store was restored from a backup. If another master holds
	// the lease, the error is *HeldError. A holder that acquires again gets a new term.
	Acquire(ctx context.Context, holder string, after uint64) (Grant, error)
	// Observe returns who holds the lease. It answers within a second or fails.
	Observe(ctx context.Context) (Holding, error)
	// Close releases what the lease itself uses. Grants must have been released, or expire.
	Close() error
}

// Grant is a term that is held. Its methods are safe for concurrent use.
type Grant interface {
	Term() uint64
	// Until is when the holder must have stopped acting, on this process's monotonic clock; the
	// zero time if the grant does not expire. It moves with each renewal, counted from before the
	// renewal was sent, and is well before a challenger can acquire the lease.
	Until() time.Time
	// Lost is closed when the holder must have stopped: at Until without a renewal, after Release,
	// or when the store says that another master holds the lease. Nil if the grant does not expire.
	Lost() <-chan struct{}
	// Release gives the lease up, so that a challenger can acquire it at once. Whatever it
	// returns, the holder must not act any more.
	Release(ctx context.Context) error
}

// Holding is who holds a lease, as observed.
type Holding struct {
	// Automatic is set if the lease expires by itself, so that a backup may take over without
	// being asked. A lease that is not automatic is never observed to be Free.
	Automatic bool
	Holder    string // the base URL it was acquired under; empty if there never was a holder
	Term      uint64
	// Free is set if Acquire would not meet another holder: it was released, or has expired.
	Free bool
	// ExpiresIn is how long from now a challenger must wait at most if the holder renews no more;
	// 0 if Free or not Automatic.
	ExpiresIn time.Duration
}

// HeldError is the failure of an Acquire because another master holds the lease.
type HeldError struct{ Holding Holding }

func (e *HeldError) Error() string {
	if e.Holding.Holder == "" { // a new store, which is watched first
		return "the lease cannot be acquired before " + e.Holding.ExpiresIn.Round(time.Millisecond).String() + " from now"
	}
	return "the lease is held by " + e.Holding.Holder
}

// Majority is the smallest number of n workers such that any two sets of it intersect.
func Majority(n int) int { return n/2 + 1 }
