package scatter

import (
	"context"
	"errors"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"shardeck/shared/api"
	"shardeck/shared/client"
)

// QueryCall is one shard's part of a read.
type QueryCall struct {
	Shard   int
	Request *api.QueryRequest
	Part    *Part // records the progress; nil: nobody follows it
}

// Stream is the rows of one shard. NextBlock is for one goroutine; Cancel may be
// called from any.
type Stream struct {
	Shard  int
	Worker string

	s      *Scatter
	part   *Part
	ctx    context.Context
	cancel context.CancelCauseFunc
	watch  *time.Timer // cancels ctx when the worker exceeds the timeout
	rows   *client.RowStream
	start  time.Time
	last   time.Time     // of the last answer
	first  time.Duration // until the first bytes of its answer
	waited time.Duration // for this shard
	done   bool
	closed sync.Once
	flight flight
	ended  func() // called once the stream is closed; nil for a read of one shard
}

// Query opens a stream on each shard in parallel and returns, once all have begun
// to answer, a stream or a problem for each call, in order. The streams must be
// closed; they end with ctx. If too many such reads are in flight for the whole
// timeout, each problem is overloaded.
//
// With together, the streams are of no use without each other: nothing is sent if one of the shards
// is known not to serve, and the first that fails ends the wait for the others. Of those that were
// not waited for there is neither a stream nor a problem.
func (s *Scatter) Query(ctx context.Context, requestID string, kind Turns, calls []QueryCall, together bool) ([]*Stream, []*api.Problem) {
	streams, problems := make([]*Stream, len(calls)), make([]*api.Problem, len(calls))
	switch len(calls) {
	case 0:
		return streams, problems // and no turn, which only the end of a stream would end
	case 1:
		streams[0], problems[0] = s.open(ctx, requestID, &calls[0])
		return streams, problems
	}
	if together && s.refused(ctx, calls, problems) {
		return streams, problems
	}
	endTurn, p := s.takeTurn(ctx, kind)
	if p != nil {
		for i := range problems {
			problems[i] = p.On(calls[i].Shard, s.cfg.Name(calls[i].Shard))
		}
		return streams, problems
	}
	ctx, abandon := context.WithCancelCause(ctx)
	var left atomic.Int64
	left.Store(int64(len(calls)))
	ended := func() {
		if left.Add(-1) == 0 {
			abandon(nil)
			endTurn()
		}
	}
	var wg sync.WaitGroup
	for i := range calls {
		wg.Go(func() {
			if streams[i], problems[i] = s.open(ctx, requestID, &calls[i]); problems[i] == nil {
				streams[i].ended = ended
				return
			}
			if together {
				abandon(errAbandoned) // the first one is the cause
			}
			ended()
		})
	}
	wg.Wait()
	if context.Cause(ctx) == errAbandoned {
		for i, p := range problems {
			if p != nil && p.Code == api.CodeCanceled {
				problems[i] = nil // it was not waited for
			}
		}
	}
	return streams, problems
}

// errAbandoned is why a read ends that is of no use without another one that has failed.
var errAbandoned = errors.New("another shard has failed")

// refused asks for all calls whether their shards may be used, and records the problems of those that
// may not.
func (s *Scatter) refused(ctx context.Context, calls []QueryCall, problems []*api.Problem) bool {
	any := false
	for i := range calls {
		if problems[i] = s.admit(ctx, calls[i].Shard); problems[i] != nil {
			calls[i].Part.answered(0, api.PartFailed, 0)
			any = true
		}
	}
	return any
}

// takeTurn waits, at most the timeout, until another read of its kind may begin.
func (s *Scatter) takeTurn(ctx context.Context, kind Turns) (end func(), p *api.Problem) {
	turns := s.turns[kind]
	late := time.NewTimer(s.cfg.Timeout)
	defer late.Stop()
	select {
	case turns <- struct{}{}:
		return func() { <-turns }, nil
	case <-late.C:
		return nil, api.NewProblem(api.CodeOverloaded, "%d reads of several shards are in flight on this master, and none ended within %s",
			cap(turns), s.cfg.Timeout).Hinted("send it again later, or look for clients that read their answers slowly")
	case <-ctx.Done():
		return nil, api.NewProblem(api.CodeCanceled, "the request was cancelled while it waited its turn")
	}
}

