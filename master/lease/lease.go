package lease

import (
	"context"
	"time"

	"shardeck/shared/api"
)

// Lease is a source of terms. Its methods are safe for concurrent use.
type Lease interface {
	// Acquire makes holder the leader under a term newer than after and newer
	// than every term that was ever held. It returns once a majority of the
	// workers has accepted the term, or a failover_failed problem that says why they
	// have not; then nobody may act under that term. observe is called with each step
	// as it ends, one at a time.
	Acquire(ctx context.Context, holder string, after uint64, observe func(Step)) (*Grant, error)
}

// Grant is a term that is held.
type Grant struct {
	Term   uint64
	Holder string
	// Lost is closed when the lease expires; nil for a lease that does not expire.
	Lost <-chan struct{}
}

// Step is one step of acquiring a term.
type Step struct {
	Name   string // "read the term", "take the term"
	Shard  int
	Target string // the worker's name or URL
	Err    *api.Problem
	Detail string
	Took   time.Duration
}

// Worker is the part of a worker that stores terms.
type Worker interface {
	State(ctx context.Context) (*api.WorkerState, error)
	SetState(ctx context.Context, up *api.StateUpdate) (*api.WorkerState, error)
}

// Majority is the smallest number of n workers such that any two sets of it intersect.
func Majority(n int) int { return n/2 + 1 }
