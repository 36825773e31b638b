package contract

import "shardeck/shared/api"

// CheckFence compares a request's fence with the stored state: nil, stale_term or stale_map.
func CheckFence(cur *api.WorkerState, req api.Fence) *api.Problem {
	switch {
	case req.Term < cur.Term:
		return staleTerm(cur, req.Term)
	case req.MapVersion < cur.MapVersion:
		return staleMap(cur, req.MapVersion)
	}
	return nil
}

func staleTerm(cur *api.WorkerState, term uint64) *api.Problem {
	p := api.NewProblem(api.CodeStaleTerm, "term %d is over: this worker has seen term %d", term, cur.Term).
		Hinted("ask the present primary; this master must step down")
	p.Term, p.MapVersion, p.Primary = cur.Term, cur.MapVersion, cur.Leader
	return p
}

func staleMap(cur *api.WorkerState, version uint64) *api.Problem {
	p := api.NewProblem(api.CodeStaleMap, "slot map version %d is old: this worker has seen version %d", version, cur.MapVersion).
		Hinted("load the present slot map and route again")
	p.Term, p.MapVersion, p.Primary = cur.Term, cur.MapVersion, cur.Leader
	return p
}

// RaiseFence returns the state that a request's fence makes of cur, and whether
// it is another. Nothing is taken of a fence that is older in either part:
// CheckFence refuses it. Who took a term that a request tells of first is not known yet.
func RaiseFence(cur api.WorkerState, req api.Fence) (api.WorkerState, bool) {
	if req.Term < cur.Term || req.MapVersion < cur.MapVersion || req == cur.Fence {
		return cur, false
	}
	if req.Term > cur.Term {
		cur.Term, cur.Leader = req.Term, ""
	}
	cur.MapVersion = req.MapVersion
	return cur, true
}

// UpdateState applies a master's update by the rules of [api.StateUpdate]. With a
// problem the state stays as it was. A term without a leader, as RaiseFence
// leaves it, goes to the first that asks.
func UpdateState(cur api.WorkerState, up api.StateUpdate) (api.WorkerState, *api.Problem) {
	unclaimed := cur.Leader == ""
	switch {
	case up.Term < cur.Term, up.Term == cur.Term && !unclaimed && up.Leader != cur.Leader:
		return cur, staleTerm(&cur, up.Term)
	case up.MapVersion < cur.MapVersion:
		return cur, staleMap(&cur, up.MapVersion)
	case cur.Shard != "" && up.Shard != cur.Shard:
		return cur, api.NewProblem(api.CodeWrongShard, "this worker holds shard %s, not %s", cur.Shard, up.Shard).
			Hinted("list the workers in the order they were first given, or give the worker an empty data directory")
	}
	return api.WorkerState(up), nil
}
