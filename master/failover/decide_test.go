package failover

import (
	"testing"

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
		"a promoted backup resumes after its restart": {
			View{Configured: api.RoleBackup, Workers: []Worker{held(3, a), held(3, a), lost()}},
			Decision{Action: Resume, Term: 3},
		},
		"a backup whose attempt reached a minority does not lead": {
			View{Configured: api.RoleBackup, Workers: []Worker{held(3, a), held(2, b), held(2, b)}},
			Decision{Action: Stay},
		},
		"an old primary follows the one that replaced it": {
			View{Configured: api.RolePrimary, Workers: []Worker{held(1, a), held(2, b), held(2, b)}},
			Decision{Action: Follow, Term: 2, Leader: b},
		},
		"a primary steps down for a newer term on a single worker": {
			View{Configured: api.RolePrimary, Role: api.RolePrimary, Term: 1, Leader: a, Workers: []Worker{held(1, a), held(1, a), held(2, b)}},
			Decision{Action: Follow, Term: 2, Leader: b},
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

// TestDecideNeverLeadsAgainstAnother: whatever a master sees, it does not lead,
// unasked, where it can see a newer term of another, nor without a majority.
func TestDecideNeverLeadsAgainstAnother(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := View{
			Self:       a,
			Configured: rapid.SampledFrom([]api.Role{api.RolePrimary, api.RoleBackup}).Draw(t, "configured"),
			Role:       api.RoleBackup,
			Term:       rapid.Uint64Range(0, 4).Draw(t, "term"),
			Leader:     rapid.SampledFrom([]string{"", b}).Draw(t, "leader"),
		}
		reached, newest := 0, v.Term
		foreign := v.Leader == b
		for range rapid.IntRange(1, 7).Draw(t, "workers") {
			w := lost()
			if rapid.Bool().Draw(t, "reachable") {
				reached++
				w = held(rapid.Uint64Range(1, 4).Draw(t, "worker term"), rapid.SampledFrom([]string{a, b}).Draw(t, "worker leader"))
				if w.State.Term > newest {
					newest, foreign = w.State.Term, w.State.Leader == b
				}
			}
			v.Workers = append(v.Workers, w)
		}
		d := Decide(v)
		if d.Action != Take && d.Action != Resume {
			return
		}
		if reached < lease.Majority(len(v.Workers)) {
			t.Errorf("%s with %d of %d workers", d.Action, reached, len(v.Workers))
		}
		if foreign {
			t.Errorf("%s although another holds term %d", d.Action, newest)
		}
		if v.Configured == api.RoleBackup && d.Action == Take {
			t.Error("a backup took a term unasked")
		}
	})
}
