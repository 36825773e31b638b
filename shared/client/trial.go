package client

import (
	"context"
	"math/rand/v2"
	"strings"
	"time"

	"shardeck/shared/api"
)

// The bounds of the attempts of one call. Times count from the first failure, since a statement
// itself may take as long as its context allows.
const (
	maxAttempts = 40
	// patient is for what a change of the primary mends.
	patient = 8 * time.Second
	// hopeful is for a shard that is unavailable, which may be a worker that restarts, and for
	// masters of which none can be reached.
	hopeful    = 1500 * time.Millisecond
	pauseFirst = 50 * time.Millisecond
	pauseMost  = 800 * time.Millisecond
)

// trial is the state of one call of a Cluster: its attempts so far, and who is next.
type trial struct {
	c        *Cluster
	op       operation
	key      string // the Idempotency-Key; empty for none
	ownKey   bool   // key was not the caller's
	at       int    // the master of the next attempt, or of the one in progress
	attempts int    // that have failed
	since    time.Time
	tried    []bool         // by master, since the last pause
	failures []*api.Problem // by master, the latest
	lost     []*api.Problem // of the attempts whose outcome is unknown
	pauses   int
}

func (c *Cluster) newTrial(op operation) *trial {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := len(c.masters)
	return &trial{c: c, op: op, at: c.current, tried: make([]bool, n), failures: make([]*api.Problem, n)}
}

// failed notes that the attempt has failed and prepares the next one, after a pause if all masters
// have had their turn. It returns the error of the whole call if there is none.
func (t *trial) failed(ctx context.Context, p *api.Problem) error {
	at := t.at
	if t.attempts++; t.attempts == 1 {
		t.since = time.Now()
	}
	t.tried[at], t.failures[at] = true, p
	if p.Code == api.CodeOutcomeUnknown {
		t.lost = append(t.lost, p)
	}
	if unreached(p) || p.Code == api.CodeOutcomeUnknown {
		t.c.masters[at].forget()
	} else {
		t.c.worked(at)
	}
	next, wait := t.next(p)
	again := ctx.Err() == nil && t.attempts < maxAttempts && time.Since(t.since)+wait <= t.patience(p, wait == 0)
	if seen, ok := ctx.Value(attemptsKey{}).(func(Attempt)); ok {
		a := Attempt{Master: t.c.masters[at].URL(), Err: p}
		if again {
			a.Next = t.c.masters[next].URL()
		}
		seen(a)
	}
	if !again || !sleep(ctx, wait) {
		return t.conclude(p)
	}
	t.at = next
	t.changeKey(p)
	return nil
}

// patience is for how long after the first failure a request is sent again that failed with p; 0 if
// it is not. fresh says that a master has not been tried yet.
func (t *trial) patience(p *api.Problem, fresh bool) time.Duration {
	absent := hopeful
	if fresh {
		absent = patient
	}
	switch p.Code {
	case api.CodeNotPrimary, api.CodeStaleTerm, api.CodeOverloaded:
		return patient
	case api.CodeOutcomeUnknown:
		if t.op != read {
			return patient
		}
	case api.CodeShardUnavailable:
		return absent
	case api.CodeShardTimeout, api.CodeShardBadAnswer:
		if unreached(p) {
			return absent
		}
	}
	return 0
}

// next returns the master to try after a failure, and how long to wait before.
func (t *trial) next(p *api.Problem) (master int, wait time.Duration) {
	named := -1
	if p.Code == api.CodeNotPrimary || p.Code == api.CodeStaleTerm {
		named = t.c.find(p.Primary) // -1 unless it is one of the masters configured
	}
	if named >= 0 && named != t.at && !t.tried[named] {
		return named, 0
	}
	n := len(t.tried)
	for i := 1; i < n; i++ {
		if k := (t.at + i) % n; !t.tried[k] {
			return k, 0
		}
	}
	clear(t.tried)
	wait = min(pauseFirst<<t.pauses, pauseMost)
	t.pauses++
	wait = wait/2 + rand.N(wait/2+1) //nolint:gosec // spreads clients in time, guards nothing
	if named >= 0 {
		return named, wait
	}
	return (t.at + 1) % n, wait
}

// sleep waits and reports whether ctx has not ended.
func sleep(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// unreached reports whether no master answered: nothing listens, nothing came in time, or it was
// not a master of this cluster. A master's own problems have the request's id.
func unreached(p *api.Problem) bool {
	switch p.Code {
	case api.CodeShardUnavailable, api.CodeShardTimeout, api.CodeShardBadAnswer:
		return p.RequestID == "" && p.Shard == nil
	}
	return false
}

// conclude returns the error of the whole call, whose last attempt failed with p.
func (t *trial) conclude(p *api.Problem) error {
	const same = "the same " + api.HeaderIdempotencyKey
	if t.key != "" && strings.Contains(p.Hint, same) { // the caller may not know which
		p = p.Hinted("%s", strings.ReplaceAll(p.Hint, same, "the "+api.HeaderIdempotencyKey+" "+t.key))
	}
	switch {
	case len(t.lost) == 0 && unreached(p):
		return t.noMaster(p)
	case len(t.lost) == 0:
		return p
	case p.Code.Lasting():
		// The repetition was refused for a reason that its predecessors met too.
		q := *p
		q.Causes = append(append([]api.Problem(nil), p.Causes...), *t.lost[0])
		return &q
	}
	return t.unknown(p)
}

// unknown is the error of a call of which an attempt was lost, and whose last attempt did not settle
// what became of that one.
func (t *trial) unknown(p *api.Problem) error {
	first := t.lost[0]
	q := *first
	if len(t.lost) > 1 || p.Code != api.CodeOutcomeUnknown {
		q.Detail += "; then " + t.c.masters[t.at].c.String() + ": " + p.Detail
		q.Causes = []api.Problem{*first, *p}
	}
	if p.RequestID != "" {
		q.RequestID = p.RequestID
	}
	if t.op != schemaChange {
		q.Hint = "read before writing again, or repeat it with the " + api.HeaderIdempotencyKey + " " + t.key + ": nothing is applied twice"
		return &q
	}
	q.Hint = "GET " + api.PathMetadata + " lists databases and tables"
	switch p.Code {
	case api.CodeDatabaseExists, api.CodeTableExists:
		q.Detail += ". Whether this request created it, or it was there before, cannot be told"
	case api.CodeUnknownDatabase, api.CodeUnknownTable:
		q.Detail += ". Whether this request dropped it, or it was not there before, cannot be told"
	}
	return &q
}

// noMaster is the error of a call that no master answered.
func (t *trial) noMaster(p *api.Problem) error {
	none := api.NewProblem(api.CodeShardUnavailable, "no master answered").Hinted("start the masters, or look at their logs")
	none.Title = "No master can be reached"
	for _, f := range t.failures {
		switch {
		case f == nil:
		case unreached(f):
			none.Causes = append(none.Causes, *f)
		default:
			return f // a master did answer; its problem says more
		}
	}
	if len(none.Causes) < 2 {
		return p
	}
	return none
}
