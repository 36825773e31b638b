package cluster

import (
	"time"

	"shardeck/shared/api"
)

// Preflight is whom a failover would promote, as far as this console knows. Whether that is possible
// is for the master to say: it is asked for a dry run.
type Preflight struct {
	Target  string // base URL of the backup to promote; "" if there is none
	Primary string // base URL of the current primary
	Term    uint64 // the term that the target would acquire, unless another master does so first
	Why     string // why nobody can be asked; "" if Target can be
	Awaited bool   // the primary does not answer, and a backup takes over by itself
}

// Ready reports whether there is a backup to ask.
func (p *Preflight) Ready() bool { return p.Target != "" && p.Why == "" }

// Preflight finds the backup that a failover would promote.
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
	_, answers := s.Primary()
	p.Awaited = s.Link == Live && !answers && s.Automatic() && m.Lease.Known
	switch {
	case s.Link != Live || s.Age(now) >= s.StaleAfter():
		p.Why = "the view is out of date; no master answers"
	case p.Target == "" && p.Why == "":
		p.Why = "no backup master answers"
	}
	return p
}

// target chooses the backup: the current master, if it is one, else the first reachable peer that
// is one and that the user configured.
func (p *Preflight) target(s *State) {
	if s.Meta.Master.Role == api.RoleBackup {
		p.Target = s.Current
		return
	}
	for i := range s.Meta.Peers {
		peer := &s.Meta.Peers[i]
		if peer.Role != api.RoleBackup || !s.PeerAnswers(peer) {
			continue
		}
		if s.Configured(peer.URL) {
			p.Target, p.Why = s.Resolve(peer.URL), ""
			return
		}
		p.Why = "the backup " + Host(peer.URL) + " is not among the masters given with --master"
	}
}
