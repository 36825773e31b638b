package cluster

import (
	"math"
	"net/url"
	"slices"
	"strings"
	"time"

	"shardeck/shared/api"
)

// Apply returns the state after an observation, and the events it caused, in order.
// It does no I/O and does not modify s.
func (s State) Apply(o Observation) (State, []Event) {
	s.Masters = slices.Clone(s.Masters)
	i := s.learn(o.Master)
	if i >= 0 {
		s.Masters[i].Asked = o.At
		s.Masters[i].OK = o.Err == nil
	}
	if s.prefer == s.Resolve(o.Master) {
		s.prefer = ""
	}
	if o.Err != nil || o.Metadata == nil {
		return s.failed(o)
	}
	if i >= 0 && o.Metadata.Master.Cluster != "" {
		s.Masters[i].Cluster = o.Metadata.Master.Cluster
	}
	if !s.admits(o) {
		o.Err, o.Metadata = s.otherCluster(o), nil
		if i >= 0 {
			s.Masters[i].OK = false
		}
		return s.failed(o)
	}
	return s.answered(o, i)
}

// failed is Apply for a master that did not answer.
func (s State) failed(o Observation) (State, []Event) {
	s.Err = o.Err
	// Failing to reach a candidate (a new primary to follow) does not lose the link
	// to the master that answers.
	if s.Link == Live && s.Resolve(o.Master) != s.Current {
		return s, nil
	}
	if s.failing.IsZero() {
		s.failing = o.At.Add(-o.Took)
	}
	if s.Link != Live {
		return s, nil
	}
	s.Link, s.LinkSince = Lost, o.At
	return s, []Event{{At: o.At, Level: api.LevelError, Shard: -1,
		Text: "lost " + Host(o.Master) + ": " + Reason(o.Err)}}
}

// answered is Apply for an answer; i is the master's index or -1.
func (s State) answered(o Observation, i int) (State, []Event) {
	next := o.Metadata
	var events []Event
	switch {
	case s.Link == Connecting:
		events = append(events, Event{At: o.At, Level: api.LevelGood, Shard: -1,
			Text: "connected to " + Host(o.Master) + ", " + string(next.Master.Role)})
	case s.Link == Lost:
		events = append(events, Event{At: o.At, Level: api.LevelGood, Shard: -1, Lasted: o.At.Sub(s.LinkSince),
			Text: "reconnected to " + Host(o.Master) + " (" + string(next.Master.Role) + ")"})
	case s.Current != o.Master:
		events = append(events, Event{At: o.At, Level: api.LevelInfo, Shard: -1,
			Text: "following " + Host(o.Master) + ", " + string(next.Master.Role)})
	}
	if s.Link != Live {
		// A cluster that was unreachable as a whole may have been recreated, with lower terms.
		s.Link, s.LinkSince, s.Term = Live, o.At, next.Master.Term
	}
	if i >= 0 {
		m := &s.Masters[i]
		m.Role, m.Term, m.Seen = next.Master.Role, next.Master.Term, o.At
		s.alias(i, next.Master.URL)
	}
	for _, p := range next.Peers {
		s.learn(p.URL)
	}
	s.learn(next.Master.Primary)
	takeover := s.sightPrimary(o)
	events = append(events, takeover...)
	if s.Meta != nil {
		if len(takeover) == 0 {
			events = append(events, diffRole(s.Meta, next, o.At)...)
		}
		events = append(events, s.diff(next, o.At)...)
	}
	s.Term = max(s.Term, next.Master.Term)
	s.sample(o)
	s.longestLease = max(s.longestLease, next.Master.Lease.ExpiresInMS)
	s.Current, s.Err, s.Meta, s.MetaAt, s.Took = o.Master, nil, next, o.At, o.Took
	return s, append(events, s.analyze(o.At)...)
}

// sightPrimary records the primary and detects a takeover.
func (s *State) sightPrimary(o Observation) []Event {
	if !s.failing.IsZero() {
		s.silence = max(s.silence, o.At.Sub(s.failing))
		s.failing = time.Time{}
	}
	m := o.Metadata.Master
	if m.Role != api.RolePrimary || m.Term < s.Term {
		return nil
	}
	before := s.primary
	s.primary = sighting{URL: o.Master, Term: m.Term, At: o.At}
	silence := s.silence
	s.silence = 0
	if before.URL == "" || before.URL == o.Master {
		return nil
	}
	s.Takeover = &Takeover{From: before.URL, To: o.Master, Term: m.Term, LastSeen: before.At, FirstAt: o.At, Silence: silence}
	return []Event{{At: o.At, Level: api.LevelGood, Shard: -1, Text: Host(o.Master) + " is now the primary; this console had none for at most " +
		roundDuration(s.Takeover.Gap())}}
}

