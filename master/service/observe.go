package service

import (
	"fmt"
	"sync"

	"shardeck/master/catalog"
	"shardeck/master/health"
	"shardeck/shared/api"
)

// shardChanged tells people of a shard's new state.
func (s *Service) shardChanged(before, after health.Shard) {
	level, what := api.LevelWarn, string(after.State)
	switch after.State {
	case api.ShardUp:
		level = api.LevelGood
	case api.ShardDown, api.ShardWrong, api.ShardUnauthorized:
		level = api.LevelError
	}
	text := fmt.Sprintf("shard %d (%s) is %s", after.Shard, after.Name(), what)
	if after.Problem != nil {
		text += ": " + after.Problem.Detail
	} else if before.State != api.ShardUnknown {
		text += " again"
	}
	shard := after.Shard
	s.events.publish(api.EventShard, level, &shard, text)
	s.logger.Info("shard", "shard", after.Shard, "worker", after.Name(), "state", after.State, "before", before.State)
}

// shardProbed brings the catalog up to date with a probe and has the coordinator
// look at the fences. The prober calls it for one probe at a time.
func (s *Service) shardProbed(snap *health.Snapshot, _ int) {
	stats := statsOf(snap)
	s.catalog.Store(catalog.Build(s.catalog.Load(), stats, s.logger))
	for i := range snap.Shards {
		if snap.Shards[i].State == api.ShardUnknown {
			return // too early to speak of drift or roles
		}
	}
	s.drift.update(stats, s.events)
	s.coord.Kick()
}

// statsOf is the last known stats by shard; those of a worker that holds another
// shard's rows are left out.
func statsOf(snap *health.Snapshot) []*api.WorkerStats {
	stats := make([]*api.WorkerStats, len(snap.Shards))
	for i := range snap.Shards {
		if snap.Shards[i].State != api.ShardWrong {
			stats[i] = snap.Shards[i].Stats
		}
	}
	return stats
}

// driftWatch tells when drift appears or goes.
type driftWatch struct {
	mu    sync.Mutex
	known map[string]string // by place and kind: the detail
}

func (d *driftWatch) update(stats []*api.WorkerStats, events *hub) {
	_, drift := catalog.Describe(stats)
	d.mu.Lock()
	defer d.mu.Unlock()
	now := make(map[string]string, len(drift))
	for i := range drift {
		key := fmt.Sprint(drift[i].DB, ".", drift[i].Table, ": ", drift[i].Kind)
		now[key] = drift[i].Detail
		if d.known[key] != drift[i].Detail {
			events.publish(api.EventDrift, api.LevelWarn, nil, drift[i].Detail)
		}
	}
	for key := range d.known {
		if _, still := now[key]; !still {
			events.publish(api.EventDrift, api.LevelGood, nil, "the shards agree again on "+key)
		}
	}
	d.known = now
}
