package service

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"shardeck/master/bind"
	"shardeck/master/intent"
	"shardeck/master/plan"
	"shardeck/master/planner"
	"shardeck/master/scatter"
	"shardeck/shared/api"
	"shardeck/shared/httpserve"
)

func (s *Service) insert(w http.ResponseWriter, r *http.Request) error {
	var req api.InsertRequest
	idem, err := readWrite(w, r, &req)
	if err != nil {
		return err
	}
	field := func(row int) string { return fmt.Sprintf("rows[%d]", row) }
	if req.Data != nil {
		field = func(int) string { return "data" }
	}
	return s.write(w, r, idem, req.DB, req.Table, field, func(t *bind.Table) (*plan.Plan, error) {
		return planner.Insert(t, s.slots, &req)
	})
}

func (s *Service) update(w http.ResponseWriter, r *http.Request) error {
	var req api.UpdateRequest
	idem, err := readWrite(w, r, &req)
	if err != nil {
		return err
	}
	return s.write(w, r, idem, req.DB, req.Table, nil, func(t *bind.Table) (*plan.Plan, error) {
		return planner.Update(t, s.slots, &req)
	})
}

func (s *Service) deleteRows(w http.ResponseWriter, r *http.Request) error {
	var req api.DeleteRequest
	idem, err := readWrite(w, r, &req)
	if err != nil {
		return err
	}
	return s.write(w, r, idem, req.DB, req.Table, nil, func(t *bind.Table) (*plan.Plan, error) {
		return planner.Delete(t, s.slots, &req)
	})
}

// write runs a write and answers. For inserts, field returns the name of a row's field in
// the request.
func (s *Service) write(w http.ResponseWriter, r *http.Request, idem *api.Idempotency, db, table string,
	field func(row int) string, makePlan func(*bind.Table) (*plan.Plan, error),
) error {
	var resp *api.WriteResponse
	err := s.planAndRun(r.Context(), s.onTable(db, table, makePlan), func(p *plan.Plan) error {
		var err error
		resp, err = s.execute(r.Context(), httpserve.RequestID(r), p, idem, nil, field)
		return err
	})
	if err != nil {
		return err
	}
	return httpserve.WriteJSON(w, http.StatusOK, resp)
}

// execute runs a plan's fragments, each as one transaction on its shard. What each shard has done
// is recorded in progress, which may be nil.
func (s *Service) execute(ctx context.Context, requestID string, p *plan.Plan, idem *api.Idempotency,
	progress *scatter.Progress, field func(row int) string,
) (*api.WriteResponse, error) {
	if p.Copies && len(p.Fragments) > 1 {
		return s.copies.execute(ctx, requestID, p, idem, progress, field)
	}
	if problem := s.preflightWrite(p); problem != nil {
		return nil, withOutcome(problem, p, nil, outcome{keyed: idem != nil})
	}
	w, err := s.newWrite(p, idem, progress, s.fence())
	if err != nil {
		return nil, err
	}
	w.mayChange = p.ReadsFirst && idem != nil
	if err := s.intents.plan(w); err != nil {
		return nil, err
	}
	results, err := s.exec(ctx, requestID, w)
	if problem, ok := errors.AsType[*api.Problem](err); ok && problem.Code == api.CodeOutcomeUnknown {
		return nil, withOutcome(problem, p, nil, outcome{keyed: idem != nil, left: true})
	}
	if err != nil {
		return nil, err
	}
	left := s.intents.settle(ctx, w, results)
	for i := range results {
		if r := &results[i]; r.Problem != nil {
			if left {
				r.Problem = mayYetApply(r.Problem)
			}
			at := slices.IndexFunc(p.Fragments, func(f plan.Fragment) bool { return f.Shard == r.Shard })
			r.Problem = inRequest(r.Problem, &p.Fragments[at], field)
		}
	}
	return summarize(p, results, outcome{keyed: idem != nil, left: left})
}

