package endtoend_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"shardeck/shared/api"
	"shardeck/shared/sharding"
	"shardeck/shared/testcluster"
)

const stormWriters = 32

// TestNothingIsLostInAStorm: three masters with a lease that expires, and on the way to each
// worker a network that fails in every way. Processes are killed and paused, storage fails,
// masters take over by themselves and because they are asked to. It ends with a cluster that is
// whole without anybody's help.
func TestNothingIsLostInAStorm(t *testing.T) {
	t.Parallel()
	seed := seeded(t)
	slots, err := sharding.NewMap(workers)
	if err != nil {
		t.Fatal(err)
	}
	s := newStorm(t, seed, 3)
	s.table(ledgerTable, ledgerColumns, "id")
	s.table(counterTable, counterColumns, "id")
	l := newLedger()
	s.zeroCounters(l, seed)
	var acknowledged [counters]atomic.Int64
	s.run(l, stormWriters, scale(3, 4, 150), func(ctx context.Context, i int, stop <-chan struct{}) {
		w := newWriter(s.rig, l, seed, i+1)
		if i%4 == 0 {
			w.count(ctx, stop, &acknowledged)
		} else {
			w.run(ctx, stop)
		}
	})
	s.recovers(l)
	s.bounce()
	s.awaitCompletion()
	verify(s.rig, l, slots)
	s.verifyCounters(&acknowledged)
	terms := s.watch.verify()
	t.Logf("%d rows, %d attempts, %d replayed, %d terms; responses %v", len(l.rows), l.tries, l.replays, terms, l.kinds)
}

// storm is a cluster and what befalls it.
type storm struct {
	*rig
	net       *network
	chronicle *chronicle
	watch     *watch
	rng       *rand.Rand
	ledger    *ledger
	dir       string // the workers' data, by name
	faults    []fault
	disasters []disaster
}

// newStorm starts masters with a lease that expires.
func newStorm(t *testing.T, seed uint64, masters int) *storm {
	t.Helper()
	s := &storm{net: newNetwork(t, seed), chronicle: newChronicle(t), rng: rand.New(rand.NewPCG(seed, 0)), dir: t.TempDir()}
	s.rig = startRig(t, testcluster.Options{
		Workers: workers, Masters: masters, DataDir: s.dir, Between: s.net.between,
		Env: slices.Concat(hasty, timing{"MASTER_LEASE=sqlitefile", "MASTER_LEASE_FILE=" + filepath.Join(t.TempDir(), "lease.db")}),
	})
	for _, n := range s.c.Masters {
		s.chronicle.note("%s is %s", n.Name, n.URL)
	}
	s.watch = newWatch(s.rig, s.chronicle)
	return s
}

// run lets writers write while n disasters happen.
func (s *storm) run(l *ledger, writers, n int, write func(ctx context.Context, i int, stop <-chan struct{})) {
	s.t.Helper()
	s.ledger = l
	s.during(l, writers, write, func(ctx context.Context) {
		for range n {
			if !l.await(ctx, 50+s.rng.IntN(100)) {
				return
			}
			s.strike(ctx)
		}
		l.await(ctx, 100)
	})
}

// disaster happens and is repaired.
type disaster struct {
	name   string
	happen func(s *storm, ctx context.Context)
}

