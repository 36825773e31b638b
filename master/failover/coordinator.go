package failover

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"shardeck/master/lease"
	"shardeck/shared/api"
)

// State is a master's position in the cluster. It is immutable.
type State struct {
	Role   api.Role
	Term   uint64 // the newest that is held, whoever holds it
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
	// Workers returns the latest known fences, by shard, and Seen what was last heard of each
	// peer, in the order of Peers; neither blocks.
	Workers func() []Worker
	Seen    func() []PeerSeen
	// Probe brings the result of Workers up to date and returns when that is done.
	Probe func(ctx context.Context)
	// ProbePeers does the same for Seen.
	ProbePeers func(ctx context.Context)
	// Checks inspects what only the rest of the master knows before a failover.
	Checks func() []api.FailoverCheck
	// Drain makes schema changes wait, and returns once none is in progress or ctx ends. The
	// returned function lets them go on.
	Drain func(ctx context.Context) (resume func(), err error)
	// Verify makes a durable write on a shard under the term.
	Verify func(ctx context.Context, shard int, term uint64) error
	// Event is called with what happens, in words for people.
	Event  func(kind api.EventKind, level api.Level, shard *int, text string)
	Logger *slog.Logger
}

// PeerSeen is a PeerView, and when that master last answered as primary.
type PeerSeen struct {
	PeerView
	Led time.Time // zero: never
}

// Coordinator holds a master's role and term and changes them. Current is one
// atomic load; all methods are safe for concurrent use.
type Coordinator struct {
	cfg     Config
	started time.Time
	state   atomic.Pointer[State]
	leading atomic.Pointer[Leadership] // while it is primary
	kick    chan struct{}
	watched chan lease.Grant // a new grant, whose loss Run watches from now on
	holding atomic.Pointer[holding]

	renewing atomic.Bool // this primary is taking its next term
	expired  atomic.Bool // the last grant has expired, and no other was won since

	afterwards sync.WaitGroup // what is left to do after a takeover; Run waits for it

	acting turn // held while terms are taken or installed
	// What follows is used under acting only.
	grant     lease.Grant // the last one; nil before
	wanted    bool        // see View.Wanted
	unsettled time.Time   // since when the workers have disagreed; zero if they agree
	drained   drained
	history   history
}

// New returns a coordinator that is a backup under term 0 until it has seen the workers.
func New(cfg Config) *Coordinator {
	c := &Coordinator{cfg: cfg, started: time.Now(), kick: make(chan struct{}, 1), watched: make(chan lease.Grant, 1), acting: make(turn, 1)}
	c.state.Store(&State{Role: api.RoleBackup})
	c.holding.Store(&holding{})
	return c
}

// Current returns the role and term at this moment.
func (c *Coordinator) Current() State { return *c.state.Load() }

// Lease returns the lease as last observed, and whether its store answers.
func (c *Coordinator) Lease() (held lease.Holding, known bool) {
	h := c.holding.Load()
	return h.Holding, h.known
}

// Kick signals that the result of Workers is up to date, changed or not: an
// undecided master tries again. It does not block.
func (c *Coordinator) Kick() {
	select {
	case c.kick <- struct{}{}:
	default:
	}
}

// Run decides and acts on each Kick, and when the lease changes hands, until ctx ends. It then
// releases the lease, so that another master can take over at once.
func (c *Coordinator) Run(ctx context.Context) {
	var wg sync.WaitGroup
	wg.Go(func() { c.observeLease(ctx) })
	defer wg.Wait()
	defer c.afterwards.Wait()
	var lost <-chan struct{}
	for {
		select {
		case <-ctx.Done():
			c.retire(context.WithoutCancel(ctx))
			return
		case g := <-c.watched:
			lost = g.Lost()
			continue
		case <-lost:
			lost = nil
			c.leaseLost()
			continue
		case <-c.kick:
		}
		c.decide(ctx)
	}
}

// decide makes one decision and carries it out, unless a failover is in progress: the next kick
// sees its result.
func (c *Coordinator) decide(ctx context.Context) {
	if !c.acting.tryLock() {
		return
	}
	defer c.acting.unlock()
	c.act(ctx)
}

