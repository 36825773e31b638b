package tour

import (
	"errors"
	"time"

	"shardeck/shared/api"
	"shardeck/tui/cluster"
)

// The states of a cluster that a tour can name.
const (
	Healthy    = "healthy"
	Degraded   = "degraded"
	Down       = "down"
	NoPrimary  = "no primary"
	NoMaster   = "no master"
	Connecting = "connecting"
)

var statuses = []string{Healthy, Degraded, Down, NoPrimary, NoMaster, Connecting}

// The states of a master that a tour can name.
const (
	RolePrimary = string(api.RolePrimary)
	RoleBackup  = string(api.RoleBackup)
	RoleDown    = "down"
)

var shardWords = []string{string(api.ShardUp), string(api.ShardSlow), string(api.ShardFailing), string(api.ShardDown),
	string(api.ShardUnauthorized), string(api.ShardEmptied), string(api.ShardWrong)}

// Facts are what is known when the runner decides.
type Facts struct {
	Now      time.Time
	At       time.Time // when the state of the cluster was observed
	Status   string
	Shards   []string // the state of each
	Masters  []string // the role of each, in the order of the configuration
	Alarms   []string
	Students int64 // how many the demo has loaded

	Count     *Outcome // the last one; nil if there is none yet
	Statement *Outcome
	Latest    *Outcome // the later of the two
	Security  *Outcome
}

// Outcome is what became of an action.
type Outcome struct {
	Rows    int64         // of a statement, or the total of a count
	Value   string        // the first value of a statement's first row
	Shards  int           // that were asked and answered
	Key     *api.RouteKey // that alone determines the shard; nil if there is no such key
	Missing int           // shards without which the answer was given
	Code    api.Code
	Failed  string // why there is no answer; "" if there is one
}

// Err is the failure as an error.
func (o *Outcome) Err() error {
	if o.Failed == "" {
		return nil
	}
	return errors.New(o.Failed)
}

// Observe returns what a state says.
func Observe(s *cluster.State, now time.Time) Facts {
	f := Facts{Now: now, At: s.MetaAt, Status: statusOf(s)}
	if s.Link == cluster.Lost {
		f.At = now // that nobody answers is what is known now
	}
	for _, a := range s.Alarms(now) {
		f.Alarms = append(f.Alarms, a.Text(now))
	}
	if s.Meta == nil {
		return f
	}
	for i := range s.Meta.Workers {
		f.Shards = append(f.Shards, string(s.Meta.Workers[i].State))
	}
	for i := range s.Masters {
		if m := &s.Masters[i]; m.Configured {
			f.Masters = append(f.Masters, roleOf(s, m.URL))
		}
	}
	return f
}

func statusOf(s *cluster.State) string {
	switch s.Link {
	case cluster.Connecting:
		return Connecting
	case cluster.Lost:
		return NoMaster
	}
	status := s.Status()
	if _, answers := s.Primary(); !answers && status != api.StatusDown {
		return NoPrimary
	}
	switch status {
	case api.StatusOK:
		return Healthy
	case api.StatusDegraded:
		return Degraded
	}
	return Down
}

// roleOf is the role of a master as the latest answer has it.
func roleOf(s *cluster.State, url string) string {
	if s.Link != cluster.Live {
		return RoleDown
	}
	as := func(role api.Role, term uint64) string {
		if s.Demoted(role, term) {
			return RoleBackup
		}
		return string(role)
	}
	if s.Current == url {
		return as(s.Meta.Master.Role, s.Meta.Master.Term)
	}
	for i := range s.Meta.Peers {
		if p := &s.Meta.Peers[i]; s.Resolve(p.URL) == url && s.PeerAnswers(p) {
			return as(p.Role, p.Term)
		}
	}
	return RoleDown
}
