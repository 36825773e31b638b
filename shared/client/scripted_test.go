package client_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"shardeck/shared/api"
	"shardeck/shared/client"
)

// scripted is a master whose answers to everything but GET /health are a list; the last one repeats.
type scripted struct {
	*httptest.Server
	answers []http.HandlerFunc
	silent  atomic.Bool // it answers nothing any more

	mu       sync.Mutex
	cluster  string
	requests []string // method and path
	keys     []string // Idempotency-Keys
	tokens   []string
}

func (s *scripted) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if s.silent.Load() {
		hang(w, r)
		return
	}
	s.mu.Lock()
	s.tokens = append(s.tokens, r.Header.Get("Authorization"))
	if r.URL.Path == api.PathHealth {
		cluster := s.cluster
		s.mu.Unlock()
		_, _ = io.WriteString(w, `{"status":"ok","cluster":"`+cluster+`"}`)
		return
	}
	s.requests = append(s.requests, r.Method+" "+r.URL.Path)
	s.keys = append(s.keys, r.Header.Get(api.HeaderIdempotencyKey))
	answer := s.answers[min(len(s.requests), len(s.answers))-1]
	s.mu.Unlock()
	answer(w, r)
}

func (s *scripted) sent() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.requests)
}

func (s *scripted) sentKeys() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.keys)
}

func (s *scripted) sentTokens() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.tokens)
}

// join makes it a master of another cluster.
func (s *scripted) join(cluster string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cluster = cluster
}

func script(t *testing.T, cluster string, answers ...http.HandlerFunc) *scripted {
	t.Helper()
	s := &scripted{cluster: cluster, answers: answers}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

func refusing(code api.Code, more string) http.HandlerFunc {
	return answering(code.Status(), api.MediaProblem, `{"code":"`+string(code)+`","detail":"refused","request_id":"r1"`+more+`}`)
}

func clusterOf(t *testing.T, masters ...*scripted) *client.Cluster {
	t.Helper()
	var urls []string
	for _, m := range masters {
		urls = append(urls, m.URL)
	}
	c := client.NewCluster(urls, client.WithAPIToken("secret"))
	t.Cleanup(c.Close)
	return c
}

func insert(ctx context.Context, c *client.Cluster, opts ...client.CallOption) (*api.WriteResponse, error) {
	return c.Insert(ctx, &api.InsertRequest{DB: "D", Table: "T", Data: api.Object[jsontext.Value]{{Name: "a", Value: jsontext.Value("1")}}}, opts...)
}

func createTable(ctx context.Context, c *client.Cluster) (*api.DDLResponse, error) {
	return c.CreateTable(ctx, &api.CreateTableRequest{DB: "D", Table: "T"})
}

// hang answers nothing until the client has gone.
func hang(_ http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	select {
	case <-r.Context().Done():
	case <-time.After(time.Minute):
	}
}
