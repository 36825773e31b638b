package health

import (
	"context"
	"sync"
	"time"
)

// round is one probe of all shards that several callers may wait for.
type round struct {
	begun time.Time
	done  chan struct{}
}

// Refresh is ProbeAll for callers that suspect the snapshot to be out of date: it
// returns after a round that began after the call. A round does not wait for a shard
// whose latest probe had no answer: it would have to for the whole probe timeout,
// although the shard is refused all the same. Callers share rounds, and consecutive
// rounds begin at least gap apart. It reports whether the round ended before ctx did.
func (p *Prober) Refresh(ctx context.Context, gap time.Duration) bool {
	called := time.Now()
	for {
		p.refreshMu.Lock()
		r, wait := p.round, time.Duration(0)
		if r == nil || isClosed(r.done) && r.begun.Before(called) {
			if r != nil {
				wait = gap - time.Since(r.begun)
			}
			if wait <= 0 {
				r = p.begin()
			}
		}
		p.refreshMu.Unlock()
		if wait > 0 {
			select {
			case <-time.After(wait):
				continue
			case <-ctx.Done():
				return false
			}
		}
		select {
		case <-r.done:
		case <-ctx.Done():
			return false
		}
		if !r.begun.Before(called) {
			return true
		}
	}
}

// begin begins a round, which outlives the caller: others wait for it too.
// p.refreshMu is held.
func (p *Prober) begin() *round {
	r := &round{begun: time.Now(), done: make(chan struct{})}
	p.round = r
	snap := p.Snapshot()
	var wg sync.WaitGroup
	for i := range p.cfg.Targets {
		if snap.Shards[i].Silent() {
			p.Nudge(i) // whether it is back shows in a probe that nobody waits for
			continue
		}
		wg.Go(func() { p.probe(p.life, i) })
	}
	p.bg.Go(func() {
		wg.Wait()
		close(r.done)
	})
	return r
}

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}
