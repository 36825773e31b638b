package client_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"shardeck/shared/api"
	"shardeck/shared/client"
)

// unproven leaves out the proof that a worker gives of itself, which the servers of
// these tests cannot give.
var unproven = client.WithTransport(client.NewTransport())

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// worker returns a client of a server with handler h.
func worker(t *testing.T, h http.HandlerFunc) *client.Worker {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	w := client.NewWorker(srv.URL, "tok", unproven)
	t.Cleanup(w.Close)
	return w
}

func answering(status int, media, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", media)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// hangUp closes the connection without a response after reading the request.
func hangUp(_ http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	panic(http.ErrAbortHandler)
}

func TestFailureCodes(t *testing.T) {
	exec := func(ctx context.Context, w *client.Worker) error {
		_, err := w.Exec(ctx, &api.ExecRequest{DB: "D"})
		return err
	}
	stats := func(ctx context.Context, w *client.Worker) error {
		_, err := w.Stats(ctx)
		return err
	}
	state := func(ctx context.Context, w *client.Worker) error {
		_, err := w.SetState(ctx, &api.StateUpdate{})
		return err
	}
	query := func(ctx context.Context, w *client.Worker) error {
		s, err := w.Query(ctx, &api.QueryRequest{DB: "D"})
		if err == nil {
			_, _, err = collect(s)
		}
		return err
	}
	problem := `{"type":"t","title":"t","status":409,"detail":"d","code":"duplicate_key","sql_number":2627,"new_member":1}`
	cases := []struct {
		name string
		h    http.HandlerFunc
		do   func(context.Context, *client.Worker) error
		want api.Code
	}{
		{"problem document", answering(409, "application/problem+json; charset=utf-8", problem), exec, api.CodeDuplicateKey},
		{"problem document without a code", answering(409, api.MediaProblem, `{}`), exec, api.CodeShardBadAnswer},
		{"write answered with another program's page", answering(200, "text/html", "<html>"), exec, api.CodeOutcomeUnknown},
		{"write answered by a broken proxy", answering(502, "text/html", "<html>"), exec, api.CodeOutcomeUnknown},
		{"write refused by another program", answering(404, "text/plain", "no"), exec, api.CodeShardBadAnswer},
		{"write lost", hangUp, exec, api.CodeOutcomeUnknown},
		{"redirect", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://127.0.0.1:1/", http.StatusTemporaryRedirect)
		}, stats, api.CodeShardBadAnswer},
		{"read lost", hangUp, stats, api.CodeShardUnavailable},
		{"read answered with garbage", answering(200, api.MediaJSON, "[1"), stats, api.CodeShardBadAnswer},
		{"taking a term lost", hangUp, state, api.CodeShardUnavailable},
		{"query lost", hangUp, query, api.CodeShardUnavailable},
		{"query answered with garbage", answering(200, api.MediaNDJSON, "hello\n"), query, api.CodeShardBadAnswer},
		{"query answered with nothing", answering(200, api.MediaNDJSON, ""), query, api.CodeShardBadAnswer},
		{"query that fails in its first line", answering(200, api.MediaNDJSON, `{"error":{"code":"divide_by_zero"}}`+"\n"), query, api.CodeDivideByZero},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			err := c.do(t.Context(), worker(t, c.h))
			if p, ok := errors.AsType[*api.Problem](err); !ok || p.Code != c.want {
				t.Fatalf("got %v, want %s", err, c.want)
			}
		})
	}
}

func TestResponseMustCoverEveryStatement(t *testing.T) {
	for _, body := range []string{`{}`, `{"code":"ok","detail":"x"}`, `{"rows_affected":[]}`, `{"rows_affected":[1,2]}`, `null`} {
		w := worker(t, answering(http.StatusOK, "application/json", body))
		_, err := w.Exec(t.Context(), &api.ExecRequest{DB: "D", Statements: []api.Statement{{SQL: "DELETE FROM T"}}})
		if code := api.CodeOf(err); code != api.CodeOutcomeUnknown {
			t.Errorf("%s: got %v", body, err)
		}
	}
}

