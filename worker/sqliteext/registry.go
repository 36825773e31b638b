//go:build sqliteext

package main

import (
	"sync"

	"shardeck/shared/sqltypes"
)

// registry holds Go values for C, which keeps no Go pointers, under ids from 1.
type registry[T any] struct {
	mu   sync.Mutex
	last int64
	held map[int64]T
}

func (r *registry[T]) put(v T) int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.held == nil {
		r.held = map[int64]T{}
	}
	r.last++
	r.held[r.last] = v
	return r.last
}

func (r *registry[T]) get(id int64) (T, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	v, ok := r.held[id]
	return v, ok
}

func (r *registry[T]) take(id int64) (T, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	v, ok := r.held[id]
	delete(r.held, id)
	return v, ok
}

// with calls f with what is held under id, which stays until f has returned.
func (r *registry[T]) with(id int64, f func(T)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if v, ok := r.held[id]; ok {
		f(v)
	}
}

// typeNames are types by the names that functions are told. Connections run on threads
// of their own and share it.
type typeNames struct {
	mu    sync.RWMutex
	known map[string]sqltypes.Type
}

// maxTypeNames bounds the names that are remembered.
const maxTypeNames = 1024

func (t *typeNames) parse(name string) (sqltypes.Type, error) {
	t.mu.RLock()
	typ, ok := t.known[name]
	t.mu.RUnlock()
	if ok {
		return typ, nil
	}
	name = string([]byte(name)) // a view of SQLite's memory until now
	typ, err := sqltypes.Parse(name)
	if err != nil {
		return typ, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.known) >= maxTypeNames {
		clear(t.known)
	}
	t.known[name] = typ
	return typ, nil
}
