package demo

import (
	"context"
	"fmt"
	"time"

	"shardeck/shared/api"
)

// settle waits for a primary with every shard up. A lease counts as held for a while when the masters
// start, since they cannot know how old it is. With a manual lease, data of an earlier demo may name
// a leader that was now started as the backup; if no master becomes primary, the first is promoted.
func (c *Cluster) settle(ctx context.Context, say func(string, ...any)) error {
	ctx, cancel := context.WithTimeoutCause(ctx, settleTimeout,
		fmt.Errorf("the masters had not found every worker after %s; see the logs in %s", settleTimeout, c.dir.logs()))
	defer cancel()
	tick := time.NewTicker(settlePoll)
	defer tick.Stop()
	promoted, waiting, handed := false, false, false
	began := time.Now()
	for {
		ready, led, primaries, leads := 0, 0, 0, -1
		for i, m := range c.clients {
			h, err := ask(ctx, m.Health)
			if err != nil || !allUp(h) {
				continue
			}
			ready++
			if h.Primary != "" {
				led++
			}
			if h.Role == api.RolePrimary {
				primaries++
				leads = i
			}
		}
		if led == len(c.clients) && primaries == 1 {
			if leads == 0 || handed {
				return nil
			}
			// On a busy machine the other one may have been first. What follows expects the first master.
			handed = true
			if _, err := c.clients[0].Failover(ctx, &api.FailoverRequest{Reason: "the first master begins"}); err != nil && api.CodeOf(err) != api.CodeAlreadyPrimary {
				return fmt.Errorf("the other master became primary first, and handing over failed: %w", err)
			}
			continue
		}
		if !c.manual && primaries == 0 && !waiting && time.Since(began) > leaderless {
			waiting = true
			say("waiting for the lease: it counts as held for as long as one lasts")
		}
		if c.manual && ready == len(c.clients) && primaries == 0 && !promoted && !c.dir.temporary && time.Since(began) > leaderless {
			promoted = true
			if _, err := c.clients[0].Failover(ctx, &api.FailoverRequest{}); err != nil && api.CodeOf(err) != api.CodeAlreadyPrimary {
				return fmt.Errorf("no master became primary, and promoting the first failed: %w", err)
			}
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-tick.C:
		}
	}
}

func allUp(h *api.Health) bool {
	for _, s := range h.Shards {
		if s.State != api.ShardUp && s.State != api.ShardSlow {
			return false
		}
	}
	return len(h.Shards) == workerCount
}

func ask[T any](ctx context.Context, question func(context.Context) (T, error)) (T, error) {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	return question(ctx)
}

// afterKill says what follows the death of the primary.
func (c *Cluster) afterKill() string {
	switch {
	case c.MasterDown():
		return "No other master is running: nothing is served until you restart one with R."
	case c.manual:
		return "The backup keeps serving reads and row writes. Then fail over to it, or restart the old primary."
	}
	return "The backup keeps serving reads and row writes, and takes over by itself as soon as the lease has expired. Restart the old primary to have a backup again."
}

// noPrimary says what to do while no master is the primary.
func (c *Cluster) noPrimary() string {
	if c.manual {
		return "no master is the primary; fail over to the backup"
	}
	return "no master is the primary now; the backup is about to take over"
}

// alreadyKilled is the answer to killing a primary that is already gone.
func (c *Cluster) alreadyKilled() string {
	if c.manual {
		return "already killed: R restarts, f fails over"
	}
	return "already killed: the backup takes over by itself, R restarts"
}
