package conformance

import (
	"fmt"
	"sync"

	"shardeck/shared/api"
)

// shard is the shard the suite assigns to the worker.
const shard = "0/1"

const (
	leaderA = "http://127.0.0.1:1"
	leaderB = "http://127.0.0.1:2"
)

func (e *env) take(f api.Fence, leader string) (*api.WorkerState, error) {
	return e.w.SetState(e.Context(), &api.StateUpdate{Fence: f, Leader: leader, Shard: shard})
}

func idempotency(e *env) {
	tb := e.table(many())
	req := tb.request(tb.insert("[1]", "[2]"))
	req.Idempotency = &api.Idempotency{Key: "first key ä", Hash: hash("a")}
	first, err := e.w.Exec(e.Context(), req)
	if err != nil {
		e.Fatal(err)
	}
	e.same("the first answer", &api.ExecResponse{RowsAffected: []int64{2}}, first)
	for range 3 {
		again, err := e.w.Exec(e.Context(), req)
		if err != nil {
			e.Fatal(err)
		}
		e.same("the response to a repeated request", &api.ExecResponse{RowsAffected: []int64{2}, Replayed: true}, again)
	}
	other := tb.request(tb.insert("[3]"))
	other.Idempotency = &api.Idempotency{Key: "first key ä", Hash: hash("b")}
	_, err = e.w.Exec(e.Context(), other)
	e.want(err, api.CodeIdempotencyMismatch)
	e.same("rows", []string{"[1]", "[2]"}, e.rows(tb.query(`ORDER BY "id"`, "id")))

	// A failed request does not use up its key.
	p := e.tableIn(tb.db, people())
	key := &api.Idempotency{Key: "second key", Hash: hash("c")}
	bad := p.request(p.insert(`[1,"Ada",null]`), p.insert(`[1,"Ada",null]`))
	bad.Idempotency = key
	_, err = e.w.Exec(e.Context(), bad)
	e.want(err, api.CodeDuplicateKey)
	good := p.request(p.insert(`[1,"Ada",null]`))
	good.Idempotency = key
	if got, err := e.w.Exec(e.Context(), good); err != nil || got.Replayed {
		e.Errorf("after a failure a request with the key returns %+v, %v", got, err)
	}
}

// idempotencyReserved stores a key without any statements.
func idempotencyReserved(e *env) {
	req := &api.ExecRequest{DB: e.database(), Fence: e.fence(), Idempotency: &api.Idempotency{Key: "reserved key", Hash: hash("a")}}
	for _, replayed := range []bool{false, true} {
		resp, err := e.w.Exec(e.Context(), req)
		if err != nil {
			e.Fatal(err)
		}
		if len(resp.RowsAffected) != 0 || resp.Replayed != replayed {
			e.Errorf("storing a key returned %+v; replayed should be %v", resp, replayed)
		}
	}
	req.Idempotency = &api.Idempotency{Key: "reserved key", Hash: hash("b")}
	_, err := e.w.Exec(e.Context(), req)
	e.want(err, api.CodeIdempotencyMismatch)
}

// idempotencyConcurrent sends one request many times concurrently.
func idempotencyConcurrent(e *env) {
	tb := e.table(many())
	f := e.fence()
	for round := range 5 {
		req := &api.ExecRequest{DB: tb.db, Fence: f, Statements: []api.Statement{tb.insert(fmt.Sprintf("[%d]", round))},
			Idempotency: &api.Idempotency{Key: fmt.Sprint("key ", round), Hash: hash(fmt.Sprint(round))}}
		var wg sync.WaitGroup
		var mu sync.Mutex
		fresh := 0
		for range 12 {
			wg.Go(func() {
				got, err := e.w.Exec(e.Context(), req)
				if err != nil {
					e.Error(err)
					return
				}
				if !got.Replayed {
					mu.Lock()
					fresh++
					mu.Unlock()
				}
			})
		}
		wg.Wait()
		e.same("responses that are not replays", 1, fresh)
	}
	e.same("rows", int64(5), tb.count())
}

