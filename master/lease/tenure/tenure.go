package tenure

import (
	"sync"
	"time"
)

// Renewals is how often a holder renews within one time to live, and StopAfter the part of the
// time to live, counted from before the last successful renewal was sent, after which it must have
// stopped. The rest is a margin for writes in flight and for clocks of different rates. With 2/3
// instead of 3/4, holders stopped needlessly when etcd elected a leader.
const Renewals = 6

// StopAfter returns how long a holder may act after it began to send a successful renewal.
func StopAfter(ttl time.Duration) time.Duration { return ttl / 4 * 3 }

// Tenure is a term that is held until a deadline. Its methods are safe for concurrent use.
type Tenure struct {
	term uint64
	lost chan struct{}

	mu    sync.Mutex
	until time.Time
	over  bool
	timer *time.Timer
}

// Begin returns a tenure that ends at until unless it is extended. If that has passed already, the
// tenure is over from the start.
func Begin(term uint64, until time.Time) *Tenure {
	t := &Tenure{term: term, lost: make(chan struct{}), until: until}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.timer = time.AfterFunc(time.Until(until), t.expire)
	if !time.Now().Before(until) {
		t.end()
	}
	return t
}

// Term returns the term.
func (t *Tenure) Term() uint64 { return t.term }

// Until returns the deadline. It never moves into the future again once it has passed.
func (t *Tenure) Until() time.Time {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.until
}

// Lost is closed when the tenure is over.
func (t *Tenure) Lost() <-chan struct{} { return t.lost }

// Extend moves the deadline to until, if that is later. It reports whether the tenure goes on: one
// whose deadline has passed stays over, even if its timer has not fired yet.
func (t *Tenure) Extend(until time.Time) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.over || !time.Now().Before(t.until) {
		t.end()
		return false
	}
	if until.After(t.until) {
		t.until = until
		t.timer.Reset(time.Until(until))
	}
	return true
}

// End ends the tenure now; the deadline is then not in the future.
func (t *Tenure) End() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.end()
}

func (t *Tenure) expire() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if left := time.Until(t.until); left > 0 && !t.over { // extended while the timer fired
		t.timer.Reset(left)
		return
	}
	t.end()
}

func (t *Tenure) end() {
	if t.over {
		return
	}
	t.over = true
	if now := time.Now(); now.Before(t.until) {
		t.until = now
	}
	t.timer.Stop()
	close(t.lost)
}
