package service

import (
	"context"
	"errors"
	"net/http"
	"time"

	"shardeck/master/bind"
	"shardeck/master/gather"
	"shardeck/master/plan"
	"shardeck/master/planner"
	"shardeck/master/scatter"
	"shardeck/shared/api"
	"shardeck/shared/httpserve"
)

func (s *Service) selectRows(w http.ResponseWriter, r *http.Request) error {
	var req api.SelectRequest
	if err := readJSON(w, r, &req); err != nil {
		return err
	}
	selects := func(t *bind.Table) (*plan.Plan, error) { return planner.Select(t, s.slots, &req) }
	return s.planAndRun(r.Context(), s.onTable(req.DB, req.Table, selects), func(p *plan.Plan) error {
		var answer rowAnswer
		if accepted(r) == api.MediaNDJSON {
			answer = httpserve.NewRowWriter(w, r)
		} else {
			answer = newJSONRows(w, r)
		}
		return s.streamRows(r.Context(), httpserve.RequestID(r), p, req.AllowPartial, nil, answer)
	})
}

// rowAnswer writes an answer of rows in some format. Until Started returns true, nothing
// was sent and any other answer is still possible.
type rowAnswer interface {
	Head(columns []api.Column) error
	Block(block []byte, rows int64) error
	End(info api.EndInfo) error
	Fail(err error)
	Started() bool
	Discard()
}

// errTruncated is returned by a rowAnswer's Block when it needs no more rows.
var errTruncated = errors.New("the answer has reached its maximum number of rows")

// streamRows runs a plan that reads and streams its rows. It returns an error only if
// nothing was sent yet. What each shard has done is recorded in progress, which may be nil.
func (s *Service) streamRows(ctx context.Context, requestID string, p *plan.Plan, allowPartial bool, progress *scatter.Progress,
	answer rowAnswer,
) error {
	defer answer.Discard()
	q, err := s.open(ctx, requestID, p, allowPartial, progress)
	if err != nil {
		return err
	}
	defer q.close()
	if err := answer.Head(p.Columns); err != nil {
		return err
	}
	if err := q.gather(p, answer.Block); err != nil && !errors.Is(err, errTruncated) {
		if cause, ok := context.Cause(ctx).(*api.Problem); ok {
			err = cause // cancelled or timed out: the errors that this caused are less informative
		}
		if answer.Started() {
			s.clients.Fault()
			answer.Fail(err)
			return nil
		}
		return err
	}
	err = answer.End(api.EndInfo{Route: &p.Route, Shards: q.results(), Partial: q.partial})
	if err != nil && answer.Started() {
		return nil // the client has disconnected
	}
	return err
}

// gather combines the shards' rows into the plan's answer.
func (q *query) gather(p *plan.Plan, sink gather.Sink) error {
	if p.Over != nil {
		return gather.Over(p, func(rows gather.Sink) error { return q.gather(p.Merged(), rows) }, sink)
	}
	g := q.gathering()
	switch {
	case p.Final != nil:
		return g.Finish(p, sink)
	case len(p.Merge) > 0:
		return g.Merge(gather.Order{
			Keys: p.Merge, Hidden: p.Hidden, Columns: len(p.Columns), Distinct: p.Distinct, Limit: p.Limit, Offset: p.Offset,
			Ties: p.Ties, TieKeys: p.TieKeys, Set: p.Set,
		}, sink)
	}
	return g.Concat(p.Limit, p.Offset, sink)
}

// query is a read in progress on its shards.
type query struct {
	streams []*scatter.Stream
	// partial are the problems of omitted shards, if allowPartial is set.
	partial      []api.Problem
	broken       int // number of streams that failed after their start
	allowPartial bool
}

