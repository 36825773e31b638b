package endtoend_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/google/go-cmp/cmp"

	"shardeck/shared/api"
	"shardeck/shared/client"
	"shardeck/shared/testcluster"
)

const (
	victimTable = "Victim"
	victimDB    = "Doomed"
)

// stoppedChange is a change of the schema whose requests are still in the network when its
// primary is stopped.
type stoppedChange struct {
	name string
	// before prepares it, send is the change.
	before func(ctx context.Context, m *client.Master) error
	send   func(ctx context.Context, m *client.Master) error
	// match tells its requests to workers, of which held are sent at the same time.
	match func(path, body string) bool
	held  int
	// done is what the new primary makes of it on each shard, and after is what a client does
	// then, which the delayed requests would undo.
	done  string
	after func(ctx context.Context, m *client.Master) error
}

func createVictim(ctx context.Context, m *client.Master) error {
	_, err := m.CreateTable(ctx, &api.CreateTableRequest{DB: victimDB, Table: victimTable, Columns: ledgerColumns, ShardKey: "id"})
	if api.CodeOf(err) == api.CodeTableExists {
		return nil
	}
	return err
}

func dropVictim(ctx context.Context, m *client.Master) error {
	_, err := m.DeleteTable(ctx, &api.DeleteTableRequest{DB: victimDB, Table: victimTable})
	if api.CodeOf(err) == api.CodeUnknownTable {
		return nil
	}
	return err
}

func createDoomed(ctx context.Context, m *client.Master) error {
	_, err := m.CreateDB(ctx, &api.CreateDBRequest{DB: victimDB})
	if api.CodeOf(err) == api.CodeDatabaseExists {
		return nil
	}
	return err
}

func dropDoomed(ctx context.Context, m *client.Master) error {
	_, err := m.DropDB(ctx, &api.DropDBRequest{DB: victimDB})
	if api.CodeOf(err) == api.CodeUnknownDatabase {
		return nil
	}
	return err
}

func inOrder(steps ...func(context.Context, *client.Master) error) func(context.Context, *client.Master) error {
	return func(ctx context.Context, m *client.Master) error {
		for _, step := range steps {
			if err := step(ctx, m); err != nil {
				return err
			}
		}
		return nil
	}
}

func nothing(context.Context, *client.Master) error { return nil }

func onTable(effect api.Effect) func(path, body string) bool {
	return func(path, body string) bool {
		return path == api.WorkerExecPath && strings.Contains(body, fmt.Sprintf(`"effect":%q`, effect)) && strings.Contains(body, victimTable)
	}
}

func onDB(want string) func(path, body string) bool {
	return func(path, body string) bool { return path == want && strings.Contains(body, victimDB) }
}

var stoppedChanges = []stoppedChange{
	{"drop table", inOrder(createDoomed, createVictim), dropVictim, onTable(api.EffectDropTable), workers, "empty", createVictim},
	{"create table", inOrder(createDoomed, dropVictim), createVictim, onTable(api.EffectCreateTable), workers, victimTable, dropVictim},
	{"drop db", inOrder(createDoomed, createVictim), dropDoomed, onDB(api.WorkerDropDBPath), workers - 1, "absent", inOrder(createDoomed, createVictim)},
	// Its first request goes to the database's home alone; without it, there was no change.
	{"create db", dropDoomed, createDoomed, onDB(api.WorkerCreateDBPath), 1, "absent", nothing},
}

// TestAStoppedPrimaryThatWakesChangesNothing: a primary is stopped while its schema change is on
// the way to the workers. Another master takes over and finishes the change, and a client undoes
// it. Then the first primary's requests arrive: every worker refuses them for their term.
func TestAStoppedPrimaryThatWakesChangesNothing(t *testing.T) {
	t.Parallel()
	t.Run("manual", func(t *testing.T) { t.Parallel(); stopsPrimaries(t, nil, false) })
	t.Run("sqlitefile", func(t *testing.T) { t.Parallel(); stopsPrimaries(t, nil, true) })
}

// The same with workers in Go, Python and Node.js.
func TestAStoppedPrimaryThatWakesChangesNothingOnAMixedCluster(t *testing.T) {
	commands := testcluster.Mixed(t)
	t.Parallel()
	stopsPrimaries(t, commands, true)
}

func stopsPrimaries(t *testing.T, commands [][]string, automatic bool) {
	t.Helper()
	seed := seeded(t)
	s := &stopper{net: newNetwork(t, seed), automatic: automatic, rng: rand.New(rand.NewPCG(seed, 0))}
	env := patient
	if automatic {
		env = slices.Concat(patient, timing{"MASTER_LEASE=sqlitefile", "MASTER_LEASE_TTL=4s", "MASTER_LEASE_FILE=" + filepath.Join(t.TempDir(), "lease.db")})
	}
	s.rig = startRig(t, testcluster.Options{Workers: workers, WorkerCommands: commands, Masters: 2, Env: env, Between: s.net.between})
	for range scale(1, 1, 10) {
		changes := s.rng.Perm(len(stoppedChanges))
		if !automatic {
			// A failover waits several seconds for a primary that is stopped.
			changes = changes[:scale(1, 2, len(changes))]
		}
		for _, i := range changes {
			s.stop(&stoppedChanges[i])
		}
	}
}

