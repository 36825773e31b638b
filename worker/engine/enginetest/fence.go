package enginetest

import (
	"sync"
	"testing"

	"shardeck/shared/api"
)

func fence(term, mapVersion uint64) api.Fence {
	return api.Fence{Term: term, MapVersion: mapVersion}
}

// fenced is a request with its own fence.
func fenced(f api.Fence, statements ...api.Statement) *api.ExecRequest {
	req := request(statements...)
	req.Fence = f
	return req
}

func (s *suite) testFence(t *testing.T) {
	s.group(t, map[string]func(*rig){
		"a newer fence is stored":                       (*rig).testNewerFence,
		"an older fence is refused and changes nothing": (*rig).testOlderFence,
		"no write of an older term follows SetState":    (*rig).testFenceRace,
	})
}

func (r *rig) wantFence(want api.Fence) {
	r.Helper()
	if got := r.state().Fence; got != want {
		r.Errorf("the stored fence is %+v, want %+v", got, want)
	}
}

func (r *rig) testNewerFence() {
	tb := students()
	r.mustCreate(tb)
	r.wantFence(fence(1, 1))
	r.mustExec(fenced(fence(3, 1), tb.insert(student(1))))
	r.wantFence(fence(3, 1))
	r.mustExec(fenced(fence(3, 4), tb.insert(student(2))))
	r.wantFence(fence(3, 4))
	r.mustExec(fenced(fence(3, 4), tb.insert(student(3))))
	if _, err := r.e.CreateDB(r.Context(), "Other", fence(5, 4)); err != nil {
		r.Fatalf("CreateDB: %v", err)
	}
	r.wantFence(fence(5, 4))
	// The fence is the worker's, not one database's.
	r.refused(fenced(fence(4, 4), tb.insert(student(4))), api.CodeStaleTerm)
	if _, err := r.e.DropDB(r.Context(), "Other", fence(5, 6)); err != nil {
		r.Fatalf("DropDB: %v", err)
	}
	r.wantFence(fence(5, 6))
	r.wantCount(tb, 3)
	r.reopen()
	r.wantFence(fence(5, 6))
}

func (r *rig) testOlderFence() {
	tb := students()
	r.mustExec(fenced(fence(5, 5), r.create(tb)))
	const leader = "http://a"
	if _, err := r.e.SetState(r.Context(), api.StateUpdate{Fence: fence(5, 5), Leader: leader, Shard: "0/3"}); err != nil {
		r.Fatalf("SetState: %v", err)
	}
	for _, c := range []struct {
		f    api.Fence
		want api.Code
	}{
		{fence(4, 5), api.CodeStaleTerm},
		{fence(0, 0), api.CodeStaleTerm},
		{fence(4, 9), api.CodeStaleTerm},
		{fence(5, 4), api.CodeStaleMap},
		{fence(9, 4), api.CodeStaleMap},
	} {
		req := fenced(c.f, tb.insert(student(1)))
		req.Idempotency = idempotency("refused", "a")
		p := r.refused(req, c.want)
		if p.Term != 5 || p.MapVersion != 5 || p.Primary != leader {
			r.Errorf("%+v: the problem names term %d, map %d and primary %q, want the stored 5, 5 and %q", c.f, p.Term, p.MapVersion, p.Primary, leader)
		}
		if _, err := r.e.CreateDB(r.Context(), "Other", c.f); err == nil {
			r.Errorf("CreateDB with %+v was not refused", c.f)
		} else {
			r.problem(err, c.want)
		}
		if _, err := r.e.DropDB(r.Context(), dbName, c.f); err == nil {
			r.Errorf("DropDB with %+v was not refused", c.f)
		} else {
			r.problem(err, c.want)
		}
		r.wantFence(fence(5, 5))
	}
	r.wantCount(tb, 0)
	// A request refused by the fence was not done, so its key is still free.
	req := fenced(fence(5, 5), tb.insert(student(1)))
	req.Idempotency = idempotency("refused", "a")
	if resp := r.mustExec(req); resp.Replayed {
		r.Error("a request that the fence refused was remembered as done")
	}
	r.wantCount(tb, 1)
}

