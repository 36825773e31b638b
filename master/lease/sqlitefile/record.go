package sqlitefile

import (
	"errors"
	"fmt"
	"time"

	"shardeck/shared/api"
)

const (
	maxHolder  = 2048 // bytes of a holder's URL
	maxSession = 64

	// MinTTL and MaxTTL bound the time to live. Below, a busy disk would cost the lease.
	MinTTL = 200 * time.Millisecond
	MaxTTL = time.Minute
)

// record is the row. Two records are equal only if nobody has written in between: every write
// counts up the renewals or changes the term.
type record struct {
	file     uint64 // which file it is from: counts how often the path's file was opened
	holder   string
	session  string
	term     uint64
	renewals int64
	ttl      time.Duration
	released bool
}

// check validates what was read from a file.
func (r *record) check() error {
	switch {
	case len(r.holder) > maxHolder:
		return fmt.Errorf("the holder has %d bytes", len(r.holder))
	case r.session == "" || len(r.session) > maxSession:
		return fmt.Errorf("the session has %d bytes", len(r.session))
	case r.term > api.MaxTerm:
		return fmt.Errorf("the term is %d", r.term)
	case r.renewals < 0 || r.renewals > 1<<53:
		return fmt.Errorf("the number of renewals is %d", r.renewals)
	case r.ttl < MinTTL || r.ttl > MaxTTL:
		return fmt.Errorf("the time to live is %s", r.ttl)
	}
	return nil
}

// watch is how long a challenger has seen the row unchanged.
type watch struct {
	rec   record
	seen  bool
	since time.Time // when the first read that returned rec had ended
	last  time.Time // when the newest read that returned rec began
}

// see takes in a read: rec was the row at some time between begun and ended.
func (w *watch) see(rec record, begun, ended time.Time) {
	if !w.seen || rec != w.rec {
		*w = watch{rec: rec, seen: true, since: ended, last: ended}
		return
	}
	if begun.After(w.last) { // reads may overlap
		w.last = begun
	}
}

// left returns how long the row must stay unchanged after the last read until the lease is free.
func (w *watch) left() time.Duration {
	if w.rec.released {
		return 0
	}
	return max(0, w.rec.ttl-w.last.Sub(w.since))
}

var errNoMoreTerms = fmt.Errorf("there is no term after %d", uint64(api.MaxTerm))

// nextTerm returns the term after both.
func nextTerm(stored, after uint64) (uint64, error) {
	newest := max(stored, after)
	if newest >= api.MaxTerm {
		return 0, errNoMoreTerms
	}
	return newest + 1, nil
}

// errTaken says that the row is not, or no more, that of the grant that is to be renewed or released.
var errTaken = errors.New("another master has acquired the lease, or its file was replaced")

// renewed returns the row after a renewal of mine. A write whose outcome is unknown may have been
// done, so that the row is anything between mine and tried.
func renewed(cur, mine record, tried int64) (record, error) {
	if cur.released || cur.renewals < mine.renewals || cur.renewals > tried {
		return record{}, errTaken
	}
	want := mine
	want.renewals = cur.renewals
	if cur != want {
		return record{}, errTaken
	}
	cur.renewals++
	return cur, nil
}
