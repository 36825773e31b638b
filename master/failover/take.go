package failover

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"shardeck/master/lease"
	"shardeck/shared/api"
)

const (
	// maxTries bounds how often an attempt to lead is repeated while others try, too.
	maxTries = 6
	// maxBackoff bounds the random pause before such a repetition.
	maxBackoff = 400 * time.Millisecond
)

// takeUnasked takes a term because Decide says so, and keeps a record of it if that replaces
// another primary.
func (c *Coordinator) takeUnasked(ctx context.Context, d Decision) {
	ctx, cancel := context.WithTimeout(ctx, promoteTimeout)
	defer cancel()
	before, began := c.Current(), time.Now()
	if h := c.holding.Load(); !h.freeSince.IsZero() {
		began = h.freeSince
	}
	t := &timeline{start: time.Now(), event: c.cfg.Event, quiet: before.Term == 0}
	if err := c.take(ctx, d.Why, false, t.workerStep); err != nil {
		c.cfg.Logger.Warn("cannot take a term", "error", err)
		return
	}
	previous := before.Leader
	if h := c.holding.Load(); previous == "" && h.Automatic && h.Holder != c.cfg.Self {
		previous = h.Holder
	}
	if previous == "" || previous == c.cfg.Self {
		return
	}
	led := c.ledUntil(previous)
	c.afterwards.Go(func() { // the old primary may hang, and schema changes must not wait for it
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), promoteTimeout)
		defer cancel()
		c.verify(ctx, t)
		resp := c.report(t, &api.FailoverRequest{Reason: d.Why}, api.FailoverAutomatic, previous, began, led)
		c.tellPeers(ctx, t, previous)
		resp.Steps = t.all()
		c.history.add(resp)
	})
}

// take acquires the lease and installs its term on the workers, and leads. If masters compete
// and none gets a majority, it tries again under newer terms. If the lease is held by a master
// that may be dead, a patient attempt waits for it to expire. c.acting is held.
func (c *Coordinator) take(ctx context.Context, why string, patient bool, observe func(lease.Step)) error {
	if c.Current().Role != api.RolePrimary {
		return c.tryTake(ctx, why, patient, observe)
	}
	// A primary gives its grant up for the next one, and is no backup in between.
	c.renewing.Store(true)
	err := c.tryTake(ctx, why, patient, observe)
	c.renewing.Store(false)
	if err != nil {
		c.leaseLost() // if it was
	}
	return err
}

func (c *Coordinator) tryTake(ctx context.Context, why string, patient bool, observe func(lease.Step)) error {
	for try := 0; ; try++ {
		err := c.takeOnce(ctx, why, observe)
		held, isHeld := errors.AsType[*lease.HeldError](err)
		switch {
		case isHeld && patient:
			c.awaitExpiry(ctx, held.Holding.ExpiresIn)
			patient = false
			continue
		case isHeld:
			return api.NewProblem(api.CodeFailoverFailed, "%s, which still renews it", held).
				Hinted("it is not dead: look at why it does not answer this master")
		case err == nil || try >= maxTries || !contested(err):
			return err
		}
		select {
		case <-time.After(rand.N(maxBackoff)): //nolint:gosec // to get out of step, not to be secret
		case <-ctx.Done():
			return err
		}
		c.cfg.Probe(ctx)
		if a := Agree(c.cfg.Workers()); a.Confirmed && a.Held.Leader != c.cfg.Self && a.Held.Term > c.Current().Term {
			c.follow(follow(c.view(false), a))
			return api.NewProblem(api.CodeFailoverFailed, "%s took over at the same time, with term %d", a.Held.Leader, a.Held.Term).
				Hinted("it leads now; nothing more needs to be done")
		}
	}
}

// awaitExpiry waits until the lease is free, or is renewed although it was to expire.
func (c *Coordinator) awaitExpiry(ctx context.Context, expiresIn time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, expiresIn+time.Second)
	defer cancel()
	for ctx.Err() == nil {
		if h, err := c.cfg.Lease.Observe(ctx); err == nil && h.Free {
			return
		}
		select {
		case <-time.After(observeInterval / 2):
		case <-ctx.Done():
		}
	}
}

func (c *Coordinator) takeOnce(ctx context.Context, why string, observe func(lease.Step)) error {
	newest, err := c.cfg.Members.Newest(ctx, observe)
	if err != nil {
		return err
	}
	g, err := c.cfg.Lease.Acquire(ctx, c.cfg.Self, newest)
	if _, ok := errors.AsType[*lease.HeldError](err); ok {
		return err
	}
	if err != nil {
		return api.NewProblem(api.CodeFailoverFailed, "the lease cannot be acquired: %v", err).
			Hinted("check that its store can be reached; nothing was changed")
	}
	if g.Term() <= newest || g.Term() > api.MaxTerm {
		c.giveBack(ctx, g)
		return api.NewProblem(api.CodeFailoverFailed, "the lease gave term %d; the workers hold term %d already", g.Term(), newest).
			Hinted("the lease's store may have been restored from a backup: try again")
	}
	if err := c.cfg.Members.Take(ctx, g.Term(), c.cfg.Self, observe); err != nil {
		c.giveBack(ctx, g)
		return err
	}
	if isClosed(g.Lost()) {
		return api.NewProblem(api.CodeFailoverFailed, "the lease expired while its term was being installed").
			Hinted("try again")
	}
	c.lead(g, fmt.Sprintf("it took term %d (%s)", g.Term(), why))
	return nil
}

func (c *Coordinator) giveBack(ctx context.Context, g lease.Grant) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	if err := g.Release(ctx); err != nil {
		c.cfg.Logger.Warn("cannot release the lease; it expires by itself", "error", err)
	}
}

// contested reports whether an attempt failed because another master is taking a term, too.
func contested(err error) bool {
	return slices.ContainsFunc(api.AsProblem(err).Causes, func(p api.Problem) bool { return p.Code == api.CodeStaleTerm })
}

// ledUntil is when a peer last answered as primary; zero if it never did.
func (c *Coordinator) ledUntil(url string) time.Time {
	for _, p := range c.cfg.Seen() {
		if p.URL == url {
			return p.Led
		}
	}
	return time.Time{}
}
