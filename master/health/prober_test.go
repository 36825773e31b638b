package health

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"shardeck/shared/api"
)

// target is a worker whose behaviour a test sets. In a synctest bubble its delays
// cost nothing.
type target struct {
	mu     sync.Mutex
	delay  time.Duration
	err    error
	label  string
	probes int
	rows   int64
	fresh  bool // it holds nothing

	storage *api.StorageProblem
}

func (f *target) set(change func(*target)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change(f)
}

func (f *target) Health(ctx context.Context) (*api.WorkerHealth, error) {
	f.mu.Lock()
	f.probes++
	delay, err := f.delay, f.err
	f.mu.Unlock()
	select {
	case <-time.After(delay):
	case <-ctx.Done():
		if context.Cause(ctx) == context.DeadlineExceeded {
			return nil, api.NewProblem(api.CodeShardTimeout, "no answer in time")
		}
		return nil, api.NewProblem(api.CodeCanceled, "cancelled")
	}
	if err != nil {
		return nil, err
	}
	return &api.WorkerHealth{Status: "ok", Name: "w", Engine: "sqlite", Storage: f.storage}, nil
}

func (f *target) Stats(context.Context) (*api.WorkerStats, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.fresh {
		return &api.WorkerStats{}, nil
	}
	return &api.WorkerStats{State: api.WorkerState{Shard: f.label}, Databases: []api.DatabaseStats{
		{Name: "d", Tables: []api.TableStats{{Rows: f.rows}}},
	}}, nil
}

// running runs a prober over the targets for the time of f, in a bubble.
func running(t *testing.T, targets []*target, f func(p *Prober, changes func() []string)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var log []string
		cfg := Config{OnShard: func(before, after Shard) {
			mu.Lock()
			defer mu.Unlock()
			log = append(log, fmt.Sprintf("%d %s->%s", after.Shard, before.State, after.State))
		}}
		for i, tg := range targets {
			cfg.Targets = append(cfg.Targets, tg)
			cfg.URLs = append(cfg.URLs, fmt.Sprintf("http://w%d", i))
			cfg.Labels = append(cfg.Labels, fmt.Sprintf("%d/%d", i, len(targets)))
		}
		p := New(cfg)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { p.Run(ctx); close(done) }()
		f(p, func() []string {
			mu.Lock()
			defer mu.Unlock()
			return slices.Clone(log)
		})
		cancel()
		<-done
	})
}

func states(p *Prober) []api.ShardState {
	var list []api.ShardState
	for _, sh := range p.Snapshot().Shards {
		list = append(list, sh.State)
	}
	return list
}

func expectStates(t *testing.T, p *Prober, want ...api.ShardState) {
	t.Helper()
	if got := states(p); !slices.Equal(got, want) {
		t.Errorf("states %v, want %v", got, want)
	}
}

func TestAHangingWorkerDelaysNoOther(t *testing.T) {
	good, hung := &target{}, &target{delay: time.Hour}
	running(t, []*target{good, hung}, func(p *Prober, _ func() []string) {
		time.Sleep(10 * time.Millisecond)
		expectStates(t, p, api.ShardUp, api.ShardUnknown)
		time.Sleep(2 * time.Second) // the first deadline is over
		expectStates(t, p, api.ShardUp, api.ShardSlow)
		time.Sleep(10 * time.Second)
		expectStates(t, p, api.ShardUp, api.ShardDown)
		if good.probes < 12 {
			t.Errorf("the good worker was probed %d times in 12 s", good.probes)
		}
	})
}

