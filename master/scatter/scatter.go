package scatter

import (
	"context"
	"sync"
	"time"

	"shardeck/shared/api"
	"shardeck/shared/client"
)

// Config is what a Scatter works with.
type Config struct {
	Workers []*client.Worker // by shard
	// Name is the worker's name, for problems and results.
	Name func(shard int) string
	// Admit returns why a shard must not be used, or nil. It is asked before each request.
	Admit func(ctx context.Context, shard int) *api.Problem
	// Fault is called for each failure of a shard itself (not for refusals); it must not block.
	Fault func(shard int)
	// Timeout bounds a write, the wait for a query's first rows, and the wait for
	// each further block of them.
	Timeout time.Duration
}

// Limits on concurrent reads of several shards. Each holds resources at every shard
// until it has been read to the end; if there were more than a shard can serve at a
// time, two could each wait for what the other holds. A worker serves 48, so that the
// limits of two masters together leave room for reads of one shard. Reads beyond the
// limit queue.
//
// Rows that are streamed to a client are read as fast as the client reads them. Rows
// that the master reduces have a limit of their own, so that slow clients do not
// delay them.
const (
	maxStreaming = 12
	maxReducing  = 8
)

// Turns is a kind of read of several shards, each with its own limit.
type Turns int

// The kinds.
const (
	Streaming Turns = iota // rows are streamed to a client
	Reducing               // the master consumes the whole result itself
)

// Scatter sends fragments to workers. It is safe for concurrent use.
type Scatter struct {
	cfg     Config
	traffic []*Traffic
	turns   [2]chan struct{} // by Turns: one for each read in flight
	flights []flights        // by shard
}

// New returns a Scatter over the workers.
func New(cfg Config) *Scatter {
	s := &Scatter{cfg: cfg, flights: make([]flights, len(cfg.Workers))}
	s.turns[Streaming], s.turns[Reducing] = make(chan struct{}, maxStreaming), make(chan struct{}, maxReducing)
	for range cfg.Workers {
		s.traffic = append(s.traffic, new(Traffic))
	}
	return s
}

// Traffic returns a shard's traffic.
func (s *Scatter) Traffic(shard int) *Traffic { return s.traffic[shard] }

// ExecCall is one shard's part of a write.
type ExecCall struct {
	Shard   int
	Request *api.ExecRequest
	// Part records the progress; nil: nobody follows it.
	Part *Part
	// Internal is the number of statements at the end of Request that are the master's own. Neither
	// Part nor the result counts their rows.
	Internal int
	// Other means that a stored response may be to another request, which ended in as many statements
	// of the master. The result counts all of the other ones.
	Other bool
}

// ExecResult is what came of it: exactly one of Response and Problem is set.
type ExecResult struct {
	Shard    int
	Worker   string
	Response *api.ExecResponse
	Problem  *api.Problem
	Took     time.Duration
}

// Exec runs the calls in parallel and returns their results in the same order. A
// write that has begun is not abandoned when ctx ends (the client has disconnected):
// if some shards apply it, the others should have the chance to. The deadline still
// applies.
func (s *Scatter) Exec(ctx context.Context, requestID string, calls []ExecCall) []ExecResult {
	return each(ctx, s, calls,
		func(ctx context.Context, c *ExecCall) ExecResult {
			var r ExecResult
			r.Worker, r.Took, r.Problem = s.write(ctx, c.Shard, c.Part, func(ctx context.Context, w *client.Worker) (rows int64, err error) {
				r.Response, err = w.Exec(ctx, c.Request, client.RequestID(requestID))
				c.leaveOut(r.Response)
				return r.Response.Rows(), err
			})
			r.Shard = c.Shard
			if r.Problem != nil {
				r.Response = nil
			}
			return r
		})
}

// Do runs one request on a shard and returns its result, without a Response. Unlike
// those of Exec it is abandoned when ctx ends: a master that no longer leads must not go
// on to change the schema.
func (s *Scatter) Do(ctx context.Context, shard int, do func(ctx context.Context, w *client.Worker) error) ExecResult {
	ctx, cancel := context.WithTimeout(ctx, s.cfg.Timeout)
	defer cancel()
	r := ExecResult{Shard: shard}
	r.Worker, r.Took, r.Problem = s.write(ctx, shard, nil, func(ctx context.Context, w *client.Worker) (int64, error) {
		return 0, do(ctx, w)
	})
	return r
}

