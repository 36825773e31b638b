package endtoend_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"shardeck/shared/api"
	"shardeck/shared/client"
	"shardeck/shared/testcluster"
)

// databases lists each worker's own databases, by shard.
func (r *rig) databases() [][]string {
	r.t.Helper()
	all := make([][]string, workers)
	for i, w := range r.shards {
		st, err := w.Stats(r.t.Context())
		if err != nil {
			r.t.Fatal(err)
		}
		for _, d := range st.Databases {
			all[i] = append(all[i], d.Name)
		}
		slices.Sort(all[i])
	}
	return all
}

// TestADemotedPrimaryLearnsOfItAtItsFirstRequest: requests are waiting when it resumes, so that
// they reach it before its own probes run.
func TestADemotedPrimaryLearnsOfItAtItsFirstRequest(t *testing.T) {
	t.Parallel()
	r := newRig(t, 2, patient)
	r.table(ledgerTable, ledgerColumns, "id")
	old, next := r.masters[0], r.masters[1]
	nextURL := r.c.Masters[1].URL
	before := r.databases()

	r.c.Masters[0].Pause(t)
	resp, err := next.Failover(t.Context(), &api.FailoverRequest{})
	if err != nil {
		t.Fatal(err)
	}
	if resp.Primary != nextURL || resp.Previous != r.c.Masters[0].URL {
		t.Errorf("%+v", resp)
	}
	ddl := map[string]func() error{
		"create-db": func() error { _, err := old.CreateDB(t.Context(), &api.CreateDBRequest{DB: "Late"}); return err },
		"drop-db":   func() error { _, err := old.DropDB(t.Context(), &api.DropDBRequest{DB: db}); return err },
		"delete-table": func() error {
			_, err := old.DeleteTable(t.Context(), &api.DeleteTableRequest{DB: db, Table: ledgerTable})
			return err
		},
		"create-table": func() error {
			_, err := old.CreateTable(t.Context(), &api.CreateTableRequest{DB: db, Table: "Late", Columns: ledgerColumns, ShardKey: "id"})
			return err
		},
	}
	var mu sync.Mutex
	errs := map[string]error{}
	var wg sync.WaitGroup
	for name, do := range ddl {
		wg.Go(func() {
			err := do()
			mu.Lock()
			defer mu.Unlock()
			errs[name] = err
		})
	}
	var wrote *api.WriteResponse
	var writeErr error
	wg.Go(func() {
		wrote, writeErr = old.Insert(t.Context(), &api.InsertRequest{DB: db, Table: ledgerTable, Data: ledgerRow(1, "late")})
	})
	r.c.Masters[0].Resume(t)
	wg.Wait()

	// Its row write was refused for its term and resent under the new one.
	if writeErr != nil || wrote.RowsAffected != 1 {
		t.Errorf("a row through the demoted primary: %+v, %v", wrote, writeErr)
	}
	h, err := old.Health(t.Context())
	if err != nil || h.Role != api.RoleBackup || h.Primary != nextURL || h.Term != resp.Term {
		t.Errorf("after its first refused request the old primary is %+v, %v", h, err)
	}
	for name, err := range errs {
		if err == nil {
			t.Errorf("%s through the demoted primary succeeded", name)
		} else if p := api.AsProblem(err); p.Code != api.CodeNotPrimary || p.Primary != nextURL {
			t.Errorf("%s through the demoted primary: %v, primary %q", name, err, p.Primary)
		}
	}
	if diff := cmp.Diff(before, r.databases()); diff != "" {
		t.Errorf("the demoted primary changed the databases:\n%s", diff)
	}
	if n := countRows(t, next); n != 1 {
		t.Errorf("%d rows", n)
	}
}

func countRows(t *testing.T, m *client.Master) int64 {
	t.Helper()
	resp, err := m.Count(t.Context(), &api.MapReduceCountRequest{DB: db, Table: ledgerTable})
	if err != nil {
		t.Fatal(err)
	}
	return resp.Total
}

