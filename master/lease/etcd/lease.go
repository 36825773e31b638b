package etcd

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"sync"
	"time"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"

	"shardeck/master/lease"
	"shardeck/master/lease/tenure"
)

const (
	observeTimeout = 900 * time.Millisecond
	observePart    = 280 * time.Millisecond
	cleanupTimeout = time.Second
)

// Lease is one master's view of the lease. Its methods are safe for concurrent use.
type Lease struct {
	cfg     Config
	conn    *conn
	session string

	ctx    context.Context // ends with Close
	cancel context.CancelFunc
	work   sync.WaitGroup
	turn   chan struct{} // one Acquire at a time

	mu     sync.Mutex
	closed bool
	held   *grant // the newest; nil before
	sight  sight
}

// Open checks the configuration and reads its files. It does not wait for etcd.
func Open(cfg Config) (*Lease, error) {
	cfg, err := cfg.checked()
	if err != nil {
		return nil, err
	}
	conn, err := newConn(cfg)
	if err != nil {
		return nil, err
	}
	l := &Lease{cfg: cfg, conn: conn, session: rand.Text(), turn: make(chan struct{}, 1)}
	l.ctx, l.cancel = context.WithCancel(context.Background())
	l.work.Go(l.poll)
	return l, nil
}

// interval is the time between two renewals, and the limit of one.
func (l *Lease) interval() time.Duration { return l.cfg.TTL / tenure.Renewals }

// Acquire tries once; see lease.Lease. A grant that this Lease holds is lost before, whatever comes
// of it.
func (l *Lease) Acquire(ctx context.Context, holder string, after uint64) (lease.Grant, error) {
	if holder == "" || len(holder) > maxHolder {
		return nil, fmt.Errorf("a lease's holder must have 1 to %d bytes; it has %d", maxHolder, len(holder))
	}
	select {
	case l.turn <- struct{}{}:
		defer func() { <-l.turn }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	l.mu.Lock()
	held := l.held
	l.mu.Unlock()
	if held != nil {
		held.End()
	}
	if err := l.ctx.Err(); err != nil {
		return nil, errClosed
	}
	ctx, cancel := context.WithTimeout(ctx, tenure.StopAfter(l.cfg.TTL)) // later, no grant could be valid
	defer cancel()
	defer context.AfterFunc(l.ctx, cancel)()
	s, holding, err := l.look(ctx, l.interval())
	if err != nil {
		return nil, l.explain("read the lease", err)
	}
	if !holding.Free && !l.own(s) {
		return nil, &lease.HeldError{Holding: holding}
	}
	term, err := nextTerm(s, after)
	if err != nil {
		return nil, err
	}
	return l.acquire(ctx, s, leader{Holder: holder, Session: l.session, Term: term})
}

// own reports whether the leader's key is that of the newest grant of this Lease. The session alone
// does not tell: etcd may have been restored.
func (l *Lease) own(s state) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.held != nil && s.leader.Session == l.session && s.lease == l.held.id && s.revision == l.held.revision
}

// acquire takes the lease from state s on.
func (l *Lease) acquire(ctx context.Context, s state, mine leader) (lease.Grant, error) {
	id, err := l.newLease(ctx)
	if err != nil {
		return nil, l.explain("create an etcd lease", err)
	}
	g := &grant{lease: l, id: id, mine: mine}
	if g.revision, err = l.take(ctx, s, mine, id); err == nil && g.revision != 0 {
		err = g.confirm(ctx)
	}
	if err != nil || g.revision == 0 {
		l.later(func(ctx context.Context) error { return g.giveUp(ctx) })
		if err != nil {
			return nil, l.explain("acquire the lease", err)
		}
		return nil, l.lostRace(ctx)
	}
	old, err := l.hold(g)
	if old != nil { // its key is now attached to the new lease
		l.later(func(ctx context.Context) error { return l.revoke(ctx, old.id) })
	}
	if err != nil {
		return nil, err
	}
	return g, nil
}

// hold makes g the grant that is renewed, unless the lease was closed. It returns the one before.
func (l *Lease) hold(g *grant) (old *grant, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		g.End()
		return nil, errClosed
	}
	old, l.held = l.held, g
	l.work.Go(g.renew)
	l.work.Go(g.guard)
	return old, nil
}

func (l *Lease) newLease(ctx context.Context) (id clientv3.LeaseID, err error) {
	err = each(ctx, l.interval(), func(ctx context.Context) error {
		c, err := l.conn.get(ctx)
		if err != nil {
			return err
		}
		resp, err := c.Grant(ctx, int64(l.cfg.TTL/time.Second))
		if err == nil {
			id = resp.ID
		}
		return err
	})
	return id, err
}

// lostRace returns the error of an Acquire whose keys have changed after it read them.
func (l *Lease) lostRace(ctx context.Context) error {
	_, h, err := l.look(ctx, l.interval())
	if err != nil {
		return l.explain("read the lease", err)
	}
	if h.Free { // the winner has released it already: not now, but at once
		h.Free, h.ExpiresIn = false, time.Nanosecond
	}
	return &lease.HeldError{Holding: h}
}

// later cleans up what would otherwise expire.
func (l *Lease) later(do func(context.Context) error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return
	}
	l.work.Go(func() {
		ctx, cancel := context.WithTimeout(l.ctx, cleanupTimeout)
		defer cancel()
		if err := do(ctx); err != nil {
			l.cfg.Log.Debug("an etcd lease was not revoked", "error", err)
		}
	})
}

// revoke revokes an etcd lease, if there still is one.
func (l *Lease) revoke(ctx context.Context, id clientv3.LeaseID) error {
	return each(ctx, l.interval(), func(ctx context.Context) error {
		c, err := l.conn.get(ctx)
		if err != nil {
			return err
		}
		if _, err = c.Revoke(ctx, id); errors.Is(err, rpctypes.ErrLeaseNotFound) {
			return nil
		}
		return err
	})
}

// Observe reads the keys; see lease.Lease. ExpiresIn assumes that etcd does not change its leader
// in the meantime.
func (l *Lease) Observe(ctx context.Context) (lease.Holding, error) {
	if l.ctx.Err() != nil {
		return lease.Holding{}, errClosed
	}
	ctx, cancel := context.WithTimeout(ctx, observeTimeout)
	defer cancel()
	defer context.AfterFunc(l.ctx, cancel)()
	if err := ctx.Err(); err != nil {
		return lease.Holding{}, err
	}
	_, h, err := l.look(ctx, observePart)
	if err != nil {
		return lease.Holding{}, l.explain("read the lease", err)
	}
	return h, nil
}

// Close stops renewing. A grant that is still held is lost, but not released.
func (l *Lease) Close() error {
	l.mu.Lock()
	if l.closed {
		l.mu.Unlock()
		return nil
	}
	l.closed = true
	held := l.held
	l.mu.Unlock()
	if held != nil {
		held.End()
	}
	l.cancel()
	l.work.Wait()
	if err := l.conn.close(); err != nil && !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}
