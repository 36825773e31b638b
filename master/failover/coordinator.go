package failover

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"

	"shardeck/master/lease"
	"shardeck/shared/api"
)

// State is a master's position in the cluster. It is immutable.
type State struct {
	Role   api.Role
	Term   uint64 // the newest known, whoever holds it
	Leader string // base URL of who holds it; empty when not known
}

// Peer is another master, as far as a failover needs it.
type Peer struct {
	URL      string
	StepDown func(ctx context.Context, req *api.StepDownRequest) error
}

// Config is what a Coordinator works with. Everything except Peers is required.
type Config struct {
	Self       string
	Configured api.Role
	Lease      lease.Lease
	Members    lease.Members
	Peers      []Peer
	// Workers returns the latest known fences, by shard, without blocking.
	Workers func() []Worker
	// Probe brings the result of Workers up to date and returns when that is done.
	Probe func(ctx context.Context)
	// Event is called with what happens, in words for people.
	Event  func(kind api.EventKind, level api.Level, shard *int, text string)
	Logger *slog.Logger
}

// Coordinator holds a master's role and term and changes them. Current is one
// atomic load; all methods are safe for concurrent use.
type Coordinator struct {
	cfg   Config
	state atomic.Pointer[State]
	kick  chan struct{}
	grant atomic.Pointer[lease.Grant] // the grant held, whose loss Run watches
	// expired is set when the last grant has expired and no other was won since.
	expired atomic.Bool

	acting sync.Mutex // held while terms are taken or installed
}

// New returns a coordinator that is a backup under term 0 until it has seen the workers.
func New(cfg Config) *Coordinator {
	c := &Coordinator{cfg: cfg, kick: make(chan struct{}, 1)}
	c.state.Store(&State{Role: api.RoleBackup})
	return c
}

// Current returns the role and term at this moment.
func (c *Coordinator) Current() State { return *c.state.Load() }

// Kick signals that the result of Workers is up to date, changed or not: an
// undecided master tries again. It does not block.
func (c *Coordinator) Kick() {
	select {
	case c.kick <- struct{}{}:
	default:
	}
}

// Run decides and acts on each Kick until ctx ends.
func (c *Coordinator) Run(ctx context.Context) {
	for {
		var lost <-chan struct{}
		if g := c.grant.Load(); g != nil {
			lost = g.Lost
		}
		select {
		case <-ctx.Done():
			return
		case <-lost:
			c.grant.Store(nil)
			c.expired.Store(true)
			c.change(api.LevelWarn, "the lease expired", func(s State) State {
				s.Role = api.RoleBackup
				return s
			})
			continue
		case <-c.kick:
		}
		c.decide(ctx)
	}
}

// decide makes one decision and carries it out.
func (c *Coordinator) decide(ctx context.Context) {
	if !c.acting.TryLock() {
		return // a failover is in progress; the next kick sees its result
	}
	defer c.acting.Unlock()
	d := Decide(c.view(false))
	switch d.Action {
	case Follow:
		c.Learn(d.Term, d.Leader)
	case Resume:
		c.lead(d.Term, d.Why)
		c.repair(ctx, d.Repair)
	case Take:
		if err := c.take(ctx, nil); err != nil {
			c.cfg.Logger.Warn("cannot take a term", "error", err)
		}
	case Stay:
		c.repair(ctx, d.Repair)
	case Wait, Refuse:
	}
}

func (c *Coordinator) view(asked bool) View {
	s := c.Current()
	return View{
		Self: c.cfg.Self, Configured: c.cfg.Configured,
		Role: s.Role, Term: s.Term, Leader: s.Leader,
		Workers: c.cfg.Workers(), Asked: asked, Expired: c.expired.Load(),
	}
}

// Learn records that leader holds term, as reported by a worker or a master. A term
// that is not newer than the known one changes nothing; a newer one of another master
// demotes this one at once.
func (c *Coordinator) Learn(term uint64, leader string) {
	if leader == c.cfg.Self {
		leader = "" // our own attempt; whether it succeeded is for the attempt to say
	}
	why := fmt.Sprintf("term %d is held by %s", term, orUnknown(leader))
	c.change(api.LevelWarn, why, func(s State) State {
		switch {
		case term > s.Term:
			return State{Role: api.RoleBackup, Term: term, Leader: leader}
		case term == s.Term && s.Leader == "" && leader != "":
			s.Leader = leader
		}
		return s
	})
}

func orUnknown(leader string) string {
	if leader == "" {
		return "an unknown master"
	}
	return leader
}

