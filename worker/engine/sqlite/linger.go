package sqlite

import "time"

// Bounds of how long a group may wait for company.
const (
	// lingerMax bounds the wait of a group's first request, so that grouping never
	// costs more than a fraction of what a request takes that waits its turn.
	lingerMax = 2 * time.Millisecond
	// lingerRest is how many groups after a wait in vain go without another, at
	// first; each further wait in vain doubles it, up to lingerRestMax.
	lingerRest    = 64
	lingerRestMax = 1024
)

// linger decides how many requests a group waits for before it is run. A commit
// costs about the same for one request as for many, so waiting a little for those
// that are on their way pays, as PostgreSQL's commit_delay does; but waiting for
// nobody is pure loss. So it climbs: a group that found its target lets the next
// try for one more, and a group that waited in vain settles for what it had, and
// rests from trying. A lone writer thus waits in one group of hundreds.
//
// The zero value is ready. It is for one goroutine.
type linger struct {
	settled int // requests that lately came together in time
	rest    int // groups until the next attempt at more
	vain    int // the last rest's length
}

// target is how many requests the next group waits for.
func (l *linger) target() int {
	if l.rest > 0 {
		return l.settled
	}
	return l.settled + 1
}

// saw learns from a group of size requests, gathered by waiting for target.
func (l *linger) saw(size, target int) {
	switch {
	case size < target && target > l.settled: // an attempt at more, in vain
		l.vain = min(max(2*l.vain, lingerRest), lingerRestMax)
		l.rest = l.vain
		l.settled = size
	case size < target: // some have gone
		l.settled = size
	case size > l.settled:
		l.settled = size
		l.rest, l.vain = 0, 0
	default:
		l.rest--
	}
}
