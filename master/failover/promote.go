package failover

import (
	"context"
	"fmt"
	"math"
	"sync"
	"time"

	"shardeck/master/lease"
	"shardeck/shared/api"
)

const (
	promoteTimeout  = 15 * time.Second
	stepDownTimeout = time.Second
)

// Promote makes this master the primary at a person's request. It does not stop
// halfway when ctx ends: a term that some workers accepted must be brought to the
// others. The response has each step, including those that failed without being
// required; if the failover fails, the error names the workers responsible.
func (c *Coordinator) Promote(ctx context.Context) (*api.FailoverResponse, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), promoteTimeout)
	defer cancel()
	c.acting.Lock()
	defer c.acting.Unlock()

	before := c.Current()
	if d := Decide(c.view(true)); d.Action == Refuse {
		// The probes may be a second old; a refusal must rest on new ones.
		c.cfg.Probe(ctx)
		if d = Decide(c.view(true)); d.Action == Refuse {
			return nil, d.Problem
		}
	}
	t := &timeline{start: time.Now(), event: c.cfg.Event}
	if err := c.take(ctx, t.workerStep); err != nil {
		c.cfg.Event(api.EventFailover, api.LevelError, nil, "failover failed: "+api.AsProblem(err).Detail)
		return nil, err
	}
	s := c.Current()
	if s.Role != api.RolePrimary {
		p := api.NewProblem(api.CodeStaleTerm, "term %d of %s came in between", s.Term, orUnknown(s.Leader))
		p.Term, p.Primary = s.Term, s.Leader
		return nil, p
	}
	t.add(api.FailoverStep{Name: "become primary", Target: c.cfg.Self, OK: true, Detail: fmt.Sprintf("term %d", s.Term)}, nil)
	c.tellPeers(ctx, t, before.Leader, s.Term)
	return &api.FailoverResponse{
		Primary:  c.cfg.Self,
		Term:     s.Term,
		Previous: before.Leader,
		Steps:    t.steps,
		TotalMS:  ms(time.Since(t.start)),
	}, nil
}

// tellPeers notifies the other masters in parallel. One that does not answer is no
// obstacle: the workers refuse its writes from now on.
func (c *Coordinator) tellPeers(ctx context.Context, t *timeline, previous string, term uint64) {
	var wg sync.WaitGroup
	for _, peer := range c.cfg.Peers {
		wg.Go(func() {
			ctx, cancel := context.WithTimeout(ctx, stepDownTimeout)
			defer cancel()
			start := time.Now()
			err := peer.StepDown(ctx, &api.StepDownRequest{Term: term, Leader: c.cfg.Self})
			step := api.FailoverStep{Name: "tell the other master", Target: peer.URL, OK: err == nil, Detail: "it steps down", MS: ms(time.Since(start))}
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

// timeline collects the steps of a failover and reports each as an event.
type timeline struct {
	start time.Time
	event func(kind api.EventKind, level api.Level, shard *int, text string)

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
	t.event(api.EventFailover, level, shard, fmt.Sprintf("%s: %s: %s", step.Name, step.Target, step.Detail))
}

func ms(d time.Duration) float64 {
	return float64(d.Round(time.Microsecond)) / float64(time.Millisecond)
}
