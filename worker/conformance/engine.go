package conformance

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"shardeck/shared/api"
	"shardeck/shared/client"
	"shardeck/shared/contracttest"
	"shardeck/worker/engine"
	"shardeck/worker/engine/enginetest"
)

// Process is a running worker, which Stop shuts down in order.
type Process struct {
	URL, Token string
	Stop       func()
}

// EngineSuite runs the suite of the engines over HTTP. start starts a worker over dir, an empty
// directory or one left by a worker that was stopped since; it ends the test if it cannot.
func EngineSuite(t *testing.T, d enginetest.Dialect, start func(t *testing.T, dir string) Process) {
	w := newWire(t)
	enginetest.RunRemote(t, d, func(t *testing.T, dir string) engine.Engine { return w.connect(t, start(t, dir)) })
	w.check(t)
}

// Durability runs the engines' test of the same name on a worker that is killed and restarted at
// its URL.
func Durability(t *testing.T, d enginetest.Dialect, p Process, kill, restart func()) {
	e := newWire(t).connect(t, p)
	open := func(*testing.T, string) engine.Engine { return e }
	enginetest.Durability(t, d, open, kill, func() { restart(); e.transport.CloseIdleConnections() })
}

// wire counts what a worker answered, so that a suite that has not reached one cannot pass.
type wire struct {
	doc      *contracttest.Document
	mu       sync.Mutex
	answered map[api.Endpoint]int
}

func newWire(t *testing.T) *wire {
	t.Helper()
	doc, err := contracttest.Load(api.WorkerOpenAPI())
	if err != nil {
		t.Fatal(err)
	}
	return &wire{doc: doc, answered: map[api.Endpoint]int{}}
}

// counted is a transport that counts the responses of rt.
type counted struct {
	*wire
	rt http.RoundTripper
}

// RoundTrip counts a response once its header has come over the connection.
func (c counted) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := c.rt.RoundTrip(req)
	if err == nil {
		c.mu.Lock()
		c.answered[api.Endpoint{Method: req.Method, Path: req.URL.Path}]++
		c.mu.Unlock()
	}
	return resp, err
}

// check fails the test unless each endpoint has answered. If only some subtests were run, it is
// enough that any has.
func (w *wire) check(t *testing.T) {
	t.Helper()
	total := 0
	for _, n := range w.answered {
		total += n
	}
	t.Logf("the worker answered %d requests", total)
	if total == 0 {
		t.Error("no request has reached the worker")
	}
	if strings.Contains(flag.Lookup("test.run").Value.String(), "/") || flag.Lookup("test.skip").Value.String() != "" {
		return
	}
	for _, ep := range api.GuardedWorkerEndpoints() {
		if w.answered[ep] == 0 {
			t.Errorf("the suite has not reached %s %s", ep.Method, ep.Path)
		}
	}
}

// remote is a worker process as an engine.
type remote struct {
	w         *client.Worker
	transport *http.Transport
	health    *api.WorkerHealth
	stop      func()
}

// connect asks the worker who it is. As with a master, each connection is proven first; as with
// the other tests of this package, each exchange is checked against the document.
func (w *wire) connect(t *testing.T, p Process) *remote {
	t.Helper()
	base, err := url.Parse(p.URL)
	if err != nil {
		t.Fatal(err)
	}
	e := &remote{transport: client.ProvenTransport(p.Token, base), stop: p.Stop}
	t.Cleanup(e.transport.CloseIdleConnections)
	checked := &contracttest.Transport{T: t, Doc: w.doc, Base: counted{w, e.transport}}
	e.w = client.NewWorker(p.URL, p.Token, client.WithTransport(checked))
	if e.health, err = e.w.Health(t.Context()); err != nil {
		t.Fatal(err)
	}
	return e
}

func (e *remote) Name() string    { return e.health.Engine }
func (e *remote) Dialect() string { return e.health.Dialect }
func (e *remote) Version() string { return e.health.EngineVersion }

func (e *remote) CreateDB(ctx context.Context, name string, fence api.Fence) (string, error) {
	resp, err := e.w.CreateDB(ctx, &api.DBRequest{DB: name, Fence: fence})
	return resp.Physical, err
}

func (e *remote) DropDB(ctx context.Context, name string, fence api.Fence) (string, error) {
	resp, err := e.w.DropDB(ctx, &api.DBRequest{DB: name, Fence: fence})
	return resp.Physical, err
}

func (e *remote) Exec(ctx context.Context, req *api.ExecRequest) (*api.ExecResponse, error) {
	return e.w.Exec(ctx, req)
}

func (e *remote) Query(ctx context.Context, req *api.QueryRequest, row func([]byte) error) error {
	s, err := e.w.Query(ctx, req)
	if err != nil {
		return err
	}
	defer s.Close()
	for {
		block, err := s.NextBlock()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		for line := range bytes.Lines(block) {
			if err := row(bytes.TrimSuffix(line, []byte("\n"))); err != nil {
				return err
			}
		}
	}
}

func (e *remote) Stats(ctx context.Context) ([]api.DatabaseStats, error) {
	st, err := e.w.Stats(ctx)
	return st.Databases, err
}

// Storage returns what /stats says.
func (e *remote) Storage() []api.StorageFailure {
	st, err := e.w.Stats(context.Background())
	if err != nil {
		return []api.StorageFailure{{Detail: err.Error()}}
	}
	return st.Storage
}

func (e *remote) State(ctx context.Context) (api.WorkerState, error) {
	st, err := e.w.State(ctx)
	return *st, err
}

func (e *remote) SetState(ctx context.Context, up api.StateUpdate) (api.WorkerState, error) {
	st, err := e.w.SetState(ctx, &up)
	return *st, err
}

// Close stops the worker.
func (e *remote) Close() error {
	e.transport.CloseIdleConnections()
	e.stop()
	return nil
}