// each runs one func per call; a single call runs in the caller's goroutine.
func each[C, R any](ctx context.Context, s *Scatter, calls []C, run func(context.Context, *C) R) []R {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.cfg.Timeout)
	defer cancel()
	results := make([]R, len(calls))
	if len(calls) == 1 {
		results[0] = run(ctx, &calls[0])
		return results
	}
	var wg sync.WaitGroup
	for i := range calls {
		wg.Go(func() { results[i] = run(ctx, &calls[i]) })
	}
	wg.Wait()
	return results
}

// leaveOut removes the master's own statements from a response.
func (c *ExecCall) leaveOut(resp *api.ExecResponse) {
	own := len(c.Request.Statements) - c.Internal
	if c.Other && resp.Replayed {
		own = len(resp.RowsAffected) - c.Internal
	}
	resp.RowsAffected = resp.RowsAffected[:max(0, min(own, len(resp.RowsAffected)))]
}

func (s *Scatter) write(ctx context.Context, shard int, part *Part, do func(context.Context, *client.Worker) (rows int64, err error)) (string, time.Duration, *api.Problem) {
	if p := s.admit(ctx, shard); p != nil {
		part.answered(0, api.PartFailed, 0)
		return s.cfg.Name(shard), 0, p
	}
	t := s.traffic[shard]
	t.Begin()
	defer t.Done()
	start := time.Now()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	f := &flight{cancel: cancel, write: true, begun: start}
	f.waits(start)
	s.flights[shard].add(f)
	part.await(start)
	rows, err := do(ctx, s.cfg.Workers[shard])
	s.flights[shard].remove(f)
	now := time.Now()
	p := s.problem(ctx, shard, err)
	if p != nil {
		part.answered(now.Sub(start), api.PartFailed, 0)
	} else {
		part.answered(now.Sub(start), api.PartDone, rows)
	}
	t.Record(now, now.Sub(start), s.note(shard, p))
	return s.cfg.Name(shard), now.Sub(start), p
}

func (s *Scatter) admit(ctx context.Context, shard int) *api.Problem {
	if s.cfg.Admit == nil {
		return nil
	}
	p := s.cfg.Admit(ctx, shard)
	if p == nil {
		return nil
	}
	return p.On(shard, s.cfg.Name(shard))
}

// problem names the shard in an error of a worker's client.
func (s *Scatter) problem(ctx context.Context, shard int, err error) *api.Problem {
	if err == nil {
		return nil
	}
	p := api.AsProblem(err)
	if cause, ok := context.Cause(ctx).(*api.Problem); ok && p.Code == api.CodeCanceled {
		p = cause // it was interrupted, or exceeded the timeout; the client did not cancel it
	}
	if p.Code == api.CodeUnauthorized || p.Code == api.CodeForbidden {
		// The worker refused the master's token; the client is not to blame.
		q := api.NewProblem(api.CodeShardUnavailable, "the worker refuses this master: %s", p.Detail).
			Hinted("start the master and its workers with the same MASTER_TOKEN")
		p = q
	}
	if p.Primary != "" { // masters are known by configuration alone
		q := *p
		q.Primary = ""
		p = &q
	}
	return p.On(shard, s.cfg.Name(shard))
}

// note records a fault and reports whether it was one.
func (s *Scatter) note(shard int, p *api.Problem) bool {
	if p == nil || !isFault(p.Code) {
		return false
	}
	if s.cfg.Fault != nil {
		s.cfg.Fault(shard)
	}
	return true
}

// isFault distinguishes a shard that failed from one that refused a request properly.
func isFault(code api.Code) bool {
	switch code {
	case api.CodeShardUnavailable, api.CodeShardTimeout, api.CodeShardBadAnswer,
		api.CodeOutcomeUnknown, api.CodeInternal, api.CodeOverloaded:
		return true
	}
	return false
}
