package contract

import "shardeck/shared/api"

// CheckTerm refuses a term beyond the greatest one.
func CheckTerm(field string, term uint64) *api.Problem {
	if term <= api.MaxTerm {
		return nil
	}
	return api.NewProblem(api.CodeInvalidField, "%s must be at most %d, not %d", field, uint64(api.MaxTerm), term).At(field)
}

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
	p := api.NewProblem(api.CodeStaleTerm, "term %d is outdated: this worker has seen term %d", term, cur.Term).
		Hinted("use the current primary; this master must step down")
	p.Term, p.MapVersion, p.Primary = cur.Term, cur.MapVersion, cur.Leader
	return p
}

func staleMap(cur *api.WorkerState, version uint64) *api.Problem {
	p := api.NewProblem(api.CodeStaleMap, "slot map version %d is outdated: this worker has seen version %d", version, cur.MapVersion).
		Hinted("load the current slot map and route again")
	p.Term, p.MapVersion, p.Primary = cur.Term, cur.MapVersion, cur.Leader
	return p
}

// RaiseFence returns cur raised to a request's fence, and whether it changed. A fence that is
// older in either part raises nothing: CheckFence refuses it. If a request is the first to show a
// term, its leader is not known yet.
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

// UpdateState applies a master's update by the rules of [api.StateUpdate]. On a problem the state
// is unchanged. A term without a leader, as RaiseFence leaves it, goes to the first claimant.
func UpdateState(cur api.WorkerState, up api.StateUpdate) (api.WorkerState, *api.Problem) {
	if p := CheckTerm("term", up.Term); p != nil {
		return cur, p
	}
	unclaimed := cur.Leader == ""
	switch {
	case up.Term < cur.Term, up.Term == cur.Term && !unclaimed && up.Leader != cur.Leader:
		return cur, staleTerm(&cur, up.Term)
	case up.MapVersion < cur.MapVersion:
		return cur, staleMap(&cur, up.MapVersion)
	case cur.Shard != "" && up.Shard != cur.Shard:
		return cur, api.NewProblem(api.CodeWrongShard, "this worker holds shard %s, not %s", cur.Shard, up.Shard).
			Hinted("list the workers in their original order, or give the worker an empty data directory")
	}
	return api.WorkerState(up), nil
}
