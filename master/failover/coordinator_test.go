package failover

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"shardeck/master/lease"
	"shardeck/shared/api"
)

// cluster is the workers of a cluster, and the events told, in memory. Its workers keep fences by
// the rules of api.StateUpdate.
type cluster struct {
	mu     sync.Mutex
	fences []Worker
	deaf   map[int]bool // workers whose answers to SetState are lost, though they accept
	events []string
	peers  []PeerSeen
	writes int // of Verify
	drains int
}

func (c *cluster) set(fences ...Worker) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.fences = fences
}

func (c *cluster) workers() []Worker {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.fences)
}

func (c *cluster) draining() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.drains
}

// member is one worker of a cluster.
type member struct {
	c *cluster
	i int
}

var errGone = api.NewProblem(api.CodeShardUnavailable, "connection refused")

func (m member) State(context.Context) (*api.WorkerState, error) {
	m.c.mu.Lock()
	defer m.c.mu.Unlock()
	w := m.c.fences[m.i]
	if !w.Reachable {
		return nil, errGone
	}
	return &w.State, nil
}

func (m member) SetState(_ context.Context, up *api.StateUpdate) (*api.WorkerState, error) {
	m.c.mu.Lock()
	defer m.c.mu.Unlock()
	w := &m.c.fences[m.i]
	if !w.Reachable {
		return nil, errGone
	}
	if up.Term < w.State.Term || up.Term == w.State.Term && up.Leader != w.State.Leader {
		p := api.NewProblem(api.CodeStaleTerm, "newer")
		p.Term, p.Primary = w.State.Term, w.State.Leader
		return nil, p
	}
	w.State = api.WorkerState{Fence: up.Fence, Leader: up.Leader, Shard: "x"}
	if m.c.deaf[m.i] {
		return nil, api.NewProblem(api.CodeShardTimeout, "no answer")
	}
	st := w.State
	return &st, nil
}

func (c *cluster) config(self string, configured api.Role, l lease.Lease, peers ...Peer) Config {
	members := lease.Members{Timeout: time.Second}
	for i := range c.fences {
		members.List = append(members.List, lease.Member{Shard: i, Worker: member{c, i}, Name: func() string { return fmt.Sprint("w", i) }, Label: "x"})
	}
	return Config{
		Self: self, Configured: configured, Lease: l, Members: members, Peers: peers,
		Workers: c.workers,
		Seen: func() []PeerSeen {
			c.mu.Lock()
			defer c.mu.Unlock()
			list := slices.Clone(c.peers)
			for _, p := range peers {
				if !slices.ContainsFunc(list, func(s PeerSeen) bool { return s.URL == p.URL }) {
					list = append(list, PeerSeen{PeerView: PeerView{URL: p.URL}})
				}
			}
			return list
		},
		Probe:      func(context.Context) {},
		ProbePeers: func(context.Context) {},
		Checks:     func() []api.FailoverCheck { return nil },
		Drain: func(context.Context) (func(), error) {
			c.mu.Lock()
			defer c.mu.Unlock()
			c.drains++
			return func() {
				c.mu.Lock()
				defer c.mu.Unlock()
				c.drains--
			}, nil
		},
		Verify: func(context.Context, int, uint64) error {
			c.mu.Lock()
			defer c.mu.Unlock()
			c.writes++
			return nil
		},
		Event: func(kind api.EventKind, _ api.Level, _ *int, text string) {
			c.mu.Lock()
			defer c.mu.Unlock()
			c.events = append(c.events, string(kind)+": "+text)
		},
		Logger: slog.New(slog.DiscardHandler),
	}
}

// coordinator returns master a's, which knows b.
func (c *cluster) coordinator(configured api.Role, peers ...Peer) *Coordinator {
	if len(peers) == 0 {
		peers = []Peer{{b, func(context.Context, *api.StepDownRequest) error { return errGone }}}
	}
	return New(c.config(a, configured, lease.Manual{}, peers...))
}

// expiring is a lease over one moment of truth: who holds it, and whether that has expired.
type expiring struct {
	mu     sync.Mutex
	holder string
	term   uint64
	until  time.Time
	lost   chan struct{}
	cut    string // the master that cannot reach it
}

