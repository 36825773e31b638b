package failover

import (
	"fmt"

	"shardeck/master/lease"
	"shardeck/shared/api"
)

// View is everything a decision depends on.
type View struct {
	Self       string   // base URL of this master, the name it leads under
	Configured api.Role // what it was started as
	Role       api.Role // what it is
	Term       uint64   // the newest term it knows
	Leader     string   // who holds Term; empty when not known
	Workers    []Worker // by shard
	Asked      bool     // a person asked this master to become the primary
	Expired    bool     // its lease expired: the term that the workers store for it is no longer valid
}

// Worker is one worker's fence as last seen.
type Worker struct {
	Reachable bool // it answered the latest probe and holds the right shard
	State     api.WorkerState
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

// Decide returns what a master with this view should do. The rules, first match wins:
//
//  1. A master asked to take over acquires the next term, given a majority; the primary refuses.
//  2. A newer term of another master is followed.
//  3. A primary stays primary and repairs workers that missed its term.
//  4. Without a majority of the workers nothing can be decided.
//  5. A master whose own term is stored by a majority of all workers resumes it: it
//     was restarted. One whose lease expired does not.
//  6. A master started as primary acquires a term if no other master ever led.
//  7. Otherwise it follows whoever holds the newest term.
func Decide(v View) Decision {
	reached, newest := 0, api.WorkerState{Fence: api.Fence{Term: v.Term}, Leader: v.Leader}
	for _, w := range v.Workers {
		if !w.Reachable {
			continue
		}
		reached++
		if w.State.Term > newest.Term || w.State.Term == newest.Term && newest.Leader == "" {
			newest = w.State
		}
	}
	need := lease.Majority(len(v.Workers))
	foreign := newest.Leader != "" && newest.Leader != v.Self

	switch {
	case v.Asked && v.Role == api.RolePrimary:
		return Decision{Action: Refuse, Problem: api.NewProblem(api.CodeAlreadyPrimary,
			"%s is the primary already, with term %d", v.Self, v.Term).
			Hinted("send /failover to the backup that is to take over")}
	case v.Asked && reached < need:
		return Decision{Action: Refuse, Problem: api.NewProblem(api.CodeFailoverFailed,
			"only %d of %d workers can be reached; %d are needed", reached, len(v.Workers), need).
			Hinted("bring workers back first; nothing was changed")}
	case v.Asked:
		return Decision{Action: Take, Why: "asked to take over"}
	case foreign && newest.Term > v.Term:
		return Decision{Action: Follow, Term: newest.Term, Leader: newest.Leader,
			Why: fmt.Sprintf("the workers hold term %d of %s", newest.Term, newest.Leader)}
	case v.Role == api.RolePrimary:
		return Decision{Action: Stay, Repair: behind(v.Workers, v.Term)}
	case reached < need:
		return Decision{Action: Wait, Why: fmt.Sprintf("%d of %d workers answer; %d are needed", reached, len(v.Workers), need)}
	case newest.Leader == v.Self && !v.Expired && holders(v.Workers, newest.Term, v.Self) >= need:
		return Decision{Action: Resume, Term: newest.Term, Repair: behind(v.Workers, newest.Term),
			Why: fmt.Sprintf("the workers hold this master's own term %d", newest.Term)}
	case v.Configured == api.RolePrimary && !foreign:
		return Decision{Action: Take, Why: "started as primary, and no other master leads"}
	case foreign && v.Leader != newest.Leader:
		return Decision{Action: Follow, Term: newest.Term, Leader: newest.Leader,
			Why: fmt.Sprintf("the workers hold term %d of %s", newest.Term, newest.Leader)}
	}
	return Decision{Action: Stay}
}

// behind returns the reachable workers that have not accepted the term.
func behind(workers []Worker, term uint64) []int {
	var shards []int
	for i, w := range workers {
		if w.Reachable && (w.State.Term < term || w.State.Shard == "") {
			shards = append(shards, i)
		}
	}
	return shards
}

// holders counts the reachable workers that store exactly this term and leader.
func holders(workers []Worker, term uint64, leader string) int {
	n := 0
	for _, w := range workers {
		if w.Reachable && w.State.Term == term && w.State.Leader == leader {
			n++
		}
	}
	return n
}
