package service_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
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
	seen := impersonate(t, c.Workers[1].URL, "another secret", api.SQLiteDialect, "1/3")

	awaitState(t, m, 1, api.ShardUnauthorized)
	for range 20 {
		_, err := m.Insert(t.Context(), &api.InsertRequest{DB: s.db, Table: "Students", Data: row(id, "Lost")})
		mustFail(t, err, api.CodeWorkerUnproven, 1)
	}
	_, err := s.query(func(*api.SelectRequest) {})
	mustFail(t, err, api.CodeWorkerUnproven, 1)
	check, err := m.SecurityCheck(t.Context())
	if err != nil || check.OK || check.Workers[1].OK || !check.Workers[0].OK {
		t.Fatalf("the security check: %+v, %v", check, err)
	}
	if p := check.Workers[1].Problem; p == nil || p.Code != api.CodeWorkerUnproven || p.Shard == nil || *p.Shard != 1 || !strings.Contains(p.Hint, "which program listens there") {
		t.Errorf("the security check of the impostor: %+v, want worker_unproven", p)
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
	seen := impersonate(t, c.Workers[1].URL, c.Token, "sqlite/9", "1/2")

	awaitState(t, m, 1, api.ShardWrong)
	_, err := m.Insert(t.Context(), &api.InsertRequest{DB: s.db, Table: "Students", Data: row(id, "Lost")})
	p := api.AsProblem(err)
	if p.Shard == nil || *p.Shard != 1 || !strings.Contains(p.Detail, `"sqlite/9"`) || !strings.Contains(p.Detail, `"sqlite/2"`) {
		t.Errorf("got %v, want a problem of shard 1 that names both dialects", p)
	}
	for _, sent := range seen() {
		if strings.HasPrefix(sent, "POST ") {
			t.Fatalf("the worker was sent %s", sent)
		}
	}
}

// A worker of the same cluster that has taken another's address is not used, nor sent the token,
// from its first connection on.
func TestAWorkerOfAnotherShardIsRejected(t *testing.T) {
	c := testcluster.Start(t, testcluster.Options{Workers: 3, Masters: 1})
	m := c.Master(0)
	s := newSchool(t, m, "School")
	id := s.keyOn(1)
	c.Workers[1].Kill(t)
	seen := impersonate(t, c.Workers[1].URL, c.Token, api.SQLiteDialect, "2/3")

	awaitState(t, m, 1, api.ShardWrong)
	_, err := m.Insert(t.Context(), &api.InsertRequest{DB: s.db, Table: "Students", Data: row(id, "Lost")})
	p := mustFail(t, err, api.CodeWrongShard, 1)
	if !strings.Contains(p.Detail, "holds shard 2/3, not 1/3") {
		t.Errorf("got %v, want a problem that names both shards", p)
	}
	for _, sent := range seen() {
		if !strings.HasPrefix(sent, "GET /health ") || strings.Contains(sent, c.Token) {
			t.Fatalf("the worker was sent %s", sent)
		}
	}
}

