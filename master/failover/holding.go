package failover

import (
	"context"
	"time"

	"shardeck/master/lease"
	"shardeck/shared/api"
)

// holding is the lease as last observed.
type holding struct {
	lease.Holding
	known     bool
	freeSince time.Time // zero if not free
	seenHeld  bool      // another master held it at some time since this one started
}

// observeInterval is how often a lease that expires is observed.
const observeInterval = 100 * time.Millisecond

// observeLease keeps holding up to date. A lease that does not expire is looked at once.
func (c *Coordinator) observeLease(ctx context.Context) {
	for {
		before := c.holding.Load()
		octx, cancel := context.WithTimeout(ctx, time.Second)
		h, err := c.cfg.Lease.Observe(octx)
		cancel()
		next := &holding{Holding: h, known: err == nil, seenHeld: before.seenHeld}
		if err != nil {
			next.Holding = before.Holding // as it was last seen
		}
		if next.Free && next.known {
			if next.freeSince = before.freeSince; next.freeSince.IsZero() {
				next.freeSince = time.Now()
			}
		}
		if next.known && !next.Free && next.Holder != "" && next.Holder != c.cfg.Self {
			next.seenHeld = true
		}
		c.holding.Store(next)
		switch {
		case err != nil && before.known:
			c.cfg.Logger.Warn("the lease's store does not answer", "error", err)
			c.cfg.Event(api.EventRole, api.LevelWarn, nil, "the lease cannot be read: "+err.Error())
		case err == nil && !before.known && before.Holder != "":
			c.cfg.Event(api.EventRole, api.LevelGood, nil, "the lease can be read again")
		}
		if err == nil && !h.Automatic {
			return
		}
		if next.Free || next.known != before.known || next.Holder != before.Holder {
			c.Kick()
		}
		select {
		case <-time.After(observeInterval):
		case <-ctx.Done():
			return
		}
	}
}

// retire releases the lease when the master stops.
func (c *Coordinator) retire(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, promoteTimeout)
	defer cancel()
	if c.acting.lock(ctx) != nil {
		return
	}
	defer c.acting.unlock()
	c.drained.end()
	if held, _ := c.Lease(); c.grant == nil || !held.Automatic {
		return // its term is resumed, by whoever starts under this name
	}
	c.change(api.LevelInfo, "it stops", func(s State) State { s.Role, s.Leader = api.RoleBackup, ""; return s })
	c.release(ctx)
}

// release gives up the grant. c.acting is held.
func (c *Coordinator) release(ctx context.Context) {
	if c.grant == nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	if err := c.grant.Release(ctx); err != nil {
		c.cfg.Logger.Warn("cannot release the lease; it expires by itself", "error", err)
	}
	c.grant = nil
}

// leaseLost demotes this master. Nobody can have acquired the lease yet: it is lost to its
// holder well before it is free for others.
func (c *Coordinator) leaseLost() {
	if c.renewing.Load() {
		return
	}
	term := uint64(0)
	if l := c.leading.Load(); l != nil {
		if until := l.grant.Until(); until.IsZero() || time.Now().Before(until) && !isClosed(l.grant.Lost()) {
			return // the loss of an earlier grant
		}
		term = l.Term
	}
	c.change(api.LevelWarn, "the lease expired", func(s State) State {
		if s.Term == term {
			s.Role, s.Leader = api.RoleBackup, ""
		}
		return s
	})
	c.expired.Store(true)
}

// turn is a mutex that can be waited for with a context.
type turn chan struct{}

func (t turn) lock(ctx context.Context) error {
	select {
	case t <- struct{}{}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (t turn) tryLock() bool {
	select {
	case t <- struct{}{}:
		return true
	default:
		return false
	}
}

func (t turn) unlock() { <-t }

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}
