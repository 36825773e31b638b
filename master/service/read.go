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
	return s.planned(r.Context(), s.over(req.DB, req.Table, selects), func(p *plan.Plan) error {
		var answer rowAnswer
		if accepted(r) == api.MediaNDJSON {
			answer = httpserve.NewRowWriter(w, r)
		} else {
			answer = newJSONRows(w, r)
		}
		return s.streamRows(r.Context(), httpserve.RequestID(r), p, req.AllowPartial, answer)
	})
}

// rowAnswer is an answer of rows in one of its forms. Until Started, nothing was
// sent and any other answer can still be given.
type rowAnswer interface {
	Head(columns []api.Column) error
	Block(block []byte, rows int64) error
	End(info api.EndInfo) error
	Fail(err error)
	Started() bool
	Discard()
}

// errTruncated is what a rowAnswer's Block returns once it has all the rows it wants.
var errTruncated = errors.New("the answer has all the rows it may have")

// streamRows runs a plan that reads and streams its rows. It returns an error only
// as long as nothing was sent.
func (s *Service) streamRows(ctx context.Context, requestID string, p *plan.Plan, allowPartial bool, answer rowAnswer) error {
	defer answer.Discard()
	q, err := s.open(ctx, requestID, p, allowPartial)
	if err != nil {
		return err
	}
	defer q.close()
	if err := answer.Head(p.Columns); err != nil {
		return err
	}
	if err := q.gather(p, answer.Block); err != nil && !errors.Is(err, errTruncated) {
		if cause, ok := context.Cause(ctx).(*api.Problem); ok {
			err = cause // out of time, or cancelled: what broke by it says less
		}
		if answer.Started() {
			answer.Fail(err)
			return nil
		}
		return err
	}
	err = answer.End(api.EndInfo{Route: &p.Route, Shards: q.results(), Partial: q.partial})
	if err != nil && answer.Started() {
		return nil // the client has gone, and with it the connection
	}
	return err
}

// gather makes the plan's answer of the shards' rows.
func (q *query) gather(p *plan.Plan, sink gather.Sink) error {
	g := q.gathering()
	switch {
	case p.Final != nil:
		return g.Finish(p, sink)
	case len(p.Merge) > 0:
		return g.Merge(gather.Order{
			Keys: p.Merge, Hidden: p.Hidden, Columns: len(p.Columns), Distinct: p.Distinct, Limit: p.Limit, Offset: p.Offset,
			Ties: p.Ties, TieKeys: p.TieKeys,
		}, sink)
	}
	return g.Concat(p.Limit, p.Offset, sink)
}

// query is a read under way on its shards.
type query struct {
	streams []*scatter.Stream
	// partial are the shards left out; only with allowPartial.
	partial      []api.Problem
	broken       int // streams that broke on the way
	allowPartial bool
}

// open sends a plan's fragments and waits for all heads. Without allowPartial a
// shard that fails fails the whole; with it, failures of shards (not refusals of
// the request) are noted as long as one shard answers.
func (s *Service) open(ctx context.Context, requestID string, p *plan.Plan, allowPartial bool) (*query, error) {
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
		calls = append(calls, scatter.QueryCall{Shard: f.Shard, Request: req})
	}
	kind := scatter.Streaming
	if p.Op == plan.OpCount {
		kind = scatter.Reducing
	}
	streams, problems := s.scatter.Query(ctx, requestID, kind, calls)
	refused := false
	for i := range calls {
		if problems[i] == nil {
			q.streams = append(q.streams, streams[i])
			continue
		}
		fault := *problems[i]
		fault.Field, fault.Row = "", nil // they are of the worker's request, not of the client's
		q.partial = append(q.partial, fault)
		refused = refused || fault.Status < 500
	}
	if len(q.partial) > 0 && (!allowPartial || refused || len(q.streams) == 0) {
		q.close()
		return nil, first(q.partial)
	}
	return q, nil
}

func (q *query) gathering() *gather.Gathering {
	g := &gather.Gathering{
		Sources: make([]gather.Source, len(q.streams)),
		Failed: func(source int, err error) error {
			st := q.streams[source]
			p := api.AsProblem(err).On(st.Shard, st.Worker)
			q.broken++
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

// results are the shards' parts of the answer.
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
	err := s.planned(r.Context(), s.over(req.DB, req.Table, counts), func(p *plan.Plan) error {
		var err error
		resp, err = s.reduceCount(r.Context(), httpserve.RequestID(r), p, req.AllowPartial)
		return err
	})
	if err != nil {
		return err
	}
	return httpserve.WriteJSON(w, http.StatusOK, resp)
}

// reduceCount has the shards count and adds up their counts.
func (s *Service) reduceCount(ctx context.Context, requestID string, p *plan.Plan, allowPartial bool) (*api.MapReduceCountResponse, error) {
	q, err := s.open(ctx, requestID, p, allowPartial)
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
