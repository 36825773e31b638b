// Package cluster holds the console's view of a cluster: a pure reducer from
// [Observation]s of the masters to a [State] and [Event]s, the choice of the master to
// poll next, and the poll itself, which alone does I/O.
//
// It draws nothing and does not depend on Bubble Tea. A State is a value: Apply returns
// a new one and leaves the old one unchanged.
package cluster

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"shardeck/shared/api"
)

// The bounds of a State.
const (
	HistoryLen = 240 // samples per shard
	maxMasters = 16
)

// sampleEvery is the least time between two samples of a history, whatever the interval of the
// polls.
const sampleEvery = time.Second

// Observation is the outcome of one poll of a master.
type Observation struct {
	At       time.Time // when the answer arrived or the poll failed
	Master   string    // base URL that was polled
	Took     time.Duration
	Metadata *api.Metadata // nil if and only if Err is not
	Err      error
}

// Link is the state of the console's connection to a master.
type Link uint8

// The links.
const (
	Connecting Link = iota // none has answered yet
	Live
	Lost // one answered before; the numbers are old
)

// State is what is known about a cluster. The zero State knows nothing; use [New].
type State struct {
	Link      Link
	LinkSince time.Time // when Link last changed
	Current   string    // base URL of the master that answered last
	Err       error     // why the latest poll failed; nil if it succeeded

	Meta   *api.Metadata // the latest; nil before the first. Read-only.
	MetaAt time.Time     // when Meta arrived
	Took   time.Duration // how long that poll took

	Masters      []Master
	Term         uint64 // the highest term seen
	Shards       []History
	sampled      time.Time
	interval     time.Duration // between two polls; see Every
	primary      sighting
	failing      time.Time     // when the first of the unanswered polls was sent; zero if the last one was answered
	silence      time.Duration // the longest time without an answer since the primary was last seen
	cluster      identity
	prefer       string    // the master to poll next, once
	Clients      Traffic   // of all masters, as their clients see it
	Takeover     *Takeover // the latest change of primary that this console saw
	alarms       []Alarm   // also those that have not lasted for long enough to be shown, the worst first
	analyzed     time.Time // when they were last looked for
	longestLease float64   // the longest time in milliseconds that a lease had left: about its time to live
}

// Master is a master known to the console.
type Master struct {
	URL        string
	Configured bool     // by the user, rather than learned from another master
	Aliases    []string // other URLs of the same master
	Asked      time.Time
	OK         bool // the latest poll succeeded
	Role       api.Role
	Term       uint64
	Seen       time.Time // when it last answered this console; zero if never
	Cluster    string    // the id of its cluster, if it has said so
}

// History holds a shard's latest samples, the oldest first. NaN marks a sample for which
// the shard did not answer.
type History struct {
	Worker   string
	Latency  []float64 // milliseconds
	InFlight []float64 // requests of the polled master
	Since    time.Time // when the shard's state last changed
	State    api.ShardState
}

// sighting records which master was last seen as primary, and when.
type sighting struct {
	URL  string
	Term uint64
	At   time.Time
}

// Takeover is a change of primary as this console saw it. The console polls at intervals,
// so the two times are an upper bound of the true gap.
type Takeover struct {
	From, To string // base URLs
	Term     uint64
	LastSeen time.Time     // last answer of the old primary as primary
	FirstAt  time.Time     // first answer of the new one
	Silence  time.Duration // the longest time in between in which no master answered; 0 if every poll was answered
}

// SawPrimary reports whether a primary has ever answered this console.
func (s *State) SawPrimary() bool { return s.primary.URL != "" }

// Gap is an upper bound of the time that this console was without a primary.
func (t *Takeover) Gap() time.Duration { return t.FirstAt.Sub(t.LastSeen) }

// New returns the state before the first poll, with the configured masters.
func New(masters []string, now time.Time) State {
	s := State{LinkSince: now}
	for _, u := range masters {
		if u, ok := cleanURL(u); ok && s.find(u) < 0 && len(s.Masters) < maxMasters {
			s.Masters = append(s.Masters, Master{URL: u, Configured: true})
		}
	}
	return s
}

