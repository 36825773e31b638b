package scatter

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"shardeck/shared/api"
	"shardeck/shared/client"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const end = `{"end":{"rows":2}}` + "\n"

func answer(status int, media, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", media)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// stall sends a beginning and then nothing until the caller gives up.
func stall(beginning string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		if beginning != "" {
			_, _ = io.WriteString(w, beginning)
			_ = http.NewResponseController(w).Flush()
		}
		<-r.Context().Done()
	}
}

// over returns a Scatter over one worker for each handler.
func over(t *testing.T, faults *atomic.Int32, handlers ...http.HandlerFunc) *Scatter {
	t.Helper()
	cfg := Config{
		Name:    func(shard int) string { return "w" + string(rune('0'+shard)) },
		Fault:   func(int) { faults.Add(1) },
		Timeout: 300 * time.Millisecond,
	}
	for _, h := range handlers {
		srv := httptest.NewServer(h)
		t.Cleanup(srv.Close)
		w := client.NewWorker(srv.URL, "token", client.WithTransport(client.NewTransport()))
		t.Cleanup(w.Close)
		cfg.Workers = append(cfg.Workers, w)
	}
	return New(cfg)
}

// readBoth asks two shards, the first of which is in good order, and reads their
// streams to the end.
func readBoth(ctx context.Context, s *Scatter) (first, second error) {
	req := &api.QueryRequest{DB: "S", ResultTypes: []string{"INT"}}
	streams, problems := s.Query(ctx, "id", Streaming, []QueryCall{{Shard: 0, Request: req}, {Shard: 1, Request: req}}, false)
	errs := [2]error{}
	for i, st := range streams {
		if problems[i] != nil {
			errs[i] = problems[i]
			continue
		}
		defer st.Close()
		for errs[i] == nil {
			_, errs[i] = st.NextBlock()
		}
		if errors.Is(errs[i], io.EOF) {
			errs[i] = nil
		}
	}
	return errs[0], errs[1]
}

func TestAReadNamesTheShardThatFailed(t *testing.T) {
	good := answer(200, api.MediaNDJSON, "[1]\n[2]\n"+end)
	problem := `{"type":"x","title":"x","status":409,"code":"stale_schema","detail":"x"}`
	for name, tt := range map[string]struct {
		worker http.HandlerFunc
		code   api.Code
		fault  bool
	}{
		"garbage":                 {answer(200, "text/html", "<html>"), api.CodeShardBadAnswer, true},
		"garbage as an error":     {answer(500, "text/html", "<html>"), api.CodeShardBadAnswer, true},
		"a head":                  {answer(200, api.MediaNDJSON, `{"columns":[]}`+"\n"+`{"end":{"rows":0}}`+"\n"), api.CodeShardBadAnswer, true},
		"cut in the middle":       {answer(200, api.MediaNDJSON, "[1]\n"), api.CodeShardBadAnswer, true},
		"fewer rows than it says": {answer(200, api.MediaNDJSON, "[1]\n"+end), api.CodeShardBadAnswer, true},
		"silence":                 {stall(""), api.CodeShardTimeout, true},
		"silence after a row":     {stall("[1]\n"), api.CodeShardTimeout, true},
		"a refusal":               {answer(409, api.MediaProblem, problem), api.CodeStaleSchema, false},
		"an error at the end":     {answer(200, api.MediaNDJSON, "[1]\n"+`{"error":`+problem+"}\n"), api.CodeStaleSchema, false},
		"a token refused": {answer(401, api.MediaProblem, `{"type":"x","title":"x","status":401,"code":"unauthorized","detail":"x"}`),
			api.CodeShardUnavailable, true},
	} {
		t.Run(name, func(t *testing.T) {
			var faults atomic.Int32
			s := over(t, &faults, good, tt.worker)
			first, second := readBoth(t.Context(), s)
			if first != nil {
				t.Errorf("the good shard: %v", first)
			}
			p, ok := errors.AsType[*api.Problem](second)
			if !ok || p.Code != tt.code || p.Shard == nil || *p.Shard != 1 || p.Worker != "w1" {
				t.Errorf("got %v, want %s on shard 1", second, tt.code)
			}
			if (faults.Load() > 0) != tt.fault {
				t.Errorf("%d faults were told of", faults.Load())
			}
			for shard := range 2 {
				if n := s.Traffic(shard).Snapshot(time.Now()).InFlight; n != 0 {
					t.Errorf("shard %d has %d requests in flight", shard, n)
				}
			}
		})
	}
}

func TestACallerThatLeavesIsNoFaultOfTheShard(t *testing.T) {
	var faults atomic.Int32
	s := over(t, &faults, stall("[1]\n"), stall(""))
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(20*time.Millisecond, cancel)
	_, err := readBoth(ctx, s)
	if api.CodeOf(err) != api.CodeCanceled || faults.Load() != 0 {
		t.Errorf("%v, %d faults", err, faults.Load())
	}
}

