package sqlite

import (
	"errors"
	"fmt"
	"time"

	"github.com/go-json-experiment/json"

	"shardeck/shared/api"
	"shardeck/worker/engine/contract"
)

// replay returns the stored response to a request with the same key, nil if there is none, and a
// problem if the key was used for a different request.
func (w *writer) replay(id *api.Idempotency) (*api.ExecResponse, error) {
	s := w.own.findKey
	if err := s.BindText(0, id.Key); err != nil {
		return nil, err
	}
	defer s.Reset()
	found, err := s.Step()
	if err != nil || !found {
		return nil, err
	}
	if w.expiry().expired(s.Int(2), s.Int(3)) {
		// Expired, and only waiting to be pruned.
		if err := w.own.dropKey.BindText(0, id.Key); err != nil {
			return nil, err
		}
		s.Reset()
		return nil, w.own.dropKey.Run()
	}
	if s.View(0) != id.Hash {
		return nil, contract.IdempotencyMismatch()
	}
	resp := &api.ExecResponse{}
	if err := json.Unmarshal([]byte(s.View(1)), resp); err != nil {
		return nil, fmt.Errorf("the stored answer to an idempotent request: %w", err)
	}
	resp.Replayed = true
	return resp, nil
}

// remember stores the response to a keyed request in its transaction.
func (w *writer) remember(id *api.Idempotency, resp *api.ExecResponse) error {
	body, err := json.Marshal(resp)
	if err != nil {
		return err
	}
	s := w.own.addKey
	err = errors.Join(s.BindText(0, id.Key), s.BindText(1, id.Hash), s.BindText(2, string(body)),
		s.BindInt(3, w.db.e.cfg.Now().UnixMilli()), s.BindInt(4, w.clock.ran().Milliseconds()))
	if err != nil {
		return err
	}
	return s.Run()
}

// expiry says which records have expired: those that are old by the clock and by the running
// time. The clock may be set by any amount at any time, and a repeated request must not run again
// because of that: so at least the time to live must also have passed while workers ran. A record
// from the future shows that the clock was set back, so that only the running time counts.
type expiry struct{ now, at, ran int64 } // in milliseconds; at and ran are those of the newest expired record

func (w *writer) expiry() expiry {
	now, ttl := w.db.e.cfg.Now(), w.db.e.cfg.IdempotencyTTL
	return expiry{now.UnixMilli(), now.Add(-ttl).UnixMilli(), (w.clock.ran() - ttl).Milliseconds()}
}

func (x expiry) expired(at, ran int64) bool { return ran <= x.ran && (at <= x.at || at > x.now) }

// Pruning happens along with other writes, a bounded number of records at a time.
const (
	pruneRecords = 500
	pruneEvery   = time.Minute
)

// pruneKeys deletes some of the expired records, at most once a minute, or again with the next
// group while there are more.
func (w *writer) pruneKeys() error {
	if w.clock.ran() < w.pruneAt {
		return nil
	}
	s, x := w.own.oldest, w.expiry()
	err := errors.Join(s.BindInt(0, pruneRecords), s.BindInt(1, x.ran), s.BindInt(2, x.at), s.BindInt(3, x.now))
	if err == nil {
		err = s.Run()
	}
	if err != nil {
		return err
	}
	if w.conn.Changes() < pruneRecords {
		w.pruneAt = w.clock.ran() + pruneEvery
	}
	return nil
}
