package endtoend_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"shardeck/shared/api"
	"shardeck/shared/client"
	"shardeck/shared/sharding"
	"shardeck/shared/testcluster"
)

// batch is an insert with rows on every shard, and the number of rows on each.
func batch(t *testing.T, from int64) (*api.InsertRequest, []int64) {
	t.Helper()
	slots, err := sharding.NewMap(workers)
	if err != nil {
		t.Fatal(err)
	}
	req := &api.InsertRequest{DB: db, Table: ledgerTable}
	perShard := make([]int64, workers)
	for id := from; id < from+12; id++ {
		req.Rows = append(req.Rows, ledgerRow(id, "row "+key(id)))
		perShard[slots.Route(key(id)).Shard]++
	}
	if slices.Min(perShard) == 0 {
		t.Fatalf("the rows are spread %v", perShard)
	}
	return req, perShard
}

// keyAtHome is an Idempotency-Key whose home is the given shard.
func keyAtHome(t *testing.T, shard int) string {
	t.Helper()
	slots, err := sharding.NewMap(workers)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; ; i++ {
		if key := fmt.Sprintf("key-%d", i); slots.Route(key).Shard == shard {
			return key
		}
	}
}

// onlyOn returns the rows of a batch that belong to one shard.
func onlyOn(t *testing.T, req *api.InsertRequest, shard int) *api.InsertRequest {
	t.Helper()
	slots, err := sharding.NewMap(workers)
	if err != nil {
		t.Fatal(err)
	}
	one := &api.InsertRequest{DB: req.DB, Table: req.Table}
	for _, row := range req.Rows {
		if id, _ := row.Get("id"); slots.Route(string(id)).Shard == shard {
			one.Rows = append(one.Rows, row)
		}
	}
	return one
}

func TestAnIdempotencyKeyIsKnownThroughTheOtherMaster(t *testing.T) {
	t.Parallel()
	r := newRig(t, 2, patient)
	r.table(ledgerTable, ledgerColumns, "id")
	first, _ := batch(t, 1)
	idem := client.IdempotencyKey("batch-1")
	resp, err := r.masters[0].Insert(t.Context(), first, idem)
	if err != nil || resp.Replayed || resp.RowsAffected != 12 {
		t.Fatalf("%+v, %v", resp, err)
	}
	for i, m := range r.masters {
		again, err := m.Insert(t.Context(), first, idem)
		if err != nil || !again.Replayed || again.RowsAffected != 12 {
			t.Errorf("repeated through master %d: %+v, %v", i, again, err)
		}
		other := *first
		other.Rows = slices.Clone(first.Rows)
		other.Rows[11] = ledgerRow(12, "another value")
		_, err = m.Insert(t.Context(), &other, idem)
		if p := mustFail(t, err, api.CodeIdempotencyMismatch, -1); p.Status != 422 {
			t.Errorf("another body through master %d: status %d", i, p.Status)
		}
		_, err = m.Delete(t.Context(), &api.DeleteRequest{DB: db, Table: ledgerTable, Condition: "id = 1"}, idem)
		mustFail(t, err, api.CodeIdempotencyMismatch, -1)
	}
	r.bounce()
	again, err := r.masters[1].Insert(t.Context(), first, idem)
	if err != nil || !again.Replayed {
		t.Errorf("after all processes were killed: %+v, %v", again, err)
	}
	if n := countRows(t, r.masters[0]); n != 12 {
		t.Errorf("%d rows", n)
	}
}