func (s *Scatter) open(ctx context.Context, requestID string, c *QueryCall) (*Stream, *api.Problem) {
	if p := s.admit(ctx, c.Shard); p != nil {
		c.Part.answered(0, api.PartFailed, 0)
		return nil, p
	}
	st := &Stream{Shard: c.Shard, Worker: s.cfg.Name(c.Shard), s: s, part: c.Part, start: time.Now()}
	st.part.await(st.start)
	st.ctx, st.cancel = context.WithCancelCause(ctx)
	st.flight.cancel, st.flight.begun = st.cancel, st.start
	st.flight.waits(st.start)
	s.flights[c.Shard].add(&st.flight)
	st.watch = time.AfterFunc(s.cfg.Timeout, st.late)
	t := s.traffic[c.Shard]
	t.Begin()
	rows, err := s.cfg.Workers[c.Shard].Query(st.ctx, c.Request, client.RequestID(requestID))
	if err == nil {
		// Each shard's first bytes are awaited here, at the same time as the others', so that their time
		// is known in whatever order the streams are read.
		st.rows = rows
		st.flight.rows.Store(rows)
		st.watch.Reset(s.cfg.Timeout)
		rows.AwaitFirst()
	}
	st.flight.waitsNot()
	st.watch.Stop()
	st.last = time.Now()
	p := s.problem(st.ctx, c.Shard, err)
	st.first = st.last.Sub(st.start)
	st.waited = st.first
	t.Record(st.last, st.waited, s.note(c.Shard, p))
	if p != nil {
		st.part.answered(st.waited, api.PartFailed, 0)
		st.done = true
		st.Close()
		return nil, p
	}
	st.part.answered(st.waited, api.PartAnswering, 0)
	return st, nil
}

func (st *Stream) late() {
	st.cancel(api.NewProblem(api.CodeShardTimeout, "the worker did not answer within %s", st.s.cfg.Timeout).
		Hinted("check whether it is overloaded or paused, or allow more time"))
}

// NextBlock is client.RowStream.NextBlock with problems that name the shard. It
// waits at most the timeout for the next rows.
func (st *Stream) NextBlock() ([]byte, error) {
	st.watch.Reset(st.s.cfg.Timeout)
	asked := time.Now()
	st.part.await(asked)
	st.flight.waits(asked)
	before := st.rows.Waited()
	block, err := st.rows.NextBlock()
	took := st.rows.Waited() - before // without what the master does with the rows
	st.flight.waitsNot()
	st.watch.Stop()
	st.last = time.Now()
	st.waited += took
	if err == nil {
		st.part.answered(took, api.PartAnswering, st.rows.Rows())
		return block, nil
	}
	st.done = true
	if errors.Is(err, io.EOF) {
		st.part.answered(took, api.PartDone, st.rows.Rows())
		return nil, io.EOF
	}
	st.part.answered(took, api.PartFailed, st.rows.Rows())
	p := st.s.problem(st.ctx, st.Shard, err)
	if st.s.note(st.Shard, p) {
		st.s.traffic[st.Shard].Fault()
	}
	return nil, p
}

// Result is the shard's part of the answer so far. It must not be called while NextBlock runs.
func (st *Stream) Result() api.ShardResult {
	return api.ShardResult{Shard: st.Shard, Worker: st.Worker, Rows: st.rows.Rows(), FirstMS: Milliseconds(st.first), MS: Milliseconds(st.waited)}
}

// Cancel ends the stream from another goroutine: a waiting NextBlock returns. Close
// must still be called.
func (st *Stream) Cancel() { st.cancel(context.Canceled) }

// Close releases the stream, and cancels it on the worker if it has not ended.
func (st *Stream) Close() {
	st.closed.Do(func() {
		st.watch.Stop()
		st.s.flights[st.Shard].remove(&st.flight)
		if !st.done {
			st.cancel(context.Canceled) // before the body is closed, so that nothing is read off it
		}
		if st.rows != nil {
			_ = st.rows.Close() // nothing is lost: the rows were read or are not wanted
		}
		st.cancel(context.Canceled)
		st.s.traffic[st.Shard].Done()
		if st.ended != nil {
			st.ended()
		}
	})
}

// Milliseconds is d as durations are sent on the wire, with microsecond precision.
func Milliseconds(d time.Duration) float64 {
	return float64(d.Round(time.Microsecond)) / float64(time.Millisecond)
}

// LastAnswer is when the latest block, or the head, arrived.
func (st *Stream) LastAnswer() time.Time { return st.last }
