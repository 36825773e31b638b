package service_test

import (
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

// Whoever takes the port of a worker that has died is known for what it is: it gets no
// token, no write is acknowledged, and the worker's return mends all.
func TestAnImpostorOnAWorkersPort(t *testing.T) {
	c := testcluster.Start(t, testcluster.Options{Workers: 3, Masters: 1})
	m := c.Master(0)
	s := newSchool(t, m, "School")
	s.fill(30)
	id := s.keyOn(1)
	c.Workers[1].Kill(t)
	seen := impersonate(t, c.Workers[1].URL)

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

// impersonate answers at a worker's address as a worker would, but for its proof. The
// func returns what it was sent.
func impersonate(t *testing.T, address string) (seen func() []string) {
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
		w.Header().Set(api.HeaderProof, api.Proof("another secret", r.Header.Get(api.HeaderNonce), nil))
		_, _ = io.WriteString(w, `{"status":"ok","name":"worker-1","language":"go","engine":"sqlite","dialect":"sqlite/1","shard":"1/3","rows_affected":[1],"databases":[],"state":{"shard":"1/3"}}`)
	})}}
	srv.Start()
	t.Cleanup(srv.Close)
	return func() []string {
		mu.Lock()
		defer mu.Unlock()
		return append([]string(nil), sent...)
	}
}
