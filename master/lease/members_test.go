package lease

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"shardeck/shared/api"
)

// worker keeps a fence by the rules of api.StateUpdate.
type worker struct {
	mu     sync.Mutex
	state  api.WorkerState
	down   bool
	paused bool // answers nothing until the caller gives up
}

func (w *worker) wait(ctx context.Context) error {
	if w.paused {
		<-ctx.Done()
		return api.NewProblem(api.CodeCanceled, "cancelled")
	}
	if w.down {
		return api.NewProblem(api.CodeShardUnavailable, "connection refused")
	}
	return nil
}

func (w *worker) State(ctx context.Context) (*api.WorkerState, error) {
	if err := w.wait(ctx); err != nil {
		return nil, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	st := w.state
	return &st, nil
}

func (w *worker) SetState(ctx context.Context, up *api.StateUpdate) (*api.WorkerState, error) {
	if err := w.wait(ctx); err != nil {
		return nil, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if up.Term < w.state.Term || up.Term == w.state.Term && up.Leader != w.state.Leader {
		p := api.NewProblem(api.CodeStaleTerm, "term %d is held by %s", w.state.Term, w.state.Leader)
		p.Term, p.Primary = w.state.Term, w.state.Leader
		return nil, p
	}
	w.state = api.WorkerState{Fence: up.Fence, Leader: up.Leader, Shard: up.Shard}
	st := w.state
	return &st, nil
}

func membersOf(workers ...*worker) Members {
	m := Members{MapVersion: 1, Timeout: 2 * time.Second}
	for i, w := range workers {
		m.List = append(m.List, Member{
			Shard: i, Worker: w, Label: fmt.Sprintf("%d/%d", i, len(workers)),
			Name: func() string { return fmt.Sprint("w", i) },
		})
	}
	return m
}

func TestATermIsTakenEverywhere(t *testing.T) {
	w := []*worker{{}, {state: api.WorkerState{Fence: api.Fence{Term: 7}, Leader: "b"}}, {}}
	var steps []string
	observe := func(s Step) { steps = append(steps, s.Name) }
	m := membersOf(w...)
	newest, err := m.Newest(t.Context(), observe)
	if err != nil || newest != 7 {
		t.Fatalf("newest %d, %v", newest, err)
	}
	if err := m.Take(t.Context(), 8, "a", observe); err != nil {
		t.Fatal(err)
	}
	for i := range w {
		if got := w[i].state; got.Term != 8 || got.Leader != "a" || got.Shard != fmt.Sprintf("%d/3", i) || got.MapVersion != 1 {
			t.Errorf("worker %d has %+v", i, got)
		}
	}
	want := slices.Concat(slices.Repeat([]string{"read the term"}, 3), slices.Repeat([]string{"take the term"}, 3))
	if !slices.Equal(steps, want) {
		t.Errorf("steps %q", steps)
	}
}

func TestNewestNeedsAMajority(t *testing.T) {
	m := membersOf(&worker{}, &worker{down: true}, &worker{down: true})
	_, err := m.Newest(t.Context(), nil)
	p := api.AsProblem(err)
	if p.Code != api.CodeFailoverFailed || len(p.Causes) != 2 || *p.Causes[0].Shard != 1 {
		t.Errorf("got %+v", p)
	}
}

func TestAMinorityGivesNoTerm(t *testing.T) {
	ahead := api.WorkerState{Fence: api.Fence{Term: 9}, Leader: "b"}
	m := membersOf(&worker{}, &worker{state: ahead}, &worker{state: ahead})
	p := api.AsProblem(m.Take(t.Context(), 9, "a", nil))
	if p.Code != api.CodeFailoverFailed || len(p.Causes) != 2 || p.Causes[0].Code != api.CodeStaleTerm {
		t.Errorf("got %+v", p)
	}
}

func TestAWorkerOfAnotherShardDoesNotCount(t *testing.T) {
	m := membersOf(&worker{}, &worker{state: api.WorkerState{Shard: "2/3"}}, &worker{down: true})
	if _, err := m.Newest(t.Context(), nil); api.CodeOf(err) != api.CodeFailoverFailed {
		t.Errorf("got %v", err)
	}
}

// TestAnImplausibleTermDoesNotCount: terms rise by small steps, so a worker that reports one far
// beyond all others, or beyond the greatest, is wrong, and must not use up the terms.
func TestAnImplausibleTermDoesNotCount(t *testing.T) {
	for _, term := range []uint64{api.MaxTerm, api.MaxTerm + 1, 1<<64 - 1, 4 + maxLeap + 1} {
		liar := &worker{state: api.WorkerState{Fence: api.Fence{Term: term}, Leader: "b"}}
		m := membersOf(liar, &worker{state: api.WorkerState{Fence: api.Fence{Term: 4}, Leader: "b"}}, &worker{})
		if newest, err := m.Newest(t.Context(), nil); err != nil || newest != 4 {
			t.Errorf("with one at %d: newest %d, %v", term, newest, err)
		}
		m = membersOf(liar, &worker{state: api.WorkerState{Fence: api.Fence{Term: 4}, Leader: "b"}}, &worker{down: true})
		if _, err := m.Newest(t.Context(), nil); api.CodeOf(err) != api.CodeFailoverFailed {
			t.Errorf("with one at %d and one down: %v", term, err)
		}
	}
}

func TestAPausedWorkersTimeoutIsNotAwaited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		m := membersOf(&worker{}, &worker{paused: true}, &worker{})
		if _, err := m.Newest(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		if err := m.Take(t.Context(), 1, "a", nil); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(start); took != 2*stragglerGrace {
			t.Errorf("it took %s", took)
		}
	})
}

// TestRacingMastersNeverShareATerm: of the masters that take terms at once, at most one gets
// any given term, even without a lease that excludes the others.
func TestRacingMastersNeverShareATerm(t *testing.T) {
	w := []*worker{{}, {}, {}, {}, {}}
	var mu sync.Mutex
	held := map[uint64]string{}
	var wg sync.WaitGroup
	for _, name := range []string{"a", "b", "c"} {
		m := membersOf(w...)
		wg.Go(func() {
			for range 50 {
				newest, err := m.Newest(t.Context(), nil)
				if err != nil {
					t.Error(err)
					return
				}
				if m.Take(t.Context(), newest+1, name, nil) != nil {
					continue
				}
				mu.Lock()
				if other, taken := held[newest+1]; taken {
					t.Errorf("term %d is held by %s and %s", newest+1, other, name)
				}
				held[newest+1] = name
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if len(held) == 0 {
		t.Error("nobody ever got a term")
	}
}
