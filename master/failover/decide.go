package failover

import (
	"fmt"
	"slices"
	"time"

	"shardeck/master/lease"
	"shardeck/shared/api"
)

// View is everything a decision depends on.
type View struct {
	Self       string   // base URL of this master, the name it leads under
	Configured api.Role // what it was started as
	Role       api.Role // what it is
	Term       uint64   // the newest term it knows to be held
	Leader     string   // who holds Term; empty when not known
	Workers    []Worker // by shard
	Peers      []PeerView
	Lease      lease.Holding
	LeaseKnown bool // the lease's store answers
	SeenHeld   bool // this master has seen another one hold the lease
	// Unsettled is for how long the workers have not agreed on who holds the newest term.
	Unsettled time.Duration
	Uptime    time.Duration // of this master
	Asked     bool          // a person asked this master to become the primary
	Wanted    bool          // it was asked, failed, and no other master has led since
	Expired   bool          // its lease expired: the term that the workers store for it is no longer valid
	Draining  bool          // it is handing over to another master
}

// Worker is one worker's fence as last seen.
type Worker struct {
	Reachable bool // it answered the latest probe and holds the right shard
	State     api.WorkerState
}

// PeerView is another master as last seen. Only the masters listed in the configuration are in
// a View: an address that merely appears in an answer is never named or called.
type PeerView struct {
	URL       string
	Reachable bool
	Role      api.Role
	Term      uint64
}

// Action is what to do.
type Action string

// The actions.
const (
	Stay   Action = "stay"   // nothing changes
	Wait   Action = "wait"   // too few workers answer to decide
	Follow Action = "follow" // be a backup of Leader under Term
	Resume Action = "resume" // the workers hold this master's own term: be primary under it again
	Take   Action = "take"   // acquire a new term
	Refuse Action = "refuse" // the request cannot be carried out; Problem says why
)

// Decision is the result of Decide.
type Decision struct {
	Action Action
	Term   uint64 // with Follow and Resume
	Leader string // with Follow
	Why    string
	// Repair lists the shards whose workers missed this master's term; only with Stay and Resume.
	Repair  []int
	Problem *api.Problem // with Refuse
}

const (
	// settle is how long the workers must disagree before a master acts on it. A master that is
	// acquiring a term has installed it on all workers long before, or has failed.
	settle = 2 * time.Second
	// startGrace is how long a master that was started as a backup leaves a free lease to the one
	// that was started as the primary, if all are starting: nobody has held it since.
	startGrace = 3 * time.Second
)

// Agreement is what the workers' fences say together. The holder of a term is who a majority
// of all workers stores for it: a term that only a minority accepted was never acquired.
type Agreement struct {
	Reached int             // workers that answer plausibly
	Newest  uint64          // the newest term any of them stores
	Held    api.WorkerState // what a majority stores, if Confirmed
	// Confirmed is set if a majority stores one term of one master.
	Confirmed bool
}

// Settled reports whether the newest term has a holder, or there never was a term.
func (a *Agreement) Settled() bool { return a.Newest == 0 || a.Confirmed && a.Held.Term == a.Newest }

// Agree derives the agreement of the workers.
func Agree(workers []Worker) Agreement {
	var terms []uint64
	for _, w := range workers {
		if w.Reachable {
			terms = append(terms, w.State.Term)
		}
	}
	terms = lease.Plausible(terms)
	a := Agreement{Reached: len(terms)}
	if len(terms) > 0 {
		a.Newest = terms[len(terms)-1]
	}
	votes := map[api.WorkerState]int{}
	for _, w := range workers {
		s := w.State
		if !w.Reachable || s.Term == 0 || s.Term > a.Newest || s.Leader == "" {
			continue
		}
		key := api.WorkerState{Fence: api.Fence{Term: s.Term}, Leader: s.Leader}
		if votes[key]++; votes[key] >= lease.Majority(len(workers)) {
			a.Held, a.Confirmed = key, true
		}
	}
	return a
}