func TestAWriteIsFinishedAlthoughTheClientLeft(t *testing.T) {
	var faults atomic.Int32
	ok := answer(200, api.MediaJSON, `{"rows_affected":[1]}`)
	s := over(t, &faults, ok, ok, stall(""))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	one := &api.ExecRequest{Statements: make([]api.Statement, 1)}
	results := s.Exec(ctx, "id", []ExecCall{{Shard: 0, Request: one}, {Shard: 1, Request: one}, {Shard: 2, Request: one}})
	for i := range 2 {
		if results[i].Problem != nil || results[i].Response.RowsAffected[0] != 1 || results[i].Worker != "w"+string(rune('0'+i)) {
			t.Errorf("shard %d: %+v", i, results[i])
		}
	}
	// Whether the third did it nobody knows, and that is what it must say.
	if p := results[2].Problem; p == nil || p.Code != api.CodeOutcomeUnknown || *p.Shard != 2 {
		t.Errorf("a write without an answer: %v", p)
	}
}

func TestAShardThatIsNotAdmittedIsNotAsked(t *testing.T) {
	var faults atomic.Int32
	s := over(t, &faults, func(http.ResponseWriter, *http.Request) { t.Error("it was asked") })
	s.cfg.Admit = func(context.Context, int) *api.Problem { return api.NewProblem(api.CodeWrongShard, "another's rows") }
	_, problems := s.Query(t.Context(), "id", Streaming, []QueryCall{{Shard: 0, Request: &api.QueryRequest{}}}, false)
	if problems[0] == nil || problems[0].Code != api.CodeWrongShard || *problems[0].Shard != 0 {
		t.Errorf("a read: %v", problems[0])
	}
	results := s.Exec(t.Context(), "id", []ExecCall{{Shard: 0, Request: &api.ExecRequest{Statements: make([]api.Statement, 1)}}})
	if p := results[0].Problem; p == nil || p.Code != api.CodeWrongShard {
		t.Errorf("a write: %v", p)
	}
}

func TestTheRequestIDIsPassedOn(t *testing.T) {
	var faults atomic.Int32
	var got atomic.Value
	s := over(t, &faults, func(w http.ResponseWriter, r *http.Request) {
		got.Store(strings.Join(r.Header[api.HeaderRequestID], ","))
		answer(200, api.MediaJSON, `{"rows_affected":[0]}`)(w, r)
	})
	s.Exec(t.Context(), "abc-1", []ExecCall{{Shard: 0, Request: &api.ExecRequest{Statements: make([]api.Statement, 1)}}})
	if got.Load() != "abc-1" {
		t.Errorf("the worker saw %q", got.Load())
	}
}

func TestScattersBeyondTheBoundWaitTheirTurn(t *testing.T) {
	var faults atomic.Int32
	s := over(t, &faults, stall("[1]\n"), stall("[1]\n"))
	req := &api.QueryRequest{DB: "S", ResultTypes: []string{"INT"}}
	calls := []QueryCall{{Shard: 0, Request: req}, {Shard: 1, Request: req}}
	open := func() ([]*Stream, *api.Problem) {
		streams, problems := s.Query(t.Context(), "id", Streaming, calls, false)
		return streams, problems[0]
	}
	var under [][]*Stream
	for range maxStreaming {
		streams, p := open()
		if p != nil {
			t.Fatal(p)
		}
		under = append(under, streams)
	}
	closeBoth := func(streams []*Stream) {
		for _, st := range streams {
			st.Close()
		}
	}
	if _, p := open(); api.CodeOf(p) != api.CodeOverloaded || p.Shard == nil {
		t.Errorf("one more: %v, want %s", p, api.CodeOverloaded)
	}
	// What the master reduces has turns of its own.
	reducing, problems := s.Query(t.Context(), "id", Reducing, calls, false)
	if problems[0] != nil {
		t.Fatal(problems[0])
	}
	closeBoth(reducing)
	// A read of one shard holds nothing that another could wait for.
	alone, problems := s.Query(t.Context(), "id", Streaming, calls[:1], false)
	if problems[0] != nil {
		t.Fatal(problems[0])
	}
	alone[0].Close()

	closeBoth(under[0])
	again, p := open()
	if p != nil {
		t.Fatalf("after one has ended: %v", p)
	}
	under[0] = again
	for _, streams := range under {
		closeBoth(streams)
	}
	if n := len(s.turns[Streaming]); n != 0 {
		t.Errorf("%d turns are taken when nothing is under way", n)
	}
}

func TestAReadOfNoShardTakesNoTurn(t *testing.T) {
	s := over(t, new(atomic.Int32))
	for range 2 * maxStreaming {
		streams, problems := s.Query(t.Context(), "", Streaming, nil, false)
		if len(streams)+len(problems) != 0 {
			t.Fatalf("%d streams, %v", len(streams), problems)
		}
	}
	if n := len(s.turns[Streaming]); n != 0 {
		t.Errorf("%d turns are still taken", n)
	}
}

