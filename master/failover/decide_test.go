package failover

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"shardeck/master/lease"
	"shardeck/shared/api"
)

const (
	a = "http://a"
	b = "http://b"
)

func held(term uint64, leader string) Worker {
	return Worker{Reachable: true, State: api.WorkerState{Fence: api.Fence{Term: term}, Leader: leader, Shard: "x"}}
}

// free is a lease that expired under b.
var free = lease.Holding{Automatic: true, Holder: b, Term: 2, Free: true}

func fresh() Worker { return Worker{Reachable: true} }

func lost() Worker { return Worker{} }

func TestDecide(t *testing.T) {
	tests := map[string]struct {
		view View
		want Decision
	}{
		"a new cluster gets its configured primary": {
			View{Configured: api.RolePrimary, Workers: []Worker{fresh(), fresh(), fresh()}},
			Decision{Action: Take},
		},
		"a new cluster with a minority down does too": {
			View{Configured: api.RolePrimary, Workers: []Worker{fresh(), lost(), fresh()}},
			Decision{Action: Take},
		},
		"a minority decides nothing": {
			View{Configured: api.RolePrimary, Workers: []Worker{fresh(), lost(), lost()}},
			Decision{Action: Wait},
		},
		"a backup never takes a term unasked": {
			View{Configured: api.RoleBackup, Workers: []Worker{fresh(), fresh(), fresh()}},
			Decision{Action: Stay},
		},
		"a restarted primary resumes its own term": {
			View{Configured: api.RolePrimary, Workers: []Worker{held(3, a), held(3, a), held(2, b)}},
			Decision{Action: Resume, Term: 3, Repair: []int{2}},
		},
		"a primary claims its term from a worker that learned of it by a write": {
			View{Configured: api.RolePrimary, Role: api.RolePrimary, Term: 3, Leader: a, Workers: []Worker{held(3, a), held(3, a), held(3, "")}},
			Decision{Action: Stay, Repair: []int{2}},
		},
		"a promoted backup resumes after its restart": {
			View{Configured: api.RoleBackup, Workers: []Worker{held(3, a), held(3, a), lost()}},
			Decision{Action: Resume, Term: 3},
		},
		"a backup whose attempt reached a minority does not lead": {
			View{Configured: api.RoleBackup, Workers: []Worker{held(3, a), held(2, b), held(2, b)}},
			Decision{Action: Follow, Term: 2, Leader: b},
		},
		"an old primary follows the one that replaced it": {
			View{Configured: api.RolePrimary, Workers: []Worker{held(1, a), held(2, b), held(2, b)}},
			Decision{Action: Follow, Term: 2, Leader: b},
		},
		"a primary waits when a single worker holds a newer term": {
			View{Configured: api.RolePrimary, Role: api.RolePrimary, Term: 1, Leader: a, Workers: []Worker{held(1, a), held(1, a), held(2, b)}},
			Decision{Action: Stay},
		},
		"and supersedes a term that nobody got a majority for": {
			View{Configured: api.RolePrimary, Role: api.RolePrimary, Term: 1, Leader: a, Unsettled: settle, Workers: []Worker{held(1, a), held(1, a), held(2, b)}},
			Decision{Action: Take},
		},
		"an absurd term is ignored": {
			View{Configured: api.RolePrimary, Role: api.RolePrimary, Term: 1, Leader: a, Unsettled: settle, Workers: []Worker{held(1, a), held(1, a), held(api.MaxTerm, b)}},
			Decision{Action: Stay},
		},
		"a restarted primary takes over an abandoned term": {
			View{Configured: api.RolePrimary, Unsettled: settle, Workers: []Worker{held(1, a), held(2, b), lost()}},
			Decision{Action: Take},
		},
		"but not from a master that says it leads": {
			View{Configured: api.RolePrimary, Unsettled: settle, Workers: []Worker{held(1, a), held(2, b), lost()},
				Peers: []PeerView{{URL: b, Reachable: true, Role: api.RolePrimary, Term: 2}}},
			Decision{Action: Stay},
		},
		"a backup leaves an abandoned term to the primary": {
			View{Configured: api.RoleBackup, Term: 1, Leader: b, Unsettled: settle, Workers: []Worker{held(1, b), held(2, a), lost()}},
			Decision{Action: Follow, Term: 1},
		},
		"unless it was asked to lead before": {
			View{Configured: api.RoleBackup, Term: 1, Leader: b, Wanted: true, Unsettled: settle, Workers: []Worker{held(1, b), held(2, a), lost()}},
			Decision{Action: Take},
		},
		"nobody follows a master that says it is a backup": {
			View{Configured: api.RoleBackup, Term: 2, Leader: b, Workers: []Worker{held(2, b), held(2, b), held(2, b)},
				Peers: []PeerView{{URL: b, Reachable: true, Role: api.RoleBackup, Term: 2}}},
			Decision{Action: Follow, Term: 2},
		},
		"nobody follows a master that is not configured": {
			View{Configured: api.RoleBackup, Workers: []Worker{held(2, "http://c"), held(2, "http://c"), held(2, "http://c")}},
			Decision{Action: Follow, Term: 2},
		},
		"a free lease is taken": {
			View{Configured: api.RoleBackup, Term: 2, Leader: b, Lease: free, LeaseKnown: true, Uptime: startGrace, Workers: []Worker{held(2, b), held(2, b), lost()}},
			Decision{Action: Take},
		},
		"a free lease is taken soon after the start by a master that saw another one hold it": {
			View{Configured: api.RoleBackup, Term: 2, Leader: b, Lease: free, LeaseKnown: true, SeenHeld: true, Workers: []Worker{held(2, b), held(2, b), lost()}},
			Decision{Action: Take},
		},
		"a free lease is left to the master started as primary at first": {
			View{Configured: api.RoleBackup, Lease: free, LeaseKnown: true, Workers: []Worker{fresh(), fresh(), fresh()}},
			Decision{Action: Stay},
		},
		"a lease that cannot be read is not taken": {
			View{Configured: api.RolePrimary, Lease: free, Uptime: startGrace, Workers: []Worker{fresh(), fresh(), fresh()}},
			Decision{Action: Stay},
		},
		"a term is not resumed without the lease": {
			View{Configured: api.RolePrimary, Lease: lease.Holding{Automatic: true, Holder: b}, LeaseKnown: true, Workers: []Worker{held(3, a), held(3, a), held(3, a)}},
			Decision{Action: Follow, Term: 3},
		},
		"a master that hands over takes nothing": {
			View{Configured: api.RolePrimary, Draining: true, Lease: free, LeaseKnown: true, Workers: []Worker{held(3, a), held(3, a), held(3, a)}, Term: 3},
			Decision{Action: Stay},
		},
		"a primary without any worker stays primary": {
			View{Configured: api.RolePrimary, Role: api.RolePrimary, Term: 1, Leader: a, Workers: []Worker{lost(), lost(), lost()}},
			Decision{Action: Stay},
		},
		"a primary brings its term to a worker that comes back": {
			View{Configured: api.RolePrimary, Role: api.RolePrimary, Term: 4, Leader: a, Workers: []Worker{held(4, a), held(2, b), fresh()}},
			Decision{Action: Stay, Repair: []int{1, 2}},
		},
		"a backup that is asked takes over": {
			View{Configured: api.RoleBackup, Role: api.RoleBackup, Term: 1, Leader: b, Asked: true, Workers: []Worker{held(1, b), lost(), held(1, b)}},
			Decision{Action: Take},
		},
		"a backup that is asked without a majority refuses": {
			View{Role: api.RoleBackup, Term: 1, Leader: b, Asked: true, Workers: []Worker{held(1, b), lost(), lost()}},
			Decision{Action: Refuse, Problem: &api.Problem{Code: api.CodeFailoverFailed}},
		},
		"the primary that is asked refuses": {
			View{Role: api.RolePrimary, Term: 1, Leader: a, Asked: true, Workers: []Worker{held(1, a), held(1, a), held(1, a)}},
			Decision{Action: Refuse, Problem: &api.Problem{Code: api.CodeAlreadyPrimary}},
		},
		"a backup learns who leads": {
			View{Configured: api.RoleBackup, Role: api.RoleBackup, Workers: []Worker{held(1, b), held(1, b), held(1, b)}},
			Decision{Action: Follow, Term: 1, Leader: b},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			tt.view.Self = a
			if tt.view.Peers == nil {
				tt.view.Peers = []PeerView{{URL: b}}
			}
			if tt.view.Role == "" {
				tt.view.Role = api.RoleBackup
			}
			got := Decide(tt.view)
			opts := cmp.Options{
				cmpopts.IgnoreFields(Decision{}, "Why"),
				cmp.Comparer(func(x, y *api.Problem) bool {
					return (x == nil) == (y == nil) && (x == nil || x.Code == y.Code)
				}),
			}
			if diff := cmp.Diff(tt.want, got, opts); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestDecideNeverLeadsAgainstAnother: whatever a master sees, it does not lead, unasked, where
// a majority stores a newer term of another, nor without a majority; and a backup takes nothing
// but a free lease or, once asked, an abandoned term.
func TestDecideNeverLeadsAgainstAnother(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := View{
			Self:       a,
			Configured: rapid.SampledFrom([]api.Role{api.RolePrimary, api.RoleBackup}).Draw(t, "configured"),
			Role:       api.RoleBackup,
			Term:       rapid.Uint64Range(0, 4).Draw(t, "term"),
			Leader:     rapid.SampledFrom([]string{"", b}).Draw(t, "leader"),
			Unsettled:  rapid.SampledFrom([]time.Duration{0, settle}).Draw(t, "unsettled"),
			Uptime:     rapid.SampledFrom([]time.Duration{0, startGrace}).Draw(t, "uptime"),
			Wanted:     rapid.Bool().Draw(t, "wanted"),
			Expired:    rapid.Bool().Draw(t, "expired"),
			Peers:      []PeerView{{URL: b}},
		}
		v.Lease = rapid.SampledFrom([]lease.Holding{{}, free, {Automatic: true, Holder: b}}).Draw(t, "lease")
		v.LeaseKnown = rapid.Bool().Draw(t, "lease known")
		votes := map[api.WorkerState]int{}
		reached, newest := 0, uint64(0)
		for range rapid.IntRange(1, 7).Draw(t, "workers") {
			w := lost()
			if rapid.Bool().Draw(t, "reachable") {
				reached++
				w = held(rapid.Uint64Range(1, 4).Draw(t, "worker term"), rapid.SampledFrom([]string{a, b}).Draw(t, "worker leader"))
				newest = max(newest, w.State.Term)
				votes[w.State]++
			}
			v.Workers = append(v.Workers, w)
		}
		d := Decide(v)
		if d.Action != Take && d.Action != Resume {
			return
		}
		need := lease.Majority(len(v.Workers))
		if reached < need {
			t.Errorf("%s with %d of %d workers", d.Action, reached, len(v.Workers))
		}
		if v.Lease.Automatic {
			if d.Action == Resume || !v.Lease.Free || !v.LeaseKnown {
				t.Errorf("%s with the lease %+v, known %t", d.Action, v.Lease, v.LeaseKnown)
			}
			return
		}
		if n := votes[held(newest, b).State]; n >= need && newest > v.Term {
			t.Errorf("%s although %d workers store term %d of another", d.Action, n, newest)
		}
		if d.Action == Take && v.Configured == api.RoleBackup && !(v.Wanted && v.Unsettled >= settle) {
			t.Error("a backup took a term unasked")
		}
	})
}
