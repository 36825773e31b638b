package etcd

import (
	"context"
	"errors"
	"time"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"

	"shardeck/master/lease/tenure"
)

// errTaken says that the leader's key is no more that of the grant.
var errTaken = errors.New("the key in etcd was deleted or belongs to another master")

// grant is a term that is held and renewed.
type grant struct {
	*tenure.Tenure
	lease    *Lease
	id       clientv3.LeaseID
	mine     leader
	revision int64 // of both keys
}

// confirm begins the tenure by the first renewal, and then reads the key back.
func (g *grant) confirm(ctx context.Context) error {
	err := each(ctx, g.lease.interval(), func(ctx context.Context) error {
		until, err := g.renewOnce(ctx)
		if err == nil {
			g.Tenure = tenure.Begin(g.mine.Term, until)
		}
		return err
	})
	if err != nil {
		return err
	}
	if err := g.check(ctx); err != nil {
		g.End()
		return err
	}
	select {
	case <-g.Lost():
		return context.DeadlineExceeded
	default:
		return nil
	}
}

// renewOnce renews the etcd lease. It returns until when the holder may act.
func (g *grant) renewOnce(ctx context.Context) (time.Time, error) {
	c, err := g.lease.conn.get(ctx)
	if err != nil {
		return time.Time{}, err
	}
	begun := time.Now() // before the renewal is sent
	resp, err := c.KeepAliveOnce(ctx, g.id)
	if err != nil {
		return time.Time{}, err
	}
	ttl := min(g.lease.cfg.TTL, time.Duration(resp.TTL)*time.Second)
	return begun.Add(tenure.StopAfter(ttl)), nil
}

// check fails with errTaken if the key is not this grant's.
func (g *grant) check(ctx context.Context) error {
	s, err := g.lease.read(ctx, g.lease.interval())
	if err != nil {
		return err
	}
	if s.revision != g.revision || s.lease != g.id {
		return errTaken
	}
	return nil
}

// renew renews until the grant is over. A failure is retried at the next turn: the deadline tells
// when it is too late.
func (g *grant) renew() {
	g.every("renewed", func(ctx context.Context) error {
		until, err := g.renewOnce(ctx)
		if err == nil {
			g.Extend(until)
		}
		return err
	})
}

// guard ends the grant if its key is gone, although its etcd lease lives.
func (g *grant) guard() { g.every("verified", g.check) }

func (g *grant) every(what string, do func(context.Context) error) {
	tick := time.NewTicker(g.lease.interval())
	defer tick.Stop()
	for {
		select {
		case <-g.Lost():
			return
		case <-tick.C:
		}
		ctx, cancel := context.WithTimeout(g.lease.ctx, g.lease.interval())
		err := do(ctx)
		cancel()
		select {
		case <-g.Lost():
			return
		default:
		}
		switch {
		case err == nil:
		case errors.Is(err, errTaken), errors.Is(err, rpctypes.ErrLeaseNotFound):
			g.End()
			g.lease.cfg.Log.Warn("the lease is lost", "term", g.Term(), "error", err)
		default:
			g.lease.cfg.Log.Warn("the lease was not "+what, "term", g.Term(),
				"left", time.Until(g.Until()).Round(time.Millisecond).String(), "error", err)
		}
	}
}

// Release gives the lease up; see lease.Grant. If etcd cannot be reached, the lease expires.
func (g *grant) Release(ctx context.Context) error {
	g.End()
	ctx, cancel := context.WithTimeout(ctx, g.lease.cfg.TTL)
	defer cancel()
	if err := g.giveUp(ctx); err != nil {
		return g.lease.explain("release the lease", err)
	}
	return nil
}

// giveUp deletes what the grant has left in etcd.
func (g *grant) giveUp(ctx context.Context) error {
	var err error
	if g.revision != 0 {
		err = g.lease.release(ctx, g)
	}
	return errors.Join(err, g.lease.revoke(ctx, g.id))
}