// A stored response may be to a request with or without the master's own entry at its end.
func TestAStoredResponseMayHaveOneNumberMoreOrLess(t *testing.T) {
	one := []api.Statement{{SQL: "DELETE FROM T", Effect: api.EffectDelete}}
	two := append(one, one...)
	for _, c := range []struct {
		statements []api.Statement
		body       string
		want       []int64 // nil: refused
	}{
		{one, `{"rows_affected":[3,1],"replayed":true}`, []int64{3, 1}},
		{two, `{"rows_affected":[3],"replayed":true}`, []int64{3}},
		{two, `{"rows_affected":[3,1],"replayed":true}`, []int64{3, 1}},
		{one, `{"rows_affected":[3,1]}`, nil},
		{two, `{"rows_affected":[3]}`, nil},
		{one, `{"rows_affected":[3,1,1],"replayed":true}`, nil},
		{one, `{"rows_affected":[-3,1],"replayed":true}`, nil},
	} {
		resp, err := worker(t, answering(http.StatusOK, "application/json", c.body)).Exec(t.Context(), &api.ExecRequest{DB: "D", Statements: c.statements})
		if c.want == nil {
			if api.CodeOf(err) != api.CodeOutcomeUnknown {
				t.Errorf("%s: got %v", c.body, err)
			}
			continue
		}
		if err != nil || !slices.Equal(resp.RowsAffected, c.want) || !resp.Replayed {
			t.Errorf("%s: got %+v, %v, want %v", c.body, resp, err, c.want)
		}
	}
}

// A response with impossible numbers of rows is not from a worker that ran the statements: the
// outcome is unknown, and the problem says what was wrong.
func TestImpossibleNumbersOfRowsAreRefused(t *testing.T) {
	insert := api.Statement{SQL: "INSERT", Effect: api.EffectInsert, Rows: []jsontext.Value{jsontext.Value("[1]"), jsontext.Value("[2]")}}
	update := api.Statement{SQL: "UPDATE", Effect: api.EffectUpdate, Rows: insert.Rows}
	for _, c := range []struct {
		st   api.Statement
		rows string
		want string // part of the problem; empty: accepted
	}{
		{insert, `2`, ""}, {insert, `0`, ""}, {insert, `3`, "an insert of 2 rows affected 3"}, {insert, `-1`, "negative"}, {insert, `null`, "null"},
		{update, `300`, ""}, {update, `-3`, "negative"}, {update, `null`, "null"}, {update, `1.5`, "JSON"}, {update, `"1"`, "JSON"},
		{update, `9223372036854775807`, "large"}, {update, `99999999999999999999`, "JSON"},
	} {
		w := worker(t, answering(http.StatusOK, "application/json", `{"rows_affected":[`+c.rows+`]}`))
		resp, err := w.Exec(t.Context(), &api.ExecRequest{DB: "D", Statements: []api.Statement{c.st}})
		if c.want == "" {
			if err != nil || len(resp.RowsAffected) != 1 || fmt.Sprint(resp.RowsAffected[0]) != c.rows || resp.Replayed {
				t.Errorf("%s of %s: %+v, %v", c.rows, c.st.SQL, resp, err)
			}
			continue
		}
		if p := api.AsProblem(err); err == nil || p.Code != api.CodeOutcomeUnknown || !strings.Contains(p.Detail, c.want) {
			t.Errorf("%s of %s: %v, want outcome_unknown because of %q", c.rows, c.st.SQL, err, c.want)
		}
	}
}

func TestImpossibleStatsAreABadAnswer(t *testing.T) {
	database := func(tables string) string {
		return `{"databases":[{"name":"D","size_bytes":1,"tables":` + tables + `}]}`
	}
	for body, want := range map[string]string{
		database(`[{"definition":{"name":"T"},"rows":3}]`): "", `{"databases":[]}`: "", database(`[]`): "",
		`null`: "null", `{}`: "databases", `{"databases":null}`: "databases", `{"databases":{}}`: "JSON", `[]`: "JSON",
		database(`null`): "tables", database(`{}`): "JSON", `{"databases":[{"name":"D"}]}`: "tables",
		`{"databases":[{"name":"D","size_bytes":-1,"tables":[]}]}`:           "size",
		database(`[{"definition":{"name":"T"},"rows":-5}]`):                  "table T",
		database(`[{"definition":{"name":"T"},"rows":4611686018427387904}]`): "table T",
	} {
		_, err := worker(t, answering(http.StatusOK, "application/json", body)).Stats(t.Context())
		if want == "" {
			if err != nil {
				t.Errorf("%s: %v", body, err)
			}
			continue
		}
		if p := api.AsProblem(err); err == nil || p.Code != api.CodeShardBadAnswer || !strings.Contains(p.Detail, want) {
			t.Errorf("%s: %v, want a bad answer because of %q", body, err, want)
		}
	}
}

