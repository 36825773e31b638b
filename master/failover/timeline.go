package failover

import (
	"context"
	"fmt"
	"math"
	"slices"
	"sync"
	"time"

	"shardeck/master/lease"
	"shardeck/shared/api"
)

// timeline collects the steps of a failover and reports each as an event.
type timeline struct {
	start time.Time
	event func(kind api.EventKind, level api.Level, shard *int, text string)
	quiet bool // no events: this master is starting

	mu    sync.Mutex
	steps []api.FailoverStep
}

func (t *timeline) workerStep(s lease.Step) {
	shard := s.Shard
	t.add(api.FailoverStep{Name: s.Name, Target: s.Target, OK: s.Err == nil, Detail: s.Detail, MS: ms(s.Took)}, &shard)
}

func (t *timeline) add(step api.FailoverStep, shard *int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	step.AtMS = max(0, math.Round((ms(time.Since(t.start))-step.MS)*1000)/1000)
	t.steps = append(t.steps, step)
	level := api.LevelGood
	if !step.OK {
		level = api.LevelWarn
	}
	if !t.quiet {
		t.event(api.EventFailover, level, shard, fmt.Sprintf("%s: %s: %s", step.Name, step.Target, step.Detail))
	}
}

// all returns the steps so far.
func (t *timeline) all() []api.FailoverStep {
	t.mu.Lock()
	defer t.mu.Unlock()
	return append([]api.FailoverStep{}, t.steps...)
}

func ms(d time.Duration) float64 {
	return float64(d.Round(time.Microsecond)) / float64(time.Millisecond)
}

// verify makes a durable write on every shard under the new term. A shard that fails is named
// and does not undo the failover: the other shards have a primary.
func (c *Coordinator) verify(ctx context.Context, t *timeline) {
	term := c.Current().Term
	var wg sync.WaitGroup
	for _, m := range c.cfg.Members.List {
		wg.Go(func() {
			ctx, cancel := context.WithTimeout(ctx, c.cfg.Members.Timeout)
			defer cancel()
			start := time.Now()
			err := c.cfg.Verify(ctx, m.Shard, term)
			step := api.FailoverStep{Name: "verify with a write", Target: m.Name(), OK: err == nil, Detail: "durable", MS: ms(time.Since(start))}
			if err != nil {
				step.Detail = api.AsProblem(err).Detail
			}
			t.add(step, &m.Shard)
		})
	}
	wg.Wait()
}

// tellPeers notifies the other masters in parallel. One that does not answer is no
// obstacle: the workers refuse its writes from now on.
func (c *Coordinator) tellPeers(ctx context.Context, t *timeline, previous string) {
	term := c.Current().Term
	var wg sync.WaitGroup
	for _, peer := range c.cfg.Peers {
		wg.Go(func() {
			ctx, cancel := context.WithTimeout(ctx, stepDownTimeout)
			defer cancel()
			start := time.Now()
			err := peer.StepDown(ctx, &api.StepDownRequest{Term: term, Leader: c.cfg.Self})
			step := api.FailoverStep{Name: "tell the other master", Target: peer.URL, OK: err == nil, Detail: "it follows", MS: ms(time.Since(start))}
			if peer.URL == previous {
				step.Name = "tell the old primary"
			}
			if err != nil {
				step.Detail = api.AsProblem(err).Detail + "; the workers refuse its writes"
			}
			t.add(step, nil)
		})
	}
	wg.Wait()
}

// report describes a failover that ends now. gap is when schema changes were certainly
// impossible already, led when the old primary is last known to have led.
func (c *Coordinator) report(t *timeline, req *api.FailoverRequest, kind api.FailoverKind, previous string, gap, led time.Time) *api.FailoverResponse {
	s := c.Current()
	resp := &api.FailoverResponse{
		Kind: kind, Reason: req.Reason, At: t.start.UTC(),
		Primary: s.Leader, Term: s.Term, Previous: previous,
		Steps: t.all(), TotalMS: ms(time.Since(t.start)),
	}
	if !gap.IsZero() {
		resp.Unavailable = interval(gap, led, time.Now())
	}
	return resp
}

// interval bounds the time without a primary.
func interval(gap, led, ready time.Time) *api.Unavailability {
	u := &api.Unavailability{AtLeastMS: ms(max(0, ready.Sub(gap)))}
	if !led.IsZero() && !led.After(gap) {
		most := ms(ready.Sub(led))
		u.AtMostMS = &most
	}
	return u
}

// maxHistory is how many failovers are remembered.
const maxHistory = 100

// history is the latest failovers that this master has carried out, oldest first. Its methods are
// safe for concurrent use.
type history struct {
	mu   sync.Mutex
	list []api.FailoverResponse
}

func (h *history) add(r *api.FailoverResponse) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.list = append(h.list, *r)
	if len(h.list) > maxHistory {
		h.list = slices.Delete(h.list, 0, len(h.list)-maxHistory)
	}
}

// History returns the latest failovers that this master has carried out, newest first.
func (c *Coordinator) History() []api.FailoverResponse {
	c.history.mu.Lock()
	defer c.history.mu.Unlock()
	list := slices.Clone(c.history.list)
	slices.Reverse(list)
	return list
}
