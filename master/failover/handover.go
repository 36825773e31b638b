package failover

import (
	"context"
	"fmt"
	"slices"
	"time"

	"shardeck/shared/api"
)

const (
	promoteTimeout = 15 * time.Second
	// preflightTimeout bounds the probes of a preflight.
	preflightTimeout = time.Second
	// drainProbeTimeout bounds the look at the workers before a hand-over.
	drainProbeTimeout = 300 * time.Millisecond
	stepDownTimeout   = time.Second
	// drainTimeout is how long a schema change in flight may take before it is cancelled.
	drainTimeout = 3 * time.Second
	// holdTimeout is how long the old primary makes schema changes wait for the new one.
	holdTimeout = 10 * time.Second
)

// Promote makes this master the primary at a person's request: preflight, drain of the old
// primary, hand-over of the lease, installation of the term, and a real write on every shard. It
// does not stop halfway when ctx ends: a term that some workers accepted must be brought to
// the others. The response has each step, including those that failed without being required.
// If a check fails, nothing was changed. The error of a failed failover names the workers
// responsible.
func (c *Coordinator) Promote(ctx context.Context, req *api.FailoverRequest) (*api.FailoverResponse, error) {
	caller := ctx
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), promoteTimeout)
	defer cancel()
	before := c.Current()
	t := &timeline{start: time.Now(), event: c.cfg.Event}
	resp, err := c.promote(ctx, caller, req, t, before)
	if err != nil || resp.Kind == api.FailoverDryRun {
		return resp, err
	}
	c.tellPeers(ctx, t, before.Leader)
	resp.Steps, resp.TotalMS = t.all(), ms(time.Since(t.start))
	c.history.add(resp)
	return resp, nil
}

// promote is Promote up to the moment that this master leads and has written to every shard.
func (c *Coordinator) promote(ctx, caller context.Context, req *api.FailoverRequest, t *timeline, before State) (*api.FailoverResponse, error) {
	if err := c.acting.lock(ctx); err != nil {
		return nil, api.NewProblem(api.CodeFailoverFailed, "another failover of this master is in progress").Hinted("wait for it to end")
	}
	defer c.acting.unlock()
	checks, problem := c.preflight(ctx, req)
	if req.DryRun {
		resp := c.report(t, req, api.FailoverDryRun, before.Leader, time.Time{}, time.Time{})
		resp.Checks, resp.Primary, resp.Term, resp.Problem = checks, before.Leader, before.Term, problem
		return resp, nil
	}
	if problem != nil {
		return nil, problem
	}
	if caller.Err() != nil { // this process was stopped for long, perhaps
		return nil, api.NewProblem(api.CodeCanceled, "whoever asked for the failover has gone; nothing was changed")
	}
	asked := time.Now()
	answers := slices.ContainsFunc(checks, func(ck api.FailoverCheck) bool { return ck.Name == checkPrimary && ck.OK })
	kind, gap, led := api.FailoverPlanned, time.Time{}, asked
	if c.drainPrimary(ctx, t, before, answers) {
		gap = time.Now()
	} else {
		kind, gap, led = api.FailoverForced, asked, c.ledUntil(before.Leader)
	}
	if err := c.take(ctx, "asked to take over", true, t.workerStep); err != nil {
		c.wanted = true
		c.cfg.Event(api.EventFailover, api.LevelError, nil, "failover failed: "+api.AsProblem(err).Detail)
		resp := c.report(t, req, kind, before.Leader, time.Time{}, time.Time{})
		resp.Problem = api.AsProblem(err)
		c.history.add(resp)
		return nil, err
	}
	t.add(api.FailoverStep{Name: "become primary", Target: c.cfg.Self, OK: true, Detail: fmt.Sprintf("term %d", c.Current().Term)}, nil)
	c.verify(ctx, t)
	resp := c.report(t, req, kind, before.Leader, gap, led)
	resp.Checks = checks
	return resp, nil
}

// drainPrimary asks the old primary to finish its schema changes, to begin no more, and to
// release the lease. It reports whether that did: if not, it is dead or cut off, and is fenced.
// One that did not answer the preflight is not asked.
func (c *Coordinator) drainPrimary(ctx context.Context, t *timeline, before State, answers bool) bool {
	i := slices.IndexFunc(c.cfg.Peers, func(p Peer) bool { return p.URL == before.Leader })
	if i < 0 {
		return false
	}
	if !answers {
		t.add(api.FailoverStep{Name: "drain the old primary", Target: before.Leader,
			Detail: "it does not answer; the workers refuse its writes from the new term on"}, nil)
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, drainTimeout+stepDownTimeout)
	defer cancel()
	start := time.Now()
	err := c.cfg.Peers[i].StepDown(ctx, &api.StepDownRequest{Term: before.Term, Leader: c.cfg.Self, Drain: true})
	step := api.FailoverStep{Name: "drain the old primary", Target: before.Leader, OK: err == nil,
		Detail: "no schema change is in flight", MS: ms(time.Since(start))}
	if err != nil {
		step.Detail = api.AsProblem(err).Detail + "; the workers refuse its writes from the new term on"
	}
	t.add(step, nil)
	return err == nil
}

