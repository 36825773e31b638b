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
	if s.Int(2) <= w.cutoff().UnixMilli() {
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
		s.BindInt(3, w.db.e.cfg.Now().UnixMilli()))
	if err != nil {
		return err
	}
	return s.Run()
}

func (w *writer) cutoff() time.Time { return w.db.e.cfg.Now().Add(-w.prune.ttl) }

// pruner decides when to look for expired records.
type pruner struct {
	ttl  time.Duration
	next time.Time
}

// Pruning happens along with other writes, a bounded number of records at a time.
const (
	pruneRecords = 500
	pruneEvery   = time.Minute
)

// pruneKeys deletes some of the expired records, at most once a minute, or again with the next
// group while there are more.
func (w *writer) pruneKeys() error {
	now := w.db.e.cfg.Now()
	if now.Before(w.prune.next) {
		return nil
	}
	s := w.own.oldest
	// The text's first parameter is @p2: parameters are bound in order of appearance.
	for i, n := range s.Params() {
		v := int64(pruneRecords)
		if n == 1 {
			v = w.cutoff().UnixMilli()
		}
		if err := s.BindInt(i, v); err != nil {
			return err
		}
	}
	if err := s.Run(); err != nil {
		return err
	}
	if w.conn.Changes() < pruneRecords {
		w.prune.next = now.Add(pruneEvery)
	}
	return nil
}
