package scatter

import (
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"shardeck/shared/api"
)

var silence = api.NewProblem(api.CodeShardTimeout, "shard 0 has not answered probes")

// stepwise sends its head at once, then each text, and ends when its channel is closed or the client leaves.
func stepwise(texts <-chan string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", api.MediaNDJSON)
		rc := http.NewResponseController(w)
		_ = rc.Flush()
		for {
			select {
			case text, ok := <-texts:
				if !ok {
					return
				}
				_, _ = io.WriteString(w, text)
				_ = rc.Flush()
			case <-r.Context().Done():
				return
			}
		}
	}
}

// TestAReadThatMakesProgressIsNotInterrupted: whatever is wrong with the probes, its rows arrive.
func TestAReadThatMakesProgressIsNotInterrupted(t *testing.T) {
	texts := make(chan string, 1)
	s := over(t, new(atomic.Int32), stepwise(texts))
	s.cfg.Timeout = time.Hour
	var p Progress
	texts <- "[1]\n"
	st, problem := s.open(t.Context(), "id", &QueryCall{Shard: 0, Part: p.Part(0, "w0"), Request: &api.QueryRequest{DB: "S", ResultTypes: []string{"INT"}}})
	if problem != nil {
		t.Fatal(problem)
	}
	defer st.Close()
	if _, err := st.NextBlock(); err != nil {
		t.Fatal(err)
	}
	// Nobody waits for it now: the master is busy with other shards, or with the client.
	s.InterruptSilent(0, silence, 0, true)
	next := make(chan error)
	read := func() {
		_, err := st.NextBlock()
		next <- err
	}
	go read()
	awaitStates(t, &p, api.PartAwaited)
	s.InterruptSilent(0, silence, time.Hour, true) // it has heard something within the last hour
	texts <- "[2]\n"
	if err := <-next; err != nil {
		t.Fatalf("its next row: %v", err)
	}
	go read()
	awaitStates(t, &p, api.PartAwaited)
	s.InterruptSilent(0, silence, 0, false) // and nothing since
	if err := <-next; api.CodeOf(err) != api.CodeShardTimeout || api.AsProblem(err).Detail != silence.Detail {
		t.Errorf("a read that hears nothing more: %v", err)
	}
}

func TestAReadWithoutAnyAnswerIsInterrupted(t *testing.T) {
	hangs := make(chan struct{})
	defer close(hangs)
	s := over(t, new(atomic.Int32), func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		<-hangs
	})
	s.cfg.Timeout = time.Hour
	var p Progress
	got := make(chan *api.Problem)
	go func() {
		_, problem := s.open(t.Context(), "id", &QueryCall{Shard: 0, Part: p.Part(0, "w0"), Request: &api.QueryRequest{DB: "S", ResultTypes: []string{"INT"}}})
		got <- problem
	}()
	awaitStates(t, &p, api.PartAwaited)
	s.InterruptSilent(0, silence, time.Hour, false)
	if problem := <-got; problem == nil || problem.Code != api.CodeShardTimeout || *problem.Shard != 0 {
		t.Errorf("%v", problem)
	}
}

// TestAnInterruptedWriteIsNotSaidToHaveFailed: it was sent, and may yet be applied.
func TestAnInterruptedWriteIsNotSaidToHaveFailed(t *testing.T) {
	arrived, hangs := make(chan struct{}), make(chan struct{})
	var late atomic.Bool
	s := over(t, new(atomic.Int32), func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		arrived <- struct{}{}
		<-hangs
		late.Store(true)
		answer(200, api.MediaJSON, `{"rows_affected":[1]}`)(w, r)
	})
	s.cfg.Timeout = time.Hour
	write := func() chan ExecResult {
		got := make(chan ExecResult, 1)
		go func() {
			got <- s.Exec(t.Context(), "id", []ExecCall{{Shard: 0, Request: &api.ExecRequest{DB: "S", Statements: make([]api.Statement, 1)}}})[0]
		}()
		<-arrived
		return got
	}
	got := write()
	s.Interrupt(0, silence)                        // ends reads alone
	s.InterruptSilent(0, silence, 0, false)        // the same
	s.InterruptSilent(0, silence, time.Hour, true) // it has not waited for that long
	s.InterruptSilent(0, silence, time.Duration(0), true)
	r := <-got
	if r.Problem == nil || r.Problem.Code != api.CodeOutcomeUnknown || !strings.Contains(r.Problem.Detail, silence.Detail) || late.Load() {
		t.Errorf("an interrupted write: %+v", r.Problem)
	}
	got = write()
	s.Interrupt(0, silence)
	s.InterruptSilent(0, silence, 0, false)
	s.InterruptSilent(0, silence, time.Hour, true)
	close(hangs)
	if r := <-got; r.Problem != nil || r.Response.RowsAffected[0] != 1 {
		t.Errorf("a write that was to be waited for: %+v", r)
	}
	if n := s.Traffic(0).inFlight.Load(); n != 0 || len(s.flights[0].all) != 0 {
		t.Errorf("%d requests in flight, %d to be interrupted", n, len(s.flights[0].all))
	}
}