// sample appends to the histories, at most once in a sample period, so that their time scale stays
// the same while polls are more frequent, as during a failover. Polls that were not answered leave
// a gap of their length.
func (s *State) sample(o Observation) {
	since := o.At.Sub(s.sampled)
	due := s.sampled.IsZero() || since >= s.SamplePeriod()*9/10
	gap := 0
	if !s.sampled.IsZero() {
		gap = max(int((since+s.SamplePeriod()/2)/s.SamplePeriod())-1, 0)
	}
	old := s.Shards
	s.Shards = make([]History, len(o.Metadata.Workers))
	for i := range o.Metadata.Workers {
		w := &o.Metadata.Workers[i]
		h := History{Worker: w.Name, State: w.State, Since: o.At}
		if i < len(old) {
			h.Latency, h.InFlight = old[i].Latency, old[i].InFlight
			if old[i].State == w.State || unwell(old[i].State) && unwell(w.State) {
				h.Since = old[i].Since
			}
		}
		if unwell(w.State) && w.AgeMS >= silentMS {
			// It has been so for longer than this console knows, at most since its last answer.
			h.Since = earliest(h.Since, o.At.Add(-time.Duration(min(w.AgeMS, 1e12)*float64(time.Millisecond))))
		}
		if due {
			v := w.LatencyMS
			if w.State == api.ShardDown || w.State == api.ShardUnknown || w.AgeMS < 0 {
				v = math.NaN()
			}
			h.Latency = push(pushGap(h.Latency, gap), v)
			h.InFlight = push(pushGap(h.InFlight, gap), float64(w.Traffic.InFlight))
		}
		s.Shards[i] = h
	}
	if due {
		s.sampled = o.At
	}
}

// silentMS is the age of a worker's last answer, in milliseconds, from which it has missed a probe.
const silentMS = 1500

// unwell reports whether a shard in that state is not as it should be.
func unwell(st api.ShardState) bool { return st != api.ShardUp && st != api.ShardUnknown }

func earliest(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// push appends to a bounded history without touching the old one's array.
func push(old []float64, v float64) []float64 {
	from := max(len(old)+1-HistoryLen, 0)
	out := make([]float64, 0, len(old)-from+1)
	return append(append(out, old[from:]...), v)
}

// pushGap appends n missing samples.
func pushGap(old []float64, n int) []float64 {
	for range min(n, HistoryLen) {
		old = push(old, math.NaN())
	}
	return old
}

// learn returns the index of the master named u, adding it if it is new; -1 if u is not
// a URL or there is no room.
func (s *State) learn(u string) int {
	u, ok := cleanURL(u)
	if !ok {
		return -1
	}
	if i := s.find(u); i >= 0 {
		return i
	}
	if len(s.Masters) >= maxMasters {
		return -1
	}
	s.Masters = append(s.Masters, Master{URL: u})
	return len(s.Masters) - 1
}

// alias records that master i advertises itself as u, for instance if it was configured
// as localhost. An entry learned under that name before is a duplicate and is removed.
func (s *State) alias(i int, u string) {
	u, ok := cleanURL(u)
	if !ok || u == s.Masters[i].URL || slices.Contains(s.Masters[i].Aliases, u) || len(s.Masters[i].Aliases) >= maxMasters {
		return
	}
	j := slices.IndexFunc(s.Masters, func(m Master) bool { return m.URL == u })
	if j >= 0 && s.Masters[j].Configured {
		return
	}
	s.Masters[i].Aliases = append(slices.Clone(s.Masters[i].Aliases), u)
	if j >= 0 {
		s.Masters = slices.Delete(s.Masters, j, j+1)
	}
}

// cleanURL returns the base URL in canonical form, for comparison.
func cleanURL(raw string) (string, bool) {
	u, err := url.Parse(strings.TrimSpace(raw))
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return "", false
	}
	return u.Scheme + "://" + strings.ToLower(u.Host) + strings.TrimRight(u.Path, "/"), true
}

// Host is a base URL for display: without its scheme.
func Host(u string) string {
	if _, after, ok := strings.Cut(u, "://"); ok {
		return strings.TrimRight(after, "/")
	}
	return u
}

// roundDuration formats a measured duration with two or three significant digits.
func roundDuration(d time.Duration) string {
	switch {
	case d < time.Second:
		return d.Round(time.Millisecond).String()
	case d < time.Minute:
		return d.Round(10 * time.Millisecond).String()
	}
	return d.Round(time.Second).String()
}