func fenceRules(e *env) {
	tb := e.table(many())
	old := e.fence()
	now := api.Fence{Term: old.Term + 5, MapVersion: old.MapVersion + 5}
	if _, err := e.take(now, leaderA); err != nil {
		e.Fatal(err)
	}
	stale := []struct {
		name  string
		fence api.Fence
		code  api.Code
	}{
		{"older term", api.Fence{Term: now.Term - 1, MapVersion: now.MapVersion}, api.CodeStaleTerm},
		{"older term, newer map", api.Fence{Term: now.Term - 1, MapVersion: now.MapVersion + 1}, api.CodeStaleTerm},
		{"older map", api.Fence{Term: now.Term, MapVersion: now.MapVersion - 1}, api.CodeStaleMap},
	}
	for _, c := range stale {
		req := tb.request(tb.insert("[1]"))
		req.Fence = c.fence
		_, err := e.w.Exec(e.Context(), req)
		p := e.want(err, c.code)
		if p.Term != now.Term || p.MapVersion != now.MapVersion || p.Primary != leaderA {
			e.Errorf("%s: the problem names term %d, map %d and primary %q", c.name, p.Term, p.MapVersion, p.Primary)
		}
		_, err = e.w.CreateDB(e.Context(), &api.DBRequest{DB: "NotThis", Fence: c.fence})
		e.want(err, c.code)
		_, err = e.w.DropDB(e.Context(), &api.DBRequest{DB: tb.db, Fence: c.fence})
		e.want(err, c.code)
	}
	e.same("the fence after the refusals", now, e.fence())

	// A write with a newer fence raises the stored one.
	newer := api.Fence{Term: now.Term + 1, MapVersion: now.MapVersion + 2}
	req := tb.request(tb.insert("[2]"))
	req.Fence = newer
	if _, err := e.w.Exec(e.Context(), req); err != nil {
		e.Fatal(err)
	}
	e.same("the fence after a newer write", newer, e.fence())
	e.same("rows", []string{"[2]"}, e.rows(tb.query("", "id")))
	fenceUnderLoad(e, tb)
}

// fenceUnderLoad acquires a term while writers with the older one are active: once it is
// acquired, none of their rows may appear any more.
func fenceUnderLoad(e *env, tb *table) {
	f, w := e.fence(), e.plain()
	started := make(chan struct{}, 64)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for {
				_, err := w.Exec(e.Context(), &api.ExecRequest{DB: tb.db, Fence: f, Statements: []api.Statement{tb.insert("[7]")}})
				if api.CodeOf(err) == api.CodeStaleTerm {
					return
				}
				if err != nil {
					e.Error(err)
					return
				}
				select {
				case started <- struct{}{}:
				default:
				}
			}
		})
	}
	for range cap(started) {
		<-started
	}
	next := api.Fence{Term: f.Term + 1, MapVersion: f.MapVersion}
	_, err := e.take(next, leaderB)
	at := tb.count()
	wg.Wait()
	if err != nil {
		e.Fatal(err)
	}
	e.same("rows when the term was acquired, and later", at, tb.count())
}

func stateRules(e *env) {
	f := e.fence()
	now := api.Fence{Term: f.Term + 3, MapVersion: f.MapVersion + 3}
	want := &api.WorkerState{Fence: now, Leader: leaderA, Shard: shard}
	for range 2 { // the second time it changes nothing and is not an error
		got, err := e.take(now, leaderA)
		if err != nil {
			e.Fatal(err)
		}
		e.same("the state as answered", want, got)
	}
	refused := []struct {
		name string
		up   api.StateUpdate
		code api.Code
	}{
		{"the same term for another", api.StateUpdate{Fence: now, Leader: leaderB, Shard: shard}, api.CodeStaleTerm},
		{"an older term", api.StateUpdate{Fence: api.Fence{Term: now.Term - 1, MapVersion: now.MapVersion}, Leader: leaderA, Shard: shard}, api.CodeStaleTerm},
		{"an older map", api.StateUpdate{Fence: api.Fence{Term: now.Term + 1, MapVersion: now.MapVersion - 1}, Leader: leaderB, Shard: shard}, api.CodeStaleMap},
		{"another shard", api.StateUpdate{Fence: api.Fence{Term: now.Term + 1, MapVersion: now.MapVersion}, Leader: leaderB, Shard: "1/2"}, api.CodeWrongShard},
	}
	for _, c := range refused {
		if _, err := e.w.SetState(e.Context(), &c.up); api.CodeOf(err) != c.code {
			e.Errorf("%s: got %v, want %s", c.name, err, c.code)
		}
		got, err := e.w.State(e.Context())
		if err != nil {
			e.Fatal(err)
		}
		e.same("the state after "+c.name, want, got)
	}
	next := api.Fence{Term: now.Term + 1, MapVersion: now.MapVersion}
	got, err := e.take(next, leaderB)
	if err != nil {
		e.Fatal(err)
	}
	e.same("the state after a newer term", &api.WorkerState{Fence: next, Leader: leaderB, Shard: shard}, got)
}