// StepDown handles another master's notice that it leads or, with Drain, that it is about to.
// Nothing is believed but that it is worth a look: who leads is for the workers to say.
func (c *Coordinator) StepDown(ctx context.Context, req *api.StepDownRequest) error {
	if !slices.ContainsFunc(c.cfg.Peers, func(p Peer) bool { return p.URL == req.Leader }) {
		return api.NewProblem(api.CodeForbidden, "%s is not among the masters that this one is configured with", req.Leader).
			Hinted("list it in MASTER_PEERS")
	}
	if req.Drain {
		return c.drain(ctx, req)
	}
	if s := c.Current(); req.Term < s.Term {
		return staleTerm(s)
	}
	if s := c.AwaitTerm(ctx, req.Term-1); s.Term != req.Term || s.Leader != req.Leader {
		return staleTerm(s)
	}
	return nil
}

func staleTerm(s State) error {
	p := api.NewProblem(api.CodeStaleTerm, "term %d of %s is known here", s.Term, orUnknown(s.Leader))
	p.Term, p.Primary = s.Term, s.Leader
	return p
}

// drain prepares to hand over to req.Leader. If that has not taken over when holdTimeout ends,
// schema changes go on here.
func (c *Coordinator) drain(ctx context.Context, req *api.StepDownRequest) error {
	begun, err := c.beginDrain(ctx, req)
	if !begun {
		return err
	}
	c.cfg.Event(api.EventFailover, api.LevelInfo, nil, "handing over to "+req.Leader)
	// Without c.acting, which a schema change in flight may need.
	dctx, cancel := context.WithTimeout(ctx, drainTimeout)
	defer cancel()
	resume, drainErr := c.cfg.Drain(dctx)
	if drainErr != nil {
		// What is in flight is cancelled with the leadership, below or by the new term.
		c.cfg.Logger.Warn("a schema change is in flight and does not end", "error", drainErr)
		resume = func() {}
	}
	if err := c.acting.lock(ctx); err != nil {
		resume()
		return err
	}
	defer c.acting.unlock()
	if s := c.Current(); s.Role != api.RolePrimary || s.Term != req.Term {
		resume() // another master was faster
		return nil
	}
	c.drained.begin(resume)
	if held, _ := c.Lease(); held.Automatic || drainErr != nil {
		c.change(api.LevelInfo, "it hands over to "+req.Leader, func(s State) State {
			s.Role, s.Leader = api.RoleBackup, ""
			return s
		})
		c.release(ctx)
	}
	return nil
}

// beginDrain reports whether this master can hand over and is not about to already: then
// whoever gets the next term first leads.
func (c *Coordinator) beginDrain(ctx context.Context, req *api.StepDownRequest) (bool, error) {
	if err := c.acting.lock(ctx); err != nil {
		return false, err
	}
	defer c.acting.unlock()
	if c.drained.active() {
		return false, nil
	}
	// If this process was stopped meanwhile, the failover may be over.
	pctx, cancel := context.WithTimeout(ctx, drainProbeTimeout)
	defer cancel()
	c.cfg.Probe(pctx)
	c.act(ctx)
	if s := c.Current(); s.Role != api.RolePrimary || s.Term != req.Term {
		return false, staleTerm(s)
	}
	if err := ctx.Err(); err != nil {
		return false, err
	}
	c.drained.until = time.Now().Add(holdTimeout)
	return true, nil
}

// drained is a hand-over that this master, the old primary, has agreed to.
type drained struct {
	until  time.Time
	resume func()
	timer  *time.Timer
}

func (d *drained) active() bool { return time.Now().Before(d.until) }

func (d *drained) begin(resume func()) {
	d.end()
	d.until, d.resume = time.Now().Add(holdTimeout), resume
	d.timer = time.AfterFunc(holdTimeout, resume)
}

// end lets schema changes go on.
func (d *drained) end() {
	if d.timer != nil && d.timer.Stop() {
		d.resume()
	}
	*d = drained{}
}
