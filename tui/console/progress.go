package console

import (
	"context"
	"sync"
	"time"

	"shardeck/shared/api"
)

// How often the masters are asked how far a running statement is, and how long for.
const (
	progressEvery   = 250 * time.Millisecond
	progressTimeout = 2 * time.Second
)

// runningStatements finds the statement that runs under a request id, on whichever master; nil if
// there is none. [client.Cluster] implements it.
type runningStatements interface {
	Running(ctx context.Context, requestID string) (*api.RunningQuery, error)
}

// pollProgress returns how far the statement with that request id is, nil if no master lists it: it
// may not have arrived yet, or have ended.
func pollProgress(ctx context.Context, c runningStatements, requestID string) (*api.RunningQuery, error) {
	ctx, cancel := context.WithTimeout(ctx, progressTimeout)
	defer cancel()
	return c.Running(ctx, requestID)
}

// followProgress polls while the statement runs and calls seen with what it finds, from a goroutine of
// its own. A poll that fails is left out: the statement's own answer says what is wrong. stop ends it;
// seen is not called after that.
func followProgress(ctx context.Context, c runningStatements, requestID string, seen func(*api.RunningQuery)) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	var polls sync.WaitGroup
	polls.Go(func() {
		tick := time.NewTicker(progressEvery)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			if p, err := pollProgress(ctx, c, requestID); err == nil && p != nil && ctx.Err() == nil {
				seen(p)
			}
		}
	})
	return func() {
		cancel()
		polls.Wait()
	}
}
