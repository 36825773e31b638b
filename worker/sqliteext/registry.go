//go:build sqliteext

package main

import "sync"

// registry holds Go values by ids from 1, because C code must not keep Go pointers.
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

// with calls f with the value of id, which is not removed before f has returned.
func (r *registry[T]) with(id int64, f func(T)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if v, ok := r.held[id]; ok {
		f(v)
	}
}
