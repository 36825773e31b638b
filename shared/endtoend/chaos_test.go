package endtoend_test

import (
	"context"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"shardeck/shared/api"
	"shardeck/shared/sharding"
	"shardeck/shared/testcluster"
)

// TestNoAcknowledgedWriteIsLostOrDoubled: writers use both masters while processes are killed,
// paused and failed over at random.
func TestNoAcknowledgedWriteIsLostOrDoubled(t *testing.T) {
	t.Parallel()
	losesNothing(t, newRig(t, 2, hasty), scale(3, 6, 300))
}

// The same with workers in Go, Python and Node.js.
func TestNoAcknowledgedWriteIsLostOrDoubledOnAMixedCluster(t *testing.T) {
	commands := testcluster.Mixed(t)
	t.Parallel()
	losesNothing(t, newRigOf(t, commands, 2, hasty), scale(3, 6, 100))
}

func losesNothing(t *testing.T, r *rig, disruptions int) {
	t.Helper()
	seed := seeded(t)
	r.table(ledgerTable, ledgerColumns, "id")
	slots, err := sharding.NewMap(workers)
	if err != nil {
		t.Fatal(err)
	}
	l := newLedger()
	r.disrupt(l, seed, disruptions, func(ctx context.Context, i int, stop <-chan struct{}) {
		newWriter(r, l, seed, i+1).run(ctx, stop)
	})
	r.bounce()
	r.awaitCompletion()
	verify(r, l, slots)
	t.Logf("%d rows, %d attempts, %d replayed; responses %v", len(l.rows), l.tries, l.replays, l.kinds)
}

// writers is the number of concurrent writers.
const writers = 6

// disrupt runs writers and, meanwhile, n random disruptions. It returns when all processes are
// running again and all writers know the outcome of their writes.
func (r *rig) disrupt(l *ledger, seed uint64, n int, write func(ctx context.Context, i int, stop <-chan struct{})) {
	r.t.Helper()
	d := &disruptor{rig: r, ledger: l, rng: rand.New(rand.NewPCG(seed, 0))}
	r.during(l, writers, write, func(ctx context.Context) {
		for range n {
			if !l.await(ctx, 5+d.rng.IntN(40)) {
				break
			}
			d.once(ctx)
		}
		l.await(ctx, 20)
	})
}

// during runs writers while events happen. It returns when all writers know the outcome of their
// writes.
func (r *rig) during(l *ledger, writers int, write func(ctx context.Context, i int, stop <-chan struct{}), events func(ctx context.Context)) {
	r.t.Helper()
	ctx, cancel := context.WithCancel(r.t.Context())
	defer cancel()
	stop := make(chan struct{})
	var wg sync.WaitGroup
	for i := range writers {
		wg.Go(func() { write(ctx, i, stop) })
	}
	events(ctx)
	close(stop)
	done := make(chan struct{})
	go func() { wg.Wait(); close(done) }()
	end, cancelEnd := context.WithTimeout(ctx, settleTimeout)
	defer cancelEnd()
	select {
	case <-done:
	case <-end.Done():
		cancel()
		<-done
	}
}

// disruptor causes failures. It waits for attempts of the writers rather than for time, so that
// each failure hits work in progress.
type disruptor struct {
	*rig
	ledger *ledger
	rng    *rand.Rand
}

func pickOne[E any](rng *rand.Rand, list []E) E { return list[rng.IntN(len(list))] }

// once causes one failure and repairs it.
func (d *disruptor) once(ctx context.Context) {
	d.t.Helper()
	worker, m := pickOne(d.rng, d.c.Workers), d.rng.IntN(len(d.masters))
	master := d.c.Masters[m]
	switch d.rng.IntN(7) {
	case 0:
		d.kill(ctx, worker)
	case 1:
		d.pause(ctx, worker)
	case 2:
		d.kill(ctx, master)
	case 3:
		d.pause(ctx, master)
	case 4:
		d.failover(ctx, m)
	case 5: // a master is killed or paused, and the other takes over
		d.t.Logf("%s fails and the other takes over", master.Name)
		if d.rng.IntN(2) == 0 {
			master.Kill(d.t)
			d.failover(ctx, 1-m)
			d.ledger.await(ctx, 5+d.rng.IntN(20))
			master.Restart(d.t)
		} else {
			master.Pause(d.t)
			d.failover(ctx, 1-m)
			d.ledger.await(ctx, 5+d.rng.IntN(20))
			master.Resume(d.t)
		}
	case 6: // a worker misses a failover
		d.t.Logf("%s misses a failover", worker.Name)
		worker.Pause(d.t)
		d.failover(ctx, m)
		d.ledger.await(ctx, 1+d.rng.IntN(10))
		if d.rng.IntN(2) == 0 {
			worker.Resume(d.t)
		} else {
			worker.Restart(d.t)
		}
	}
}

func (d *disruptor) kill(ctx context.Context, n *testcluster.Node) {
	d.t.Helper()
	d.t.Logf("kill %s", n.Name)
	n.Kill(d.t)
	d.ledger.await(ctx, 1+d.rng.IntN(30))
	n.Restart(d.t)
}

func (d *disruptor) pause(ctx context.Context, n *testcluster.Node) {
	d.t.Helper()
	d.t.Logf("pause %s", n.Name)
	n.Pause(d.t)
	d.ledger.await(ctx, 1+d.rng.IntN(20))
	n.Resume(d.t)
}

// refusals are the legitimate responses to a request to take over.
var refusals = []api.Code{"", api.CodeAlreadyPrimary, api.CodeFailoverFailed, api.CodeStaleTerm}

// failover asks a master to take over, which it may legitimately refuse.
func (d *disruptor) failover(ctx context.Context, m int) {
	d.t.Helper()
	_, err := d.masters[m].Failover(ctx, &api.FailoverRequest{})
	d.t.Logf("failover to %s: %v", d.c.Masters[m].Name, err)
	if code := api.CodeOf(err); !slices.Contains(refusals, code) {
		d.t.Errorf("failover to %s: %v", d.c.Masters[m].Name, err)
	}
}
