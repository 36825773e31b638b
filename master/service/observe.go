package service

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"shardeck/master/catalog"
	"shardeck/master/health"
	"shardeck/shared/api"
)

// shardChanged publishes and logs a shard's new state.
func (s *Service) shardChanged(before, after health.Shard) {
	level := api.LevelWarn
	switch after.State {
	case api.ShardUp:
		level = api.LevelGood
	case api.ShardDown, api.ShardFailing, api.ShardWrong, api.ShardEmptied, api.ShardUnauthorized:
		level = api.LevelError
	}
	text := fmt.Sprintf("shard %d (%s) is %s", after.Shard, after.Name(), after.State)
	if after.Problem != nil {
		text += ": " + after.Problem.Detail
	} else if before.State != api.ShardUnknown {
		text += " again"
	}
	if after.State == api.ShardUp {
		s.intents.retry()
	}
	shard := after.Shard
	s.events.publish(api.EventShard, level, &shard, text)
	s.interrupt(&after)
	logShard(s.logger, before, after)
}

// interrupt ends requests in flight that a shard is not going to answer, or must not. A read ends as soon
// as a probe had no answer, unless its rows still arrive: it can be sent again. A write waits until the
// shard counts as hung, because its outcome is unknown from then on, and a shard that is only slow would
// have answered.
func (s *Service) interrupt(sh *health.Shard) {
	switch p := sh.Refusal(); {
	case p == nil:
	case sh.State == api.ShardWrong, sh.State == api.ShardEmptied:
		s.scatter.Interrupt(sh.Shard, p)
	default:
		s.scatter.InterruptSilent(sh.Shard, p, s.cfg.ProbeTimeout, sh.Hung())
	}
}

// logShard logs a shard's new state. A bad one is logged as a warning with a hint.
func logShard(logger *slog.Logger, before, after health.Shard) {
	level := slog.LevelInfo
	args := []any{"shard", after.Shard, "worker", after.Name(), "state", after.State, "before", before.State}
	if after.Problem != nil {
		level = slog.LevelWarn
		hint := after.Problem.Hint
		if after.State == api.ShardUnauthorized {
			hint = "is MASTER_TOKEN the same for this master and the worker at " + after.URL + "?"
		}
		args = append(args, "problem", after.Problem.Detail, "hint", hint)
	}
	logger.Log(context.Background(), level, "shard", args...)
}

// peerChanged logs that another master was lost or is back.
func (s *Service) peerChanged(url string, err error) {
	if err == nil {
		s.logger.Info("peer", "url", url, "reachable", true)
		return
	}
	p := api.AsProblem(err)
	s.logger.Warn("peer", "url", url, "reachable", false, "problem", p.Detail, "hint", p.Hint)
}

// shardProbed updates the catalog after a probe and makes the coordinator check the
// fences. The prober does not call it concurrently. Most probes find the schema unchanged,
// and cost no more than the comparison.
func (s *Service) shardProbed(snap *health.Snapshot, shard int) {
	s.interrupt(&snap.Shards[shard])
	stats := statsOf(snap)
	changed := !catalog.SameSchema(s.probed[shard], stats[shard])
	s.probed[shard] = stats[shard]
	if changed {
		s.catalog.Store(catalog.Build(s.catalog.Load(), stats, s.logger))
	}
	for i := range snap.Shards {
		if snap.Shards[i].State == api.ShardUnknown {
			return // too early to determine drift or roles
		}
	}
	now := time.Now()
	s.copies.observe(now, stats)
	s.drift.update(now, changed, stats, s.copies.drift(now), s.events)
	s.coord.Kick()
}

// statsOf returns the last known stats by shard, without those of a worker that holds
// another shard's rows or has lost its own.
func statsOf(snap *health.Snapshot) []*api.WorkerStats {
	stats := make([]*api.WorkerStats, len(snap.Shards))
	for i := range snap.Shards {
		if st := snap.Shards[i].State; st != api.ShardWrong && st != api.ShardEmptied {
			stats[i] = snap.Shards[i].Stats
		}
	}
	return stats
}

// driftSettle is how long drift must last before it is reported: during a schema change,
// the shards' stats are from different moments.
const driftSettle = 3 * time.Second

// driftWatch publishes an event when drift persists, and when it is resolved.
type driftWatch struct {
	mu      sync.Mutex
	changed bool                   // the schema has changed since the last check
	known   map[string]*knownDrift // by table and kind
}

// reported returns the drift that has lasted, sorted.
func (d *driftWatch) reported() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	var list []string
	for _, k := range d.known {
		if k.reported {
			list = append(list, k.detail)
		}
	}
	slices.Sort(list)
	return list
}

type knownDrift struct {
	detail   string
	since    time.Time
	reported bool
}

// update checks for drift if there may be some: after a change, while there is known drift, or if
// copies of reference tables are known to differ.
func (d *driftWatch) update(now time.Time, changed bool, stats []*api.WorkerStats, copies []api.Drift, events *hub) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.changed = d.changed || changed
	if !d.changed && len(d.known) == 0 && len(copies) == 0 {
		return
	}
	d.changed = false
	_, drift := catalog.Describe(stats)
	drift = append(drift, copies...)
	next := make(map[string]*knownDrift, len(drift))
	for i := range drift {
		key := strings.TrimSuffix(drift[i].DB+"."+drift[i].Table, ".") + " (" + drift[i].Kind + ")"
		k := d.known[key]
		if k == nil {
			k = &knownDrift{since: now}
		}
		k.detail = drift[i].Detail // it counts rows, which change while the drift lasts
		if !k.reported && now.Sub(k.since) >= driftSettle {
			k.reported = true
			events.publish(api.EventDrift, api.LevelWarn, nil, k.detail)
		}
		next[key] = k
	}
	for key, k := range d.known {
		if _, still := next[key]; !still && k.reported {
			events.publish(api.EventDrift, api.LevelGood, nil, "the shards agree again on "+key)
		}
	}
	d.known = next
}