var disasters = []disaster{
	{"a worker is killed", func(s *storm, ctx context.Context) {
		n := pickOne(s.rng, s.c.Workers)
		s.note("kill %s", n.Name)
		n.Kill(s.t)
		s.ledger.await(ctx, 20+s.rng.IntN(200))
		n.Restart(s.t)
	}},
	{"a worker is paused", func(s *storm, ctx context.Context) {
		n := pickOne(s.rng, s.c.Workers)
		s.note("pause %s", n.Name)
		n.Pause(s.t)
		s.ledger.await(ctx, 20+s.rng.IntN(100))
		n.Resume(s.t)
	}},
	{"the primary is killed", func(s *storm, ctx context.Context) {
		p := s.primary(ctx)
		s.note("kill %s, the primary", s.c.Masters[p].Name)
		s.c.Masters[p].Kill(s.t)
		s.awaitTakeover(ctx, p)
		s.ledger.await(ctx, 100)
		s.c.Masters[p].Restart(s.t)
	}},
	{"the primary is paused", func(s *storm, ctx context.Context) {
		p := s.primary(ctx)
		s.note("pause %s, the primary", s.c.Masters[p].Name)
		s.c.Masters[p].Pause(s.t)
		s.awaitTakeover(ctx, p)
		s.ledger.await(ctx, 100)
		s.c.Masters[p].Resume(s.t)
	}},
	{"a master is killed", func(s *storm, ctx context.Context) {
		n := pickOne(s.rng, s.c.Masters)
		s.note("kill %s", n.Name)
		n.Kill(s.t)
		s.ledger.await(ctx, s.rng.IntN(100))
		n.Restart(s.t)
	}},
	{"a planned failover", func(s *storm, ctx context.Context) { s.failover(ctx) }},
	{"a worker misses a failover", func(s *storm, ctx context.Context) {
		n := pickOne(s.rng, s.c.Workers)
		s.note("pause %s", n.Name)
		n.Pause(s.t)
		s.failover(ctx)
		n.Resume(s.t)
	}},
	{"the primary is cut off", func(s *storm, ctx context.Context) {
		p := s.primary(ctx)
		f := pickOne(s.rng, []fault{reset, blackHole})
		s.note("cut %s, the primary, off from all workers: %s", s.c.Masters[p].Name, f)
		s.net.set(p, -1, f, 1)
		s.ledger.await(ctx, 100+s.rng.IntN(200))
	}},
	{"a worker is cut off", func(s *storm, ctx context.Context) {
		w := s.rng.IntN(workers)
		f := pickOne(s.rng, []fault{reset, blackHole})
		s.note("cut worker-%d off: %s", w, f)
		s.net.set(-1, w, f, 1)
		s.ledger.await(ctx, 100+s.rng.IntN(200))
	}},
	{"a worker's files are taken away", (*storm).takeFiles},
	{"a worker's disk is full", func(s *storm, ctx context.Context) {
		n := pickOne(s.rng, s.c.Workers)
		s.note("no file of %s may grow", n.Name)
		limitFiles(s.t, n.PID(), 4096)
		s.ledger.await(ctx, 50+s.rng.IntN(200))
		limitFiles(s.t, n.PID(), 0)
	}},
}

func (s *storm) note(format string, args ...any) { s.chronicle.note(format, args...) }

// strike brings about the next disaster, while links to one worker have a fault. All disasters
// and all faults happen in turn, in random order.
func (s *storm) strike(ctx context.Context) {
	s.t.Helper()
	if len(s.disasters) == 0 {
		s.disasters = slices.Clone(disasters)
		s.rng.Shuffle(len(s.disasters), func(i, j int) { s.disasters[i], s.disasters[j] = s.disasters[j], s.disasters[i] })
	}
	if len(s.faults) == 0 {
		s.faults = slices.Clone(faults)
		s.rng.Shuffle(len(s.faults), func(i, j int) { s.faults[i], s.faults[j] = s.faults[j], s.faults[i] })
	}
	d, f := s.disasters[0], s.faults[0]
	s.disasters, s.faults = s.disasters[1:], s.faults[1:]
	master, worker, share := s.rng.IntN(len(s.masters)+1)-1, s.rng.IntN(workers), 0.1+0.9*s.rng.Float64()
	s.note("%s, and between master %d (-1: all) and worker-%d %.0f%% of the requests: %s", d.name, master, worker, 100*share, f)
	s.net.set(master, worker, f, share)
	d.happen(s, ctx)
	s.ledger.await(ctx, 50)
	s.net.heal()
	s.note("all is repaired; %d attempts so far", s.ledger.attempts())
}