// act makes one decision and carries it out. c.acting is held.
func (c *Coordinator) act(ctx context.Context) {
	d := Decide(c.view(false))
	switch d.Action {
	case Follow:
		c.follow(d)
	case Resume:
		c.resume(ctx, d)
	case Take:
		c.takeUnasked(ctx, d)
	case Stay:
		c.repair(ctx, d.Repair)
	case Wait, Refuse:
	}
}

// view collects what a decision depends on. c.acting is held.
func (c *Coordinator) view(asked bool) View {
	s, h, workers := c.Current(), c.holding.Load(), c.cfg.Workers()
	v := View{
		Self: c.cfg.Self, Configured: c.cfg.Configured,
		Role: s.Role, Term: s.Term, Leader: s.Leader,
		Workers: workers, Lease: h.Holding, LeaseKnown: h.known, SeenHeld: h.seenHeld,
		Uptime: time.Since(c.started),
		Asked:  asked, Wanted: c.wanted, Expired: c.expired.Load(), Draining: c.drained.active(),
	}
	for _, p := range c.cfg.Seen() {
		v.Peers = append(v.Peers, p.PeerView)
	}
	if a := Agree(workers); a.Settled() {
		c.unsettled = time.Time{}
	} else if c.unsettled.IsZero() {
		c.unsettled = time.Now()
	}
	if !c.unsettled.IsZero() {
		v.Unsettled = time.Since(c.unsettled)
	}
	return v
}

// follow makes this master a backup under the term that the workers hold.
func (c *Coordinator) follow(d Decision) {
	if d.Leader != "" {
		c.wanted = false
	}
	c.change(api.LevelWarn, d.Why, func(s State) State {
		if d.Term < s.Term {
			return s
		}
		return State{Role: api.RoleBackup, Term: d.Term, Leader: d.Leader}
	})
	if d.Leader != "" {
		c.drained.end()
	}
}

func orUnknown(leader string) string {
	if leader == "" {
		return "an unknown master"
	}
	return leader
}

// lead makes this master the primary under a grant's term.
func (c *Coordinator) lead(g lease.Grant, why string) {
	l := newLeadership(c.cfg.Self, g)
	if s := c.Current(); s.Term > l.Term {
		l.end(s)
		return // demoted before it began
	}
	c.grant, c.wanted = g, false
	c.expired.Store(false)
	if old := c.leading.Swap(l); old != nil {
		old.end(State{})
	}
	c.drained.end()
	c.change(api.LevelGood, why, func(s State) State {
		return State{Role: api.RolePrimary, Term: l.Term, Leader: c.cfg.Self}
	})
	select {
	case <-c.watched: // the grant before, which Run has not come to
	default:
	}
	c.watched <- g
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
		if next.Role != api.RolePrimary {
			if l := c.leading.Swap(nil); l != nil {
				l.end(next)
			}
		}
		c.cfg.Logger.Info("role", "role", next.Role, "term", next.Term, "leader", next.Leader, "why", why)
		if old.Role == next.Role && old.Leader == next.Leader {
			return
		}
		text := fmt.Sprintf("this master is %s with term %d: %s", next.Role, next.Term, why)
		if old.Role == api.RoleBackup && next.Role == api.RoleBackup {
			level = api.LevelInfo
			text = fmt.Sprintf("following %s, term %d", orUnknown(next.Leader), next.Term)
			if next.Leader == "" {
				text = "no master leads: " + why
			}
		}
		c.cfg.Event(api.EventRole, level, nil, text)
		return
	}
}

// resume leads again under a term that the workers still store for this master, which was
// restarted. Only a lease that does not expire allows it.
func (c *Coordinator) resume(ctx context.Context, d Decision) {
	g, err := c.cfg.Lease.Acquire(ctx, c.cfg.Self, d.Term-1)
	if err != nil {
		c.cfg.Logger.Warn("cannot resume the term", "term", d.Term, "error", err)
		return
	}
	if g.Term() != d.Term {
		// A lease that expires, not observed yet: kept, the grant would exclude everybody.
		c.giveBack(ctx, g)
		return
	}
	c.lead(g, d.Why)
	c.repair(ctx, d.Repair)
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
		c.cfg.Logger.Warn("cannot install the term on a worker", "term", s.Term, "error", &causes[i])
	}
}
