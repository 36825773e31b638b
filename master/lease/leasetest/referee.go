package leasetest

import (
	"sync"
	"testing"
	"time"

	"shardeck/master/lease"
)

// Referee checks that no two grants are valid at one time and that terms only rise. Its methods
// are safe for concurrent use.
type Referee struct {
	t testing.TB

	mu      sync.Mutex
	current lease.Grant
	holder  string
	newest  uint64
	grants  int
}

// NewReferee returns a referee that fails t.
func NewReferee(t testing.TB) *Referee { return &Referee{t: t} }

// Granted takes in a new grant, at once after Acquire returned it.
func (r *Referee) Granted(holder string, g lease.Grant) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.current != nil {
		// A grant that was released or is lost has a deadline that has passed.
		if until, now := r.current.Until(), time.Now(); now.Before(until) {
			r.t.Errorf("%s was granted term %d while %s may act under term %d for another %s", holder, g.Term(), r.holder, r.current.Term(), until.Sub(now))
		}
	}
	if g.Term() <= r.newest {
		r.t.Errorf("%s was granted term %d after term %d", holder, g.Term(), r.newest)
	}
	r.current, r.holder, r.newest = g, holder, max(r.newest, g.Term())
	r.grants++
}

// Grants returns how many grants there were.
func (r *Referee) Grants() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.grants
}

// Newest returns the newest term.
func (r *Referee) Newest() uint64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.newest
}