const ttl = 3 * time.Second

type expiringGrant struct {
	l     *expiring
	term  uint64
	until time.Time
	lost  chan struct{}
}

func (g *expiringGrant) Term() uint64          { return g.term }
func (g *expiringGrant) Until() time.Time      { return g.until }
func (g *expiringGrant) Lost() <-chan struct{} { return g.lost }
func (g *expiringGrant) Release(context.Context) error {
	g.l.mu.Lock()
	defer g.l.mu.Unlock()
	if g.l.term == g.term {
		g.l.until = time.Time{}
	}
	if !isClosed(g.lost) {
		close(g.lost)
	}
	return nil
}

func (l *expiring) Acquire(_ context.Context, holder string, after uint64) (lease.Grant, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.cut == holder {
		return nil, errors.New("cannot be reached")
	}
	if time.Now().Before(l.until) && l.holder != holder {
		return nil, &lease.HeldError{Holding: lease.Holding{Automatic: true, Holder: l.holder, Term: l.term, ExpiresIn: time.Until(l.until)}}
	}
	if l.lost != nil && l.holder == holder && !isClosed(l.lost) {
		close(l.lost) // a holder that acquires again gives up the grant before
	}
	l.holder, l.term, l.until = holder, max(l.term, after)+1, time.Now().Add(ttl)
	g := &expiringGrant{l: l, term: l.term, until: time.Now().Add(ttl * 3 / 4), lost: make(chan struct{})}
	l.lost = g.lost
	time.AfterFunc(ttl*3/4, func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		if !isClosed(g.lost) {
			close(g.lost) // this lease is never renewed
		}
	})
	return g, nil
}

func (l *expiring) Observe(context.Context) (lease.Holding, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return lease.Holding{Automatic: true, Holder: l.holder, Term: l.term, Free: !time.Now().Before(l.until), ExpiresIn: max(0, time.Until(l.until))}, nil
}

func (l *expiring) Close() error { return nil }

// run kicks a running coordinator and waits until nothing more happens.
func run(t *testing.T, c *Coordinator, steps func(settle func())) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { c.Run(ctx); close(done) }()
	steps(func() { c.Kick(); synctest.Wait() })
	cancel()
	<-done
}

func expect(t *testing.T, c *Coordinator, role api.Role, term uint64, leader string) {
	t.Helper()
	if got, want := c.Current(), (State{role, term, leader}); got != want {
		t.Errorf("state %+v, want %+v", got, want)
	}
}

func TestACoordinatorLeadsAndFollows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cl := &cluster{fences: []Worker{lost(), lost(), lost()}}
		c := cl.coordinator(api.RolePrimary)
		run(t, c, func(settle func()) {
			settle()
			expect(t, c, api.RoleBackup, 0, "")
			cl.set(fresh(), fresh(), fresh())
			settle()
			expect(t, c, api.RolePrimary, 1, a)
			cl.set(held(2, b), held(2, b), held(1, a))
			settle()
			expect(t, c, api.RoleBackup, 2, b)
			settle()
			expect(t, c, api.RoleBackup, 2, b)
		})
		if len(cl.events) != 2 {
			t.Errorf("events %q", cl.events)
		}
	})
}

// TestOneWorkersWordIsNotEnough: neither a newer term on one worker nor an absurd one demotes
// a primary; the first is superseded, the second ignored.
func TestOneWorkersWordIsNotEnough(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cl := &cluster{fences: []Worker{fresh(), fresh(), fresh()}}
		c := cl.coordinator(api.RolePrimary)
		run(t, c, func(settleNow func()) {
			settleNow()
			expect(t, c, api.RolePrimary, 1, a)
			cl.set(held(1, a), held(api.MaxTerm, b), held(1, a))
			settleNow()
			time.Sleep(2 * settle)
			settleNow()
			expect(t, c, api.RolePrimary, 1, a)
			cl.set(held(1, a), held(7, b), held(1, a))
			settleNow()
			expect(t, c, api.RolePrimary, 1, a)
			time.Sleep(2 * settle)
			settleNow()
			expect(t, c, api.RolePrimary, 8, a)
			if got := Agree(cl.workers()); !got.Settled() || got.Held.Leader != a {
				t.Errorf("the workers hold %+v", got)
			}
		})
	})
}

