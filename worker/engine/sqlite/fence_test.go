package sqlite

import (
	"context"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"shardeck/shared/api"
)

func state(t *testing.T, e *Engine) api.WorkerState {
	t.Helper()
	st, err := e.State(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return st
}

func TestAWriteWithANewerFenceIsStoredAndAnOlderOneRefused(t *testing.T) {
	dir := t.TempDir()
	e := school(t, Config{Dir: dir, Suffix: "GO"})
	newer := request(insert(student(1)))
	newer.Fence = api.Fence{Term: 7, MapVersion: 3}
	if _, err := e.Exec(t.Context(), newer); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		fence api.Fence
		want  api.Code
	}{
		{api.Fence{Term: 6, MapVersion: 3}, api.CodeStaleTerm},
		{api.Fence{Term: 6, MapVersion: 9}, api.CodeStaleTerm},
		{api.Fence{Term: 7, MapVersion: 2}, api.CodeStaleMap},
		{api.Fence{Term: 9, MapVersion: 2}, api.CodeStaleMap},
	} {
		req := request(insert(student(2)))
		req.Fence = c.fence
		_, err := e.Exec(t.Context(), req)
		if api.CodeOf(err) != c.want {
			t.Errorf("Exec with %+v: %v, want %s", c.fence, err, c.want)
		}
		if _, err := e.CreateDB(t.Context(), "Other", c.fence); api.CodeOf(err) != c.want {
			t.Errorf("CreateDB with %+v: %v, want %s", c.fence, err, c.want)
		}
		if _, err := e.DropDB(t.Context(), "SchoolDB", c.fence); api.CodeOf(err) != c.want {
			t.Errorf("DropDB with %+v: %v, want %s", c.fence, err, c.want)
		}
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	e = open(t, dir)
	want := api.WorkerState{Fence: api.Fence{Term: 7, MapVersion: 3}}
	if diff := cmp.Diff(want, state(t, e)); diff != "" {
		t.Errorf("after reopening: %s", diff)
	}
	if n := rowCount(t, e); n != 1 {
		t.Errorf("%d rows, want 1", n)
	}
}

func TestSetStateFollowsTheRulesOfStateUpdate(t *testing.T) {
	e := open(t, t.TempDir())
	update := func(term, version uint64, leader, shard string) api.StateUpdate {
		return api.StateUpdate{Fence: api.Fence{Term: term, MapVersion: version}, Leader: leader, Shard: shard}
	}
	for _, step := range []struct {
		name string
		up   api.StateUpdate
		want api.Code
	}{
		{"a fresh worker is claimed", update(1, 1, "http://a", "0/3"), ""},
		{"claimed again by the same leader", update(1, 1, "http://a", "0/3"), ""},
		{"the same term by another", update(1, 1, "http://b", "0/3"), api.CodeStaleTerm},
		{"a newer term by another", update(2, 1, "http://b", "0/3"), ""},
		{"an older term", update(1, 1, "http://a", "0/3"), api.CodeStaleTerm},
		{"a newer map", update(2, 5, "http://b", "0/3"), ""},
		{"an older map", update(3, 4, "http://b", "0/3"), api.CodeStaleMap},
		{"another shard", update(3, 5, "http://b", "1/3"), api.CodeWrongShard},
		{"a term beyond the greatest", update(api.MaxTerm+1, 5, "http://b", "0/3"), api.CodeInvalidField},
		{"the greatest 64-bit number", update(1<<64-1, 5, "http://b", "0/3"), api.CodeInvalidField},
		{"the greatest term", update(api.MaxTerm, 5, "http://b", "0/3"), ""},
		{"and then a smaller one", update(api.MaxTerm-1, 5, "http://b", "0/3"), api.CodeStaleTerm},
	} {
		before := state(t, e)
		got, err := e.SetState(t.Context(), step.up)
		if api.CodeOf(err) != step.want {
			t.Fatalf("%s: %v, want %q", step.name, err, step.want)
		}
		if err == nil {
			before = api.WorkerState{Fence: step.up.Fence, Leader: step.up.Leader, Shard: step.up.Shard}
		}
		if diff := cmp.Diff(before, got); diff != "" {
			t.Errorf("%s: answer: %s", step.name, diff)
		}
		if diff := cmp.Diff(before, state(t, e)); diff != "" {
			t.Errorf("%s: state: %s", step.name, diff)
		}
	}
}

func TestNoTransactionOfAnOlderTermCommitsAfterSetState(t *testing.T) {
	e := school(t, Config{})
	var id, acked atomic.Int64
	var writers sync.WaitGroup
	for range 16 {
		writers.Go(func() {
			for {
				_, err := e.Exec(context.Background(), request(insert(student(int(id.Add(1))))))
				if api.CodeOf(err) == api.CodeStaleTerm {
					return
				}
				if err != nil {
					t.Error(err)
					return
				}
				acked.Add(1)
			}
		})
	}
	for acked.Load() < 100 { // let them get going
		rows(t, e, selectAll(`LIMIT 1`))
	}
	if _, err := e.SetState(t.Context(), api.StateUpdate{Fence: api.Fence{Term: 2, MapVersion: 1}, Leader: "http://b"}); err != nil {
		t.Fatal(err)
	}
	then := len(rows(t, e, selectAll("")))
	writers.Wait()
	if now := len(rows(t, e, selectAll(""))); now != then {
		t.Errorf("%d rows when SetState returned, %d later", then, now)
	}
	if n := rowCount(t, e); n != acked.Load() || n != int64(then) {
		t.Errorf("%d rows counted, %d acknowledged, %d exist", n, acked.Load(), then)
	}
}

func TestDirectoryIsLockedAgainstASecondEngine(t *testing.T) {
	dir := t.TempDir()
	e := school(t, Config{Dir: dir, Suffix: "GO"})
	_, err := Open(t.Context(), Config{Dir: dir, Suffix: "GO"})
	if err == nil || !strings.Contains(err.Error(), dir) || !strings.Contains(err.Error(), "in use") {
		t.Errorf("Open: %v, want an error that names the directory and says it is in use", err)
	}
	mustExec(t, e, request(insert(student(1))))
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	open(t, dir)
}
