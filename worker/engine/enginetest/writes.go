package enginetest

import (
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"shardeck/shared/api"
)

func (s *suite) testIdempotency(t *testing.T) {
	s.group(t, map[string]func(*rig){
		"a repeat returns the stored response":      (*rig).testReplay,
		"a different request under the same key":    (*rig).testMismatch,
		"a key stored without statements":           (*rig).testReservedKey,
		"a refused request does not use up its key": (*rig).testRefusedKey,
		"one key sent many times at once":           (*rig).testConcurrentKey,
		"a repeat with a newer fence":               (*rig).testReplayNewerTerm,
		"a change of the schema under a key":        (*rig).testKeyedSchema,
		"two tables in one request":                 (*rig).testTwoTables,
	})
}

func (r *rig) testReplay() {
	tb := students()
	r.mustCreate(tb)
	write := func() *api.ExecResponse {
		r.Helper()
		return r.mustExec(keyed("first key ä", "aa", tb.insert(student(1), student(2)), tb.delete(`"student_id" = 1`, nil)))
	}
	first := write()
	if diff := gocmp.Diff(&api.ExecResponse{RowsAffected: []int64{2, 1}}, first); diff != "" {
		r.Errorf("first answer (-want +got):\n%s", diff)
	}
	again := &api.ExecResponse{RowsAffected: []int64{2, 1}, Replayed: true}
	if diff := gocmp.Diff(again, write()); diff != "" {
		r.Errorf("second answer (-want +got):\n%s", diff)
	}
	r.wantCount(tb, 1)
	r.mustExec(request(tb.delete("1 = 1", nil)))
	r.reopen()
	if diff := gocmp.Diff(again, write()); diff != "" {
		r.Errorf("answer after reopening (-want +got):\n%s", diff)
	}
	r.wantCount(tb, 0)
	if resp := r.mustExec(keyed("k2", "aa", tb.insert(student(1)))); resp.Replayed {
		r.Error("another key was treated as a repeat")
	}
}

// testKeyedSchema: a create or drop that arrives twice has no effect on what came in between.
func (r *rig) testKeyedSchema() {
	tb := students()
	create, drop := keyed("create", "aa", r.create(tb)), keyed("drop", "bb", tb.drop())
	again := func(req *api.ExecRequest) {
		r.Helper()
		if resp := r.mustExec(req); !resp.Replayed {
			r.Errorf("the repeat was executed: %+v", resp)
		}
	}
	r.mustExec(create)
	again(create)
	r.mustExec(drop)
	again(create)
	r.refused(request(tb.insert(student(1))), api.CodeUnknownTable)
	r.mustCreate(tb)
	r.mustExec(request(tb.insert(student(1))))
	again(drop)
	r.wantCount(tb, 1)
	// A key that was used for something else refuses the request that arrives late.
	other := parts()
	r.mustExec(keyed("undone", "aa"))
	r.refused(keyed("undone", "bb", r.create(other)), api.CodeIdempotencyMismatch)
	r.refused(request(other.insert(`[1,1,"a"]`)), api.CodeUnknownTable)
}

// testTwoTables: rows of two tables are one transaction.
func (r *rig) testTwoTables() {
	a, b := students(), parts()
	r.mustCreate(a, b)
	both := func(key string, id int, part string) *api.ExecRequest {
		return keyed(key, "aa", a.insert(student(id)), b.insert(part))
	}
	if resp := r.mustExec(both("k1", 1, `[1,1,"a"]`)); len(resp.RowsAffected) != 2 || resp.RowsAffected[0] != 1 || resp.RowsAffected[1] != 1 {
		r.Errorf("%+v", resp)
	}
	r.refused(both("k2", 2, `[1,1,"b"]`), api.CodeDuplicateKey)
	r.wantCount(a, 1)
	r.wantCount(b, 1)
	if resp := r.mustExec(both("k2", 2, `[2,1,"b"]`)); resp.Replayed {
		r.Errorf("%+v", resp)
	}
	r.wantCount(a, 2)
	r.wantCount(b, 2)
}

