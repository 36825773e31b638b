package sqlite

import "time"

// Bounds on how long a group may wait for more requests.
const (
	// lingerMax bounds the wait of a group's first request, so that grouping never costs more than
	// a fraction of the time a queued request takes.
	lingerMax = 2 * time.Millisecond
	// lingerRest is the number of groups that do not wait after a futile wait; each further futile
	// wait doubles it, up to lingerRestMax.
	lingerRest    = 64
	lingerRestMax = 1024
)

// linger decides how many requests a group waits for before it is run. A commit costs about the
// same for one request as for many, so a short wait for requests about to arrive pays off, as
// with PostgreSQL's commit_delay; waiting for nobody is pure loss. So it probes: a group that
// reached its target lets the next try for one more, and a group that waited in vain settles for
// its size and backs off. A lone writer thus waits in one group out of hundreds.
//
// The zero value is ready to use. It is for one goroutine.
type linger struct {
	settled int // group size that was recently reached in time
	rest    int // groups until the next attempt at a larger one
	vain    int // length of the last back-off
}

// target is the number of requests the next group waits for.
func (l *linger) target() int {
	if l.rest > 0 {
		return l.settled
	}
	return l.settled + 1
}

// saw adapts to a group of size requests, gathered by waiting for target.
func (l *linger) saw(size, target int) {
	switch {
	case size < target && target > l.settled: // a failed attempt at a larger group
		l.vain = min(max(2*l.vain, lingerRest), lingerRestMax)
		l.rest = l.vain
		l.settled = size
	case size < target: // some writers are gone
		l.settled = size
	case size > l.settled:
		l.settled = size
		l.rest, l.vain = 0, 0
	default:
		l.rest--
	}
}
