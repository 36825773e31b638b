package service_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"shardeck/shared/api"
	"shardeck/shared/testcluster"
)

// A process that takes over the port of a dead worker is detected: it gets no token, and no
// write is acknowledged.
func TestAnImpostorOnAWorkersPort(t *testing.T) {
	c := testcluster.Start(t, testcluster.Options{Workers: 3, Masters: 1})
	m := c.Master(0)
	s := newSchool(t, m, "School")
	s.fill(30)
	id := s.keyOn(1)
	c.Workers[1].Kill(t)
	seen := impersonate(t, c.Workers[1].URL, "another secret", api.SQLiteDialect)

	awaitState(t, m, 1, api.ShardUnauthorized)
	for range 20 {
		_, err := m.Insert(t.Context(), &api.InsertRequest{DB: s.db, Table: "Students", Data: row(id, "Lost")})
		mustFail(t, err, api.CodeWorkerUnproven, 1)
	}
	_, err := s.query(func(*api.SelectRequest) {})
	mustFail(t, err, api.CodeWorkerUnproven, 1)
	check, err := m.SecurityCheck(t.Context())
	if err != nil || check.OK || check.Workers[1].OK || !check.Workers[0].OK {
		t.Errorf("the security check: %+v, %v", check, err)
	}
	for _, sent := range seen() {
		if strings.Contains(sent, c.Token) || !strings.HasPrefix(sent, "GET /health ") {
			t.Fatalf("the impostor was sent %s", sent)
		}
	}
}

// A worker of the same cluster whose dialect the master does not send is not used.
func TestAWorkerWithAnotherDialectIsRejected(t *testing.T) {
	c := testcluster.Start(t, testcluster.Options{Workers: 2, Masters: 1})
	m := c.Master(0)
	s := newSchool(t, m, "School")
	id := s.keyOn(1)
	c.Workers[1].Kill(t)
	seen := impersonate(t, c.Workers[1].URL, c.Token, "sqlite/2")

	awaitState(t, m, 1, api.ShardWrong)
	_, err := m.Insert(t.Context(), &api.InsertRequest{DB: s.db, Table: "Students", Data: row(id, "Lost")})
	p := api.AsProblem(err)
	if p.Shard == nil || *p.Shard != 1 || !strings.Contains(p.Detail, `"sqlite/2"`) || !strings.Contains(p.Detail, `"sqlite/1"`) {
		t.Errorf("got %v, want a problem of shard 1 that names both dialects", p)
	}
	for _, sent := range seen() {
		if strings.HasPrefix(sent, "POST ") {
			t.Fatalf("the worker was sent %s", sent)
		}
	}
}

// impersonate answers at a worker's address as a worker with this secret and dialect would.
// The func returns the requests it received.
func impersonate(t *testing.T, address, secret, dialect string) (seen func() []string) {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("tcp", u.Host)
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var sent []string
	srv := &httptest.Server{Listener: ln, Config: &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body) // what came is what counts
		mu.Lock()
		sent = append(sent, r.Method+" "+r.URL.Path+" "+strings.Join(r.Header[api.HeaderToken], " ")+" "+string(body))
		mu.Unlock()
		w.Header().Set("Content-Type", api.MediaJSON)
		answer := fmt.Sprintf(`{"status":"ok","name":"worker-1","language":"go","engine":"sqlite","dialect":%q,"shard":"1/3","rows_affected":[1],"databases":[],"state":{"shard":"1/3"}}`, dialect)
		w.Header().Set(api.HeaderProof, api.Proof(secret, r.Header.Get(api.HeaderNonce), []byte(answer)))
		_, _ = io.WriteString(w, answer)
	})}}
	srv.Start()
	t.Cleanup(srv.Close)
	return func() []string {
		mu.Lock()
		defer mu.Unlock()
		return append([]string(nil), sent...)
	}
}