func TestConnectionRefused(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	url := "http://" + ln.Addr().String()
	ln.Close()
	w := client.NewWorker(url, "tok", unproven)
	defer w.Close()
	if _, err := w.Exec(t.Context(), &api.ExecRequest{}); api.CodeOf(err) != api.CodeShardUnavailable {
		t.Errorf("a write that was never sent: %v", err)
	}
	for _, bad := range []string{"", "127.0.0.1:80", "ftp://x", "http://u:p@x", "http://x/?a=b", ":"} {
		w := client.NewWorker(bad, "tok", unproven)
		if _, err := w.Stats(t.Context()); api.CodeOf(err) != api.CodeShardUnavailable {
			t.Errorf("%q: %v", bad, err)
		}
		w.Close()
	}
}

func TestRefusedConnectionIsNamedWithoutSystemCalls(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	m := client.NewMaster("http://" + l.Addr().String())
	defer m.Close()
	_, err = m.Metadata(t.Context())
	p := api.AsProblem(err)
	want := "the master at http://" + l.Addr().String() + " cannot be reached: connection refused"
	if p.Detail != want && (runtime.GOOS != "windows" || strings.Contains(p.Detail, ": dial")) {
		t.Errorf("got %q, want %q", p.Detail, want)
	}
}

func TestDeadlineAndCancel(t *testing.T) {
	arrived := make(chan struct{}, 4)
	w := worker(t, func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		arrived <- struct{}{}
		<-r.Context().Done()
	})
	late, done := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer done()
	if _, err := w.Stats(late); api.CodeOf(err) != api.CodeShardTimeout {
		t.Errorf("late read: %v", err)
	}
	<-arrived
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-arrived; cancel() }()
	if _, err := w.Exec(ctx, &api.ExecRequest{}); api.CodeOf(err) != api.CodeOutcomeUnknown {
		t.Errorf("a write cancelled after it was sent: %v", err)
	}
	if _, err := w.Exec(ctx, &api.ExecRequest{}); api.CodeOf(err) != api.CodeCanceled {
		t.Errorf("a write cancelled before it was sent: %v", err)
	}
}

func TestConnectionsAreReused(t *testing.T) {
	var conns atomic.Int32
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		switch r.URL.Path {
		case api.WorkerQueryPath:
			_, _ = io.WriteString(w, "[1]\n{\"end\":{\"rows\":1}}\n")
		case api.WorkerExecPath:
			w.Header().Set("Content-Type", api.MediaProblem)
			w.WriteHeader(409)
			_, _ = io.WriteString(w, `{"code":"duplicate_key"}`)
		default:
			_, _ = io.WriteString(w, `{"state":{},"databases":[]}`+strings.Repeat(" ", 5000))
		}
	}))
	srv.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			conns.Add(1)
		}
	}
	srv.Start()
	defer srv.Close()
	w := client.NewWorker(srv.URL, "tok", unproven)
	defer w.Close()
	for range 20 {
		if _, err := w.Stats(t.Context()); err != nil {
			t.Fatal(err)
		}
		_, _ = w.Exec(t.Context(), &api.ExecRequest{Statements: make([]api.Statement, 1)})
		s, err := w.Query(t.Context(), &api.QueryRequest{})
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := collect(s); err != nil {
			t.Fatal(err)
		}
	}
	if n := conns.Load(); n != 1 {
		t.Errorf("%d connections for sequential calls", n)
	}
}