// newWrite renders a plan's fragments as calls.
func (s *Service) newWrite(p *plan.Plan, idem *api.Idempotency, progress *scatter.Progress, fence api.Fence) (*write, error) {
	w := &write{db: p.DB, idem: idem, progress: progress, calls: make([]scatter.ExecCall, len(p.Fragments))}
	for i := range p.Fragments {
		f := &p.Fragments[i]
		d, err := s.dialectOf(f.Shard)
		if err != nil {
			return nil, err
		}
		statements, err := d.Exec(p, f)
		if err != nil {
			return nil, err
		}
		w.calls[i] = scatter.ExecCall{Shard: f.Shard, Part: progress.Part(f.Shard, s.workerName(f.Shard)), Request: &api.ExecRequest{
			DB: p.DB, Fence: fence, Idempotency: idem, Statements: statements,
			TimeoutMS: s.cfg.RequestTimeout.Milliseconds(),
		}}
	}
	return w, nil
}

// write is a write in progress: one call for each shard that has rows.
type write struct {
	db    string
	idem  *api.Idempotency // nil: neither the client nor an intent requires one
	calls []scatter.ExecCall
	// progress is where the shards' parts are recorded; nil: nobody follows them.
	progress *scatter.Progress
	// home is the shard that is sent its part first; -1: all are sent theirs at once.
	home int
	// intent is the call's entry in home's log, nil if there is none. Its statement is the
	// last of the home's call.
	intent *intent.Record
	logged *api.Statement
	// mayChange means that a repetition with the same key may have other calls.
	mayChange bool
}

// exec sends the calls concurrently and returns their results in the same order. A write
// that has a home goes there first. That is the shard that the Idempotency-Key itself
// hashes to, whether that has rows to write or not. So two requests with one key meet there
// even if their rows have no shard in common, and if the second is different, it has no
// effect anywhere. The home's transaction also has the write's intent, which must be
// durable before any other shard has its part. If the home fails, nothing is sent to the
// others: its result is the only one or, if it had no rows to write, the error.
func (s *Service) exec(ctx context.Context, requestID string, w *write) ([]scatter.ExecResult, error) {
	if w.home < 0 {
		return s.execAll(ctx, requestID, w.calls), nil
	}
	at := slices.IndexFunc(w.calls, func(c scatter.ExecCall) bool { return c.Shard == w.home })
	if at >= 0 && len(w.calls) == 1 && !w.mayChange {
		return s.execAll(ctx, requestID, w.calls), nil
	}
	home := s.execHome(ctx, requestID, w, at)
	switch problem := home.Problem; {
	case problem == nil && w.mayChange && home.Response.Replayed:
		return s.replay(ctx, requestID, w, home)
	case problem == nil:
	case at >= 0:
		return []scatter.ExecResult{home}, nil
	case problem.Code == api.CodeIdempotencyMismatch, problem.Code == api.CodeOutcomeUnknown && w.intent != nil:
		return nil, problem
	default:
		return nil, api.NewProblem(api.CodeShardUnavailable, "shard %d, the home of this %s, did not store it, so nothing was written: %s",
			w.home, api.HeaderIdempotencyKey, problem.Detail).On(w.home, home.Worker).
			Hinted("send the request again with the same %s", api.HeaderIdempotencyKey)
	}
	if at < 0 {
		return s.execBegun(ctx, requestID, w.calls), nil
	}
	results := s.execBegun(ctx, requestID, slices.Delete(slices.Clone(w.calls), at, at+1))
	return slices.Insert(results, at, home), nil
}

// execBegun sends the calls of a write that has begun: those that a worker rejects because columns have
// been added to the table since are sent once more, for the table as it is.
func (s *Service) execBegun(ctx context.Context, requestID string, calls []scatter.ExecCall) []scatter.ExecResult {
	results := s.execAll(ctx, requestID, calls)
	var again []scatter.ExecCall
	var index []int
	for i := range results {
		if p := results[i].Problem; p == nil || p.Code != api.CodeStaleSchema {
			continue
		}
		call, req := calls[i], *calls[i].Request
		if call.Request = &req; s.intents.log.Renew(ctx, call.Shard, &req) {
			again, index = append(again, call), append(index, i)
		}
	}
	if len(again) > 0 {
		for i, r := range s.execAll(ctx, requestID, again) {
			results[index[i]] = r
		}
	}
	return results
}