// TestRequestsWithOneKeyCollideWhateverTheirShards: even if they have no shard in common, and if
// the key's home has none of their rows.
func TestRequestsWithOneKeyCollideWhateverTheirShards(t *testing.T) {
	t.Parallel()
	r := newRig(t, 2, patient)
	r.table(ledgerTable, ledgerColumns, "id")
	rows, perShard := batch(t, 1)
	want := make([]int64, workers)
	for home := range workers {
		idem := client.IdempotencyKey(keyAtHome(t, home))
		first, second := onlyOn(t, rows, (home+1)%workers), onlyOn(t, rows, (home+2)%workers)
		want[(home+1)%workers] = perShard[(home+1)%workers]
		if _, err := r.masters[0].Insert(t.Context(), first, idem); err != nil {
			t.Fatal(err)
		}
		_, err := r.masters[1].Insert(t.Context(), second, idem)
		mustFail(t, err, api.CodeIdempotencyMismatch, -1)
		again, err := r.masters[1].Insert(t.Context(), first, idem)
		if err != nil || !again.Replayed {
			t.Errorf("repeated: %+v, %v", again, err)
		}
		if diff := cmp.Diff(want, r.stored(-1)); diff != "" {
			t.Errorf("with the key on shard %d, the shards' rows differ:\n%s", home, diff)
		}
	}
}

// TestNothingIsWrittenIfTheKeyCannotBeStored: the key's home is down.
func TestNothingIsWrittenIfTheKeyCannotBeStored(t *testing.T) {
	t.Parallel()
	const lost = 1
	r := newRig(t, 2, patient)
	r.table(ledgerTable, ledgerColumns, "id")
	req, perShard := batch(t, 1)
	idem := client.IdempotencyKey(keyAtHome(t, lost))
	r.c.Workers[lost].Kill(t)
	for _, m := range r.masters {
		_, err := m.Insert(t.Context(), req, idem)
		// On a busy machine, it may go out on a connection whose end has not been noticed yet.
		if api.CodeOf(err) != api.CodeOutcomeUnknown {
			mustFail(t, err, api.CodeShardUnavailable, lost)
		}
		_, err = m.Insert(t.Context(), onlyOn(t, req, 0), idem)
		mustFail(t, err, api.CodeShardUnavailable, lost)
	}
	if diff := cmp.Diff(make([]int64, workers), r.stored(lost)); diff != "" {
		t.Errorf("the other shards have rows:\n%s", diff)
	}
	r.c.Workers[lost].Restart(t)
	for i, m := range r.masters {
		awaitHealth(t, m, "the shard to be up", func(h *api.Health) bool { return h.Shards[lost].State == api.ShardUp })
		if resp, err := m.Insert(t.Context(), req, idem); err != nil || resp.RowsAffected != 12 {
			t.Errorf("through master %d: %+v, %v", i, resp, err)
		}
	}
	if diff := cmp.Diff(perShard, r.stored(-1)); diff != "" {
		t.Errorf("in the end the shards' rows differ:\n%s", diff)
	}
}

