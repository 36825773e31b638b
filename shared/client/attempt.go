package client

import (
	"context"
	"errors"
	"time"

	"shardeck/shared/api"
)

// operation is what a request does, and so how it may be repeated.
type operation uint8

const (
	read         operation = iota
	rowWrite               // repeatable with its Idempotency-Key
	schemaChange           // repeatable, but a repetition cannot tell what its predecessor did
)

// Attempt is an attempt of a [Cluster] that failed.
type Attempt struct {
	Master string // base URL
	Err    error
	// Next is the base URL of the master to try now, which may be the same; empty if the call ends
	// with an error.
	Next string
}

type attemptsKey struct{}

// WithAttempts returns a context with which a Cluster reports failed attempts to seen, from the
// goroutine of the call.
func WithAttempts(ctx context.Context, seen func(Attempt)) context.Context {
	return context.WithValue(ctx, attemptsKey{}, seen)
}

// method is a method of a Master.
type method[Q, A any] func(*Master, context.Context, *Q, ...CallOption) (*A, error)

// run calls the method on one master after the other, until one of them answers.
func run[Q, A any](ctx context.Context, c *Cluster, op operation, do method[Q, A], req *Q, opts []CallOption) (*A, error) {
	if len(c.masters) == 0 {
		return nil, api.NewProblem(api.CodeShardUnavailable, "no master is configured").Hinted("configure the base URL of a master")
	}
	t := c.newTrial(op)
	if op == rowWrite {
		t.takeKey(opts)
	}
	for {
		err := c.admit(ctx, t)
		var answer *A
		if err == nil {
			answer, err = watched(ctx, c.masters[t.at].Master, len(c.masters) > 1, do, req, t.options(opts))
		}
		if err == nil {
			c.worked(t.at)
			return answer, nil
		}
		if err := t.failed(ctx, problemOf(err)); err != nil {
			return answer, err // of several statements, those before the one that failed
		}
	}
}

func problemOf(err error) *api.Problem {
	if p, ok := errors.AsType[*api.Problem](err); ok {
		return p
	}
	return api.NewProblem(api.CodeInternal, "%v", err)
}

// watched calls the method on a master. If the master falls silent meanwhile and there are others,
// it gives up: see [Master.watch]. Of a stream it awaits the first row, so that a failure before
// that is one of this call.
func watched[Q, A any](ctx context.Context, m *Master, others bool, do method[Q, A], req *Q, opts []CallOption) (*A, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	stop := func() {}
	if others {
		stop = m.watch(ctx, cancel)
	}
	answer, err := do(m, ctx, req, opts...)
	rows, isStream := any(answer).(*RowStream)
	if isStream && err == nil {
		err = rows.awaitRow()
	}
	stop()
	if isStream && err == nil {
		rows.release = cancel // the stream lives as long as its context
		return answer, nil
	}
	cancel(nil)
	if err != nil && isStream {
		return nil, err
	}
	return answer, err
}

// The times of a watch.
const (
	watchAfter   = time.Second
	watchEvery   = 2 * time.Second
	watchTimeout = 1500 * time.Millisecond
	watchMisses  = 2 // unanswered probes until a master counts as silent
)

// errSilent is the cause of an attempt's end if its master does not answer anything any more.
var errSilent = errors.New("the master does not answer any more")

// watch asks the master for its health from time to time, which it answers from memory, while a
// request takes long. If it does not answer that either, its process hangs or is cut off, and the
// request is ended. A statement that simply takes long is left alone. stop ends the watch.
func (m *Master) watch(ctx context.Context, cancel context.CancelCauseFunc) (stop func()) {
	ctx, end := context.WithCancel(ctx)
	done := make(chan struct{})
	timer := time.AfterFunc(watchAfter, func() {
		defer close(done)
		if m.fallsSilent(ctx) {
			cancel(errSilent)
		}
	})
	return func() {
		end()
		if !timer.Stop() {
			<-done
		}
	}
}

// fallsSilent returns true when the master has left several probes unanswered, false when ctx ends.
func (m *Master) fallsSilent(ctx context.Context) bool {
	for misses := 0; ; {
		probe, done := context.WithTimeout(ctx, watchTimeout)
		_, err := m.Health(probe)
		done()
		switch {
		case ctx.Err() != nil:
			return false
		case err != nil && unreached(problemOf(err)):
			if misses++; misses == watchMisses {
				return true
			}
			continue
		}
		misses = 0
		select {
		case <-ctx.Done():
			return false
		case <-time.After(watchEvery):
		}
	}
}

// admit lets the trial's next master be used if it belongs to the cluster. With a single master
// there is nothing to compare.
func (c *Cluster) admit(ctx context.Context, t *trial) error {
	m := c.masters[t.at]
	if len(c.masters) == 1 {
		return nil
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.known {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, watchTimeout)
	defer cancel()
	h, err := m.Health(ctx)
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	// A cluster that was set up anew has another token at the old addresses. That is noticed by the
	// master which the cluster is known from, and never in the middle of a call.
	if c.id == "" || c.named == t.at && t.attempts == 0 {
		c.id, c.named = h.Cluster, t.at
	}
	if h.Cluster != c.id && h.Cluster != "" {
		p := api.NewProblem(api.CodeShardBadAnswer, "%s belongs to another cluster than the one at %s, so it is not used", m.c, c.masters[c.named].URL()).
			Hinted("give only masters of one cluster, which have the same MASTER_TOKEN")
		p.Title = "The master belongs to another cluster"
		return p
	}
	m.known = true
	return nil
}

// admitted reports whether the master is known to belong to the cluster. It does not wait for a call
// that is finding that out.
func (m *member) admitted() bool {
	if !m.mu.TryLock() {
		return false
	}
	defer m.mu.Unlock()
	return m.known
}

// forget makes the next request compare the master's cluster again: another process may listen
// there by then.
func (m *member) forget() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.known = false
}