// execHome sends the home its part, w.calls[at] or none, together with the intent. The
// intent's statement does not show in the result.
func (s *Service) execHome(ctx context.Context, requestID string, w *write, at int) scatter.ExecResult {
	var call scatter.ExecCall
	if at >= 0 {
		call = w.calls[at]
	} else {
		call = scatter.ExecCall{Shard: w.home, Part: w.progress.Part(w.home, s.workerName(w.home)), Request: &api.ExecRequest{
			DB: w.db, Fence: s.fence(), Idempotency: w.idem,
		}}
	}
	if w.logged != nil {
		req := *call.Request
		req.Statements = append(slices.Clip(req.Statements), *w.logged)
		call.Request, call.Internal, call.Other = &req, 1, w.mayChange
	}
	return s.execAll(ctx, requestID, []scatter.ExecCall{call})[0]
}

// execAll sends the calls, and retries those that a worker rejected because of a newer term.
func (s *Service) execAll(ctx context.Context, requestID string, calls []scatter.ExecCall) []scatter.ExecResult {
	results := s.scatter.Exec(ctx, requestID, calls)
	s.retryStaleTerm(ctx, requestID, calls, results)
	return results
}

// retryStaleTerm retries once the calls that a worker rejected because of a newer term, when
// the workers have confirmed one: a rejected transaction had no effect, and any master may write
// rows. A master that believed it was the primary is demoted on the way.
func (s *Service) retryStaleTerm(ctx context.Context, requestID string, calls []scatter.ExecCall, results []scatter.ExecResult) {
	var retry []scatter.ExecCall
	var index []int
	for i := range results {
		if p := results[i].Problem; p != nil && p.Code == api.CodeStaleTerm {
			retry = append(retry, calls[i])
			index = append(index, i)
		}
	}
	if len(retry) == 0 {
		return
	}
	began := time.Now()
	s.coord.AwaitTerm(ctx, retry[0].Request.Fence.Term)
	s.metrics.held.writes.UpdateDuration(began)
	fence := s.fence()
	for i := range retry {
		retry[i].Request.Fence = fence
	}
	for i, r := range s.scatter.Exec(ctx, requestID, retry) {
		if r.Problem != nil && r.Problem.Code == api.CodeStaleTerm {
			r.Problem = unconfirmedTerm(r.Problem)
		}
		results[index[i]] = r
	}
}

// unconfirmedTerm is the problem of a worker that refuses the term that a majority of the
// workers stores.
func unconfirmedTerm(p *api.Problem) *api.Problem {
	q := *p
	q.Detail = "the worker stores a newer term than the other workers; nothing was written there"
	q.Hint = "send the request again: the primary supersedes a term that a majority did not accept"
	return &q
}

// inRequest translates a worker's problem to the rows and fields of the request: the
// worker's row numbers refer to the rows that it was sent.
func inRequest(p *api.Problem, f *plan.Fragment, field func(row int) string) *api.Problem {
	q := *p
	q.Field, q.Rows = "", nil
	if q.Row == nil || field == nil || *q.Row < 0 || *q.Row >= len(f.RowIndex) {
		q.Row = nil
		return &q
	}
	row := f.RowIndex[*q.Row]
	q.Row = &row
	q.Field = field(row)
	if q.Column != "" {
		q.Field += "." + q.Column
	}
	return &q
}

// summarize combines the shards' results into one answer.
func summarize(p *plan.Plan, results []scatter.ExecResult, o outcome) (*api.WriteResponse, error) {
	resp := &api.WriteResponse{Route: p.Route, Shards: make([]api.ShardResult, 0, len(results)), Replayed: len(results) > 0}
	var causes []api.Problem
	for i := range results {
		r := &results[i]
		if r.Problem != nil {
			causes = append(causes, *r.Problem)
			continue
		}
		rows := r.Response.Rows()
		if p.Copies {
			resp.RowsAffected = max(resp.RowsAffected, rows) // of each copy the same
		} else {
			resp.RowsAffected += rows
		}
		resp.Replayed = resp.Replayed && r.Response.Replayed
		resp.Shards = append(resp.Shards, api.ShardResult{Shard: r.Shard, Worker: r.Worker, Rows: rows, FirstMS: scatter.Milliseconds(r.Took), MS: scatter.Milliseconds(r.Took)})
	}
	if len(causes) == 0 {
		return resp, nil
	}
	return nil, withOutcome(writeProblem(causes, resp.Shards), p, results, o)
}
