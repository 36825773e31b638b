package endtoend_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"shardeck/shared/api"
	"shardeck/shared/client"
)

const (
	counterTable = "Counters"
	counters     = 5
)

var counterColumns = api.Object[string]{
	{Name: "id", Value: "INT PRIMARY KEY"},
	{Name: "n", Value: "INT NOT NULL DEFAULT 0"},
}

// TestCountersEndAtTheNumberOfAcknowledgedIncrements: an increment is a compare-and-set, so that
// writers may share a counter. An increment applied twice would change nothing the second time
// and contradict the first response; a lost one would leave the counter behind.
func TestCountersEndAtTheNumberOfAcknowledgedIncrements(t *testing.T) {
	t.Parallel()
	seed := seeded(t)
	r := newRig(t, 2, hasty)
	r.table(counterTable, counterColumns, "id")
	l := newLedger()
	r.zeroCounters(l, seed)
	var acknowledged [counters]atomic.Int64
	r.disrupt(l, seed, scale(2, 4, 200), func(ctx context.Context, i int, stop <-chan struct{}) {
		w := &writer{t: t, masters: r.masters, ledger: l, name: i + 1, rng: rand.New(rand.NewPCG(seed, uint64(i)+1))}
		w.count(ctx, stop, &acknowledged)
	})
	r.bounce()
	r.awaitCompletion()
	r.verifyCounters(&acknowledged)
	t.Logf("%d attempts, %d replayed; responses %v", l.tries, l.replays, l.kinds)
}

// zeroCounters creates the counters.
func (r *rig) zeroCounters(l *ledger, seed uint64) {
	r.t.Helper()
	req := &api.InsertRequest{DB: db, Table: counterTable}
	for id := range counters {
		req.Rows = append(req.Rows, api.Object[jsontext.Value]{{Name: "id", Value: number(int64(id))}})
	}
	first := &writer{t: r.t, masters: r.masters, ledger: l, rng: rand.New(rand.NewPCG(seed, 0))}
	if _, err, _ := first.settle(r.t.Context(), func(ctx context.Context, m *client.Master, idem client.CallOption) (*api.WriteResponse, error) {
		return m.Insert(ctx, req, idem)
	}); err != nil {
		r.t.Fatal(err)
	}
}

// verifyCounters compares the counters with the acknowledged increments.
func (r *rig) verifyCounters(acknowledged *[counters]atomic.Int64) {
	r.t.Helper()
	for i, m := range r.masters {
		for id := range counters {
			n, err := counter(r.t.Context(), m, id)
			if want := acknowledged[id].Load(); err != nil || n != want {
				r.t.Errorf("through master %d, counter %d is %d after %d acknowledged increments, %v", i, id, n, want, err)
			}
		}
	}
}

// count increments counters until stop is closed.
func (w *writer) count(ctx context.Context, stop <-chan struct{}, acknowledged *[counters]atomic.Int64) {
	var known [counters]int64
	for {
		select {
		case <-stop:
			return
		case <-ctx.Done():
			return
		default:
		}
		id := w.rng.IntN(counters)
		req := &api.UpdateRequest{DB: db, Table: counterTable,
			Set:       api.Object[jsontext.Value]{{Name: "n", Value: number(known[id] + 1)}},
			Condition: fmt.Sprintf("id = %d AND n = %d", id, known[id])}
		resp, err, ok := w.settle(ctx, func(ctx context.Context, m *client.Master, idem client.CallOption) (*api.WriteResponse, error) {
			return m.Update(ctx, req, idem)
		})
		switch {
		case !ok:
			return
		case err != nil:
			w.t.Errorf("writer %d: %v", w.name, err)
			return
		case resp.RowsAffected == 1:
			acknowledged[id].Add(1)
			known[id]++
		default: // another writer won the race
			n, ok := w.look(ctx, id)
			if !ok {
				return
			}
			if n == known[id] {
				w.t.Errorf("writer %d: counter %d is %d, but a compare-and-set from that value failed", w.name, id, n)
			}
			known[id] = n
		}
	}
}

// look reads a counter through any of the masters until one responds.
func (w *writer) look(ctx context.Context, id int) (int64, bool) {
	for {
		n, err := counter(ctx, w.master(), id)
		if err == nil {
			return n, true
		}
		if !retryable(err) {
			w.t.Errorf("writer %d: read of counter %d: %v", w.name, id, err)
			return 0, false
		}
		select {
		case <-time.After(pace):
		case <-ctx.Done():
			return 0, false
		}
	}
}

func counter(ctx context.Context, m *client.Master, id int) (int64, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	resp, err := m.Select(ctx, &api.SelectRequest{DB: db, Table: counterTable, Columns: api.NameList{"n"}, ShardKey: number(int64(id))})
	if err != nil {
		return 0, err
	}
	if len(resp.Rows) != 1 {
		return 0, fmt.Errorf("%d rows", len(resp.Rows))
	}
	return strconv.ParseInt(string(resp.Rows[0][1:len(resp.Rows[0])-1]), 10, 64)
}
