// Package cluster is what the console knows of a cluster: a pure reducer from
// [Observation]s of the masters to a [State] and the [Event]s that led there, the
// decision which master to ask next, and the one poll that does I/O.
//
// It draws nothing and knows nothing of Bubble Tea. A State is a value: Apply
// returns a new one and leaves the old one as it was.
package cluster

import (
	"slices"
	"time"

	"shardeck/shared/api"
)

// Bounds of what a State remembers.
const (
	HistoryLen = 240 // samples a shard
	maxMasters = 16
)

// sampleEvery keeps a history's time scale even when polls come faster, as they
// do during a failover.
const sampleEvery = 900 * time.Millisecond

// Observation is one answer of a master, or that there was none.
type Observation struct {
	At       time.Time // when the answer arrived, or was given up
	Master   string    // base URL that was asked
	Took     time.Duration
	Metadata *api.Metadata // nil exactly when Err is not
	Err      error
}

// Link is whether the console has a master to talk to.
type Link uint8

// The links.
const (
	Connecting Link = iota // none has answered yet
	Live
	Lost // one answered before; the numbers are old
)

// State is what is known of a cluster. The zero State knows nothing; use [New].
type State struct {
	Link      Link
	LinkSince time.Time // since when Link is what it is
	Current   string    // base URL of the master that was heard last
	Err       error     // why the latest attempt failed; nil when it did not

	Meta   *api.Metadata // the latest; nil before the first. Not to be changed.
	MetaAt time.Time     // when Meta arrived
	Took   time.Duration // how long it took to arrive

	Masters  []Master
	Term     uint64 // the highest term heard of
	Shards   []History
	Traffic  []float64 // requests a second over all shards
	sampled  time.Time
	primary  sighting
	failing  time.Time     // when the first of the questions that were not answered was asked; zero when the last was
	silence  time.Duration // the longest time without an answer since the primary was last seen
	prefer   string        // a master to ask next, once
	Takeover *Takeover     // the latest change of primary that this console saw
}

// Master is a master that the console knows of.
type Master struct {
	URL        string
	Configured bool     // by the user, rather than learned from another master
	Aliases    []string // other URLs under which the same master was named
	Asked      time.Time
	OK         bool // the latest attempt worked
	Role       api.Role
	Term       uint64
	Seen       time.Time // when it last answered this console; zero for never
}

// History holds a shard's latest samples, the oldest first. NaN is a sample in
// which the shard did not answer.
type History struct {
	Worker  string
	Latency []float64 // milliseconds
	Since   time.Time // since when the shard's state is what it is
	State   api.ShardState
}

// sighting is when which master was last seen as primary.
type sighting struct {
	URL  string
	Term uint64
	At   time.Time
}

// Takeover is a change of primary as this console saw it. The two times bound the
// true gap from above: the console asks at intervals.
type Takeover struct {
	From, To string // base URLs
	Term     uint64
	LastSeen time.Time     // last answer of the old primary as primary
	FirstAt  time.Time     // first answer of the new one
	Silence  time.Duration // the longest time, in between, in which no master answered; 0 if all questions were
}

// SawPrimary says whether this console ever had an answer of a primary.
func (s *State) SawPrimary() bool { return s.primary.URL != "" }

// Gap is how long this console was without a primary, at most.
func (t *Takeover) Gap() time.Duration { return t.FirstAt.Sub(t.LastSeen) }

// New returns the state that knows only the masters it was told of.
func New(masters []string, now time.Time) State {
	s := State{LinkSince: now}
	for _, u := range masters {
		if u, ok := cleanURL(u); ok && s.find(u) < 0 && len(s.Masters) < maxMasters {
			s.Masters = append(s.Masters, Master{URL: u, Configured: true})
		}
	}
	return s
}

// find returns the index of the master that is named u, or -1.
func (s *State) find(u string) int {
	return slices.IndexFunc(s.Masters, func(m Master) bool { return m.URL == u || slices.Contains(m.Aliases, u) })
}

// Resolve returns the URL under which the console asks the master that names itself u.
func (s *State) Resolve(u string) string {
	u, ok := cleanURL(u)
	if !ok {
		return ""
	}
	if i := s.find(u); i >= 0 {
		return s.Masters[i].URL
	}
	return u
}

