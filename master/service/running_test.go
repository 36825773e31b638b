package service

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"shardeck/shared/api"
)

func TestRunningStatementsAreListedUntilTheyEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var q runningQueries
		_, first, endFirst := q.begin(t.Context(), "r1", "School", "SELECT", "SELECT 1", time.Minute)
		time.Sleep(time.Second)
		_, second, endSecond := q.begin(t.Context(), "r2", "School", "DELETE", strings.Repeat("ü", maxShownSQL), time.Minute)
		route := &api.Route{Kind: api.RouteSubset, Shards: []int{0, 2}, Why: "x"}
		first.planned.Store(&planned{route: route})
		first.progress().Part(2, "w2")
		first.rows.Add(7)
		time.Sleep(time.Second)
		got := q.list()
		if len(got) != 2 || got[0].ID != first.id || got[1].ID != second.id || first.id == second.id {
			t.Fatalf("got %+v", got)
		}
		want := api.RunningQuery{
			ID: first.id, RequestID: "r1", DB: "School", Statement: "SELECT", SQL: "SELECT 1", Started: first.started, MS: 2000, Rows: 7,
			Route: route, Shards: []int{0, 2},
			Parts: []api.RunningPart{{ShardResult: api.ShardResult{Shard: 2, Worker: "w2"}, State: api.PartPending}},
		}
		if diff := cmp.Diff(want, got[0]); diff != "" {
			t.Error(diff)
		}
		if got[1].SQL != strings.Repeat("ü", maxShownSQL/2)+"..." || got[1].Shards == nil || got[1].Parts == nil || got[1].Route != nil {
			t.Errorf("a long text is listed as %d bytes, its shards as %v, its parts as %v", len(got[1].SQL), got[1].Shards, got[1].Parts)
		}
		endFirst()
		if got := q.list(); len(got) != 1 || got[0].ID != second.id {
			t.Errorf("after the first has ended: %+v", got)
		}
		endSecond()
		if got := q.list(); got == nil || len(got) != 0 {
			t.Errorf("after all have ended: %+v", got)
		}
	})
}

func TestContextCauseOfAStatement(t *testing.T) {
	for name, tt := range map[string]struct {
		end  func(q *runningQueries, id string, giveUp func())
		code api.Code // empty: the client's own cancellation
	}{
		"cancelled": {func(q *runningQueries, id string, _ func()) { q.cancel(id) }, api.CodeCanceled},
		"timed out": {func(*runningQueries, string, func()) { time.Sleep(time.Minute) }, api.CodeQueryTimeout},
		"cancelled before it timed out": {func(q *runningQueries, id string, _ func()) {
			q.cancel(id)
			time.Sleep(time.Minute)
		}, api.CodeCanceled},
		"the client disconnects": {func(_ *runningQueries, _ string, giveUp func()) { giveUp() }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var q runningQueries
				client, giveUp := context.WithCancel(t.Context())
				ctx, run, end := q.begin(client, "r", "School", "SELECT", "SELECT 1", time.Minute)
				defer end()
				if ctx.Err() != nil {
					t.Fatal("the context is done from the start")
				}
				tt.end(&q, run.id, giveUp)
				<-ctx.Done()
				cause := context.Cause(ctx)
				if tt.code == "" {
					if !errors.Is(cause, context.Canceled) {
						t.Errorf("the cause is %v", cause)
					}
					return
				}
				if p := api.AsProblem(cause); p.Code != tt.code || p.Hint == "" {
					t.Errorf("the cause is %+v", cause)
				}
				if run.canceled.Load() != (tt.code == api.CodeCanceled) {
					t.Errorf("canceled is %v", run.canceled.Load())
				}
				giveUp()
			})
		})
	}
	var q runningQueries
	if q.cancel("nonesuch") != nil {
		t.Error("a statement that does not exist was cancelled")
	}
}

// TestCancelUnblocksAWrite writes to a client that does not read, until the statement is
// cancelled.
func TestCancelUnblocksAWrite(t *testing.T) {
	var q runningQueries
	blocked, failed := make(chan string), make(chan error, 1)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, run, end := q.begin(r.Context(), "r", "School", "SELECT", "SELECT 1", time.Hour)
		defer end()
		defer unblockWrites(ctx, w)()
		block := make([]byte, 1<<20)
		blocked <- run.id
		for {
			if _, err := w.Write(block); err != nil {
				failed <- err
				return
			}
		}
	}))
	defer srv.Close()
	conn, err := net.Dial("tcp", srv.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.Write([]byte("GET / HTTP/1.1\r\nHost: x\r\n\r\n")); err != nil {
		t.Fatal(err)
	}
	if q.cancel(<-blocked) == nil {
		t.Fatal("the statement is not listed")
	}
	if err := <-failed; !errors.Is(err, context.DeadlineExceeded) && !isTimeout(err) {
		t.Errorf("the write ended in %v", err)
	}
}

func isTimeout(err error) bool {
	ne, ok := errors.AsType[net.Error](err)
	return ok && ne.Timeout()
}

// TestUnblockWritesRemovesItsDeadline: the deadline for one answer must not affect the next
// one on the same connection.
func TestUnblockWritesRemovesItsDeadline(t *testing.T) {
	deadlines := &deadlineRecorder{ResponseRecorder: httptest.NewRecorder()}
	ctx, cancel := context.WithCancel(t.Context())
	release := unblockWrites(ctx, deadlines)
	cancel()
	release()
	if n := len(deadlines.set); n != 2 || deadlines.set[0].IsZero() || !deadlines.set[1].IsZero() {
		t.Errorf("deadlines were set to %v", deadlines.set)
	}
	deadlines.set = nil
	unblockWrites(t.Context(), deadlines)()
	if len(deadlines.set) != 0 {
		t.Errorf("without an end, deadlines were set to %v", deadlines.set)
	}
}

type deadlineRecorder struct {
	*httptest.ResponseRecorder
	set []time.Time
}

func (d *deadlineRecorder) SetWriteDeadline(at time.Time) error {
	d.set = append(d.set, at)
	return nil
}

func TestClipTextKeepsWholeCharacters(t *testing.T) {
	for in, want := range map[string]string{"abc": "abc", "abcd": "abcd", "abcde": "abcd...", "aüüü": "aü...", "": ""} {
		if got := clipText(in, 4); got != want {
			t.Errorf("%q became %q, want %q", in, got, want)
		}
	}
}