// The security check catches workers that compare the token sloppily, and names the credentials
// that they accept.
func TestSecurityCheckCatchesSloppyWorkers(t *testing.T) {
	c := testcluster.Start(t, testcluster.Options{Workers: 1, Masters: 1})
	m := c.Master(0)
	c.Workers[0].Kill(t)
	var guard atomic.Pointer[func(r *http.Request) bool]
	right := func(r *http.Request) bool { return r.Header.Get(api.HeaderToken) == c.Token }
	guard.Store(&right)
	serveAt(t, c.Workers[0].URL, func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == api.WorkerHealthPath:
			answerHealth(w, r, c.Token, api.SQLiteDialect, "0/1")
		case !(*guard.Load())(r):
			w.WriteHeader(http.StatusUnauthorized)
		case r.Method == http.MethodPost:
			w.WriteHeader(http.StatusBadRequest)
		}
	})
	for name, f := range map[string]struct {
		accepts func(r *http.Request, token string) bool
		want    []api.Credential // those wrongly accepted
	}{
		"a sound worker":   {func(_ *http.Request, token string) bool { return token == c.Token }, nil},
		"case-insensitive": {func(_ *http.Request, token string) bool { return strings.EqualFold(token, c.Token) }, []api.Credential{api.CredentialOtherCase}},
		"a prefix": {func(_ *http.Request, token string) bool { return token != "" && strings.HasPrefix(c.Token, token) },
			[]api.Credential{api.CredentialPrefix}},
		"anything longer": {func(_ *http.Request, token string) bool { return strings.HasPrefix(token, c.Token) }, []api.Credential{api.CredentialSuffix}},
		"the length alone": {func(_ *http.Request, token string) bool { return len(token) == len(c.Token) },
			[]api.Credential{api.CredentialNearMiss, api.CredentialOtherCase}},
		"any Bearer": {func(r *http.Request, token string) bool {
			return token == c.Token || strings.HasPrefix(r.Header.Get("Authorization"), "Bearer ")
		}, []api.Credential{api.CredentialBearer}},
		"any token": {func(_ *http.Request, token string) bool { return token != "" },
			[]api.Credential{api.CredentialWrong, api.CredentialNearMiss, api.CredentialOtherCase, api.CredentialPrefix, api.CredentialSuffix}},
		"no guard": {func(*http.Request, string) bool { return true },
			[]api.Credential{api.CredentialNone, api.CredentialEmpty, api.CredentialWrong, api.CredentialBearer,
				api.CredentialNearMiss, api.CredentialOtherCase, api.CredentialPrefix, api.CredentialSuffix}},
	} {
		t.Run(name, func(t *testing.T) {
			sloppy := func(r *http.Request) bool { return f.accepts(r, r.Header.Get(api.HeaderToken)) }
			guard.Store(&sloppy)
			resp, err := m.SecurityCheck(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			var failed []api.Credential
			for _, p := range resp.Probes {
				if !p.OK && !slices.Contains(failed, p.Credential) {
					failed = append(failed, p.Credential)
				}
			}
			if !slices.Equal(failed, f.want) || resp.OK != (f.want == nil) {
				t.Errorf("failed %v, ok %v; want %v", failed, resp.OK, f.want)
			}
		})
	}
}

// impersonate answers at a worker's address as a worker with this secret and dialect would.
// The func returns the requests it received.
func impersonate(t *testing.T, address, secret, dialect, shard string) (seen func() []string) {
	t.Helper()
	var mu sync.Mutex
	var sent []string
	serveAt(t, address, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body) // what did arrive is what counts
		mu.Lock()
		sent = append(sent, r.Method+" "+r.URL.Path+" "+strings.Join(r.Header[api.HeaderToken], " ")+" "+string(body))
		mu.Unlock()
		answerHealth(w, r, secret, dialect, shard)
	})
	return func() []string {
		mu.Lock()
		defer mu.Unlock()
		return append([]string(nil), sent...)
	}
}

// answerHealth answers like /health, and any other request like a worker that accepts everything.
func answerHealth(w http.ResponseWriter, r *http.Request, secret, dialect, shard string) {
	answer := fmt.Sprintf(`{"status":"ok","name":"worker-1","language":"go","engine":"sqlite","dialect":%q,"shard":%q,"rows_affected":[1],"databases":[],"state":{"shard":%[2]q}}`, dialect, shard)
	w.Header().Set("Content-Type", api.MediaJSON)
	w.Header().Set(api.HeaderProof, api.Proof(secret, r.Header.Get(api.HeaderNonce), []byte(answer)))
	_, _ = io.WriteString(w, answer)
}

// serveAt serves at a worker's address, which must be free.
func serveAt(t *testing.T, address string, handler http.HandlerFunc) {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("tcp", u.Host)
	if err != nil {
		t.Fatal(err)
	}
	srv := &httptest.Server{Listener: ln, Config: &http.Server{Handler: handler}}
	srv.Start()
	t.Cleanup(srv.Close)
}
