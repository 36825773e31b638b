package demo

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"shardeck/shared/api"
	"shardeck/shared/client"
)

const (
	// trafficEvery is the mean time between two requests: some four a second.
	trafficEvery = 250 * time.Millisecond
	// trafficTimeout bounds each request.
	trafficTimeout = 5 * time.Second
	// trafficFirstID is the id of the first row that traffic inserts, far from the sample's.
	trafficFirstID = 1_000_001
	// trafficLook is how often it is looked for the primary, to send to that.
	trafficLook = time.Second
	// trafficKeeps is how many of its own rows traffic leaves: older ones it deletes again.
	trafficKeeps = 50
)

// Traffic sends a few mixed reads and writes a second to a cluster, so that a
// console has something to show. It is off until switched on, goes to the primary,
// or to the other master while there is none that answers, and touches only rows
// that the demo made.
// Its methods are safe for concurrent use.
type Traffic struct {
	masters  []*client.Master
	students int

	on       atomic.Bool
	changed  chan struct{} // of capacity 1: on was changed
	sent     atomic.Int64
	failed   atomic.Int64
	stop     context.CancelFunc
	finished sync.WaitGroup

	// Of the one goroutine only:
	rng    *rand.Rand
	at     int // index of the master that is asked
	looked time.Time
	nextID int64 // to insert
	oldest int64 // of its own rows still there
}

// NewTraffic makes traffic for the cluster whose table holds so many sample
// students. The caller calls Close.
func (c *Cluster) NewTraffic(students int) *Traffic {
	ctx, cancel := context.WithCancel(context.Background())
	// A kept directory may hold rows of an earlier demo's traffic: ids follow the clock.
	first := trafficFirstID + time.Now().Unix()%1_000_000*1_000
	t := &Traffic{
		masters: c.clients, students: students, changed: make(chan struct{}, 1), stop: cancel,
		rng:    rand.New(rand.NewPCG(uint64(first), 7)), //nolint:gosec // sample traffic, not secrets
		nextID: first, oldest: first,
	}
	t.finished.Go(func() { t.run(ctx) })
	return t
}

// Set switches the traffic on or off.
func (t *Traffic) Set(on bool) {
	if t.on.Swap(on) != on {
		select {
		case t.changed <- struct{}{}:
		default: // the goroutine has not looked yet, and will see the latest
		}
	}
}

// Toggle switches the traffic over and returns whether it is on now.
func (t *Traffic) Toggle() bool {
	on := !t.on.Load()
	t.Set(on)
	return on
}

// On says whether the traffic is on.
func (t *Traffic) On() bool { return t.on.Load() }

// Counts returns how many requests were sent and how many of them failed.
func (t *Traffic) Counts() (sent, failed int64) { return t.sent.Load(), t.failed.Load() }

// Close ends the traffic and waits for the request under way.
func (t *Traffic) Close() {
	t.stop()
	t.finished.Wait()
}

func (t *Traffic) run(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		var due <-chan time.Time // never, while off
		if t.on.Load() {
			// Between half and one and a half times the mean, as people come.
			timer.Reset(trafficEvery/2 + time.Duration(t.rng.Int64N(int64(trafficEvery))))
			due = timer.C
		}
		select {
		case <-ctx.Done():
			return
		case <-t.changed:
		case <-due:
			t.one(ctx)
		}
	}
}

// one sends one request, and sends the next one to the other master when this one did not answer.
func (t *Traffic) one(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, trafficTimeout)
	defer cancel()
	if now := time.Now(); now.Sub(t.looked) >= trafficLook {
		t.looked = now
		t.follow(ctx)
	}
	err := t.request(ctx, t.masters[t.at])
	t.sent.Add(1)
	if err == nil {
		return
	}
	t.failed.Add(1)
	if p := api.AsProblem(err); p.RequestID == "" {
		t.at = (t.at + 1) % len(t.masters)
	}
}

// follow turns to the primary: the console shows the requests of the master that it
// asks, which is that one. While no master says that it is, nothing changes.
func (t *Traffic) follow(ctx context.Context) {
	var term uint64
	for i, m := range t.masters {
		// Of two that say so, the one with the older term has not heard of the other yet.
		if h, err := ask(ctx, m.Health); err == nil && h.Role == api.RolePrimary && h.Term >= term {
			t.at, term = i, h.Term
		}
	}
}

// request is one of the mix: half point reads, a quarter scatters and counts, a quarter writes.
func (t *Traffic) request(ctx context.Context, m *client.Master) error {
	id := jsontext.Value(strconv.Itoa(firstStudentID + t.rng.IntN(max(t.students, 1))))
	var err error
	switch n := t.rng.IntN(100); {
	case n < 50:
		_, err = m.Select(ctx, &api.SelectRequest{DB: demoDB, Table: demoTable, ShardKey: id})
	case n < 65:
		five := int64(5)
		_, err = m.Select(ctx, &api.SelectRequest{DB: demoDB, Table: demoTable, Columns: api.NameList{"student_id", "gpa"},
			Condition: fmt.Sprintf("credits > %d", t.rng.IntN(280)), OrderBy: "gpa DESC, student_id", Limit: &five})
	case n < 75:
		_, err = m.Count(ctx, &api.MapReduceCountRequest{DB: demoDB, Table: demoTable, Condition: "active = 1"})
	case n < 87:
		_, err = m.Update(ctx, &api.UpdateRequest{DB: demoDB, Table: demoTable, ShardKey: id,
			Condition: "student_id = " + string(id),
			Set:       api.Object[jsontext.Value]{{Name: "credits", Value: jsontext.Value(strconv.Itoa(t.rng.IntN(300)))}}})
	case t.nextID-t.oldest < trafficKeeps:
		g := newGenerator(uint64(t.nextID), t.nextID)
		t.nextID++ // also when it fails: the row may be there
		s := g.student()
		_, err = m.Insert(ctx, &api.InsertRequest{DB: demoDB, Table: demoTable, Data: s.row()})
	default:
		old := jsontext.Value(strconv.FormatInt(t.oldest, 10))
		t.oldest++
		_, err = m.Delete(ctx, &api.DeleteRequest{DB: demoDB, Table: demoTable, ShardKey: old, Condition: "student_id = " + string(old)})
	}
	return err
}
