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

// maxShownSQL bounds how much of a statement's text is listed and logged, in bytes.
const maxShownSQL = 1000

// runningQueries are the statements under way. It is safe for concurrent use.
type runningQueries struct {
	mu   sync.Mutex
	byID map[string]*runningQuery
}

// runningQuery is one of them.
type runningQuery struct {
	id, requestID, db, verb, sql string
	started                      time.Time
	rows                         atomic.Int64
	shards                       atomic.Pointer[[]int]
	cancel                       context.CancelCauseFunc
	canceled                     atomic.Bool
}

// begin lists a statement until end is called, with a context that its cancelling
// and its deadline end. The context's cause is a problem then.
func (q *runningQueries) begin(ctx context.Context, requestID, db, verb, sql string, limit time.Duration) (context.Context, *runningQuery, func()) {
	run := &runningQuery{
		id: strings.ToLower(rand.Text()[:12]), requestID: requestID, db: db, verb: verb,
		sql: clipText(sql, maxShownSQL), started: time.Now(),
	}
	ctx, release := context.WithTimeoutCause(ctx, limit, api.NewProblem(api.CodeQueryTimeout, "the statement did not end within %s", limit).
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

// endGrace is how long a client may take for what is being written to it when its
// statement ends early.
const endGrace = 2 * time.Second

// letGo frees a write that waits for its client, soon after ctx has ended. The
// function returned ends that, and must be called before the answer is over.
func letGo(ctx context.Context, w http.ResponseWriter) func() {
	rc := http.NewResponseController(w)
	done := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(done)
		_ = rc.SetWriteDeadline(time.Now().Add(endGrace)) // a recorder in a test has none
	})
	return func() {
		if !stop() {
			<-done
			_ = rc.SetWriteDeadline(time.Time{})
		}
	}
}

// list returns the statements under way, oldest first.
func (q *runningQueries) list() []api.RunningQuery {
	q.mu.Lock()
	defer q.mu.Unlock()
	all := make([]api.RunningQuery, 0, len(q.byID))
	for _, r := range q.byID {
		all = append(all, r.now())
	}
	slices.SortFunc(all, func(a, b api.RunningQuery) int {
		if c := a.Started.Compare(b.Started); c != 0 {
			return c
		}
		return strings.Compare(a.ID, b.ID)
	})
	return all
}

// now describes the statement as it is.
func (r *runningQuery) now() api.RunningQuery {
	shards := []int{}
	if p := r.shards.Load(); p != nil {
		shards = *p
	}
	return api.RunningQuery{
		ID: r.id, RequestID: r.requestID, DB: r.db, Statement: r.verb, SQL: r.sql, Shards: shards,
		Started: r.started, MS: scatter.Milliseconds(time.Since(r.started)), Rows: r.rows.Load(), Canceled: r.canceled.Load(),
	}
}

// end cancels the statement with that id and returns it, nil when there is none.
func (q *runningQueries) end(id string) *runningQuery {
	q.mu.Lock()
	defer q.mu.Unlock()
	r := q.byID[id]
	if r == nil {
		return nil
	}
	r.canceled.Store(true)
	r.cancel(api.NewProblem(api.CodeCanceled, "the statement was cancelled by DELETE %s/%s", api.PathQueries, id).
		Hinted("send it again if that was not meant"))
	return r
}

func (s *Service) listQueries(w http.ResponseWriter, _ *http.Request) error {
	return httpserve.WriteJSON(w, http.StatusOK, &api.QueriesResponse{Queries: s.running.list()})
}

// cancelQuery ends a read; a write that has begun is finished all the same.
func (s *Service) cancelQuery(w http.ResponseWriter, r *http.Request) error {
	id := r.PathValue("id")
	run := s.running.end(id)
	if run == nil {
		return api.NewProblem(api.CodeUnknownQuery, "no statement %s is under way at this master", clipText(id, 60)).At("id").
			Hinted("GET %s lists those that are; it may have ended, or run at the other master", api.PathQueries)
	}
	q := run.now()
	return httpserve.WriteJSON(w, http.StatusOK, &q)
}

// clipText returns at most n bytes of s, whole characters of it.
func clipText(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "") + "..."
}
