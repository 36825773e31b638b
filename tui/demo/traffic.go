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
	"shardeck/shared/sharding"
)

const (
	// trafficEvery is the mean time between requests: about four per second.
	trafficEvery = 250 * time.Millisecond
	// trafficTimeout bounds each request.
	trafficTimeout = 5 * time.Second
	// trafficFirstID is the lowest ID of the rows that the traffic inserts, above the sample's.
	trafficFirstID = 1_000_001
	// trafficLook is how often the traffic looks for the primary.
	trafficLook = time.Second
	// trafficKeeps is the number of its own rows that the traffic keeps; it deletes older ones.
	trafficKeeps = 50
)

// Traffic sends a few mixed reads and writes per second to a cluster, so that the console
// has something to show. It is initially off. It goes to the primary, or to the other
// master while the primary does not answer, and touches only the demo's own rows. Its
// methods are safe for concurrent use.
type Traffic struct {
	masters  []*client.Master
	students int

	on       atomic.Bool
	tenfold  atomic.Bool   // ten times as many requests
	skewed   atomic.Bool   // only keys of shard 0
	changed  chan struct{} // capacity 1; signals a change of on
	sent     atomic.Int64
	failed   atomic.Int64
	lost     atomic.Uint64 // that reached no master
	stop     context.CancelFunc
	finished sync.WaitGroup

	// Used only by the goroutine:
	rng    *rand.Rand
	hot    []int64 // keys of shard 0
	at     int     // index of the current master
	looked time.Time
	nextID int64 // the next row to insert
	oldest int64 // the oldest row not yet deleted
}

// NewTraffic returns traffic for a cluster with that many sample students. The caller
// must call Close.
func (c *Cluster) NewTraffic(students int) *Traffic {
	ctx, cancel := context.WithCancel(context.Background())
	// IDs follow the clock, because a kept directory may contain rows of an earlier demo's traffic.
	first := trafficFirstID + time.Now().Unix()%1_000_000*1_000
	t := &Traffic{
		masters: c.clients, students: students, changed: make(chan struct{}, 1), stop: cancel, hot: hotKeys(students),
		rng:    rand.New(rand.NewPCG(uint64(first), 7)), //nolint:gosec // sample traffic, not secrets
		nextID: first, oldest: first,
	}
	t.finished.Go(func() { t.run(ctx) })
	return t
}

// Set switches the traffic on or off.
func (t *Traffic) Set(on bool) {
	if t.on.Swap(on) != on {
		t.wake()
	}
}

// wake has the goroutine look at the settings again.
func (t *Traffic) wake() {
	select {
	case t.changed <- struct{}{}:
	default: // a change is already pending; the goroutine will see the latest value
	}
}

// hotKeys are keys of students on shard 0.
func hotKeys(students int) []int64 {
	slots, err := sharding.NewMap(workerCount)
	if err != nil {
		return nil // never: the number of workers is a constant
	}
	return keysOf(slots, 0, students)
}

// NextLevel goes on from off to normal, to ten times as much, and to off.
func (t *Traffic) NextLevel() {
	switch {
	case !t.on.Load():
		t.tenfold.Store(false)
		t.on.Store(true)
	case !t.tenfold.Load():
		t.tenfold.Store(true)
	default:
		t.on.Store(false)
		t.tenfold.Store(false)
	}
	t.wake()
}

// ToggleSkew sends the requests by key to shard 0 only, or to all shards again.
func (t *Traffic) ToggleSkew() { t.skewed.Store(!t.skewed.Load()) }

// Describe says how much traffic there is, and where it goes.
func (t *Traffic) Describe() string {
	text := "off"
	if t.on.Load() {
		text = "normal"
		if t.tenfold.Load() {
			text = "x10"
		}
	}
	if t.skewed.Load() {
		text += ", keys of shard 0"
	}
	return text
}

// Toggle toggles the traffic and reports whether it is now on.
func (t *Traffic) Toggle() bool {
	on := !t.on.Load()
	t.Set(on)
	return on
}

// On reports whether the traffic is on.
func (t *Traffic) On() bool { return t.on.Load() }

// Counts returns how many requests were sent and how many of them failed.
func (t *Traffic) Counts() (sent, failed int64) { return t.sent.Load(), t.failed.Load() }

// Unreached returns how many requests reached no master.
func (t *Traffic) Unreached() uint64 { return t.lost.Load() }

// Close stops the traffic and waits for the request in flight.
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
			// Uniform between 0.5 and 1.5 times the mean.
			every := trafficEvery
			if t.tenfold.Load() {
				every /= 10
			}
			timer.Reset(every/2 + time.Duration(t.rng.Int64N(int64(every))))
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

// one sends one request, and switches to the other master if this one did not answer.
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
		t.lost.Add(1)
		t.at = (t.at + 1) % len(t.masters)
	}
}

// follow switches to the primary, because the console shows the requests of the master it
// polls, which is the primary. If no master reports that it is the primary, nothing changes.
func (t *Traffic) follow(ctx context.Context) {
	var term uint64
	for i, m := range t.masters {
		// Of two, the one with the older term has been replaced without knowing it yet.
		if h, err := ask(ctx, m.Health); err == nil && h.Role == api.RolePrimary && h.Term >= term {
			t.at, term = i, h.Term
		}
	}
}

// request sends one request of the mix: half point reads, a quarter scatters and counts, a quarter writes.
func (t *Traffic) request(ctx context.Context, m *client.Master) error {
	key := firstStudentID + int64(t.rng.IntN(max(t.students, 1)))
	if t.skewed.Load() {
		key = t.hot[t.rng.IntN(len(t.hot))]
	}
	id := jsontext.Value(strconv.FormatInt(key, 10))
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
		t.nextID++ // even if it fails: the row may exist
		s := g.student()
		_, err = m.Insert(ctx, &api.InsertRequest{DB: demoDB, Table: demoTable, Data: s.row()})
	default:
		old := jsontext.Value(strconv.FormatInt(t.oldest, 10))
		t.oldest++
		_, err = m.Delete(ctx, &api.DeleteRequest{DB: demoDB, Table: demoTable, ShardKey: old, Condition: "student_id = " + string(old)})
	}
	return err
}
