package cluster

import (
	"slices"

	"shardeck/shared/api"
)

// Configured reports whether the user named the master u, rather than another master.
func (s *State) Configured(u string) bool {
	u, ok := cleanURL(u)
	i := s.find(u)
	return ok && i >= 0 && s.Masters[i].Configured
}

// Identify returns the state that knows which cluster a configured master says it belongs to, for
// masters that are not polled otherwise.
func (s State) Identify(u, cluster string) State {
	if i := s.find(s.Resolve(u)); i >= 0 && cluster != "" {
		s.Masters = slices.Clone(s.Masters)
		s.Masters[i].Cluster = cluster
		if s.Meta != nil {
			s.analyze(s.analyzed) // the caller reports it
		}
	}
	return s
}

// Foreign lists the configured masters that belong to another cluster than the one shown.
func (s *State) Foreign() []string {
	var urls []string
	for i := range s.Masters {
		if s.Masters[i].Configured && s.foreign(i) {
			urls = append(urls, s.Masters[i].URL)
		}
	}
	return urls
}

// IsForeign reports whether the master u belongs to another cluster than the one shown.
func (s *State) IsForeign(u string) bool {
	i := s.find(s.Resolve(u))
	return i >= 0 && s.foreign(i)
}

func (s *State) foreign(i int) bool {
	m := &s.Masters[i]
	return s.cluster.id != "" && m.Cluster != "" && m.Cluster != s.cluster.id
}

// identity is the cluster that is shown, and the master it is known from.
type identity struct{ id, from string }

// admits reports whether an answer is from the cluster that is shown. The first answer decides which
// that is; a cluster that was set up anew is noticed by the same master.
func (s *State) admits(o Observation) bool {
	id := o.Metadata.Master.Cluster
	if s.cluster.id == "" || s.cluster.from == o.Master {
		s.cluster = identity{id: id, from: o.Master}
	}
	return id == "" || id == s.cluster.id
}

// otherCluster is the error of an answer that is not admitted.
func (s *State) otherCluster(o Observation) error {
	return api.NewProblem(api.CodeShardBadAnswer, "%s belongs to another cluster than %s", Host(o.Master), Host(s.cluster.from)).
		Hinted("give only masters of one cluster")
}

// Automatic reports whether a backup takes over by itself if the primary fails.
func (s *State) Automatic() bool {
	if s.Meta == nil {
		return false
	}
	kind := s.Meta.Master.Lease.Kind
	return kind != "" && kind != "manual"
}

// Badness orders the states of shards from good to bad, for the choice of what to report first.
func Badness(st api.ShardState) int {
	order := []api.ShardState{
		api.ShardUp, api.ShardUnknown, api.ShardSlow, api.ShardFailing, api.ShardDown, api.ShardUnauthorized, api.ShardEmptied, api.ShardWrong,
	}
	if i := slices.Index(order, st); i >= 0 {
		return i
	}
	return len(order) // a state that this console does not know
}
