package client

import (
	"crypto/rand"

	"shardeck/shared/api"
)

// takeKey takes the caller's Idempotency-Key or, if there is none, a random one.
func (t *trial) takeKey(opts []CallOption) {
	for _, o := range opts {
		if o.name == api.HeaderIdempotencyKey && o.value != "" {
			t.key = o.value
			return
		}
	}
	t.key, t.ownKey = rand.Text(), true
}

// options returns the caller's options with the key that was taken.
func (t *trial) options(opts []CallOption) []CallOption {
	if !t.ownKey {
		return opts
	}
	return append(append([]CallOption(nil), opts...), IdempotencyKey(t.key))
}

// changeKey takes another key if the write was refused because a shard is unavailable, which may only
// be the one that the key is stored on: that depends on the key. It is the same write as long as any
// attempt may have written something, so the key is then kept.
func (t *trial) changeKey(p *api.Problem) {
	if t.ownKey && len(t.lost) == 0 && p.Code == api.CodeShardUnavailable && p.RequestID != "" {
		t.key = rand.Text()
	}
}