func TestAShardsStateFollowsItsWorker(t *testing.T) {
	w := &target{}
	running(t, []*target{w}, func(p *Prober, changes func() []string) {
		step := func(change func(*target)) {
			time.Sleep(1500 * time.Millisecond)
			w.set(change)
		}
		step(func(f *target) { f.delay = 600 * time.Millisecond })
		step(func(f *target) { f.delay, f.err = 0, api.NewProblem(api.CodeShardUnavailable, "refused") })
		step(func(f *target) { f.err = nil })
		step(func(f *target) { f.label = "1/3" })
		step(func(f *target) { f.label = "0/1" })
		step(func(f *target) { f.err = api.NewProblem(api.CodeUnauthorized, "token") })
		time.Sleep(1500 * time.Millisecond)
		want := []string{"0 unknown->up", "0 up->slow", "0 slow->down", "0 down->up", "0 up->wrong_shard",
			"0 wrong_shard->up", "0 up->unauthorized"}
		if got := changes(); !slices.Equal(got, want) {
			t.Errorf("changes %q, want %q", got, want)
		}
	})
}

func TestADownShardKeepsWhatWasLastKnown(t *testing.T) {
	w := &target{rows: 42}
	running(t, []*target{w}, func(p *Prober, _ func() []string) {
		time.Sleep(100 * time.Millisecond)
		w.set(func(f *target) { f.err = api.NewProblem(api.CodeShardUnavailable, "refused") })
		time.Sleep(5 * time.Second)
		sh := p.Snapshot().Shards[0]
		if sh.State != api.ShardDown || sh.Stats == nil || sh.Stats.Databases[0].Tables[0].Rows != 42 || sh.Info.Name != "w" {
			t.Errorf("got %+v", sh)
		}
		if age := Age(time.Now(), sh.AnsweredAt); age < 4000 {
			t.Errorf("the answer is said to be %g ms old", age)
		}
		if sh.Problem == nil || *sh.Problem.Shard != 0 {
			t.Errorf("the problem is %v", sh.Problem)
		}
	})
}

func TestAnEditOutlivesAProbeThatBeganBefore(t *testing.T) {
	w := &target{}
	running(t, []*target{w}, func(p *Prober, _ func() []string) {
		time.Sleep(10 * time.Millisecond)
		w.set(func(f *target) { f.delay = 300 * time.Millisecond })
		time.Sleep(1100 * time.Millisecond) // the second probe is under way
		p.Edit(0, func(st *api.WorkerStats) { st.Databases = nil })
		time.Sleep(500 * time.Millisecond) // it has ended
		if n := len(p.Snapshot().Shards[0].Stats.Databases); n != 0 {
			t.Error("an older probe undid the edit")
		}
		time.Sleep(time.Second)
		if n := len(p.Snapshot().Shards[0].Stats.Databases); n != 1 {
			t.Error("a later probe did not replace the edit")
		}
	})
}

func TestRefreshIsSharedAndRateLimited(t *testing.T) {
	w := &target{}
	running(t, []*target{w}, func(p *Prober, _ func() []string) {
		time.Sleep(100 * time.Millisecond)
		w.set(func(f *target) { f.probes, f.delay = 0, 50*time.Millisecond })
		refresh := func(callers int) {
			var wg sync.WaitGroup
			for range callers {
				wg.Go(func() {
					if !p.Refresh(context.Background(), 300*time.Millisecond) {
						t.Error("a refresh says that it did not happen")
					}
				})
			}
			wg.Wait()
		}
		start := time.Now()
		refresh(20)
		if took := time.Since(start); w.probes != 1 || took != 50*time.Millisecond {
			t.Errorf("20 callers caused %d probes in %s", w.probes, took)
		}
		refresh(20) // after the gap, since what they want to know is newer than the first round
		if took := time.Since(start); w.probes != 2 || took != 350*time.Millisecond {
			t.Errorf("20 more callers made it %d probes in %s", w.probes, took)
		}
	})
}

func TestARefreshDoesNotTakeARoundThatBeganBefore(t *testing.T) {
	w := &target{}
	running(t, []*target{w}, func(p *Prober, _ func() []string) {
		time.Sleep(100 * time.Millisecond)
		w.set(func(f *target) { f.probes, f.delay = 0, 50*time.Millisecond })
		go p.Refresh(context.Background(), 0)
		time.Sleep(10 * time.Millisecond)
		p.Refresh(context.Background(), 0)
		if w.probes != 2 {
			t.Errorf("%d rounds", w.probes)
		}
	})
}

