package cluster

import (
	"fmt"
	"time"

	"shardeck/shared/api"
)

// Check is one line of a preflight.
type Check struct {
	OK    bool
	Fatal bool // a failover cannot work while this is not OK
	What  string
	Found string
}

// Preflight is what is known before a failover, and whether it can be tried.
type Preflight struct {
	Target  string // base URL of the backup to promote; "" when there is none
	Primary string // base URL of the primary now
	Term    uint64 // the term that the target would take, if no other master takes it first
	Checks  []Check
	Why     string // why it cannot be tried; "" when it can
}

// Ready says whether a failover can be tried.
func (p *Preflight) Ready() bool { return p.Target != "" && p.Why == "" }

// Preflight looks at the latest state and says whom a failover would promote.
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

// target chooses the backup: the master that is asked, if it is one, else the
// first reachable peer that is one.
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
	workers := Check{OK: up*2 > all, Fatal: true, What: "workers reachable", Found: fmt.Sprintf("%d of %d; a majority is needed", up, all)}
	fresh := Check{OK: s.Link == Live && s.Age(now) < StaleAfter, Fatal: true, What: "view of the cluster", Found: "up to date"}
	if !fresh.OK {
		fresh.Found = "the numbers are old; no master answers"
	}
	primary := Check{What: "primary now", Found: "not known"}
	if p.Primary != "" {
		primary.OK = s.primaryAnswers(p.Primary)
		primary.Found = Host(p.Primary) + " answers; it is told to step down"
		if !primary.OK {
			primary.Found = Host(p.Primary) + " does not answer; it is shut out"
		}
	}
	p.Checks = []Check{backup, workers, fresh, primary}
}

// primaryAnswers says whether the primary is heard, by us or by the master we ask.
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

// StaleAfter is the age from which numbers are marked as old: three missed polls.
const StaleAfter = 3500 * time.Millisecond