// open sends a plan's fragments and waits for all heads. Without allowPartial, the failure
// of one shard fails the whole read. With it, failures of shards (but not client errors)
// are recorded, provided that at least one shard answers.
func (s *Service) open(ctx context.Context, requestID string, p *plan.Plan, allowPartial bool, progress *scatter.Progress) (*query, error) {
	q := &query{allowPartial: allowPartial}
	calls := make([]scatter.QueryCall, 0, len(p.Fragments))
	for i := range p.Fragments {
		f := &p.Fragments[i]
		d, err := s.dialectOf(f.Shard)
		if err != nil {
			return nil, err
		}
		req, err := d.Query(p, f)
		if err != nil {
			return nil, err
		}
		calls = append(calls, scatter.QueryCall{Shard: f.Shard, Request: req, Part: progress.Part(f.Shard, s.workerName(f.Shard))})
	}
	kind := scatter.Streaming
	if p.Op == plan.OpCount {
		kind = scatter.Reducing
	}
	streams, problems := s.scatter.Query(ctx, requestID, kind, calls, !allowPartial)
	clientError := false
	for i := range calls {
		if problems[i] == nil {
			if streams[i] != nil {
				q.streams = append(q.streams, streams[i])
			}
			continue
		}
		fault := *problems[i]
		fault.Field, fault.Row = "", nil // these refer to the worker's request, not the client's
		q.partial = append(q.partial, fault)
		clientError = clientError || fault.Status < 500
	}
	if len(q.partial) > 0 && (!allowPartial || clientError || len(q.streams) == 0) {
		main := mainProblem(q.partial)
		if !clientError && len(q.partial) < len(calls) {
			main = orPartial(main)
		}
		q.close()
		return nil, main
	}
	return q, nil
}

// orPartial adds to the hint of a shard's failure that the read can omit the shard. It is
// only for reads that other shards have answered.
func orPartial(p *api.Problem) *api.Problem {
	const option = "send allow_partial: true to read the other shards"
	switch p.Code {
	case api.CodeShardUnavailable, api.CodeShardTimeout, api.CodeShardBadAnswer, api.CodeWorkerUnproven:
	default:
		return p
	}
	if p.Hint == "" {
		return p.Hinted(option)
	}
	return p.Hinted("%s; or %s", p.Hint, option)
}

func (q *query) gathering() *gather.Gathering {
	g := &gather.Gathering{
		Sources: make([]gather.Source, len(q.streams)),
		Failed: func(source int, err error) error {
			st := q.streams[source]
			p := api.AsProblem(err).On(st.Shard, st.Worker)
			q.broken++
			if !q.allowPartial && len(q.streams) > 1 {
				return orPartial(p)
			}
			if !q.allowPartial || p.Code == api.CodeCanceled || q.broken == len(q.streams) {
				return p
			}
			q.partial = append(q.partial, *p)
			return nil
		},
		Cancel: func() {
			for _, st := range q.streams {
				st.Cancel()
			}
		},
	}
	for i, st := range q.streams {
		g.Sources[i] = st
	}
	return g
}

// results returns the shards' contributions to the answer.
func (q *query) results() []api.ShardResult {
	results := make([]api.ShardResult, len(q.streams))
	for i, st := range q.streams {
		results[i] = st.Result()
	}
	return results
}

func (q *query) close() {
	for _, st := range q.streams {
		st.Close()
	}
}

func (s *Service) count(w http.ResponseWriter, r *http.Request) error {
	var req api.MapReduceCountRequest
	if err := readJSON(w, r, &req); err != nil {
		return err
	}
	var resp *api.MapReduceCountResponse
	counts := func(t *bind.Table) (*plan.Plan, error) { return planner.Count(t, s.slots, &req) }
	err := s.planAndRun(r.Context(), s.onTable(req.DB, req.Table, counts), func(p *plan.Plan) error {
		var err error
		resp, err = s.reduceCount(r.Context(), httpserve.RequestID(r), p, req.AllowPartial)
		return err
	})
	if err != nil {
		return err
	}
	return httpserve.WriteJSON(w, http.StatusOK, resp)
}

// reduceCount makes the shards count, and adds up their counts.
func (s *Service) reduceCount(ctx context.Context, requestID string, p *plan.Plan, allowPartial bool) (*api.MapReduceCountResponse, error) {
	q, err := s.open(ctx, requestID, p, allowPartial, nil)
	if err != nil {
		return nil, err
	}
	defer q.close()
	shardOf := func(source int) int { return q.streams[source].Shard }
	counts, err := q.gathering().Count(p.Merge, s.slots.Shards(), shardOf)
	if err != nil {
		return nil, err
	}
	resp := &api.MapReduceCountResponse{
		Total: counts.Total, Route: p.Route, Partial: q.partial,
		Shards: q.results(), Groups: counts.Groups,
	}
	var mapped time.Time // when the last shard had answered
	for i, st := range q.streams {
		resp.Shards[i].Rows = counts.PerShard[i]
		resp.MapMS = max(resp.MapMS, resp.Shards[i].MS)
		if st.LastAnswer().After(mapped) {
			mapped = st.LastAnswer()
		}
	}
	if n := len(p.Merge); n > 0 {
		resp.GroupColumns = p.Columns[:n]
	}
	if !mapped.IsZero() {
		resp.ReduceMS = scatter.Milliseconds(time.Since(mapped))
	}
	return resp, nil
}
