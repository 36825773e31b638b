package service

import (
	"context"
	"time"

	"shardeck/master/scatter"
	"shardeck/shared/api"
)

// A write whose plan depends on rows that were read first, such as INSERT ... SELECT, may have another
// plan when it is repeated: other rows, for other shards. So the repetition must not be sent to shards
// that the first request had no part for. Its Idempotency-Key tells: the key's home stores it with the
// intent of the first request, before any other shard has its part. If the home answers from its record,
// nothing of the new plan is sent. What the first request did is asked for by the key alone, once its
// intent is gone and so no part of it is open.

// replayPolls is how many times a repetition looks whether the first request is finished.
const replayPolls = 5

// replay answers a repetition, of which home is the answer of the key's home, with what each shard did
// at first. Shards that had no part are left out.
func (s *Service) replay(ctx context.Context, requestID string, w *write, home scatter.ExecResult) ([]scatter.ExecResult, error) {
	open, p := s.intents.holds(ctx, w)
	for range replayPolls {
		if !open || p != nil || ctx.Err() != nil {
			break
		}
		time.Sleep(forgetDelay) // it may be finished, and not deleted yet
		open, p = s.intents.holds(ctx, w)
	}
	if p != nil {
		return nil, p
	}
	if open {
		s.intents.retry()
		return nil, api.NewProblem(api.CodeOutcomeUnknown, "an earlier request with this %s is not finished", api.HeaderIdempotencyKey).On(w.home, home.Worker).
			Hinted("send it again with the same key in a few seconds: the primary completes it")
	}
	var calls []scatter.ExecCall
	for shard := range s.slots.Shards() {
		if shard != w.home {
			calls = append(calls, scatter.ExecCall{Shard: shard, Part: w.progress.Part(shard, s.workerName(shard)), Request: &api.ExecRequest{
				DB: w.db, Fence: s.fence(), Idempotency: w.idem, Statements: []api.Statement{},
			}, Other: true})
		}
	}
	results := []scatter.ExecResult{home}
	for _, r := range s.execAll(ctx, requestID, calls) {
		switch {
		case r.Problem != nil:
			return nil, api.NewProblem(api.CodeOutcomeUnknown, "an earlier request with this %s was accepted, but this shard does not say what it did: %s", api.HeaderIdempotencyKey, r.Problem.Detail).
				On(r.Shard, r.Worker).Hinted("send it again with the same key when the shard is up")
		case r.Response.Replayed:
			results = append(results, r)
		}
	}
	return results, nil
}

// holds reports whether the log of the write's home has an intent with the write's key.
func (t *intents) holds(ctx context.Context, w *write) (bool, *api.Problem) {
	entries, p := t.log.List(ctx, w.home, w.db)
	if p != nil {
		return false, p
	}
	for _, e := range entries {
		rec, p := t.log.Load(ctx, e)
		if p != nil {
			return false, p
		}
		if rec != nil && rec.Idempotency != nil && rec.Idempotency.Key == w.idem.Key {
			return true, nil
		}
	}
	return false, nil
}
