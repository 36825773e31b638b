package etcd

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/go-json-experiment/json"
	clientv3 "go.etcd.io/etcd/client/v3"

	"shardeck/shared/api"
)

const (
	maxHolder = 2048               // bytes of a holder's URL
	maxValue  = 6*maxHolder + 1024 // each byte may be escaped
)

// leader is the value of both keys.
type leader struct {
	Holder  string `json:"holder"`
	Session string `json:"session"` // random for each Lease
	Term    uint64 `json:"term"`
	// Released is set, in the key that stays only, once the holder has stopped.
	Released bool `json:"released,omitempty"`
}

// state is what the two keys say. Revisions are 0 if a key is missing.
type state struct {
	leader   leader // of the leader's key, which expires
	revision int64
	lease    clientv3.LeaseID
	newest   leader // of the other, which stays: the newest leader there was
	counted  int64
}

// errForeign says that the keys contain something that no master has written.
var errForeign = errors.New("etcd's keys are not those of a lease")

func (l *Lease) leaderKey() string { return l.cfg.Prefix + "/leader" }
func (l *Lease) newestKey() string { return l.cfg.Prefix + "/newest" }

func (l *Lease) foreign(key, format string, args ...any) error {
	return fmt.Errorf("%w: %s %s; use another prefix, or delete it while no master runs", errForeign, key, fmt.Sprintf(format, args...))
}

// read reads both keys at one revision, from a majority of etcd.
func (l *Lease) read(ctx context.Context, part time.Duration) (s state, err error) {
	err = each(ctx, part, func(ctx context.Context) error {
		c, err := l.conn.get(ctx)
		if err != nil {
			return err
		}
		resp, err := c.Txn(ctx).Then(clientv3.OpGet(l.leaderKey()), clientv3.OpGet(l.newestKey())).Commit()
		if err != nil {
			return err
		}
		s, err = l.parse(resp)
		return err
	})
	return s, err
}

func (l *Lease) parse(resp *clientv3.TxnResponse) (s state, err error) {
	if len(resp.Responses) != 2 {
		return s, l.foreign(l.leaderKey(), "was answered with %d results", len(resp.Responses))
	}
	for _, kv := range resp.Responses[0].GetResponseRange().GetKvs() {
		s.revision, s.lease = kv.ModRevision, clientv3.LeaseID(kv.Lease)
		if s.leader, err = l.parseLeader(l.leaderKey(), kv.Value); err != nil {
			return s, err
		}
		if s.lease == clientv3.NoLease {
			return s, l.foreign(l.leaderKey(), "would never expire")
		}
	}
	for _, kv := range resp.Responses[1].GetResponseRange().GetKvs() {
		s.counted = kv.ModRevision
		if s.newest, err = l.parseLeader(l.newestKey(), kv.Value); err != nil {
			return s, err
		}
	}
	return s, nil
}

func (l *Lease) parseLeader(key string, value []byte) (v leader, err error) {
	if len(value) > maxValue || json.Unmarshal(value, &v, json.RejectUnknownMembers(true)) != nil ||
		len(v.Holder) > maxHolder || v.Session == "" || v.Term > api.MaxTerm {
		return v, l.foreign(key, "contains %.80q", value)
	}
	return v, nil
}

// take writes both keys unless they have changed since s. It returns the revision it wrote, or 0 if
// they have. It may be repeated if the outcome is unknown: after its own success it finds its lease.
func (l *Lease) take(ctx context.Context, s state, mine leader, id clientv3.LeaseID) (revision int64, err error) {
	value, err := json.Marshal(mine)
	if err != nil {
		return 0, err
	}
	err = each(ctx, l.interval(), func(ctx context.Context) error {
		c, err := l.conn.get(ctx)
		if err != nil {
			return err
		}
		resp, err := c.Txn(ctx).If(
			clientv3.Compare(clientv3.ModRevision(l.leaderKey()), "=", s.revision),
			clientv3.Compare(clientv3.ModRevision(l.newestKey()), "=", s.counted),
		).Then(
			clientv3.OpPut(l.leaderKey(), string(value), clientv3.WithLease(id)),
			clientv3.OpPut(l.newestKey(), string(value)),
		).Else(clientv3.OpGet(l.leaderKey()), clientv3.OpGet(l.newestKey())).Commit()
		if err != nil {
			return err
		}
		if resp.Succeeded {
			revision = resp.Header.GetRevision()
			return nil
		}
		now, err := l.parse(resp)
		if err == nil && now.revision != 0 && now.lease == id {
			revision = now.revision
		}
		return err
	})
	return revision, err
}

// release marks the term of g as released and deletes its key, unless another has been acquired.
func (l *Lease) release(ctx context.Context, g *grant) error {
	mine := g.mine
	mine.Released = true
	value, err := json.Marshal(mine)
	if err != nil {
		return err
	}
	return each(ctx, l.interval(), func(ctx context.Context) error {
		c, err := l.conn.get(ctx)
		if err != nil {
			return err
		}
		_, err = c.Txn(ctx).If(
			clientv3.Compare(clientv3.ModRevision(l.newestKey()), "=", g.revision),
		).Then(
			clientv3.OpPut(l.newestKey(), string(value)),
			clientv3.OpDelete(l.leaderKey()),
		).Commit()
		return err
	})
}

// nextTerm returns the term after those in etcd and the workers'.
func nextTerm(s state, after uint64) (uint64, error) {
	newest := max(s.leader.Term, s.newest.Term, after)
	if newest >= api.MaxTerm {
		return 0, fmt.Errorf("there is no term after %d", uint64(api.MaxTerm))
	}
	return newest + 1, nil
}
