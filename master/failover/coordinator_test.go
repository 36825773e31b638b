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

// cluster is the workers' fences, the lease over them and the events told, in memory.
type cluster struct {
	mu     sync.Mutex
	fences []Worker
	grant  *lease.Grant // what Acquire gives; nil: it fails with refuse
	refuse error
	events []string
}

func (c *cluster) Acquire(_ context.Context, holder string, after uint64, observe func(lease.Step)) (*lease.Grant, error) {
	c.mu.Lock()
	if c.grant == nil {
		defer c.mu.Unlock()
		return nil, c.refuse
	}
	g, n := *c.grant, len(c.fences)
	g.Holder = holder
	for i := range n {
		g.Term = max(g.Term, after+1, c.fences[i].State.Term+1)
	}
	for i := range n {
		c.fences[i] = held(g.Term, holder)
	}
	c.mu.Unlock()
	for i := 0; observe != nil && i < n; i++ {
		observe(lease.Step{Name: "take the term", Shard: i})
	}
	return &g, nil
}

func (c *cluster) set(fences ...Worker) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.fences = fences
}

func (c *cluster) coordinator(configured api.Role, peers ...Peer) *Coordinator {
	return New(Config{
		Self: a, Configured: configured, Lease: c, Peers: peers,
		Workers: func() []Worker { c.mu.Lock(); defer c.mu.Unlock(); return slices.Clone(c.fences) },
		Probe:   func(context.Context) {},
		Event: func(kind api.EventKind, _ api.Level, _ *int, text string) {
			c.mu.Lock()
			defer c.mu.Unlock()
			c.events = append(c.events, string(kind)+": "+text)
		},
		Logger: slog.New(slog.DiscardHandler),
	})
}

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

func TestACoordinatorLeadsFollowsAndIsToldOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cl := &cluster{grant: &lease.Grant{}, fences: []Worker{lost(), lost(), lost()}}
		c := cl.coordinator(api.RolePrimary)
		run(t, c, func(settle func()) {
			settle()
			expect(t, c, api.RoleBackup, 0, "")
			cl.set(fresh(), fresh(), fresh())
			settle()
			expect(t, c, api.RolePrimary, 1, a)
			cl.set(held(2, b), held(1, a), held(1, a))
			settle()
			expect(t, c, api.RoleBackup, 2, b)
			c.Learn(2, b)
			c.Learn(1, a)
			settle()
			expect(t, c, api.RoleBackup, 2, b)
		})
		if len(cl.events) != 2 {
			t.Errorf("events %q", cl.events)
		}
	})
}

func TestALeaseThatRunsOutMakesABackup(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		runsOut := make(chan struct{})
		cl := &cluster{grant: &lease.Grant{Lost: runsOut}, fences: []Worker{fresh()}}
		c := cl.coordinator(api.RolePrimary)
		run(t, c, func(settle func()) {
			settle()
			expect(t, c, api.RolePrimary, 1, a)
			cl.mu.Lock()
			cl.grant, cl.refuse = nil, api.NewProblem(api.CodeFailoverFailed, "another holds it")
			cl.mu.Unlock()
			close(runsOut)
			synctest.Wait()
			expect(t, c, api.RoleBackup, 1, a)
			settle() // the workers still hold its term, which is its own no more
			expect(t, c, api.RoleBackup, 1, a)
			cl.mu.Lock()
			cl.grant = &lease.Grant{}
			cl.mu.Unlock()
			settle()
			expect(t, c, api.RolePrimary, 2, a)
		})
	})
}

