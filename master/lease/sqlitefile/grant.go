package sqlitefile

import (
	"context"
	"errors"
	"sync"
	"time"

	"shardeck/master/lease/tenure"
)

// grant is a term that is held and renewed.
type grant struct {
	*tenure.Tenure
	lease *Lease

	mu    sync.Mutex // taken within the store's turn, never around it
	mine  record     // as last written for certain
	tried int64      // the newest renewal that may have been written
}

// renew renews until the grant is over. A failure is retried at the next turn: the deadline tells
// when it is too late.
func (g *grant) renew() {
	tick := time.NewTicker(g.lease.ttl / tenure.Renewals)
	defer tick.Stop()
	for {
		select {
		case <-g.Lost():
			return
		case <-tick.C:
		}
		begun := time.Now() // before the write
		err := g.write(g.lease.ctx, false)
		switch {
		case err == nil:
			g.Extend(begun.Add(tenure.StopAfter(g.lease.ttl)))
		case errors.Is(err, errTaken), errors.Is(err, ErrReplaced):
			g.End()
			g.lease.log.Warn("the lease is lost", "term", g.Term(), "error", err)
		case g.lease.ctx.Err() == nil:
			g.lease.log.Warn("the lease was not renewed", "term", g.Term(), "until", time.Until(g.Until()).Round(time.Millisecond).String(), "error", err)
		}
	}
}

// write counts up the row's renewals, and marks it as released if asked to.
func (g *grant) write(ctx context.Context, release bool) error {
	var next record
	err := g.lease.store.update(ctx, func(cur record) (record, error) {
		g.mu.Lock()
		defer g.mu.Unlock()
		var err error
		if next, err = renewed(cur, g.mine, g.tried); err != nil {
			return record{}, err
		}
		g.tried = max(g.tried, next.renewals)
		next.released = release
		return next, nil
	})
	if err == nil && !release {
		g.mu.Lock()
		defer g.mu.Unlock()
		g.mine = next
	}
	return err
}

// wrote reports whether cur is this grant's own, so that nobody else has held the lease since. The
// session alone does not tell: the file may have been replaced by an older copy of itself.
func (g *grant) wrote(cur record) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	_, err := renewed(cur, g.mine, g.tried)
	return err == nil
}

// Release gives the lease up; see lease.Grant. It fails if the row cannot be written: the lease
// then expires.
func (g *grant) Release(ctx context.Context) error {
	g.End()
	err := g.write(ctx, true)
	if errors.Is(err, errTaken) { // nothing is left to release
		return nil
	}
	return err
}