// TestAFailedFailoverTakesNoPrimaryAway: worker 2 is down, and the answer of worker 1 is lost
// though it took the term. The failover fails, and afterwards exactly one master leads.
func TestAFailedFailoverTakesNoPrimaryAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, deaf := range []map[int]bool{{1: true}, {0: true, 1: true}} {
			cl := &cluster{fences: []Worker{held(1, b), held(1, b), lost()}, deaf: deaf}
			old := New(cl.config(b, api.RolePrimary, lease.Manual{}, Peer{URL: a}))
			gone := Peer{b, func(context.Context, *api.StepDownRequest) error { return errGone }}
			next := New(cl.config(a, api.RoleBackup, lease.Manual{}, gone))
			run(t, old, func(settleOld func()) {
				settleOld()
				expect(t, old, api.RolePrimary, 1, b)
				run(t, next, func(settleNext func()) {
					settleNext()
					if _, err := next.Promote(t.Context(), &api.FailoverRequest{}); api.CodeOf(err) != api.CodeFailoverFailed {
						t.Errorf("%v", err)
					}
					cl.mu.Lock()
					cl.deaf = nil
					cl.mu.Unlock()
					for range 10 {
						time.Sleep(time.Second)
						settleOld()
						settleNext()
					}
				})
			})
			o, n := old.Current(), next.Current()
			if (o.Role == api.RolePrimary) == (n.Role == api.RolePrimary) || o.Leader != n.Leader || o.Leader == "" || o.Term != n.Term {
				t.Errorf("with lost answers of %v: old %+v, next %+v", deaf, o, n)
			}
		}
	})
}

// TestCompetingFailoversLeaveOnePrimary: of three masters two are asked at once.
func TestCompetingFailoversLeaveOnePrimary(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		names := []string{a, b, "http://c"}
		for range 200 {
			cl := &cluster{fences: []Worker{held(1, a), held(1, a), held(1, a)}}
			masters := make([]*Coordinator, len(names))
			ctx, cancel := context.WithCancel(t.Context())
			var wg sync.WaitGroup
			for i, self := range names {
				var peers []Peer
				for j, url := range names {
					if j != i {
						peers = append(peers, Peer{url, func(ctx context.Context, req *api.StepDownRequest) error { return masters[j].StepDown(ctx, req) }})
					}
				}
				role := api.RoleBackup
				if i == 0 {
					role = api.RolePrimary
				}
				masters[i] = New(cl.config(self, role, lease.Manual{}, peers...))
			}
			for _, m := range masters {
				wg.Go(func() { m.Run(ctx) })
				m.Kick()
			}
			synctest.Wait()
			var calls sync.WaitGroup
			for _, m := range masters[1:] {
				calls.Go(func() { _, _ = m.Promote(ctx, &api.FailoverRequest{}) })
			}
			calls.Wait()
			for range 5 {
				time.Sleep(time.Second)
				for _, m := range masters {
					m.Kick()
				}
				synctest.Wait()
			}
			leaders := map[string]bool{}
			primaries := 0
			for _, m := range masters {
				s := m.Current()
				leaders[s.Leader] = true
				if s.Role == api.RolePrimary {
					primaries++
				}
			}
			if primaries != 1 || len(leaders) != 1 {
				for _, m := range masters {
					t.Errorf("%+v", m.Current())
				}
			}
			cancel()
			wg.Wait()
		}
	})
}

