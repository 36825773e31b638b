package lease

import (
	"context"
	"time"
)

// Manual is the lease that excludes nobody and never expires: masters lead when a person says
// so. That two of them do not lead under one term is up to the workers, which accept a term
// from one master only.
type Manual struct{}

// Acquire returns a grant of the term after the newest one of the workers.
func (Manual) Acquire(_ context.Context, _ string, after uint64) (Grant, error) {
	return manualGrant(after + 1), nil
}

// Observe returns nothing: there is no record of a holder but the workers'.
func (Manual) Observe(context.Context) (Holding, error) { return Holding{}, nil }

// Close does nothing.
func (Manual) Close() error { return nil }

type manualGrant uint64

func (g manualGrant) Term() uint64                { return uint64(g) }
func (manualGrant) Until() time.Time              { return time.Time{} }
func (manualGrant) Lost() <-chan struct{}         { return nil }
func (manualGrant) Release(context.Context) error { return nil }