// TestNoSchemaChangeOfADemotedPrimaryLands: the primary is paused at any point of a schema
// change. Once the failover is complete, what it still has in flight changes nothing on any
// worker.
func TestNoSchemaChangeOfADemotedPrimaryLands(t *testing.T) {
	t.Parallel()
	seed := seeded(t)
	rng := rand.New(rand.NewPCG(seed, 0))
	r := newRig(t, 2, patient)
	r.table(ledgerTable, ledgerColumns, "id")
	primary := 0
	for round := range scale(2, 4, 100) {
		old, next := r.masters[primary], r.masters[1-primary]
		created := make(chan error)
		var wg sync.WaitGroup
		wg.Go(func() {
			for i := 0; ; i++ {
				_, err := old.CreateDB(t.Context(), &api.CreateDBRequest{DB: fmt.Sprintf("Db_%d_%d", round, i)})
				select {
				case created <- err:
				case <-t.Context().Done():
					return
				}
				if err != nil {
					return
				}
			}
		})
		for range 1 + rng.IntN(4) {
			if err := <-created; err != nil {
				t.Fatalf("round %d: %v", round, err)
			}
		}
		// The next one is now in flight, at some point.
		r.c.Masters[primary].Pause(t)
		if _, err := next.Failover(t.Context(), &api.FailoverRequest{}); err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		before := r.databases()
		r.c.Masters[primary].Resume(t)
		// One may have been applied with only its response missing.
		refused := <-created
		for refused == nil {
			refused = <-created
		}
		wg.Wait()
		// A schema change that was interrupted reports each shard; the next is refused. Until its probes
		// are answered again, it may say instead that the shards are slow.
		var err error
		testcluster.Await(t, "the old primary to know the new one", func(ctx context.Context) (bool, string) {
			_, err = old.CreateDB(ctx, &api.CreateDBRequest{DB: "Never"})
			return api.CodeOf(err) != api.CodeShardUnavailable, fmt.Sprint(err)
		})
		if p := mustFail(t, err, api.CodeNotPrimary, -1); p.Primary != r.c.Masters[1-primary].URL {
			t.Errorf("round %d: the reported primary is %q", round, p.Primary)
		}
		if diff := cmp.Diff(before, r.databases()); diff != "" {
			t.Errorf("round %d: the demoted primary changed databases after the failover (its request ended in %v):\n%s", round, refused, diff)
		}
		r.level(next)
		primary = 1 - primary
	}
}

// level completes, through the primary, the databases that exist only on some shards.
func (r *rig) level(primary *client.Master) {
	r.t.Helper()
	on := map[string]int{}
	for _, list := range r.databases() {
		for _, name := range list {
			on[name]++
		}
	}
	for name, n := range on {
		if n == workers {
			continue
		}
		if _, err := primary.CreateDB(r.t.Context(), &api.CreateDBRequest{DB: name}); err != nil {
			r.t.Errorf("completing database %s: %v", name, err)
		}
	}
}

// TestMastersThatTakeOverAtOnceNeverShareATerm: of three masters told to lead at the same time,
// at most one acquires each term, and in the end all agree on one.
func TestMastersThatTakeOverAtOnceNeverShareATerm(t *testing.T) {
	t.Parallel()
	r := newRig(t, 3, patient)
	held := map[uint64]string{}
	for round := range scale(3, 8, 300) {
		answers := make([]*api.FailoverResponse, len(r.masters))
		errs := make([]error, len(r.masters))
		var wg sync.WaitGroup
		for i, m := range r.masters {
			wg.Go(func() { answers[i], errs[i] = m.Failover(t.Context(), &api.FailoverRequest{}) })
		}
		wg.Wait()
		for i, err := range errs {
			if err != nil {
				if !slices.Contains([]api.Code{api.CodeAlreadyPrimary, api.CodeFailoverFailed, api.CodeStaleTerm}, api.CodeOf(err)) {
					t.Errorf("round %d, master %d: %v", round, i, err)
				}
				continue
			}
			if other, taken := held[answers[i].Term]; taken {
				t.Errorf("round %d: term %d was won by %s and by %s", round, answers[i].Term, other, answers[i].Primary)
			}
			held[answers[i].Term] = answers[i].Primary
		}
		leaders := map[uint64]string{}
		for i, m := range r.masters {
			h, err := m.Health(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if h.Role != api.RolePrimary {
				continue
			}
			if other, taken := leaders[h.Term]; taken {
				t.Errorf("round %d: %s and %s both lead under term %d", round, other, r.c.Masters[i].URL, h.Term)
			}
			leaders[h.Term] = r.c.Masters[i].URL
		}
	}
	t.Logf("%d terms were won", len(held))
	r.settleLeader(held)
}

// settleLeader makes one master the leader, whatever the races left behind, and waits until all
// report it.
func (r *rig) settleLeader(held map[uint64]string) {
	r.t.Helper()
	resp, err := r.masters[0].Failover(r.t.Context(), &api.FailoverRequest{})
	primary := r.c.Masters[0].URL
	if err != nil {
		mustFail(r.t, err, api.CodeAlreadyPrimary, -1)
	} else if other, taken := held[resp.Term]; taken {
		r.t.Errorf("term %d was won by %s before", resp.Term, other)
	}
	for i, m := range r.masters {
		awaitHealth(r.t, m, fmt.Sprintf("master %d to know the primary", i), func(h *api.Health) bool {
			return h.Primary == primary && (h.Role == api.RolePrimary) == (i == 0)
		})
	}
}
