package failover

import (
	"context"
	"slices"
	"time"

	"shardeck/shared/api"
)

// AwaitTerm returns once the workers have confirmed a term that is newer than after, or
// ctx ends, or it is clear that they will not soon. A worker that reports a newer term is not
// believed alone: it may be wrong, or hold the term of an attempt that failed, which the
// primary is about to supersede.
func (c *Coordinator) AwaitTerm(ctx context.Context, after uint64) State {
	ctx, cancel := context.WithTimeout(ctx, awaitTimeout)
	defer cancel()
	for {
		if s := c.Current(); s.Term > after || ctx.Err() != nil {
			return s
		}
		c.cfg.Probe(ctx)
		c.decide(ctx)
		select {
		case <-time.After(awaitPause):
		case <-ctx.Done():
		}
	}
}

// awaitPause is the pause between looks at the workers while a newer term is awaited.
const awaitPause = 25 * time.Millisecond

// awaitTimeout is enough for a primary to supersede an abandoned term.
const awaitTimeout = settle + 2*time.Second

// EnsurePrimary returns this master's leadership if it may change the schema: under the term
// of the leadership and no other, and until its context ends. It probes the workers first, so
// that a primary that was demoted finds out here, and one that could not acquire a term at its
// start does so now; and it installs the term on every worker that answers and missed it, so
// that a change delayed in the network by a predecessor can do nothing from then on.
func (c *Coordinator) EnsurePrimary(ctx context.Context) (*Leadership, error) {
	s := c.Current()
	if s.Role == api.RolePrimary || c.cfg.Configured == api.RolePrimary && s.Leader == "" {
		c.cfg.Probe(ctx)
		if err := c.acting.lock(ctx); err != nil { // a failover in progress ends first
			return nil, err
		}
		c.act(ctx)
		c.acting.unlock()
		s = c.Current()
	}
	if l := c.leading.Load(); l != nil && l.Err() == nil {
		stale := behind(c.cfg.Workers(), l.Term)
		if len(stale) > 0 {
			c.cfg.Probe(ctx) // the term may have been installed just now
			stale = behind(c.cfg.Workers(), l.Term)
		}
		if len(stale) > 0 {
			return nil, api.NewProblem(api.CodeShardUnavailable,
				"%d workers have not accepted term %d of this primary yet; nothing was changed", len(stale), l.Term).
				On(stale[0], c.cfg.Members.List[stale[0]].Name()).
				Hinted("send it again in a second")
		}
		return l, nil
	}
	if p := c.notPrimary(s); p.Primary != "" || s.Leader == "" {
		return nil, p
	}
	// The last probe of the primary failed, perhaps because this process was stopped.
	c.cfg.ProbePeers(ctx)
	return nil, c.notPrimary(s)
}

// Renew makes the primary lead under a new term, so that the workers refuse requests of the
// old one that are delayed in the network.
func (c *Coordinator) Renew(ctx context.Context) (*Leadership, error) {
	if err := c.acting.lock(ctx); err != nil {
		return nil, err
	}
	defer c.acting.unlock()
	if s := c.Current(); s.Role != api.RolePrimary {
		return nil, c.notPrimary(s)
	}
	// The caller's context may be that of the leadership, which ends here.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), promoteTimeout)
	defer cancel()
	if err := c.take(ctx, "requests of the term before may be delayed", false, nil); err != nil {
		return nil, err
	}
	c.cfg.Probe(ctx)
	if l := c.leading.Load(); l != nil {
		return l, l.Err()
	}
	return nil, c.notPrimary(c.Current())
}

// notPrimary says where a schema change should be sent instead.
func (c *Coordinator) notPrimary(s State) *api.Problem {
	p := api.NewProblem(api.CodeNotPrimary, "%s is a backup; only the primary changes databases and tables", c.cfg.Self)
	held, known := c.Lease()
	seen := c.cfg.Seen()
	i := slices.IndexFunc(seen, func(p PeerSeen) bool { return p.URL == s.Leader })
	switch {
	case s.Leader != "" && i >= 0 && seen[i].Reachable:
		p = p.Hinted("send this to %s", s.Leader)
		p.Primary = s.Leader
	case held.Automatic && !known:
		p = p.Hinted("no primary answers, and the lease cannot be read, so no backup takes over: see this master's log for what is wrong with its store")
	case held.Automatic:
		p = p.Hinted("no primary answers; a backup takes over by itself in a few seconds: send it again then")
	case s.Leader != "":
		p = p.Hinted("the primary, %s, does not answer: bring it back, or POST %s to the master that is to lead", s.Leader, api.PathFailover)
	default:
		p = p.Hinted("no primary is known: start one, or POST %s to the master that is to lead", api.PathFailover)
	}
	return p
}