// TestABackupTakesOverWhenTheLeaseExpires: nobody is asked; the old primary stops first.
func TestABackupTakesOverWhenTheLeaseExpires(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &expiring{}
		cl := &cluster{fences: []Worker{fresh(), fresh(), fresh()}}
		follow := func(context.Context, *api.StepDownRequest) error { return nil }
		first := New(cl.config(a, api.RolePrimary, l, Peer{b, follow}))
		second := New(cl.config(b, api.RoleBackup, l, Peer{a, follow}))
		run(t, first, func(settleFirst func()) {
			settleFirst()
			expect(t, first, api.RolePrimary, 1, a)
			leadership, err := first.EnsurePrimary(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			run(t, second, func(settleSecond func()) {
				settleSecond()
				time.Sleep(ttl*3/4 - time.Millisecond)
				settleFirst()
				settleSecond()
				expect(t, first, api.RolePrimary, 1, a)
				l.mu.Lock()
				l.cut = a
				l.mu.Unlock()
				time.Sleep(2 * time.Millisecond)
				settleFirst()
				expect(t, first, api.RoleBackup, 1, "")
				if leadership.Err() == nil || leadership.Context().Err() == nil {
					t.Error("the leadership outlived the lease")
				}
				time.Sleep(ttl/4 - 10*time.Millisecond)
				settleSecond()
				if second.Current().Role == api.RolePrimary {
					t.Error("the second leads before the lease is free")
				}
				time.Sleep(ttl/4 + observeInterval)
				settleSecond()
				expect(t, second, api.RolePrimary, 2, b)
				h := second.History()
				if len(h) != 1 || h[0].Kind != api.FailoverAutomatic || h[0].Previous != a || h[0].Unavailable == nil {
					t.Errorf("history %+v", h)
				}
			})
			settleFirst()
		})
	})
}

func TestOnlyThePrimaryMayChangeTheSchema(t *testing.T) {
	cl := &cluster{fences: []Worker{fresh(), fresh(), lost()}}
	primary := cl.coordinator(api.RolePrimary)
	if l, err := primary.EnsurePrimary(t.Context()); err != nil || l.Term != 1 || l.Err() != nil {
		t.Errorf("a primary that has not taken its term yet: %v", err)
	}
	expect(t, primary, api.RolePrimary, 1, a)
	// A worker that missed the term learns it before anything is changed.
	cl.set(held(1, a), held(1, a), fresh())
	if _, err := primary.EnsurePrimary(t.Context()); err != nil || cl.workers()[2].State.Term != 1 {
		t.Errorf("%v, worker 2 has %+v", err, cl.workers()[2].State)
	}
	// It was replaced and does not know: it finds out before it changes anything.
	cl.set(held(2, b), held(2, b), held(1, a))
	cl.peers = []PeerSeen{{PeerView: PeerView{URL: b, Reachable: true, Role: api.RolePrimary, Term: 2}}}
	_, err := primary.EnsurePrimary(t.Context())
	if p := api.AsProblem(err); p.Code != api.CodeNotPrimary || p.Primary != b || !strings.Contains(p.Hint, b) {
		t.Errorf("a replaced primary: %+v", p)
	}
	// Nothing is sent to a primary that is dead.
	cl.peers[0].Reachable = false
	_, err = primary.EnsurePrimary(t.Context())
	if p := api.AsProblem(err); p.Code != api.CodeNotPrimary || p.Primary != "" || !strings.Contains(p.Hint, "does not answer") {
		t.Errorf("a dead primary: %+v", p)
	}
	backup := (&cluster{fences: []Worker{fresh()}}).coordinator(api.RoleBackup)
	_, err = backup.EnsurePrimary(t.Context())
	if p := api.AsProblem(err); p.Code != api.CodeNotPrimary || p.Primary != "" {
		t.Errorf("a backup without a primary: %+v", p)
	}
}

// TestAPrimaryRenewsItsTermWithoutABreak: it acquires the lease again, under the context of the
// leadership that ends with that.
func TestAPrimaryRenewsItsTermWithoutABreak(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cl := &cluster{fences: []Worker{fresh(), fresh(), fresh()}}
		c := New(cl.config(a, api.RolePrimary, &expiring{}, Peer{URL: b}))
		run(t, c, func(settleNow func()) {
			settleNow()
			before, err := c.EnsurePrimary(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			after, err := c.Renew(before.Context())
			if err != nil || after.Term != before.Term+1 || after.Err() != nil || before.Err() == nil {
				t.Fatalf("renewed: %+v, %v", after, err)
			}
			synctest.Wait()
			expect(t, c, api.RolePrimary, 2, a)
		})
		for _, e := range cl.events {
			if strings.Contains(e, "expired") {
				t.Errorf("events %q", cl.events)
			}
		}
	})
}