func (r *rig) testReservedKey() {
	tb := students()
	r.mustCreate(tb)
	for _, replayed := range []bool{false, true} {
		if resp := r.mustExec(keyed("k", "aa")); len(resp.RowsAffected) != 0 || resp.Replayed != replayed {
			r.Errorf("storing a key returned %+v; replayed should be %v", resp, replayed)
		}
	}
	r.reopen()
	r.refused(keyed("k", "bb", tb.insert(student(1))), api.CodeIdempotencyMismatch)
	r.expect("a request for nothing", request(), api.CodeInvalidField, api.CodeMissingField)
	r.wantCount(tb, 0)
}

func (r *rig) testMismatch() {
	tb := students()
	r.mustCreate(tb)
	r.mustExec(keyed("k", "aa", tb.insert(student(1))))
	r.refused(keyed("k", "bb", tb.insert(student(2))), api.CodeIdempotencyMismatch)
	r.reopen()
	r.refused(keyed("k", "bb", tb.insert(student(2))), api.CodeIdempotencyMismatch)
	r.wantCount(tb, 1)
	if resp := r.mustExec(keyed("k", "aa", tb.insert(student(1)))); !resp.Replayed {
		r.Error("the first request is no longer known")
	}
}

func (r *rig) testRefusedKey() {
	tb := students()
	r.mustCreate(tb)
	r.mustExec(request(tb.insert(student(1))))
	r.refused(keyed("k", "aa", tb.insert(student(2), student(1))), api.CodeDuplicateKey)
	r.mustExec(request(tb.delete(`"student_id" = 1`, nil)))
	resp := r.mustExec(keyed("k", "aa", tb.insert(student(2), student(1))))
	if resp.Replayed {
		r.Error("a refused request was remembered as done")
	}
	r.wantCount(tb, 2)
}

func (r *rig) testConcurrentKey() {
	tb := students()
	r.mustCreate(tb)
	const keys, senders = 5, 8
	var wg sync.WaitGroup
	var fresh [keys]atomic.Int64
	for k := range keys {
		for range senders {
			wg.Go(func() {
				resp, err := r.e.Exec(r.Context(), keyed(fmt.Sprintf("k%d", k), "aa", tb.insert(student(k))))
				if err != nil {
					r.Errorf("key %d: %v", k, err)
					return
				}
				if !resp.Replayed {
					fresh[k].Add(1)
				}
				if !slices.Equal(resp.RowsAffected, []int64{1}) {
					r.Errorf("key %d: rows affected %v, want [1]", k, resp.RowsAffected)
				}
			})
		}
	}
	wg.Wait()
	for k := range keys {
		if n := fresh[k].Load(); n != 1 {
			r.Errorf("key %d was executed %d times", k, n)
		}
	}
	r.wantCount(tb, keys)
}

// testReplayNewerTerm: a client whose master died resends its write through the other one.
func (r *rig) testReplayNewerTerm() {
	tb := students()
	r.mustCreate(tb)
	r.mustExec(keyed("k", "aa", tb.insert(student(1))))
	req := keyed("k", "aa", tb.insert(student(1)))
	req.Fence = fence(2, 1)
	if resp := r.mustExec(req); !resp.Replayed {
		r.Error("the write was executed twice")
	}
	r.wantCount(tb, 1)
}

func (s *suite) testConcurrency(t *testing.T) {
	s.group(t, map[string]func(*rig){
		"exactly the acknowledged rows exist":           (*rig).testManyWriters,
		"writers and readers of one row are consistent": (*rig).testIncrements,
		"tables are created and dropped under writes":   (*rig).testDDLUnderWrites,
	})
}