func TestABatchThatAShardMissedIsCompletedWithItsKey(t *testing.T) {
	t.Parallel()
	const lost = 1
	for _, tt := range []struct {
		name  string
		down  func(*rig)
		up    func(*rig)
		alone api.Code // the response to rows of the lost shard only
		// Nothing is sent over a new connection before the worker has proven itself, so the
		// outcome is known: then this is the response.
		unsentAlone api.Code
	}{
		{"killed", func(r *rig) { r.c.Workers[lost].Kill(r.t) }, func(r *rig) { r.c.Workers[lost].Restart(r.t) },
			api.CodeShardUnavailable, ""},
		{"paused", func(r *rig) { r.c.Workers[lost].Pause(r.t) }, func(r *rig) { r.c.Workers[lost].Resume(r.t) },
			api.CodeOutcomeUnknown, api.CodeShardTimeout},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t, 2, patient)
			r.table(ledgerTable, ledgerColumns, "id")
			req, perShard := batch(t, 1)
			idem := client.IdempotencyKey(keyAtHome(t, 0))
			tt.down(r)

			// The second attempt, through the other master, finds the other shards' part done. A
			// master that already knows that the shard is down sends nothing to any.
			want := make([]int64, workers)
			for i, m := range r.masters {
				_, err := m.Insert(t.Context(), req, idem)
				if api.CodeOf(err) == api.CodeShardUnavailable {
					mustFail(t, err, api.CodeShardUnavailable, lost)
					if diff := cmp.Diff(want, r.stored(lost)); diff != "" {
						t.Errorf("after master %d refused, the other shards' rows differ:\n%s", i, diff)
					}
					continue
				}
				// The primary will complete it, so the lost shard's part may yet be applied.
				p := mustFail(t, err, api.CodeOutcomeUnknown, -1)
				if len(p.Causes) != 1 || p.Causes[0].Code != api.CodeOutcomeUnknown || p.Causes[0].Shard == nil || *p.Causes[0].Shard != lost {
					t.Errorf("through master %d the causes are %v", i, p.Causes)
				}
				applied := make([]int64, workers)
				for _, a := range p.Applied {
					applied[a.Shard] = a.Rows
				}
				want = slices.Clone(perShard)
				want[lost] = 0
				if diff := cmp.Diff(want, applied); diff != "" {
					t.Errorf("through master %d, applied does not match the other shards' rows:\n%s", i, diff)
				}
				if diff := cmp.Diff(want, r.stored(lost)); diff != "" {
					t.Errorf("after master %d, the other shards' rows differ:\n%s", i, diff)
				}
			}
			alone, _ := batch(t, 101)
			alone = onlyOn(t, alone, lost)
			aloneIdem := client.IdempotencyKey(keyAtHome(t, lost))
			_, err := r.masters[0].Insert(t.Context(), alone, aloneIdem)
			if api.CodeOf(err) != tt.unsentAlone {
				mustFail(t, err, tt.alone, lost)
			}

			tt.up(r)
			for i, m := range r.masters {
				awaitHealth(t, m, "the shard to be up", func(h *api.Health) bool { return h.Shards[lost].State == api.ShardUp })
				resp, err := m.Insert(t.Context(), req, idem)
				if err != nil || resp.RowsAffected != 12 {
					t.Errorf("completed through master %d: %+v, %v", i, resp, err)
				}
			}
			if _, err := r.masters[1].Insert(t.Context(), alone, aloneIdem); err != nil {
				t.Error(err)
			}
			perShard[lost] += int64(len(alone.Rows))
			if diff := cmp.Diff(perShard, r.stored(-1)); diff != "" {
				t.Errorf("in the end the shards' rows differ:\n%s", diff)
			}
		})
	}
}

// stored returns the number of rows each worker reports, 0 for the excluded one.
func (r *rig) stored(without int) []int64 {
	r.t.Helper()
	rows := make([]int64, workers)
	for i, w := range r.shards {
		if i == without {
			continue
		}
		st, err := w.Stats(r.t.Context())
		if err != nil {
			r.t.Fatal(err)
		}
		for _, d := range st.Databases {
			for _, table := range d.Tables {
				if table.Definition.Name == intentTable {
					continue // the masters' own log
				}
				rows[i] += table.Rows
			}
		}
	}
	return rows
}

// TestAWriteOutlivesItsClient: if a client disconnects midway, its batch is either applied
// everywhere or can be completed with its key.
func TestAWriteOutlivesItsClient(t *testing.T) {
	t.Parallel()
	r := newRig(t, 1, patient)
	r.table(ledgerTable, ledgerColumns, "id")
	req, perShard := batch(t, 1)
	idem := client.IdempotencyKey(keyAtHome(t, 0))
	r.c.Workers[2].Pause(t)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		_, err := r.masters[0].Insert(ctx, req, idem)
		done <- err
	}()
	// The other shards have done their part: the write is in flight.
	testcluster.Await(t, "the first shards to have their rows", func(context.Context) (bool, string) {
		got := r.stored(2)
		return got[0] == perShard[0] && got[1] == perShard[1], ""
	})
	cancel()
	mustFail(t, <-done, api.CodeOutcomeUnknown, -1)
	r.c.Workers[2].Resume(t)
	awaitHealth(t, r.masters[0], "the shard to be up", func(h *api.Health) bool { return h.Shards[2].State == api.ShardUp })
	resp, err := r.masters[0].Insert(t.Context(), req, idem)
	if err != nil || resp.RowsAffected != 12 {
		t.Errorf("%+v, %v", resp, err)
	}
	if diff := cmp.Diff(perShard, r.stored(-1)); diff != "" {
		t.Errorf("the shards' rows differ:\n%s", diff)
	}
}
