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

func TestAcquireTakesTheNextTermEverywhere(t *testing.T) {
	w := []*worker{{}, {state: api.WorkerState{Fence: api.Fence{Term: 7}, Leader: "b"}}, {}}
	var steps []string
	g, err := NewManual(membersOf(w...)).Acquire(t.Context(), "a", 3, func(s Step) { steps = append(steps, s.Name) })
	if err != nil {
		t.Fatal(err)
	}
	if g.Term != 8 || g.Holder != "a" || g.Lost != nil {
		t.Errorf("got %+v", g)
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

func TestAcquireNeedsAMajority(t *testing.T) {
	w := []*worker{{}, {down: true}, {down: true}}
	_, err := NewManual(membersOf(w...)).Acquire(t.Context(), "a", 0, nil)
	p := api.AsProblem(err)
	if p.Code != api.CodeFailoverFailed || len(p.Causes) != 2 || *p.Causes[0].Shard != 1 {
		t.Errorf("got %+v", p)
	}
	if w[0].state.Term != 0 {
		t.Error("a term was taken although a majority could not be reached")
	}
}

func TestAcquireDoesNotCountAWorkerOfAnotherShard(t *testing.T) {
	w := []*worker{{}, {state: api.WorkerState{Shard: "2/3"}}, {down: true}}
	_, err := NewManual(membersOf(w...)).Acquire(t.Context(), "a", 0, nil)
	if api.CodeOf(err) != api.CodeFailoverFailed {
		t.Errorf("got %v", err)
	}
}

func TestAcquireDoesNotWaitForAPausedWorkersTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		w := []*worker{{}, {paused: true}, {}}
		if _, err := NewManual(membersOf(w...)).Acquire(t.Context(), "a", 0, nil); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(start); took != 2*stragglerGrace {
			t.Errorf("it took %s", took)
		}
	})
}

// TestRacingAcquiresNeverShareATerm: of two masters that reach for the lease at
// once at most one gets any given term.
func TestRacingAcquiresNeverShareATerm(t *testing.T) {
	w := []*worker{{}, {}, {}, {}, {}}
	var mu sync.Mutex
	held := map[uint64]string{}
	var wg sync.WaitGroup
	for _, name := range []string{"a", "b", "c"} {
		lease := NewManual(membersOf(w...))
		wg.Go(func() {
			for range 50 {
				g, err := lease.Acquire(t.Context(), name, 0, nil)
				if err != nil {
					continue
				}
				mu.Lock()
				if other, taken := held[g.Term]; taken {
					t.Errorf("term %d is held by %s and %s", g.Term, other, name)
				}
				held[g.Term] = name
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if len(held) == 0 {
		t.Error("nobody ever got a term")
	}
}