// Status sums the shards up as the masters do, from the latest answer.
func (s *State) Status() api.Status {
	serving := 0
	if s.Meta == nil {
		return api.StatusDown
	}
	for i := range s.Meta.Workers {
		if st := s.Meta.Workers[i].State; st == api.ShardUp || st == api.ShardSlow {
			serving++
		}
	}
	switch serving {
	case 0:
		return api.StatusDown
	case len(s.Meta.Workers):
		return api.StatusOK
	}
	return api.StatusDegraded
}

// Serving counts the shards that answer, and all of them.
func (s *State) Serving() (up, all int) {
	if s.Meta == nil {
		return 0, 0
	}
	for i := range s.Meta.Workers {
		if st := s.Meta.Workers[i].State; st == api.ShardUp || st == api.ShardSlow {
			up++
		}
	}
	return up, len(s.Meta.Workers)
}

// PeerAnswers says whether another master is there, by what was heard last: it is
// what the master that is asked found, unless this console was refused later.
func (s *State) PeerAnswers(p *api.PeerInfo) bool {
	if !p.Reachable {
		return false
	}
	i := s.find(s.Resolve(p.URL))
	if i < 0 || s.Masters[i].OK || s.Masters[i].Asked.IsZero() {
		return true
	}
	heard := s.MetaAt.Add(-time.Duration(min(max(p.AgeMS, 0), 1e12) * float64(time.Millisecond)))
	return heard.After(s.Masters[i].Asked)
}

// Primary returns the base URL of the primary, as far as it is known, and whether
// a master that answers is the primary. Where none is, reads and row writes go on,
// but tables cannot be changed.
func (s *State) Primary() (u string, answers bool) {
	if s.Meta == nil {
		return "", false
	}
	if s.Meta.Master.Role == api.RolePrimary {
		return s.Current, s.Link == Live
	}
	for i := range s.Meta.Peers {
		if p := &s.Meta.Peers[i]; p.Role == api.RolePrimary && s.PeerAnswers(p) {
			return s.Resolve(p.URL), s.Link == Live
		}
	}
	return s.Resolve(s.Meta.Master.Primary), false
}

// Age is how old the latest answer is; -1 where there is none.
func (s *State) Age(now time.Time) time.Duration {
	if s.Meta == nil {
		return -1
	}
	return max(now.Sub(s.MetaAt), 0)
}

// ShardAge is how old what is known of a worker is; -1 where it never answered.
func (s *State) ShardAge(w *api.WorkerInfo, now time.Time) time.Duration {
	if w.AgeMS < 0 {
		return -1
	}
	return s.Age(now) + time.Duration(min(w.AgeMS, 1e12)*float64(time.Millisecond))
}

// Rows sums the rows of all shards, as far as they are known.
func (s *State) Rows() int64 {
	var n int64
	if s.Meta != nil {
		for i := range s.Meta.Workers {
			n += s.Meta.Workers[i].Rows
		}
	}
	return n
}

// Table returns the table named so, or nil.
func (s *State) Table(db, table string) *api.TableInfo {
	if s.Meta == nil {
		return nil
	}
	for i := range s.Meta.Databases {
		d := &s.Meta.Databases[i]
		if !api.SameName(d.Name, db) {
			continue
		}
		for j := range d.Tables {
			if api.SameName(d.Tables[j].Name, table) {
				return &d.Tables[j]
			}
		}
	}
	return nil
}

// FirstTable names the table to show when none was chosen: the one with most rows.
func (s *State) FirstTable() (db, table string) {
	most := int64(-1)
	if s.Meta == nil {
		return "", ""
	}
	for i := range s.Meta.Databases {
		d := &s.Meta.Databases[i]
		for j := range d.Tables {
			if t := &d.Tables[j]; t.Rows > most {
				db, table, most = d.Name, t.Name, t.Rows
			}
		}
	}
	return db, table
}

// ShardMark is the symbol and word of a shard's state, which tell it apart without colour.
func ShardMark(st api.ShardState) (symbol, word string) {
	switch st {
	case api.ShardUp:
		return "●", "up"
	case api.ShardSlow:
		return "▲", "slow"
	case api.ShardDown:
		return "✗", "down"
	case api.ShardUnauthorized:
		return "⊘", "denied"
	case api.ShardWrong:
		return "≠", "wrong"
	}
	return "○", "unknown"
}
