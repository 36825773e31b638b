package service

import (
	"context"
	"crypto/rand"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"shardeck/master/scatter"
	"shardeck/shared/api"
	"shardeck/shared/httpserve"
)

// maxShownSQL is the maximum length of a statement's text in lists and logs, in bytes.
const maxShownSQL = 1000

// runningQueries are the statements in progress. It is safe for concurrent use.
type runningQueries struct {
	mu   sync.Mutex
	byID map[string]*runningQuery
}

// runningQuery is a statement in progress.
type runningQuery struct {
	id, requestID, db, verb, sql string
	started                      time.Time
	rows                         atomic.Int64
	planned                      atomic.Pointer[planned]
	cancel                       context.CancelCauseFunc
	canceled                     atomic.Bool
}

// planned is what is known of a statement once it is planned.
type planned struct {
	route *api.Route // not changed any more
	parts scatter.Progress
}

// progress is where the shards' parts of the statement are recorded; nil if it is not planned yet.
func (r *runningQuery) progress() *scatter.Progress {
	if p := r.planned.Load(); p != nil {
		return &p.parts
	}
	return nil
}

// begin adds a statement, which is listed until the returned function is called. The
// returned context ends when the statement is cancelled or times out; its cause is then a
// problem.
func (q *runningQueries) begin(ctx context.Context, requestID, db, verb, sql string, limit time.Duration) (context.Context, *runningQuery, func()) {
	run := &runningQuery{
		id: strings.ToLower(rand.Text()[:12]), requestID: requestID, db: db, verb: verb,
		sql: clipText(sql, maxShownSQL), started: time.Now(),
	}
	ctx, release := context.WithTimeoutCause(ctx, limit, api.NewProblem(api.CodeQueryTimeout, "the statement did not finish within %s", limit).
		Hinted("narrow it, or allow more time with timeout_ms and MASTER_QUERY_TIMEOUT"))
	ctx, run.cancel = context.WithCancelCause(ctx)
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.byID == nil {
		q.byID = map[string]*runningQuery{}
	}
	q.byID[run.id] = run
	return ctx, run, func() {
		q.mu.Lock()
		delete(q.byID, run.id)
		q.mu.Unlock()
		run.cancel(nil)
		release()
	}
}

// writeGrace is how long a pending write to a client may take after its statement was
// cancelled or timed out.
const writeGrace = 2 * time.Second

// unblockWrites makes a write that is blocked by a slow client fail soon after ctx is
// done. The returned function stops that, and must be called before the handler returns.
func unblockWrites(ctx context.Context, w http.ResponseWriter) func() {
	rc := http.NewResponseController(w)
	done := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(done)
		_ = rc.SetWriteDeadline(time.Now().Add(writeGrace)) // unsupported by recorders in tests
	})
	return func() {
		if !stop() {
			<-done
			_ = rc.SetWriteDeadline(time.Time{})
		}
	}
}

// list returns the statements in progress, oldest first.
func (q *runningQueries) list() []api.RunningQuery {
	q.mu.Lock()
	defer q.mu.Unlock()
	all := make([]api.RunningQuery, 0, len(q.byID))
	for _, r := range q.byID {
		all = append(all, r.snapshot())
	}
	slices.SortFunc(all, func(a, b api.RunningQuery) int {
		if c := a.Started.Compare(b.Started); c != 0 {
			return c
		}
		return strings.Compare(a.ID, b.ID)
	})
	return all
}

// snapshot describes the current state of the statement.
func (r *runningQuery) snapshot() api.RunningQuery {
	now := time.Now()
	q := api.RunningQuery{
		ID: r.id, RequestID: r.requestID, DB: r.db, Statement: r.verb, SQL: r.sql, Shards: []int{}, Parts: r.progress().At(now),
		Started: r.started, MS: scatter.Milliseconds(now.Sub(r.started)), Rows: r.rows.Load(), Canceled: r.canceled.Load(),
	}
	if p := r.planned.Load(); p != nil {
		q.Route, q.Shards = p.route, p.route.Shards
	}
	return q
}

// cancel cancels the statement with that id and returns it, or nil if there is none.
func (q *runningQueries) cancel(id string) *runningQuery {
	q.mu.Lock()
	defer q.mu.Unlock()
	r := q.byID[id]
	if r == nil {
		return nil
	}
	r.canceled.Store(true)
	r.cancel(api.NewProblem(api.CodeCanceled, "the statement was stopped by DELETE %s/%s", api.PathQueries, id).
		Hinted("send it again if that was not intended"))
	return r
}

func (s *Service) listQueries(w http.ResponseWriter, _ *http.Request) error {
	return httpserve.WriteJSON(w, http.StatusOK, &api.QueriesResponse{Queries: s.running.list()})
}

// cancelQuery cancels a read; a write that has started still runs to completion.
func (s *Service) cancelQuery(w http.ResponseWriter, r *http.Request) error {
	id := r.PathValue("id")
	run := s.running.cancel(id)
	if run == nil {
		return api.NewProblem(api.CodeUnknownQuery, "no statement %s is running on this master", clipText(id, 60)).At("id").
			Hinted("GET %s lists the running ones; it may have finished, or be running on the other master", api.PathQueries)
	}
	q := run.snapshot()
	return httpserve.WriteJSON(w, http.StatusOK, &q)
}

// clipText truncates s to at most n bytes, at a character boundary.
func clipText(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "") + "..."
}
