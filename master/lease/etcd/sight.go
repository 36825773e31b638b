package etcd

import (
	"context"
	"time"

	"shardeck/master/lease"
	"shardeck/master/lease/tenure"
)

// rounding is how much later than its whole seconds etcd may delete what has expired: it cuts the
// fraction off, and looks twice a second.
const rounding = 1500 * time.Millisecond

// sight is what a master has seen of a term that another acquired.
//
// A key that is gone does not yet mean that its holder has stopped. A member of etcd that led, was
// paused for longer than the TTL, and continues, may delete a key that has been renewed at its
// successor's meanwhile (seen with 3.4.23 and 3.7.3); so may people. So a challenger compares: the
// key may be gone no sooner than etcd has last announced. If it is, or if nothing was announced, the
// challenger waits for as long as a holder may believe in a renewal that came just before.
type sight struct {
	counted int64     // which term: the revision of its acquisition
	due     time.Time // when its etcd lease was to end at the earliest; zero if unknown
	gone    time.Time // when its key was first seen to be gone; zero if it is there
}

// see takes in a state that was read until ended.
func (v *sight) see(s state, ended time.Time) {
	if v.counted != s.counted {
		*v = sight{counted: s.counted}
	}
	if s.revision != 0 {
		v.gone = time.Time{}
	} else if v.gone.IsZero() {
		v.gone = ended
	}
}

// left returns how long from now a challenger must wait although the key is gone.
func (v *sight) left(s state, ttl time.Duration, now time.Time) time.Duration {
	if s.counted == 0 || s.newest.Released || !v.due.IsZero() && !v.gone.Before(v.due) {
		return 0
	}
	return max(0, tenure.StopAfter(ttl)-now.Sub(v.gone))
}

// look reads the keys, takes them in, and says who holds the lease. A wait for the term that this
// Lease acquired itself is of no use: it has ended that grant before.
func (l *Lease) look(ctx context.Context, part time.Duration) (state, lease.Holding, error) {
	s, err := l.read(ctx, part)
	if err != nil {
		return s, lease.Holding{}, err
	}
	now := time.Now()
	l.mu.Lock()
	l.sight.see(s, now)
	left := l.sight.left(s, l.cfg.TTL, now)
	own := l.held != nil && l.held.revision == s.counted
	l.mu.Unlock()
	if s.revision == 0 {
		h := lease.Holding{Automatic: true, Holder: s.newest.Holder, Term: s.newest.Term, ExpiresIn: left}
		if own {
			h.ExpiresIn = 0
		}
		h.Free = h.ExpiresIn == 0
		return s, h, nil
	}
	h := lease.Holding{Automatic: true, Holder: s.leader.Holder, Term: s.leader.Term, ExpiresIn: l.cfg.TTL + rounding}
	if ttl, err := l.timeToLive(ctx, s, part); err == nil {
		h.ExpiresIn = ttl + rounding
	}
	return s, h, nil
}

// timeToLive asks etcd when the leader's key will be deleted, and takes the answer in.
func (l *Lease) timeToLive(ctx context.Context, s state, part time.Duration) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, part)
	defer cancel()
	c, err := l.conn.get(ctx)
	if err != nil {
		return 0, err
	}
	begun := time.Now()
	resp, err := c.TimeToLive(ctx, s.lease)
	if err != nil {
		return 0, err
	}
	ttl := min(max(time.Duration(resp.TTL), 0), MaxTTL/time.Second) * time.Second // -1: it has expired
	l.mu.Lock()
	defer l.mu.Unlock()
	if resp.TTL >= 0 && l.sight.counted == s.counted {
		l.sight.due = begun.Add(ttl)
	}
	return ttl, nil
}

// poll looks every TTL/6 while this Lease holds nothing, so that it knows when the holder's key is
// due.
func (l *Lease) poll() {
	tick := time.NewTicker(l.interval())
	defer tick.Stop()
	for failing := false; ; {
		if !l.holds() {
			ctx, cancel := context.WithTimeout(l.ctx, l.interval())
			_, _, err := l.look(ctx, l.interval()/3)
			cancel()
			if l.ctx.Err() != nil {
				return
			}
			if failed := err != nil; failed != failing {
				failing = failed
				if failed {
					l.cfg.Log.Warn("the lease cannot be read", "error", l.explain("read the lease", err))
				} else {
					l.cfg.Log.Info("the lease can be read again")
				}
			}
		}
		select {
		case <-tick.C:
		case <-l.ctx.Done():
			return
		}
	}
}

func (l *Lease) holds() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.held != nil && time.Now().Before(l.held.Until())
}
