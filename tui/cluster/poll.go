package cluster

import (
	"context"
	"slices"
	"time"

	"shardeck/shared/api"
)

// Source is a master whose metadata can be requested.
type Source interface {
	Metadata(ctx context.Context) (*api.Metadata, error)
}

// Poll requests a master's metadata once, within the deadline of ctx, and returns the
// outcome. now is the clock.
func Poll(ctx context.Context, src Source, master string, now func() time.Time) Observation {
	from := now()
	meta, err := src.Metadata(ctx)
	if err == nil && meta == nil {
		err = api.NewProblem(api.CodeShardBadAnswer, "%s sent an empty answer", Host(master))
	}
	if err == nil {
		err = plausible(meta, master)
	}
	if err != nil {
		meta = nil
	}
	at := now()
	return Observation{At: at, Master: master, Took: at.Sub(from), Metadata: meta, Err: err}
}

// plausible refuses an answer that no master gives: shards are listed by their numbers, and screens
// find them by these.
func plausible(meta *api.Metadata, master string) error {
	for i := range meta.Workers {
		if n := meta.Workers[i].Shard; n != i {
			return api.NewProblem(api.CodeShardBadAnswer, "%s lists shard %d in place %d; is it a master of Shardeck?", Host(master), n, i)
		}
	}
	return nil
}

// retryAfter is how long a master that failed is not retried while another answers.
const retryAfter = 3 * time.Second

// Next returns the base URL of the master to poll now, or "" if none is known.
//
// Only configured masters are polled, whatever addresses they name: anyone who answers in a
// master's place could name his own, and would be sent the API token. While one answers it is
// polled again, unless there is a better one to follow: the primary it names, or a peer that is
// primary with a newer term. If none answers, all are tried in turn, the least recently polled
// first.
func (s *State) Next(now time.Time) string {
	if s.Link == Live {
		if u := s.better(now); u != "" {
			return u
		}
		return s.Current
	}
	if s.prefer != "" {
		return s.prefer
	}
	oldest := -1
	for i := range s.Masters {
		if s.Masters[i].Configured && (oldest < 0 || s.Masters[i].Asked.Before(s.Masters[oldest].Asked)) {
			oldest = i
		}
	}
	if oldest < 0 {
		return ""
	}
	return s.Masters[oldest].URL
}

// better returns the master to follow instead of the current one, or "".
func (s *State) better(now time.Time) string {
	if s.prefer != "" && s.prefer != s.Current {
		return s.prefer
	}
	m := &s.Meta.Master
	for _, p := range s.Meta.Peers {
		named := m.Role == api.RoleBackup && s.Resolve(p.URL) == s.Resolve(m.Primary)
		claims := p.Role == api.RolePrimary && (m.Role != api.RolePrimary || p.Term > m.Term)
		if !p.Reachable || !named && !claims {
			continue
		}
		if u := s.Resolve(p.URL); s.eligible(u, now) {
			return u
		}
	}
	// A primary that joined later may not be among the peers, which then say nothing about it.
	if u := s.Resolve(m.Primary); m.Role == api.RoleBackup && !s.isPeer(u) && s.eligible(u, now) {
		return u
	}
	return ""
}

// eligible reports whether the master named u is another one that is configured and has not just
// failed.
func (s *State) eligible(u string, now time.Time) bool {
	if u == "" || u == s.Current {
		return false
	}
	i := s.find(u)
	return i >= 0 && s.Masters[i].Configured && !s.foreign(i) && (s.Masters[i].OK || now.Sub(s.Masters[i].Asked) >= retryAfter)
}

// isPeer reports whether the master named u is among the current master's peers.
func (s *State) isPeer(u string) bool {
	return slices.ContainsFunc(s.Meta.Peers, func(p api.PeerInfo) bool { return s.Resolve(p.URL) == u })
}

// Follow returns the state that polls the master named u next, if it is configured, for instance
// after a failover has made it the primary.
func (s State) Follow(u string) State {
	if s.Configured(u) {
		s.prefer = s.Resolve(u)
	}
	return s
}

// Pace says how long to wait between polls.
type Pace struct {
	Normal time.Duration // while a master answers
	Urgent time.Duration // while a failover is watched, or another master is still to be tried
	Idle   time.Duration // when all known masters have failed
}

// Wait returns the time from the end of one poll to the start of the next.
func (p Pace) Wait(s *State, urgent bool) time.Duration {
	switch {
	case urgent:
		return p.Urgent
	case s.Link == Live:
		return p.Normal
	case s.untried():
		return p.Urgent
	}
	return p.Idle
}

// untried reports whether a known master was not polled since the link was lost.
func (s *State) untried() bool {
	return slices.ContainsFunc(s.Masters, func(m Master) bool { return m.Configured && m.Asked.Before(s.LinkSince) })
}