// Decide returns what a master with this view should do. The rules, first match wins:
//
//  1. A master asked to take over acquires the next term, given a majority; the primary refuses.
//  2. A newer term that a majority stores for another master is followed.
//  3. A primary stays primary and repairs workers that missed its term. A newer term that never
//     got a majority was abandoned by whoever tried: the primary supersedes it.
//  4. Without a majority of the workers nothing can be decided, and a master that is handing
//     over takes nothing.
//  5. With a lease that expires, whoever finds it free takes it.
//  6. Without one, a master whose own term is stored by a majority resumes it: it was restarted.
//     One whose lease expired does not.
//  7. Without one, a master started as primary acquires a term if no other master ever led, or
//     if the newest term was abandoned and no other master claims to lead; so does one that was
//     asked to lead and failed.
//  8. Otherwise it follows the holder of the term, unless that says itself that it does not lead.
func Decide(v View) Decision {
	a := Agree(v.Workers)
	need := lease.Majority(len(v.Workers))
	mine := a.Confirmed && a.Held.Leader == v.Self
	abandoned := !a.Settled() && v.Unsettled >= settle

	switch {
	case v.Asked:
		return decideAsked(v, a.Reached, need)
	case a.Confirmed && !mine && a.Held.Term > v.Term:
		return follow(v, a)
	case v.Role == api.RolePrimary && abandoned && a.Newest > v.Term && a.Reached >= need && !v.Draining:
		return Decision{Action: Take, Why: fmt.Sprintf("term %d was never taken by a majority", a.Newest)}
	case v.Role == api.RolePrimary:
		return Decision{Action: Stay, Repair: behind(v.Workers, v.Term)}
	case a.Reached < need:
		return Decision{Action: Wait, Why: fmt.Sprintf("%d of %d workers answer; %d are needed", a.Reached, len(v.Workers), need)}
	case v.Draining:
		return Decision{Action: Stay}
	case v.Lease.Automatic:
		if v.LeaseKnown && v.Lease.Free && (v.Configured == api.RolePrimary || v.SeenHeld || v.Uptime >= startGrace) {
			return Decision{Action: Take, Why: "the lease is free"}
		}
	case mine && !v.Expired:
		return Decision{Action: Resume, Term: a.Held.Term, Repair: behind(v.Workers, a.Held.Term),
			Why: fmt.Sprintf("the workers hold this master's own term %d", a.Held.Term)}
	case v.Configured == api.RolePrimary && a.Newest == 0:
		return Decision{Action: Take, Why: "started as primary, and no other master ever led"}
	case (v.Configured == api.RolePrimary && (abandoned || mine && v.Expired) || v.Wanted && abandoned) && !otherLeads(v, a.Newest):
		return Decision{Action: Take, Why: fmt.Sprintf("term %d was abandoned", a.Newest)}
	}
	return follow(v, a)
}

func decideAsked(v View, reached, need int) Decision {
	switch {
	case v.Role == api.RolePrimary:
		return Decision{Action: Refuse, Problem: api.NewProblem(api.CodeAlreadyPrimary,
			"%s is the primary already, with term %d", v.Self, v.Term).
			Hinted("send /failover to the backup that is to take over")}
	case reached < need:
		return Decision{Action: Refuse, Problem: api.NewProblem(api.CodeFailoverFailed,
			"only %d of %d workers can be reached; %d are needed", reached, len(v.Workers), need).
			Hinted("bring workers back first; nothing was changed")}
	}
	return Decision{Action: Take, Why: "asked to take over"}
}

// otherLeads reports whether another master says that it leads under the newest term.
func otherLeads(v View, newest uint64) bool {
	return slices.ContainsFunc(v.Peers, func(p PeerView) bool {
		return p.Reachable && p.Role == api.RolePrimary && p.Term >= newest
	})
}

// follow names the holder of the term, if that is a known master that does not deny it.
func follow(v View, a Agreement) Decision {
	leader, term := v.Leader, v.Term
	why := fmt.Sprintf("term %d has no leader", max(v.Term, a.Held.Term))
	switch {
	case a.Confirmed:
		leader, term = "", max(v.Term, a.Held.Term)
		i := slices.IndexFunc(v.Peers, func(p PeerView) bool { return p.URL == a.Held.Leader })
		switch {
		case i < 0 && a.Held.Leader != v.Self:
			why = fmt.Sprintf("the workers hold term %d of a master that MASTER_PEERS does not list", term)
		case i >= 0 && !denies(v.Peers[i], a.Held.Term):
			leader = a.Held.Leader
			why = fmt.Sprintf("the workers hold term %d of %s", term, leader)
		}
	case v.Unsettled >= settle || v.Leader == v.Self:
		leader = ""
	}
	if leader == v.Leader && term == v.Term {
		return Decision{Action: Stay}
	}
	return Decision{Action: Follow, Term: term, Leader: leader, Why: why}
}

// denies reports whether a master that knows the term says that it is a backup.
func denies(p PeerView, term uint64) bool {
	return p.Reachable && p.Role == api.RoleBackup && p.Term >= term
}

// behind returns the reachable workers that have not accepted the term, or learned of it from a
// write alone: those do not know who holds it, and cannot confirm it.
func behind(workers []Worker, term uint64) []int {
	var shards []int
	for i, w := range workers {
		if w.Reachable && (w.State.Term < term || w.State.Term == term && w.State.Leader == "" || w.State.Shard == "") {
			shards = append(shards, i)
		}
	}
	return shards
}
