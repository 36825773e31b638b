package sqlitefile

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"time"

	_ "modernc.org/sqlite" // the driver "sqlite"

	"shardeck/master/lease"
	"shardeck/master/lease/tenure"
)

const (
	// DefaultTTL is the time to live if none is configured.
	DefaultTTL = 1500 * time.Millisecond

	pollsPerTTL    = 10
	observeTimeout = 900 * time.Millisecond
)

// Config is how to open a lease.
type Config struct {
	Path string        // the same for all masters
	TTL  time.Duration // the same for all masters; 0: DefaultTTL
	Log  *slog.Logger  // nil: none
}

// store is where the row is.
type store interface {
	read(context.Context) (record, error)
	update(context.Context, func(record) (record, error)) error
	close() error
}

// Lease is one master's view of the lease. Its methods are safe for concurrent use.
type Lease struct {
	ttl     time.Duration
	log     *slog.Logger
	store   store
	session string

	ctx    context.Context // ends with Close
	cancel context.CancelFunc
	work   sync.WaitGroup
	turn   chan struct{} // one Acquire at a time

	mu     sync.Mutex
	closed bool
	watch  watch
	held   *grant // the newest; nil before
	wrote  attempt
}

// attempt is the newest row that Acquire has tried to write. If the outcome is unknown it may be there,
// and need not expire as another's would.
type attempt struct {
	rec   record
	begun time.Time // before the write
}

// holds reports whether cur is what was tried, so long as no other can have acquired the lease since:
// it would have to watch the row for a TTL.
func (a attempt) holds(cur record, now time.Time) bool {
	return cur == a.rec && now.Sub(a.begun) < a.rec.ttl
}

var errSlow = errors.New("acquiring the lease took too long")

// Open opens the lease's file, creates it if it is missing, and begins to watch it.
func Open(ctx context.Context, cfg Config) (*Lease, error) {
	if cfg.TTL == 0 {
		cfg.TTL = DefaultTTL
	}
	if cfg.TTL < MinTTL || cfg.TTL > MaxTTL || cfg.TTL%time.Millisecond != 0 {
		return nil, fmt.Errorf("the lease's time to live must be %s to %s, in whole milliseconds; it is %s", MinTTL, MaxTTL, cfg.TTL)
	}
	if cfg.Path == "" {
		return nil, errors.New("the lease has no file: name one that all masters of this machine can write")
	}
	path, err := filepath.Abs(cfg.Path)
	if err != nil {
		return nil, fmt.Errorf("the lease's file %s: %w", cfg.Path, err)
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	f := newFile(path, cfg.TTL)
	if _, err := f.read(ctx); err != nil {
		return nil, errors.Join(err, f.close())
	}
	return newLease(f, cfg.TTL, cfg.Log), nil
}

func newLease(s store, ttl time.Duration, log *slog.Logger) *Lease {
	l := &Lease{ttl: ttl, log: log, store: s, session: rand.Text(), turn: make(chan struct{}, 1)}
	l.ctx, l.cancel = context.WithCancel(context.Background())
	l.work.Go(l.poll)
	return l
}

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
	if err := errors.Join(ctx.Err(), l.ctx.Err()); err != nil {
		return nil, err
	}
	begun := time.Now() // before the write
	var mine record
	err := l.store.update(ctx, func(cur record) (record, error) {
		next, err := l.decide(cur, holder, after, time.Now())
		mine = next
		return next, err
	})
	if err != nil {
		return nil, err
	}
	g := &grant{Tenure: tenure.Begin(mine.term, begun.Add(tenure.StopAfter(l.ttl))), lease: l, mine: mine, tried: mine.renewals}
	if !l.hold(g) {
		g.End()
		return nil, context.Canceled
	}
	select {
	case <-g.Lost():
		return nil, fmt.Errorf("%w: %s, of a time to live of %s", errSlow, time.Since(begun).Round(time.Millisecond), l.ttl)
	default:
		return g, nil
	}
}

// hold makes g the grant that is renewed, unless the lease was closed.
func (l *Lease) hold(g *grant) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return false
	}
	l.held = g
	l.watch.see(g.mine, time.Now(), time.Now())
	l.work.Go(g.renew)
	return true
}

// decide returns the row that makes holder the holder. now is a time at which cur is the row.
func (l *Lease) decide(cur record, holder string, after uint64, now time.Time) (record, error) {
	l.mu.Lock()
	l.watch.see(cur, now, now)
	w, held, wrote := l.watch, l.held, l.wrote
	l.mu.Unlock()
	if w.left() > 0 && !wrote.holds(cur, now) && (held == nil || !held.wrote(cur)) {
		return record{}, &lease.HeldError{Holding: l.holding(w, now)}
	}
	term, err := nextTerm(cur.term, after)
	if err != nil {
		return record{}, err
	}
	next := record{file: cur.file, holder: holder, session: l.session, term: term, ttl: l.ttl}
	l.mu.Lock()
	l.wrote = attempt{rec: next, begun: now}
	l.mu.Unlock()
	return next, nil
}

// Observe reads the row; see lease.Lease. While this Lease has a grant, nothing is Free.
func (l *Lease) Observe(ctx context.Context) (lease.Holding, error) {
	ctx, cancel := context.WithTimeout(ctx, observeTimeout)
	defer cancel()
	if err := errors.Join(ctx.Err(), l.ctx.Err()); err != nil {
		return lease.Holding{}, err
	}
	w, err := l.look(ctx)
	if err != nil {
		return lease.Holding{}, err
	}
	return l.holding(w, time.Now()), nil
}

// look reads the row and takes it in.
func (l *Lease) look(ctx context.Context) (watch, error) {
	begun := time.Now()
	rec, err := l.store.read(ctx)
	if err != nil {
		return watch{}, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.watch.see(rec, begun, time.Now())
	return l.watch, nil
}

func (l *Lease) holding(w watch, now time.Time) lease.Holding {
	h := lease.Holding{Automatic: true, Holder: w.rec.holder, Term: w.rec.term, ExpiresIn: w.left()}
	if h.ExpiresIn > 0 {
		h.ExpiresIn = max(time.Nanosecond, h.ExpiresIn-now.Sub(w.last))
	}
	h.Free = h.ExpiresIn == 0
	return h
}

// poll watches the row until the lease is closed.
func (l *Lease) poll() {
	tick := time.NewTicker(l.ttl / pollsPerTTL)
	defer tick.Stop()
	for failing := false; ; {
		_, err := l.look(l.ctx)
		if l.ctx.Err() != nil {
			return
		}
		if failed := err != nil; failed != failing {
			failing = failed
			if failed {
				l.log.Warn("the lease cannot be read", "error", err)
			} else {
				l.log.Info("the lease can be read again")
			}
		}
		select {
		case <-tick.C:
		case <-l.ctx.Done():
			return
		}
	}
}

// Close stops watching and renewing. A grant that is still held is lost, but not released.
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
	return l.store.close()
}
