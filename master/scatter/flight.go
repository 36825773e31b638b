package scatter

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"shardeck/shared/api"
	"shardeck/shared/client"
)

// flight is a request in flight on a shard, as far as it concerns those who may end it early.
type flight struct {
	cancel context.CancelCauseFunc
	write  bool
	rows   atomic.Pointer[client.RowStream] // a read's, once its answer has begun
	begun  time.Time
	asked  atomic.Int64 // how long after begun the current wait for the shard began, at least 1; 0 while nobody waits
}

// waits notes that somebody waits for the shard since then.
func (f *flight) waits(since time.Time) { f.asked.Store(max(1, int64(since.Sub(f.begun)))) }

// waitsNot notes that nobody does.
func (f *flight) waitsNot() { f.asked.Store(0) }

// silent reports whether somebody waits in vain for a shard that does not answer probes. Of a read,
// nothing must have arrived within the last while: whatever else the shard does, it is still being read.
func (f *flight) silent(now time.Time, while time.Duration, writes bool) bool {
	asked := f.asked.Load()
	switch {
	case asked == 0:
		return false
	case f.write:
		return writes && now.Sub(f.begun)-time.Duration(asked) >= while
	}
	rows := f.rows.Load()
	if rows == nil {
		return true
	}
	heard := rows.Heard()
	return heard.IsZero() || now.Sub(heard) >= while
}

// flights are the requests in flight on one shard.
type flights struct {
	mu  sync.Mutex
	all map[*flight]struct{}
}

func (f *flights) add(x *flight) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.all == nil {
		f.all = map[*flight]struct{}{}
	}
	f.all[x] = struct{}{}
}

func (f *flights) remove(x *flight) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.all, x)
}

// end ends those that which selects, with the problem as their context's cause.
func (f *flights) end(why *api.Problem, which func(*flight) bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for x := range f.all {
		if which(x) {
			x.cancel(why)
		}
	}
}

// Interrupt ends all reads in flight on a shard that must not be used any more.
func (s *Scatter) Interrupt(shard int, why *api.Problem) {
	s.flights[shard].end(why, func(f *flight) bool { return !f.write })
}

// InterruptSilent ends the reads in flight on a shard that does not answer probes, which would otherwise
// wait for the timeout, unless something of their answer arrived within the last while. With writes, it
// also ends the writes that have waited for at least a while. Whether the shard has applied such a write,
// or will when it wakes, is unknown, as it would be after the timeout.
func (s *Scatter) InterruptSilent(shard int, why *api.Problem, while time.Duration, writes bool) {
	now := time.Now()
	s.flights[shard].end(why, func(f *flight) bool { return f.silent(now, while, writes) })
}