func TestStatusSumsUp(t *testing.T) {
	for name, tt := range map[string]struct {
		states []api.ShardState
		want   api.Status
	}{
		"all up":        {[]api.ShardState{api.ShardUp, api.ShardUp}, api.StatusOK},
		"one slow":      {[]api.ShardState{api.ShardUp, api.ShardSlow}, api.StatusDegraded},
		"one down":      {[]api.ShardState{api.ShardDown, api.ShardUp}, api.StatusDegraded},
		"none answers":  {[]api.ShardState{api.ShardDown, api.ShardUnauthorized}, api.StatusDown},
		"not heard yet": {[]api.ShardState{api.ShardUnknown}, api.StatusDown},
	} {
		t.Run(name, func(t *testing.T) {
			s := &Snapshot{}
			for _, st := range tt.states {
				s.Shards = append(s.Shards, Shard{State: st})
			}
			if got := s.Status(); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

// TestAnEmptiedShardIsAnAlarm: a worker that knows neither term nor shard, among others that hold
// databases, has lost its data, whether it is probed before them or after. Until that is
// accepted it is not used.
func TestAnEmptiedShardIsAnAlarm(t *testing.T) {
	for _, order := range [][2]time.Duration{{0, 50 * time.Millisecond}, {50 * time.Millisecond, 0}} {
		others, empty := &target{label: "0/2", rows: 5}, &target{fresh: true}
		others.delay, empty.delay = order[0], order[1]
		running(t, []*target{others, empty}, func(p *Prober, _ func() []string) {
			time.Sleep(100 * time.Millisecond)
			expectStates(t, p, api.ShardUp, api.ShardEmptied)
			sh := &p.Snapshot().Shards[1]
			if r := sh.Refusal(); r == nil || r.Code != api.CodeShardEmptied || *r.Shard != 1 {
				t.Errorf("refusal %v", r)
			}
			time.Sleep(3 * time.Second)
			expectStates(t, p, api.ShardUp, api.ShardEmptied)
			p.AcceptEmpty(1)
			expectStates(t, p, api.ShardUp, api.ShardUp)
			time.Sleep(3 * time.Second)
			expectStates(t, p, api.ShardUp, api.ShardUp)
			// What was accepted is one loss: the next is an alarm again.
			empty.set(func(f *target) { f.fresh, f.label = false, "1/2" })
			time.Sleep(3 * time.Second)
			expectStates(t, p, api.ShardUp, api.ShardUp)
			empty.set(func(f *target) { f.fresh = true })
			time.Sleep(3 * time.Second)
			expectStates(t, p, api.ShardUp, api.ShardEmptied)
		})
	}
	running(t, []*target{{fresh: true}, {fresh: true}}, func(p *Prober, _ func() []string) {
		time.Sleep(3 * time.Second)
		expectStates(t, p, api.ShardUp, api.ShardUp) // a new cluster
	})
}

// TestAWorkerWhoseStorageFailsIsFailing, also if it cannot answer more than that; its problem says
// what fails, without the paths that the worker reports.
func TestAWorkerWhoseStorageFailsIsFailing(t *testing.T) {
	full := api.StorageProblem{Problem: api.StorageFull.Problem(), Code: api.StorageFull, Since: time.Now()}
	w := &target{label: "0/1"}
	running(t, []*target{w}, func(p *Prober, _ func() []string) {
		time.Sleep(1500 * time.Millisecond)
		w.set(func(f *target) { f.storage = &full })
		time.Sleep(time.Second)
		sh := p.Snapshot().Shards[0]
		if sh.State != api.ShardFailing || sh.Problem.Code != api.CodeStorageFailed || !strings.Contains(sh.Problem.Detail, full.Problem) || sh.Refusal() != nil {
			t.Errorf("%+v", sh)
		}
		if p.Snapshot().Status() != api.StatusDegraded {
			t.Error(p.Snapshot().Status())
		}
		w.set(func(f *target) { f.storage = nil })
		time.Sleep(time.Second)
		expectStates(t, p, api.ShardUp)
	})
}
