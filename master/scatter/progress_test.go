package scatter

import (
	"context"
	"errors"
	"io"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"shardeck/shared/api"
)

func TestProgressCountsEachShardsOwnWait(t *testing.T) {
	start := time.Now()
	at := func(ms int) time.Time { return start.Add(time.Duration(ms) * time.Millisecond) }
	part := func(shard int, state api.PartState, rows int64, ms, waiting float64) api.RunningPart {
		r := api.RunningPart{
			ShardResult: api.ShardResult{Shard: shard, Worker: "w" + string(rune('0'+shard)), Rows: rows, MS: ms}, State: state, WaitingMS: waiting,
		}
		if rows > 0 {
			r.FirstMS = 10 // that is shard 0's first answer
		}
		return r
	}
	var p Progress
	two, zero := p.Part(2, "w2"), p.Part(0, "w0")
	if p.Part(2, "w2") != two {
		t.Error("a shard has two parts")
	}
	for _, step := range []struct {
		name string
		do   func()
		at   int
		want []api.RunningPart
	}{
		{"not sent", func() {}, 5, []api.RunningPart{part(0, api.PartPending, 0, 0, 0), part(2, api.PartPending, 0, 0, 0)}},
		{"one is sent", func() { zero.await(at(10)) }, 13, []api.RunningPart{part(0, api.PartAwaited, 0, 3, 3), part(2, api.PartPending, 0, 0, 0)}},
		{"it has answered, the other is sent", func() {
			zero.answered(10*time.Millisecond, api.PartAnswering, 4)
			two.await(at(20))
		}, 50, []api.RunningPart{part(0, api.PartAnswering, 4, 10, 0), part(2, api.PartAwaited, 0, 30, 30)}},
		{"more is asked for", func() { zero.await(at(60)) }, 65, []api.RunningPart{part(0, api.PartAwaited, 4, 15, 5), part(2, api.PartAwaited, 0, 45, 45)}},
		{"both end", func() {
			zero.answered(10*time.Millisecond, api.PartDone, 9)
			two.answered(60*time.Millisecond, api.PartFailed, 0)
		}, 1000, []api.RunningPart{part(0, api.PartDone, 9, 20, 0), part(2, api.PartFailed, 0, 60, 0)}},
		{"one is sent again", func() { two.await(at(1000)) }, 1001, []api.RunningPart{part(0, api.PartDone, 9, 20, 0), part(2, api.PartAwaited, 0, 61, 1)}},
	} {
		step.do()
		if diff := cmp.Diff(step.want, p.At(at(step.at))); diff != "" {
			t.Errorf("%s: %s", step.name, diff)
		}
	}
	var none *Progress
	none.Part(0, "w0").await(start)
	none.Part(0, "w0").answered(time.Second, api.PartDone, 1)
	if got := none.At(start); got == nil || len(got) != 0 {
		t.Errorf("of no progress: %v", got)
	}
}

// awaitStates polls until the parts have the states.
func awaitStates(t *testing.T, p *Progress, want ...api.PartState) []api.RunningPart {
	t.Helper()
	for {
		parts := p.At(time.Now())
		got := make([]api.PartState, len(parts))
		for i := range parts {
			got[i] = parts[i].State
		}
		if cmp.Equal(got, want) {
			return parts
		}
		select {
		case <-t.Context().Done():
			t.Fatalf("the states are %v, not %v", got, want)
		case <-time.After(time.Millisecond):
		}
	}
}

func TestProgressOfAReadTellsWhoHasAnswered(t *testing.T) {
	release := make(chan struct{})
	good := answer(200, api.MediaNDJSON, "[1]\n[2]\n"+end)
	late := func(w http.ResponseWriter, r *http.Request) {
		<-release
		good(w, r)
	}
	s := over(t, new(atomic.Int32), good, late, answer(409, api.MediaProblem, `{"type":"x","title":"x","status":409,"code":"stale_schema","detail":"x"}`))
	s.cfg.Timeout = time.Minute
	var p Progress
	calls := make([]QueryCall, 3)
	for i := range calls {
		calls[i] = QueryCall{Shard: i, Request: &api.QueryRequest{DB: "S", ResultTypes: []string{"INT"}}, Part: p.Part(i, s.cfg.Name(i))}
	}
	var streams []*Stream
	opened := make(chan struct{})
	go func() {
		defer close(opened)
		streams, _ = s.Query(t.Context(), "id", Streaming, calls, false)
	}()
	parts := awaitStates(t, &p, api.PartAnswering, api.PartAwaited, api.PartFailed)
	if parts[0].MS <= 0 || parts[0].WaitingMS != 0 || parts[1].MS <= 0 || parts[1].WaitingMS != parts[1].MS {
		t.Errorf("while shard 1 is awaited: %+v", parts)
	}
	close(release)
	<-opened
	for _, st := range streams[:2] {
		defer st.Close()
		for err := error(nil); !errors.Is(err, io.EOF); {
			if _, err = st.NextBlock(); err != nil && !errors.Is(err, io.EOF) {
				t.Fatal(err)
			}
		}
	}
	parts = awaitStates(t, &p, api.PartDone, api.PartDone, api.PartFailed)
	for i, st := range streams[:2] {
		if diff := cmp.Diff(st.Result(), parts[i].ShardResult); diff != "" {
			t.Errorf("shard %d ends with another result than its progress: %s", i, diff)
		}
	}
}

func TestProgressOfAWriteCountsItsOwnRows(t *testing.T) {
	release := make(chan struct{})
	late := func(w http.ResponseWriter, r *http.Request) {
		<-release
		answer(200, api.MediaJSON, `{"rows_affected":[5]}`)(w, r)
	}
	s := over(t, new(atomic.Int32), answer(200, api.MediaJSON, `{"rows_affected":[3,4,1]}`), late)
	s.cfg.Timeout = time.Minute
	var p Progress
	// The last statement on shard 0 is the master's.
	calls := []ExecCall{
		{Shard: 0, Part: p.Part(0, "w0"), Internal: 1, Request: &api.ExecRequest{DB: "S", Statements: make([]api.Statement, 3)}},
		{Shard: 1, Part: p.Part(1, "w1"), Request: &api.ExecRequest{DB: "S", Statements: make([]api.Statement, 1)}},
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		s.Exec(t.Context(), "id", calls)
	}()
	if parts := awaitStates(t, &p, api.PartDone, api.PartAwaited); parts[0].Rows != 7 || parts[1].Rows != 0 {
		t.Errorf("while shard 1 is awaited: %+v", parts)
	}
	close(release)
	<-ended
	if parts := awaitStates(t, &p, api.PartDone, api.PartDone); parts[1].Rows != 5 {
		t.Errorf("at the end: %+v", parts)
	}
}

func TestProgressOfARefusedShardFails(t *testing.T) {
	s := over(t, new(atomic.Int32), answer(200, api.MediaNDJSON, end))
	var p Progress
	s.cfg.Admit = func(context.Context, int) *api.Problem { return api.NewProblem(api.CodeShardUnavailable, "it is down") }
	s.Query(t.Context(), "id", Streaming, []QueryCall{{Shard: 0, Request: &api.QueryRequest{}, Part: p.Part(0, "w0")}}, false)
	awaitStates(t, &p, api.PartFailed)
	var w Progress
	s.Exec(t.Context(), "id", []ExecCall{{Shard: 0, Request: &api.ExecRequest{}, Part: w.Part(0, "w0")}})
	awaitStates(t, &w, api.PartFailed)
}
