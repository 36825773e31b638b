package failover

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"shardeck/master/lease"
	"shardeck/shared/api"
)

// preflight checks whether a failover to this master would succeed, from probes made now. It
// changes nothing. The problem is nil if it may go ahead. c.acting is held.
func (c *Coordinator) preflight(ctx context.Context, req *api.FailoverRequest) ([]api.FailoverCheck, *api.Problem) {
	pctx, cancel := context.WithTimeout(ctx, preflightTimeout) // what hangs is not waited for
	defer cancel()
	var wg sync.WaitGroup
	wg.Go(func() { c.cfg.ProbePeers(pctx) })
	c.cfg.Probe(pctx)
	wg.Wait()
	v := c.view(true)
	checks := Preflight(v)
	primary := checks[len(checks)-1]
	for _, ck := range c.cfg.Checks() {
		// There is no time to mend anything else when the primary is gone.
		ck.Required = ck.Required && (primary.OK || !ck.Forceable)
		checks = append(checks, ck)
	}
	if d := Decide(v); d.Action == Refuse {
		return checks, d.Problem
	}
	for _, ck := range checks {
		if ck.OK || ck.Forceable && req.Force || !ck.Required {
			continue
		}
		p := api.NewProblem(api.CodeFailoverFailed, "preflight: %s: %s; nothing was changed", ck.Name, ck.Detail)
		if ck.Forceable {
			return checks, p.Hinted("mend that first, or send force: true to go ahead without it")
		}
		return checks, p.Hinted("mend that first")
	}
	return checks, nil
}

// checkPrimary is the name of the check whether the primary can hand over.
const checkPrimary = "the primary answers"

// Preflight derives checks from what a decision depends on, for a master that is asked to lead.
// The last one says whether the primary can hand over.
func Preflight(v View) []api.FailoverCheck {
	a := Agree(v.Workers)
	need := lease.Majority(len(v.Workers))
	backup := api.FailoverCheck{Name: "this master is a backup", Required: true, OK: v.Role != api.RolePrimary, Detail: v.Self}
	if !backup.OK {
		backup.Detail = v.Self + " is the primary already"
	}
	majority := api.FailoverCheck{Name: "a majority of the workers answers", Required: true, OK: a.Reached >= need,
		Detail: fmt.Sprintf("%d of %d; %d are needed", a.Reached, len(v.Workers), need)}
	checks := []api.FailoverCheck{backup, majority}
	if v.Lease.Automatic {
		ck := api.FailoverCheck{Name: "the lease can be read", Required: true, OK: v.LeaseKnown, Detail: "held by " + orUnknown(v.Lease.Holder)}
		if v.Lease.Free {
			ck.Detail = "it is free"
		}
		checks = append(checks, ck)
	}
	primary := api.FailoverCheck{Name: checkPrimary, Detail: "no primary is known"}
	switch {
	case v.Role == api.RolePrimary:
		primary.OK, primary.Detail = true, v.Self
	case v.Leader != "":
		i := slices.IndexFunc(v.Peers, func(p PeerView) bool { return p.URL == v.Leader })
		primary.OK = i >= 0 && v.Peers[i].Reachable
		primary.Detail = v.Leader + " hands over"
		if !primary.OK {
			primary.Detail = v.Leader + " does not answer; the workers will refuse its writes"
		}
	}
	return append(checks, primary)
}