// TestAShardsTimeIsItsOwn: the first shard's rows, which arrived at once, are read only after the
// second's, which is slow. Times are compared with each other.
func TestAShardsTimeIsItsOwn(t *testing.T) {
	const pause = 200 * time.Millisecond
	fast := answer(http.StatusOK, api.MediaNDJSON, "[1]\n[2]\n"+end)
	slow := func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		_ = http.NewResponseController(w).Flush()
		time.Sleep(pause)
		_, _ = io.WriteString(w, "[1]\n[2]\n"+end)
	}
	s := over(t, new(atomic.Int32), fast, slow)
	req := &api.QueryRequest{DB: "S", ResultTypes: []string{"INT"}}
	streams, problems := s.Query(t.Context(), "id", Streaming, []QueryCall{{Shard: 0, Request: req}, {Shard: 1, Request: req}}, false)
	for i := range streams {
		if problems[i] != nil {
			t.Fatal(problems[i])
		}
		defer streams[i].Close()
	}
	for _, i := range []int{1, 0} {
		for err := error(nil); !errors.Is(err, io.EOF); {
			if _, err = streams[i].NextBlock(); err != nil && !errors.Is(err, io.EOF) {
				t.Fatal(err)
			}
		}
	}
	first, second := streams[0].Result().MS, streams[1].Result().MS
	if first > second/2 {
		t.Errorf("the fast shard is said to have taken %g ms, the slow one %g ms", first, second)
	}
}

// TestAnInterruptEndsReadsAtOnce: a shard that has turned out to hang is not waited for.
func TestAnInterruptEndsReadsAtOnce(t *testing.T) {
	s := over(t, new(atomic.Int32), stall("[1]\n"))
	s.cfg.Timeout = time.Hour
	st, p := s.open(t.Context(), "id", &QueryCall{Shard: 0, Request: &api.QueryRequest{DB: "S", ResultTypes: []string{"INT"}}})
	if p != nil {
		t.Fatal(p)
	}
	defer st.Close()
	if _, err := st.NextBlock(); err != nil {
		t.Fatal(err)
	}
	time.AfterFunc(20*time.Millisecond, func() { s.Interrupt(0, api.NewProblem(api.CodeShardTimeout, "it hangs")) })
	if _, err := st.NextBlock(); api.CodeOf(err) != api.CodeShardTimeout {
		t.Errorf("got %v", err)
	}
}

// Streams that are of no use without each other fail as soon as one of them does, however long the
// others would take, and nothing is sent if a shard is known not to serve.
func TestReadsTogetherFailAsSoonAsOneDoes(t *testing.T) {
	req := &api.QueryRequest{DB: "S", ResultTypes: []string{"INT"}}
	calls := []QueryCall{{Shard: 0, Request: req}, {Shard: 1, Request: req}, {Shard: 2, Request: req}}
	begun, ended := make(chan struct{}), make(chan struct{})
	silent := func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		close(begun)
		<-r.Context().Done() // only the end of the request ends it
		close(ended)
	}
	fails := func(w http.ResponseWriter, r *http.Request) {
		<-begun // or else the silent one might never be asked
		answer(500, "text/html", "<html>")(w, r)
	}
	var faults atomic.Int32
	s := over(t, &faults, answer(200, api.MediaNDJSON, "[1]\n"+end), silent, fails)
	s.cfg.Timeout = time.Hour // nothing but the failure ends the read
	streams, problems := s.Query(t.Context(), "id", Streaming, calls, true)
	if problems[2] == nil || problems[2].Code != api.CodeShardBadAnswer || problems[1] != nil || streams[1] != nil {
		t.Errorf("problems are %v, streams %v", problems, streams)
	}
	for _, st := range streams {
		if st != nil {
			st.Close()
		}
	}
	<-ended
	if faults.Load() != 1 {
		t.Errorf("%d shards count as failing; the one that was not waited for has not", faults.Load())
	}

	// A shard that is refused is not waited for, and the others are not sent anything.
	var asked atomic.Int32
	counts := func(w http.ResponseWriter, r *http.Request) { asked.Add(1) }
	s = over(t, &faults, counts, counts, counts)
	s.cfg.Admit = func(_ context.Context, shard int) *api.Problem {
		if shard == 1 {
			return api.NewProblem(api.CodeShardUnavailable, "it is down")
		}
		return nil
	}
	streams, problems = s.Query(t.Context(), "id", Streaming, calls, true)
	if problems[1] == nil || problems[0] != nil || streams[0] != nil || asked.Load() != 0 {
		t.Errorf("problems are %v, and %d shards were asked", problems, asked.Load())
	}
}