// find returns the index of the master with the URL or alias u, or -1.
func (s *State) find(u string) int {
	return slices.IndexFunc(s.Masters, func(m Master) bool { return m.URL == u || slices.Contains(m.Aliases, u) })
}

// Resolve returns the URL at which the console polls the master that advertises itself as u.
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

// Status sums up the state of the shards as the masters do, from the latest answer.
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

// PeerAnswers reports whether another master is reachable, by the latest evidence: what
// the current master found, unless this console failed to reach it later.
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

// Primary returns the base URL of the primary, as far as it is known, and whether it
// answers. Without a primary, reads and row writes still work, but tables cannot be
// created or dropped.
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

// Demoted reports whether a master with that role and term has been replaced as primary by one with
// a newer term, whatever it calls itself.
func (s *State) Demoted(role api.Role, term uint64) bool {
	return role == api.RolePrimary && term < s.Term
}

// Age is the age of the latest answer; -1 if there is none.
func (s *State) Age(now time.Time) time.Duration {
	if s.Meta == nil {
		return -1
	}
	return max(now.Sub(s.MetaAt), 0)
}

// ShardAge is the age of the information about a worker; -1 if it never answered.
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

// Table returns the table with that name, or nil.
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

// Every returns the state with the interval at which the masters are polled.
func (s State) Every(interval time.Duration) State {
	s.interval = interval
	return s
}

// SamplePeriod is the time from one sample of a history to the next.
func (s *State) SamplePeriod() time.Duration { return max(s.interval, sampleEvery) }

// StaleAfter is the age from which numbers are marked as stale: three missed polls.
func (s *State) StaleAfter() time.Duration { return s.SamplePeriod() * 7 / 2 }

// UpTo returns a history with a gap for the time since its last sample, so that the time of the
// right end is now.
func (s *State) UpTo(samples []float64, now time.Time) []float64 {
	missing := int(now.Sub(s.sampled) / s.SamplePeriod())
	if s.sampled.IsZero() || missing <= 1 {
		return samples
	}
	return pushGap(samples, missing-1)
}

// FindTable returns the table that the user has named, by its database, its own name or both. The
// error says which there are.
func (s *State) FindTable(db, table string) (foundDB, foundTable string, err error) {
	var all []string
	for i := range s.Meta.Databases {
		d := &s.Meta.Databases[i]
		if db != "" && !strings.EqualFold(d.Name, db) {
			all = append(all, d.Name)
			continue
		}
		if table == "" {
			only := State{Meta: &api.Metadata{Databases: []api.DatabaseInfo{*d}}}
			_, first := only.FirstTable()
			return d.Name, first, nil
		}
		for j := range d.Tables {
			if strings.EqualFold(d.Tables[j].Name, table) {
				if foundTable != "" {
					return "", "", fmt.Errorf("the table %s is in %s and in %s; choose one with --db", table, foundDB, d.Name)
				}
				foundDB, foundTable = d.Name, d.Tables[j].Name
			}
			all = append(all, d.Name+"."+d.Tables[j].Name)
		}
	}
	if foundTable != "" {
		return foundDB, foundTable, nil
	}
	what := "the database " + db
	if table != "" {
		what = "the table " + strings.TrimPrefix(db+"."+table, ".")
	}
	if len(all) == 0 {
		return "", "", fmt.Errorf("%s does not exist; the cluster has none yet", what)
	}
	return "", "", fmt.Errorf("%s does not exist; there are: %s", what, strings.Join(all[:min(len(all), 20)], ", "))
}

// FirstTable names the table to show if none was chosen: the one with most rows.
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

// ShardMark is the symbol and word of a shard's state, distinct without colour.
func ShardMark(st api.ShardState) (symbol, word string) {
	switch st {
	case api.ShardUp:
		return "●", "up"
	case api.ShardSlow:
		return "▲", "slow"
	case api.ShardFailing:
		return "◆", "failing"
	case api.ShardDown:
		return "✗", "down"
	case api.ShardUnauthorized:
		return "⊘", "denied"
	case api.ShardEmptied:
		return "∅", "emptied"
	case api.ShardWrong:
		return "≠", "wrong"
	}
	return "○", "unknown"
}