// A restarted server leaves the client with dead connections. A read is resent automatically; a
// write must not be.
func TestDeadIdleConnection(t *testing.T) {
	kill := make(chan bool, 1)
	var got atomic.Int32
	w := worker(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		got.Add(1)
		for name := range r.Header {
			if strings.Contains(name, "Idempotency") {
				t.Errorf("the header %s was sent", name)
			}
		}
		select {
		case <-kill:
			panic(http.ErrAbortHandler)
		default:
		}
		if r.URL.Path == api.WorkerQueryPath {
			_, _ = io.WriteString(w, "[1]\n{\"end\":{\"rows\":1}}\n")
		} else {
			_, _ = io.WriteString(w, `{"rows_affected":[1]}`)
		}
	})
	query := func() error {
		s, err := w.Query(t.Context(), &api.QueryRequest{})
		if err == nil {
			_, _, err = collect(s)
		}
		return err
	}
	exec := func() error {
		_, err := w.Exec(t.Context(), &api.ExecRequest{Statements: make([]api.Statement, 1)})
		return err
	}
	for _, c := range []struct {
		name string
		do   func() error
		want api.Code
		sent int32
	}{{"query", query, "", 2}, {"exec", exec, api.CodeOutcomeUnknown, 1}} {
		if err := c.do(); err != nil {
			t.Fatal(err)
		}
		kill <- true
		got.Store(0)
		if err := c.do(); api.CodeOf(err) != c.want || got.Load() != c.sent {
			t.Errorf("%s: %v after %d requests, want %q after %d", c.name, err, got.Load(), c.want, c.sent)
		}
	}
}

// Many concurrent callers must each get their own response: bodies and buffers are pooled, and a
// response that arrives before the body was read must not free the body early.
func TestPooledBodiesAreNotMixedUp(t *testing.T) {
	w := worker(t, func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		_, _ = fmt.Fprintf(w, `{"db_name":%q,"physical":%q}`, r.Header.Get(api.HeaderRequestID), string(b))
	})
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			for j := range 50 {
				name := fmt.Sprintf("c%d-%d-%s", i, j, strings.Repeat("x", i*j))
				got, err := w.CreateDB(t.Context(), &api.DBRequest{DB: name}, client.RequestID(name))
				if err != nil || got.DB != name || !strings.Contains(got.Physical, `"`+name+`"`) {
					t.Errorf("%s: %v %v", name, got, err)
					return
				}
			}
		})
	}
	wg.Wait()
}

func TestProbeShowsWhatItIsGiven(t *testing.T) {
	var got [][]string
	w := worker(t, func(w http.ResponseWriter, r *http.Request) {
		got = append(got, r.Header[api.HeaderToken])
		w.WriteHeader(401)
	})
	for _, tokens := range [][]string{nil, {""}, {"x"}, {"x", "y"}} {
		header := http.Header{}
		if tokens != nil {
			header[api.HeaderToken] = tokens
		}
		for _, ep := range api.GuardedWorkerEndpoints()[3:5] {
			if status, err := w.Probe(t.Context(), ep, header); status != 401 || err != nil {
				t.Errorf("%v: %d %v", tokens, status, err)
			}
		}
	}
	want := [][]string{nil, nil, {""}, {""}, {"x"}, {"x"}, {"x", "y"}, {"x", "y"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestMaster(t *testing.T) {
	var got *http.Request
	var body string
	answer := ""
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		got, body = r.Clone(context.Background()), string(b)
		_, _ = io.WriteString(w, answer)
	}))
	defer srv.Close()
	m := client.NewMaster(srv.URL+"/", client.WithAPIToken("pub"))
	defer m.Close()

	answer = `{"rows_affected":1,"route":{"kind":"point","shards":[2],"why":""},"shards":[]}`
	w, err := m.Insert(t.Context(), &api.InsertRequest{DB: "D", Table: "T", Data: api.Object[jsontext.Value]{{Name: "a", Value: jsontext.Value("1")}}},
		client.IdempotencyKey("k1"))
	if err != nil || w.RowsAffected != 1 {
		t.Fatal(w, err)
	}
	if body != `{"db_name":"D","table":"T","data":{"a":1}}` || got.URL.Path != "/insert" ||
		got.Header.Get("Idempotency-Key") != "k1" || got.Header.Get("Authorization") != "Bearer pub" {
		t.Errorf("sent %s %v %s", got.URL, got.Header, body)
	}

	answer = `{"columns":[],"rows":[[1]],"row_count":1,"route":{"kind":"none","shards":[],"why":""},"shards":[],"error":{"code":"shard_timeout","detail":"x"}}`
	if _, err := m.Select(t.Context(), &api.SelectRequest{}); api.CodeOf(err) != api.CodeShardTimeout {
		t.Errorf("a select that broke: %v", err)
	}
}

func master(t *testing.T, h http.HandlerFunc) *client.Master {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	m := client.NewMaster(srv.URL)
	t.Cleanup(m.Close)
	return m
}
