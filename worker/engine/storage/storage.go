package storage

import (
	"cmp"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"shardeck/shared/api"
)

// Kind is what a failure concerns. A store has at most one failure of each kind.
type Kind int

// The kinds of failures.
const (
	Place   Kind = iota // its files are not those that were opened: until the next start
	Content             // its content is damaged: until the next start
	Write               // the last write failed: until one succeeds
	Read                // the last read failed: until one succeeds
	kinds
)

// Health is the storage failures of a worker.
type Health struct {
	log *slog.Logger

	mu     sync.Mutex
	stores []*Store
}

// New returns a Health without failures that logs when one begins or ends.
func New(log *slog.Logger) *Health { return &Health{log: log} }

// Store is what can fail on its own: a database, or the worker's state.
type Store struct {
	health   *Health
	db       string
	failures [kinds]atomic.Pointer[api.StorageFailure]
	// closed is set once requests must be refused; see [Store.Refusal].
	closed atomic.Pointer[api.Problem]
}

// Add adds the store of a database; an empty name is the worker's state.
func (h *Health) Add(db string) *Store {
	s := &Store{health: h, db: db}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.stores = append(h.stores, s)
	return s
}

// Remove removes the store of a database that was dropped.
func (h *Health) Remove(s *Store) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.stores = slices.DeleteFunc(h.stores, func(o *Store) bool { return o == s })
}

// Failures returns the current failures, the worst first; of equals, the oldest.
func (h *Health) Failures() []api.StorageFailure {
	h.mu.Lock()
	defer h.mu.Unlock()
	var all []api.StorageFailure
	for _, s := range h.stores {
		for k := range s.failures {
			if f := s.failures[k].Load(); f != nil {
				all = append(all, *f)
			}
		}
	}
	slices.SortStableFunc(all, func(a, b api.StorageFailure) int {
		return cmp.Or(cmp.Compare(rank(a.Code), rank(b.Code)), a.Since.Compare(b.Since))
	})
	return all
}

// worst lists the codes, the worst first.
var worst = []api.StorageCode{
	api.StorageRemoved, api.StorageDamaged, api.StorageUnreachable, api.StorageFull, api.StorageReadOnly, api.StorageWriteFailed, api.StorageReadFailed,
}

func rank(c api.StorageCode) int { return slices.Index(worst, c) }

// Fail records a failure. If there is one of the same kind, it only changes the code and the
// details: it still began when it did.
func (s *Store) Fail(k Kind, code api.StorageCode, path string, cause error) {
	next := &api.StorageFailure{
		StorageProblem: api.StorageProblem{Problem: code.Problem(), Code: code, Since: time.Now().UTC()},
		DB:             s.db, Path: path, Detail: cause.Error(),
	}
	for {
		old := s.failures[k].Load()
		if old != nil {
			if old.Code == code || k == Place {
				return
			}
			next.Since = old.Since
		}
		if s.failures[k].CompareAndSwap(old, next) {
			break
		}
	}
	s.health.log.Error("the storage has failed", "database", s.db, "code", code, "path", path, "error", cause)
}

// Close records a failure after which nothing may be acknowledged until the next start.
func (s *Store) Close(k Kind, code api.StorageCode, path string, cause error) {
	s.closed.CompareAndSwap(nil, api.StorageFailed(code))
	s.Fail(k, code, path, cause)
}

// Heal ends the failure of a kind, if there is one.
func (s *Store) Heal(k Kind) {
	if s.failures[k].Load() == nil {
		return
	}
	if old := s.failures[k].Swap(nil); old != nil {
		s.health.log.Info("the storage has recovered", "database", s.db, "code", old.Code)
	}
}

// Failing reports whether there is a failure of the kind.
func (s *Store) Failing(k Kind) bool { return s.failures[k].Load() != nil }

// Refusal is the problem for all requests once the store is closed; nil before.
func (s *Store) Refusal() *api.Problem { return s.closed.Load() }