// testManyWriters has writers some of whose requests fail, so that an engine with group commit
// must undo one without the others.
func (r *rig) testManyWriters() {
	a, b := students(), students()
	b.def.Name = "Alumni"
	r.mustCreate(a, b)
	r.mustExec(request(a.insert(student(-1))))
	const writers, each = 24, 20
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for i := range each {
				id := w*each + i
				if i%4 == 3 {
					_, err := r.e.Exec(r.Context(), request(b.insert(student(id)), a.insert(student(id), student(-1))))
					if api.CodeOf(err) != api.CodeDuplicateKey {
						r.Errorf("row %d: %v, want %s", id, err, api.CodeDuplicateKey)
					}
					continue
				}
				if _, err := r.e.Exec(r.Context(), request(a.insert(student(id)))); err != nil {
					r.Errorf("row %d: %v", id, err)
					continue
				}
				// What is acknowledged can be read at once.
				got := 0
				err := r.e.Query(r.Context(), a.selectWhere(`"student_id" = @p1`, []string{"INT"}, fmt.Sprintf("[%d]", id)), func([]byte) error {
					got++
					return nil
				})
				if err != nil || got != 1 {
					r.Errorf("row %d was acknowledged and then read %d times (%v)", id, got, err)
				}
			}
		})
	}
	wg.Wait()
	want := []string{student(-1)}
	for id := range writers * each {
		if id%each%4 != 3 {
			want = append(want, student(id))
		}
	}
	for range 2 {
		r.wantRows(a.selectAll(), want...)
		r.wantCount(a, int64(len(want)))
		r.wantCount(b, 0)
		r.reopen()
	}
}

func (r *rig) testIncrements() {
	tb := &table{def: api.TableDef{
		Name:       "Counters",
		Columns:    []api.ColumnDef{{Name: "id", Type: "INT"}, {Name: "n", Type: "INT"}, {Name: "m", Type: "INT"}},
		PrimaryKey: []string{"id"}, ShardKey: "id",
	}}
	r.mustCreate(tb)
	r.mustExec(request(tb.insert("[1,0,0]")))
	const writers, each = 8, 25
	var writing, reading sync.WaitGroup
	done := make(chan struct{})
	reading.Go(func() {
		for {
			select {
			case <-done:
				return
			default:
			}
			// n and m change together: no reader may see one change without the other.
			if err := r.e.Query(r.Context(), tb.selectWhere(`"n" <> "m"`, nil, ""), func(line []byte) error {
				r.Errorf("a partial transaction was visible: %s", line)
				return nil
			}); err != nil {
				r.Errorf("Query: %v", err)
				return
			}
		}
	})
	for range writers {
		writing.Go(func() {
			for range each {
				_, err := r.e.Exec(r.Context(), request(
					tb.update(`"n" = "n" + 1`, `"id" = 1`, nil), tb.update(`"m" = "m" + 1`, `"id" = 1`, nil)))
				if err != nil {
					r.Errorf("Exec: %v", err)
				}
			}
		})
	}
	writing.Wait()
	close(done)
	reading.Wait()
	r.wantRows(tb.selectAll(), fmt.Sprintf("[1,%d,%d]", writers*each, writers*each))
}

func (r *rig) testDDLUnderWrites() {
	stable, fleeting := students(), students()
	fleeting.def.Name = "Fleeting"
	r.mustCreate(stable)
	const writers, each, rounds = 4, 30, 10
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for i := range each {
				id := w*each + i
				if _, err := r.e.Exec(r.Context(), request(stable.insert(student(id)))); err != nil {
					r.Errorf("row %d: %v", id, err)
				}
				_, err := r.e.Exec(r.Context(), request(fleeting.insert(student(id))))
				if code := api.CodeOf(err); err != nil && code != api.CodeUnknownTable {
					r.Errorf("row %d of the recreated table: %v", id, err)
				}
			}
		})
	}
	for range rounds {
		r.mustExec(request(r.create(fleeting)))
		r.mustExec(request(fleeting.drop()))
	}
	wg.Wait()
	r.wantCount(stable, writers*each)
}
