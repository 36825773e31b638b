package cluster

import (
	"fmt"
	"time"

	"shardeck/shared/api"
)

// Check is one check of a preflight.
type Check struct {
	OK    bool
	Fatal bool // a failover is impossible unless this is OK
	What  string
	Found string
}

// Preflight is what is known before a failover, and whether it is possible.
type Preflight struct {
	Target  string // base URL of the backup to promote; "" if there is none
	Primary string // base URL of the current primary
	Term    uint64 // the term that the target would acquire, unless another master does so first
	Checks  []Check
	Why     string // why it is not possible; "" if it is
}

// Ready reports whether a failover is possible.
func (p *Preflight) Ready() bool { return p.Target != "" && p.Why == "" }

// Preflight checks the latest state and finds the backup that a failover would promote.
func (s *State) Preflight(now time.Time) Preflight {
	var p Preflight
	if s.Meta == nil {
		p.Why = "no master has answered yet"
		return p
	}
	m := s.Meta.Master
	p.Primary = s.Resolve(m.Primary)
	if m.Role == api.RolePrimary {
		p.Primary = s.Current
	}
	p.Term = max(s.Term, m.Term) + 1
	p.target(s)
	p.checks(s, now)
	for _, c := range p.Checks {
		if !c.OK && c.Fatal && p.Why == "" {
			p.Why = c.Found
		}
	}
	return p
}

// target chooses the backup: the current master, if it is one, else the first reachable
// peer that is.
func (p *Preflight) target(s *State) {
	if s.Meta.Master.Role == api.RoleBackup {
		p.Target = s.Current
		return
	}
	for i := range s.Meta.Peers {
		if peer := &s.Meta.Peers[i]; peer.Role == api.RoleBackup && s.PeerAnswers(peer) {
			p.Target = s.Resolve(peer.URL)
			return
		}
	}
}

func (p *Preflight) checks(s *State, now time.Time) {
	backup := Check{OK: p.Target != "", Fatal: true, What: "backup to promote", Found: "no backup master answers"}
	if backup.OK {
		backup.Found = Host(p.Target) + " answers"
	}
	up, all := s.Serving()
	workers := Check{OK: up*2 > all, Fatal: true, What: "workers reachable", Found: fmt.Sprintf("%d of %d; a majority is required", up, all)}
	fresh := Check{OK: s.Link == Live && s.Age(now) < StaleAfter, Fatal: true, What: "view of the cluster", Found: "up to date"}
	if !fresh.OK {
		fresh.Found = "the view is out of date; no master answers"
	}
	primary := Check{What: "current primary", Found: "unknown"}
	if p.Primary != "" {
		primary.OK = s.primaryAnswers(p.Primary)
		primary.Found = Host(p.Primary) + " answers; it will step down"
		if !primary.OK {
			primary.Found = Host(p.Primary) + " does not answer; it will be fenced"
		}
	}
	p.Checks = []Check{backup, workers, fresh, primary}
}

// primaryAnswers reports whether the primary answers this console or the current master.
func (s *State) primaryAnswers(u string) bool {
	if s.Link == Live && s.Current == u {
		return true
	}
	for i := range s.Meta.Peers {
		if p := &s.Meta.Peers[i]; s.Resolve(p.URL) == u {
			return s.PeerAnswers(p)
		}
	}
	return false
}

// StaleAfter is the age from which numbers are marked as stale: three missed polls.
const StaleAfter = 3500 * time.Millisecond