// takeFiles moves a worker's data away; it restarts on them once they are back.
func (s *storm) takeFiles(ctx context.Context) {
	n := pickOne(s.rng, s.c.Workers)
	dir := filepath.Join(s.dir, n.Name)
	s.note("take the files of %s away", n.Name)
	if err := os.Rename(dir, dir+".away"); err != nil {
		s.t.Error(err)
		return
	}
	s.ledger.await(ctx, 50+s.rng.IntN(200))
	n.Kill(s.t)
	if err := os.RemoveAll(dir); err != nil {
		s.t.Error(err)
	}
	if err := os.Rename(dir+".away", dir); err != nil {
		s.t.Error(err)
	}
	n.Restart(s.t)
}

// primary is the master that leads, or some master if none says so.
func (s *storm) primary(ctx context.Context) int {
	if p := s.leader(ctx, -1); p >= 0 {
		return p
	}
	return s.rng.IntN(len(s.masters))
}

// leader is the master that says that it leads, other than one; -1 if none does.
func (r *rig) leader(ctx context.Context, except int) int {
	for i, m := range r.masters {
		if i == except {
			continue
		}
		asking, cancel := context.WithTimeout(ctx, callTimeout)
		h, err := m.Health(asking)
		cancel()
		if err == nil && h.Role == api.RolePrimary {
			return i
		}
	}
	return -1
}

// awaitTakeover waits until another master leads, or for so long that it probably cannot, because
// of what else has failed.
func (s *storm) awaitTakeover(ctx context.Context, old int) {
	for range 200 {
		if p := s.leader(ctx, old); p >= 0 {
			s.note("%s leads instead", s.c.Masters[p].Name)
			return
		}
		select {
		case <-time.After(watchEvery):
		case <-ctx.Done():
			return
		}
	}
	s.note("no other master leads")
}

// failover asks a master to take over, which it may legitimately refuse.
func (s *storm) failover(ctx context.Context) {
	s.t.Helper()
	m := s.rng.IntN(len(s.masters))
	_, err := s.masters[m].Failover(ctx, &api.FailoverRequest{Force: s.rng.IntN(2) == 0})
	s.note("failover to %s: %v", s.c.Masters[m].Name, err)
	if code := api.CodeOf(err); !slices.Contains(refusals, code) {
		s.t.Errorf("failover to %s: %v", s.c.Masters[m].Name, err)
	}
	s.ledger.await(ctx, 50)
}

// recovers checks that the cluster becomes whole by itself once nothing fails any more.
func (s *storm) recovers(l *ledger) {
	s.t.Helper()
	s.note("nothing fails from now on, after %d attempts", l.attempts())
	for i, m := range s.masters {
		awaitHealth(s.t, m, fmt.Sprintf("master-%d to be healthy", i), func(h *api.Health) bool { return h.Status == api.StatusOK && h.Primary != "" })
	}
	rounds := 0
	testcluster.Await(s.t, "exactly one primary, which all masters name", func(ctx context.Context) (bool, string) {
		rounds++
		var leaders, named []string
		for i, m := range s.masters {
			h, err := m.Health(ctx)
			if err != nil {
				return false, err.Error()
			}
			if h.Role == api.RolePrimary {
				leaders = append(leaders, s.c.Masters[i].URL)
			}
			named = append(named, h.Primary)
		}
		slices.Sort(named)
		named = slices.Compact(named)
		return len(leaders) == 1 && slices.Equal(leaders, named), fmt.Sprintf("%v lead, %v are named", leaders, named)
	})
	p := s.leader(s.t.Context(), -1)
	s.note("one primary, %d, after %d looks", p, rounds)
	testcluster.Await(s.t, "a schema change to succeed", func(ctx context.Context) (bool, string) {
		_, err := s.masters[max(p, 0)].CreateTable(ctx, &api.CreateTableRequest{DB: db, Table: "After", Columns: ledgerColumns, ShardKey: "id"})
		return err == nil || api.CodeOf(err) == api.CodeTableExists, fmt.Sprint(err)
	})
	testcluster.Await(s.t, "the table to be dropped", func(ctx context.Context) (bool, string) {
		_, err := s.masters[max(p, 0)].DeleteTable(ctx, &api.DeleteTableRequest{DB: db, Table: "After"})
		return err == nil || api.CodeOf(err) == api.CodeUnknownTable, fmt.Sprint(err)
	})
}