// testFenceRace has writers of term 1 in flight while term 2 is acquired: only term 2 may commit
// after SetState has returned.
func (r *rig) testFenceRace() {
	tb := students()
	r.mustCreate(tb)
	const writers = 8
	var wg sync.WaitGroup
	var mu sync.Mutex
	acknowledged := 0
	first := make(chan struct{}, writers)
	for w := range writers {
		wg.Go(func() {
			for i := 0; ; i++ {
				_, err := r.e.Exec(r.Context(), request(tb.insert(student(w*1_000_000+i))))
				if err != nil {
					if api.CodeOf(err) != api.CodeStaleTerm {
						r.Errorf("writer %d: %v, want %s", w, err, api.CodeStaleTerm)
					}
					return
				}
				mu.Lock()
				acknowledged++
				mu.Unlock()
				if i == 0 {
					first <- struct{}{}
				}
			}
		})
	}
	for range writers {
		<-first
	}
	if _, err := r.e.SetState(r.Context(), api.StateUpdate{Fence: fence(2, 1), Leader: "http://b", Shard: "0/3"}); err != nil {
		r.Errorf("SetState: %v", err)
	}
	after := len(r.rows(tb.selectAll()))
	wg.Wait()
	if end := r.count(tb); int(end) != after {
		r.Errorf("%d rows of term 1 came after SetState had returned", int(end)-after)
	}
	if after != acknowledged {
		r.Errorf("%d rows exist, %d were acknowledged", after, acknowledged)
	}
	r.mustExec(fenced(fence(2, 1), tb.insert(student(-1))))
}

func (s *suite) testState(t *testing.T) {
	r := s.start(t)
	start := api.StateUpdate{Fence: fence(3, 2), Leader: "http://a", Shard: "1/3"}
	with := func(change func(*api.StateUpdate)) api.StateUpdate {
		up := start
		change(&up)
		return up
	}
	for _, step := range []struct {
		name string
		up   api.StateUpdate
		want api.Code // empty: accepted
	}{
		{"the first claim", start, ""},
		{"the same again", start, ""},
		{"another leader in the same term", with(func(u *api.StateUpdate) { u.Leader = "http://b" }), api.CodeStaleTerm},
		{"an older term", with(func(u *api.StateUpdate) { u.Term = 2 }), api.CodeStaleTerm},
		{"an older map", with(func(u *api.StateUpdate) { u.MapVersion = 1 }), api.CodeStaleMap},
		{"an older map in a newer term", with(func(u *api.StateUpdate) { u.Term, u.MapVersion = 4, 1 }), api.CodeStaleMap},
		{"another shard", with(func(u *api.StateUpdate) { u.Shard = "2/3" }), api.CodeWrongShard},
		{"a term beyond the greatest", with(func(u *api.StateUpdate) { u.Term = api.MaxTerm + 1 }), api.CodeInvalidField},
		{"another shard in a newer term", with(func(u *api.StateUpdate) { u.Term, u.Shard = 4, "1/4" }), api.CodeWrongShard},
		{"a newer map in the same term", with(func(u *api.StateUpdate) { u.MapVersion = 3 }), ""},
		{"a newer term of another leader", with(func(u *api.StateUpdate) { u.Term, u.MapVersion, u.Leader = 7, 3, "http://b" }), ""},
		{"the previous leader", with(func(u *api.StateUpdate) { u.MapVersion = 3 }), api.CodeStaleTerm},
	} {
		before := r.state()
		got, err := r.e.SetState(t.Context(), step.up)
		if step.want == "" {
			want := api.WorkerState(step.up)
			if err != nil || got != want || r.state() != want {
				t.Fatalf("%s: %+v, %v, and the state is %+v; want %+v", step.name, got, err, r.state(), want)
			}
			continue
		}
		if err == nil {
			t.Fatalf("%s: accepted, want %s", step.name, step.want)
		}
		p := r.problem(err, step.want)
		if step.want == api.CodeStaleTerm && (p.Term != before.Term || p.Primary != before.Leader) {
			t.Errorf("%s: the problem names term %d of %q, want %d of %q", step.name, p.Term, p.Primary, before.Term, before.Leader)
		}
		if r.state() != before {
			t.Errorf("%s: refused, yet the state is %+v, not %+v", step.name, r.state(), before)
		}
	}
	want := r.state()
	r.reopen()
	if got := r.state(); got != want {
		t.Errorf("after reopening the state is %+v, want %+v", got, want)
	}
}