func TestPromoteTellsTheOthersAndGoesOnWithoutThem(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cl := &cluster{grant: &lease.Grant{}, fences: []Worker{held(4, b), held(4, b), held(4, b)}}
		var told *api.StepDownRequest
		c := cl.coordinator(api.RoleBackup,
			Peer{b, func(_ context.Context, req *api.StepDownRequest) error { told = req; return nil }},
			Peer{"http://c", func(ctx context.Context, _ *api.StepDownRequest) error { <-ctx.Done(); return errors.New("paused") }})
		c.Learn(4, b)
		start := time.Now()
		resp, err := c.Promote(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if time.Since(start) > stepDownTimeout {
			t.Errorf("a paused master held the failover up for %s", time.Since(start))
		}
		expect(t, c, api.RolePrimary, 5, a)
		if told == nil || told.Term != 5 || told.Leader != a {
			t.Errorf("the old primary was told %+v", told)
		}
		if resp.Term != 5 || resp.Previous != b || resp.Primary != a {
			t.Errorf("%+v", resp)
		}
		var names []string
		for _, s := range resp.Steps {
			names = append(names, fmt.Sprintf("%s %t", s.Name, s.OK))
		}
		want := []string{"take the term true", "take the term true", "take the term true", "become primary true",
			"tell the old primary true", "tell the other master false"}
		if !slices.Equal(names, want) {
			t.Errorf("steps %q", names)
		}
	})
}

func TestAPromotionThatMeetsANewerTermFollowsIt(t *testing.T) {
	stale := api.NewProblem(api.CodeStaleTerm, "newer")
	stale.Term, stale.Primary = 9, b
	refuse := api.NewProblem(api.CodeFailoverFailed, "no majority")
	refuse.Causes = []api.Problem{*stale}
	cl := &cluster{refuse: refuse, fences: []Worker{held(4, b), held(4, b), held(4, b)}}
	c := cl.coordinator(api.RoleBackup)
	if _, err := c.Promote(t.Context()); api.CodeOf(err) != api.CodeFailoverFailed {
		t.Errorf("got %v", err)
	}
	expect(t, c, api.RoleBackup, 9, b)
}

func TestOnlyThePrimaryMayChangeTheSchema(t *testing.T) {
	cl := &cluster{grant: &lease.Grant{}, fences: []Worker{fresh(), fresh(), lost()}}
	primary := cl.coordinator(api.RolePrimary)
	if s, err := primary.EnsurePrimary(t.Context()); err != nil || s.Term != 1 {
		t.Errorf("a primary that has not taken its term yet: %v", err)
	}
	expect(t, primary, api.RolePrimary, 1, a)
	// It was replaced and does not know: it finds out before it changes anything.
	cl.set(held(2, b), held(2, b), held(1, a))
	_, err := primary.EnsurePrimary(t.Context())
	if p := api.AsProblem(err); p.Code != api.CodeNotPrimary || p.Primary != b || !strings.Contains(p.Hint, b) {
		t.Errorf("a replaced primary: %+v", p)
	}
	backup := (&cluster{fences: []Worker{fresh()}}).coordinator(api.RoleBackup)
	_, err = backup.EnsurePrimary(t.Context())
	if p := api.AsProblem(err); p.Code != api.CodeNotPrimary || p.Primary != "" {
		t.Errorf("a backup without a primary: %+v", p)
	}
}

func TestStepDown(t *testing.T) {
	cl := &cluster{grant: &lease.Grant{}, fences: []Worker{fresh()}}
	c := cl.coordinator(api.RolePrimary)
	if _, err := c.EnsurePrimary(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		req  api.StepDownRequest
		code api.Code
		want State
	}{
		{api.StepDownRequest{Term: 1, Leader: b}, api.CodeStaleTerm, State{api.RolePrimary, 1, a}},
		{api.StepDownRequest{Term: 2, Leader: b}, "", State{api.RoleBackup, 2, b}},
		{api.StepDownRequest{Term: 2, Leader: b}, "", State{api.RoleBackup, 2, b}},
		{api.StepDownRequest{Term: 1, Leader: a}, api.CodeStaleTerm, State{api.RoleBackup, 2, b}},
	} {
		if err := c.StepDown(&tt.req); api.CodeOf(err) != tt.code || c.Current() != tt.want {
			t.Errorf("%+v: %v, then %+v", tt.req, err, c.Current())
		}
	}
}
