package screen

import (
	"cmp"
	"slices"

	"shardeck/shared/api"
)

// troubleFirst returns the indices of the shards, those with an alarm first, the worst of them at
// the top. All others are in the order of their numbers.
func troubleFirst(v *View) []int {
	workers := shardsOf(v)
	rank := make([]int, len(workers))
	for i := range workers {
		rank[i] = len(workers)
	}
	for k, a := range v.State.Alarms(v.Now) {
		for i := range workers {
			if workers[i].Shard == a.Shard && a.Level != api.LevelInfo {
				rank[i] = min(rank[i], k-len(workers))
			}
		}
	}
	order := make([]int, len(workers))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(rank[a], rank[b]) })
	return order
}
