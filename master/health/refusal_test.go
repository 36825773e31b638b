package health

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"shardeck/shared/api"
)

// TestARefusalSaysSinceWhen: of a shard that hangs, as of one that refuses connections.
func TestARefusalSaysSinceWhen(t *testing.T) {
	refused := api.NewProblem(api.CodeShardUnavailable, "connection refused").Hinted("start the worker")
	hangs, gone := &target{label: "0/2"}, &target{label: "1/2"}
	running(t, []*target{hangs, gone}, func(p *Prober, _ func() []string) {
		time.Sleep(1500 * time.Millisecond)
		for i, sh := range p.Snapshot().Shards {
			if sh.Refusal() != nil || !sh.RefusedSince.IsZero() {
				t.Errorf("shard %d is refused since %s", i, sh.RefusedSince)
			}
		}
		hangs.set(func(f *target) { f.delay = time.Hour })
		gone.set(func(f *target) { f.err = refused })
		time.Sleep(3 * time.Second) // a probe began within one second, and ended within two more
		since := p.Snapshot().Shards[0].RefusedSince
		says := func(shard int, want, hint string) {
			t.Helper()
			sh := &p.Snapshot().Shards[shard]
			r := sh.Refusal()
			if r == nil || r.Detail != want || r.Hint != hint+" (it is used again once it answers a probe)" || r.Shard == nil || *r.Shard != shard {
				t.Errorf("shard %d: %+v", shard, r)
			}
		}
		first := since.UTC().Format("15:04:05 UTC")
		says(0, "shard 0 (w) has not answered probes since "+first+": no answer in time", "check whether it is overloaded or paused")
		says(1, fmt.Sprintf("shard 1 (w) has been down since %s: connection refused", p.Snapshot().Shards[1].RefusedSince.UTC().Format("15:04:05 UTC")), "start the worker")
		if sh := &p.Snapshot().Shards[0]; !sh.Silent() || sh.Hung() {
			t.Errorf("after one probe: silent %t, hung %t", sh.Silent(), sh.Hung())
		}
		if sh := &p.Snapshot().Shards[1]; sh.Silent() || sh.Hung() {
			t.Errorf("one that refuses connections: silent %t, hung %t", sh.Silent(), sh.Hung())
		}
		time.Sleep(10 * time.Second)
		says(0, "shard 0 (w) has been down since "+first+": no answer in time", "check whether it is overloaded or paused")
		if sh := &p.Snapshot().Shards[0]; !sh.Hung() || !sh.RefusedSince.Equal(since) {
			t.Errorf("after many: hung %t, since %s", sh.Hung(), sh.RefusedSince)
		}
		hangs.set(func(f *target) { f.delay = 0 })
		gone.set(func(f *target) { f.err = nil })
		time.Sleep(4 * time.Second)
		for i, sh := range p.Snapshot().Shards {
			if sh.Refusal() != nil || !sh.RefusedSince.IsZero() {
				t.Errorf("shard %d is still refused since %s", i, sh.RefusedSince)
			}
		}
	})
	if refused.Detail != "connection refused" || refused.Hint != "start the worker" {
		t.Errorf("a refusal has changed the problem of the probe: %+v", refused)
	}
}

// TestProbesAtOnceAreNotProbesInARow: several requests may each have caused one.
func TestProbesAtOnceAreNotProbesInARow(t *testing.T) {
	hangs := &target{label: "0/1"}
	running(t, []*target{hangs}, func(p *Prober, _ func() []string) {
		time.Sleep(100 * time.Millisecond)
		hangs.set(func(f *target) { f.delay = time.Hour })
		var wg sync.WaitGroup
		for range 5 {
			wg.Go(func() { p.ProbeAll(context.Background()) })
		}
		wg.Wait()
		if sh := &p.Snapshot().Shards[0]; sh.Misses != 1 || sh.Hung() {
			t.Errorf("%d misses, hung %t", sh.Misses, sh.Hung())
		}
		time.Sleep(10 * time.Second)
		if sh := &p.Snapshot().Shards[0]; !sh.Hung() {
			t.Errorf("%d misses after a while", sh.Misses)
		}
	})
}

// TestARefreshDoesNotWaitForAShardThatHangs: in a bubble, time passes only when everybody waits.
func TestARefreshDoesNotWaitForAShardThatHangs(t *testing.T) {
	hangs, well := &target{label: "0/2"}, &target{label: "1/2"}
	running(t, []*target{hangs, well}, func(p *Prober, _ func() []string) {
		time.Sleep(100 * time.Millisecond)
		hangs.set(func(f *target) { f.delay = time.Hour })
		time.Sleep(5 * time.Second)
		well.set(func(f *target) { f.rows = 7 })
		began := time.Now()
		if !p.Refresh(context.Background(), 0) {
			t.Fatal("no round")
		}
		if d := time.Since(began); d != 0 {
			t.Errorf("it waited for %s", d)
		}
		if rows := p.Snapshot().Shards[1].Stats.Databases[0].Tables[0].Rows; rows != 7 {
			t.Errorf("the other shard has %d rows", rows)
		}
	})
}
