package health

import "shardeck/shared/api"

// judge finds the shards that have lost their data: their workers know neither term nor shard,
// as when they are started for the first time, but other shards hold databases. p.mu is held.
func (p *Prober) judge(snap *Snapshot) {
	for i := range snap.Shards {
		sh := &snap.Shards[i]
		if sh.State != api.ShardUp && sh.State != api.ShardSlow && sh.State != api.ShardEmptied || sh.Stats == nil {
			continue
		}
		if sh.Stats.State.Shard != "" {
			p.accepted[i] = false // that was for one loss; the next is an alarm again
		}
		others := holding(snap, i)
		switch empty := sh.Stats.State.Shard == "" && len(sh.Stats.Databases) == 0; {
		case empty && others >= 0 && !p.accepted[i]:
			sh.State = api.ShardEmptied
			sh.Problem = api.NewProblem(api.CodeShardEmptied, "the worker is empty, although shard %d (%s) holds data: it has lost this shard's rows",
				others, snap.Shards[others].Name()).On(i, sh.Name()).
				Hinted("stop it and restore its data directory or database; to give its rows up, POST %s with accept_empty_shards: [%d]", api.PathCreateDB, i)
		case sh.State == api.ShardEmptied: // until the next probe says more
			sh.State, sh.Problem = api.ShardUp, nil
		}
	}
}

// holding returns another shard that is known to hold a database, or -1.
func holding(snap *Snapshot, except int) int {
	for j := range snap.Shards {
		if j != except && snap.Shards[j].State != api.ShardWrong && snap.Shards[j].Stats != nil && len(snap.Shards[j].Stats.Databases) > 0 {
			return j
		}
	}
	return -1
}

// AcceptEmpty makes an emptied shard an ordinary one, whose rows are given up.
func (p *Prober) AcceptEmpty(shard int) {
	p.mu.Lock()
	p.accepted[shard] = true
	p.mu.Unlock()
	p.Edit(shard, func(*api.WorkerStats) {})
}