func (c *Coordinator) lead(term uint64, why string) {
	c.change(api.LevelGood, why, func(s State) State {
		if s.Term > term {
			return s // demoted before it began
		}
		return State{Role: api.RolePrimary, Term: term, Leader: c.cfg.Self}
	})
}

// change replaces the state and reports a difference that matters to people.
func (c *Coordinator) change(level api.Level, why string, f func(State) State) {
	for {
		old := c.state.Load()
		next := f(*old)
		if next == *old {
			return
		}
		if !c.state.CompareAndSwap(old, &next) {
			continue
		}
		c.cfg.Logger.Info("role", "role", next.Role, "term", next.Term, "leader", next.Leader, "why", why)
		if old.Role == next.Role && old.Leader == next.Leader {
			return
		}
		text := fmt.Sprintf("this master is %s with term %d: %s", next.Role, next.Term, why)
		if old.Role == api.RoleBackup && next.Role == api.RoleBackup {
			level = api.LevelInfo
			text = fmt.Sprintf("following %s, term %d", orUnknown(next.Leader), next.Term)
		}
		c.cfg.Event(api.EventRole, level, nil, text)
		return
	}
}

// take acquires the next term and leads under it.
func (c *Coordinator) take(ctx context.Context, observe func(lease.Step)) error {
	grant, err := c.cfg.Lease.Acquire(ctx, c.cfg.Self, c.Current().Term, observe)
	if err != nil {
		c.learnFrom(err)
		return err
	}
	c.grant.Store(grant)
	c.expired.Store(false)
	c.Kick() // so that Run watches this grant
	c.lead(grant.Term, fmt.Sprintf("it took term %d", grant.Term))
	return nil
}

// learnFrom records the newer terms that a failed attempt encountered.
func (c *Coordinator) learnFrom(err error) {
	p := api.AsProblem(err)
	for i := range p.Causes {
		if p.Causes[i].Code == api.CodeStaleTerm {
			c.Learn(p.Causes[i].Term, p.Causes[i].Primary)
		}
	}
	if p.Code == api.CodeStaleTerm {
		c.Learn(p.Term, p.Primary)
	}
}

// repair installs the held term on workers that missed it.
func (c *Coordinator) repair(ctx context.Context, shards []int) {
	s := c.Current()
	if len(shards) == 0 || s.Role != api.RolePrimary {
		return
	}
	some := lease.Members{MapVersion: c.cfg.Members.MapVersion, Timeout: c.cfg.Members.Timeout}
	for _, shard := range shards {
		some.List = append(some.List, c.cfg.Members.List[shard])
	}
	_, causes := some.Install(ctx, s.Term, c.cfg.Self, nil)
	for i := range causes {
		if causes[i].Code == api.CodeStaleTerm {
			c.Learn(causes[i].Term, causes[i].Primary)
			continue
		}
		c.cfg.Logger.Warn("cannot install the term on a worker", "term", s.Term, "error", &causes[i])
	}
}

// EnsurePrimary returns no error if this master may change the schema, under the term
// of the returned state and no other: by the time the change is sent, it may have been
// demoted and have learned its successor's term. It probes the workers first: a primary
// that was demoted finds out here, and one that could not acquire a term at its start
// does so now.
func (c *Coordinator) EnsurePrimary(ctx context.Context) (State, error) {
	s := c.Current()
	if s.Role == api.RolePrimary || c.cfg.Configured == api.RolePrimary && s.Leader == "" {
		c.cfg.Probe(ctx)
		c.decide(ctx)
		s = c.Current()
	}
	if s.Role == api.RolePrimary {
		return s, nil
	}
	p := api.NewProblem(api.CodeNotPrimary, "%s is a backup; only the primary changes databases and tables", c.cfg.Self)
	if s.Leader == "" {
		return s, p.Hinted("no primary is known: start one, or POST %s to the master that is to lead", api.PathFailover)
	}
	p = p.Hinted("send this to %s", s.Leader)
	p.Primary = s.Leader
	return s, p
}

// StepDown records another master's claim to hold a term. A term older than the known
// one is refused with stale_term.
func (c *Coordinator) StepDown(req *api.StepDownRequest) error {
	s := c.Current()
	if req.Term < s.Term || req.Term == s.Term && s.Leader != "" && req.Leader != s.Leader {
		p := api.NewProblem(api.CodeStaleTerm, "term %d of %s is known here already", s.Term, orUnknown(s.Leader))
		p.Term, p.Primary = s.Term, s.Leader
		return p
	}
	c.Learn(req.Term, req.Leader)
	return nil
}