type stopper struct {
	*rig
	net       *network
	automatic bool
	rng       *rand.Rand
}

// eventually repeats a step, on whichever master leads, until it succeeds.
func (s *stopper) eventually(what string, step func(context.Context, *client.Master) error) {
	s.t.Helper()
	testcluster.Await(s.t, what, func(ctx context.Context) (bool, string) {
		p := s.leader(ctx, -1)
		if p < 0 {
			return false, "no primary"
		}
		err := step(ctx, s.masters[p])
		return err == nil, fmt.Sprint(err)
	})
}

// stop stops the primary in the middle of a change.
func (s *stopper) stop(change *stoppedChange) {
	s.t.Helper()
	s.eventually("preparing: "+change.name, change.before)
	old := s.leader(s.t.Context(), -1)
	if old < 0 {
		s.t.Fatalf("%s: no primary", change.name)
	}
	next := 1 - old
	h := &hold{master: old, match: change.match, free: make(chan struct{})}
	s.net.setHold(h)
	ended := make(chan error, 1)
	go func() { ended <- change.send(s.t.Context(), s.masters[old]) }()
	testcluster.Await(s.t, change.name+" to be on its way", func(context.Context) (bool, string) {
		held, _ := h.counts()
		return held >= change.held, fmt.Sprintf("%d requests are", held)
	})
	s.c.Masters[old].Pause(s.t)
	s.takeOver(next)
	s.awaitShape(change.name+" to be finished by the new primary", change.done)
	s.eventually("a client to go on after: "+change.name, change.after)
	before := s.shapes()

	held, _ := h.counts()
	if s.rng.IntN(2) == 0 {
		s.c.Masters[old].Resume(s.t)
		close(h.free)
	} else {
		close(h.free)
		s.awaitAnswers(h, held)
		s.c.Masters[old].Resume(s.t)
	}
	s.awaitAnswers(h, held)
	_, answers := h.counts()
	for _, a := range answers {
		var p api.Problem
		if err := json.Unmarshal([]byte(a.text), &p); err != nil || p.Code != api.CodeStaleTerm {
			s.t.Errorf("%s: worker-%d answers a delayed request with %d %s", change.name, a.worker, a.status, a.text)
		}
	}
	if err := <-ended; err == nil {
		s.t.Errorf("%s: the stopped primary reports success", change.name)
	}
	s.net.setHold(nil)
	awaitHealth(s.t, s.masters[old], "the old primary to be a backup of the new one", func(h *api.Health) bool {
		return h.Role == api.RoleBackup && h.Primary == s.c.Masters[next].URL
	})
	if diff := cmp.Diff(before, s.shapes()); diff != "" {
		s.t.Errorf("%s: the stopped primary changed something:\n%s", change.name, diff)
	}
}

// takeOver waits until a master leads, which is asked to if it does not by itself.
func (s *stopper) takeOver(next int) {
	s.t.Helper()
	if !s.automatic {
		if _, err := s.masters[next].Failover(s.t.Context(), &api.FailoverRequest{}); err != nil {
			s.t.Fatal(err)
		}
	}
	awaitHealth(s.t, s.masters[next], "the other master to lead", func(h *api.Health) bool { return h.Role == api.RolePrimary })
}

func (s *stopper) awaitAnswers(h *hold, held int) {
	s.t.Helper()
	testcluster.Await(s.t, "the delayed requests to be answered", func(context.Context) (bool, string) {
		_, answers := h.counts()
		return len(answers) >= held, fmt.Sprintf("%d of %d are", len(answers), held)
	})
}

// shapes says what each worker has of the database: "absent", "empty", or its table.
func (s *stopper) shapes() []string {
	s.t.Helper()
	list := make([]string, workers)
	for i, w := range s.shards {
		st, err := w.Stats(s.t.Context())
		if err != nil {
			s.t.Fatal(err)
		}
		list[i] = "absent"
		for _, d := range st.Databases {
			if !api.SameName(d.Name, victimDB) {
				continue
			}
			list[i] = "empty"
			for _, table := range d.Tables {
				if table.Definition.Name == victimTable {
					list[i] = victimTable
				}
			}
		}
	}
	return list
}

func (s *stopper) awaitShape(what, want string) {
	s.t.Helper()
	testcluster.Await(s.t, what, func(context.Context) (bool, string) {
		got := s.shapes()
		return slices.Equal(got, []string{want, want, want}), fmt.Sprintf("%q, want %s", got, want)
	})
}
