package failover

import (
	"context"
	"time"

	"shardeck/master/lease"
	"shardeck/shared/api"
)

// Leadership is the time in which this master is primary under one term. It is safe for
// concurrent use.
type Leadership struct {
	Term   uint64
	self   string
	grant  lease.Grant
	ctx    context.Context
	cancel context.CancelCauseFunc
}

func newLeadership(self string, g lease.Grant) *Leadership {
	l := &Leadership{Term: g.Term(), self: self, grant: g}
	l.ctx, l.cancel = context.WithCancelCause(context.Background())
	return l
}

// end ends the leadership, because this master's position is next.
func (l *Leadership) end(next State) {
	p := api.NewProblem(api.CodeNotPrimary, "%s was demoted from term %d while the request was in flight", l.self, l.Term)
	if next.Leader != "" {
		p = p.Hinted("send this to %s", next.Leader)
		p.Primary = next.Leader
	}
	l.cancel(p)
}

// Context ends when this master is demoted; its cause is a not_primary problem. What a primary
// alone may do runs under it.
func (l *Leadership) Context() context.Context { return l.ctx }

// Err returns why this master no longer leads, or nil. Unlike Context, which ends when a timer
// fires, it holds even right after the process was stopped and continued.
func (l *Leadership) Err() error {
	if l.ctx.Err() != nil {
		return context.Cause(l.ctx)
	}
	if until := l.grant.Until(); !until.IsZero() && !time.Now().Before(until) || isClosed(l.grant.Lost()) {
		return api.NewProblem(api.CodeNotPrimary, "the lease of %s on term %d expired", l.self, l.Term).
			Hinted("send the request again: another master takes over, or this one does again")
	}
	return nil
}
