package contracttest_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"shardeck/shared/api"
	"shardeck/shared/childproc"
	"shardeck/shared/contracttest"
	"shardeck/shared/testcluster"
)

func TestMain(m *testing.M) { os.Exit(testcluster.Main(m)) }

// exchange is a request and its expected error code; "" for success. Statuses follow from codes,
// which CheckResponse verifies.
type exchange struct {
	name    string
	method  string // POST if empty
	path    string
	body    string
	headers map[string]string
	code    api.Code
}

// session sends exchanges to one service, each checked against its document.
type session struct {
	t      *testing.T
	url    string
	doc    *contracttest.Document
	client *http.Client
	// answered holds the endpoints that have responded successfully.
	answered map[api.Endpoint]bool
}

func newSession(t *testing.T, url string, yaml []byte) *session {
	t.Helper()
	doc, err := contracttest.Load(yaml)
	if err != nil {
		t.Fatal(err)
	}
	base := http.DefaultTransport.(*http.Transport).Clone()
	t.Cleanup(base.CloseIdleConnections)
	return &session{
		t: t, url: url, doc: doc, answered: map[api.Endpoint]bool{},
		client: &http.Client{Transport: &contracttest.Transport{T: t, Doc: doc, Base: base}},
	}
}

func (s *session) run(exchanges ...exchange) {
	s.t.Helper()
	for _, e := range exchanges {
		if e.method == "" {
			e.method = http.MethodPost
		}
		s.t.Run(e.method+" "+e.path+" "+e.name, func(t *testing.T) {
			status, body := s.send(t, e)
			var p api.Problem
			if status >= 400 {
				if err := api.Decode(strings.NewReader(string(body)), api.MaxBody, &p); err != nil {
					t.Fatal(err)
				}
			}
			if p.Code != e.code {
				t.Fatalf("got %d %s, want code %q", status, body, e.code)
			}
			if e.code == "" {
				path, _ := s.doc.Path(e.path)
				s.answered[api.Endpoint{Method: e.method, Path: path}] = true
			}
		})
	}
}

func (s *session) send(t *testing.T, e exchange) (int, []byte) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), e.method, s.url+e.path, strings.NewReader(e.body))
	if err != nil {
		t.Fatal(err)
	}
	if e.method == http.MethodPost {
		req.Header.Set("Content-Type", api.MediaJSON)
	}
	for name, value := range e.headers {
		if value == "" {
			req.Header.Del(name)
			continue
		}
		req.Header.Set(name, value)
	}
	resp, err := s.client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, body
}

// methods checks that each path accepts the methods in the document and no others.
func (s *session) methods(headers map[string]string) {
	byPath := map[string][]string{}
	for _, e := range s.doc.Endpoints() {
		byPath[e.Path] = append(byPath[e.Path], e.Method)
	}
	for path, documented := range byPath {
		for _, method := range []string{"GET", "POST", "PUT", "PATCH", "DELETE"} {
			if !slices.Contains(documented, method) {
				s.run(exchange{"an undocumented method", method, path, "", headers, api.CodeMethodNotAllowed})
			}
		}
	}
	s.run(exchange{"an unknown path", "GET", "/nothing", "", headers, api.CodeNotFound},
		exchange{"a path with a slash too many", "GET", "/health/", "", headers, api.CodeNotFound})
}

// missing reports the document's endpoints that have not been seen to succeed.
func (s *session) missing() {
	for _, e := range s.doc.Endpoints() {
		if !s.answered[e] {
			s.t.Errorf("no request to %s %s succeeded", e.Method, e.Path)
		}
	}
}

func TestMastersAnswerAsTheDocumentSays(t *testing.T) {
	c := testcluster.Start(t, testcluster.Options{Workers: 3, Masters: 2})
	primary := newSession(t, c.Masters[0].URL, api.MasterOpenAPI())
	backup := newSession(t, c.Masters[1].URL, api.MasterOpenAPI())

	primary.run(schemaExchanges...)
	backup.run(exchange{"on the backup", "", "/create-db", `{"db_name":"Other"}`, nil, api.CodeNotPrimary})
	awaitTable(t, c, 1)
	primary.run(rowExchanges...)
	primary.run(badRequests...)
	backup.run(exchange{"on the backup", "", "/select", `{"db_name":"SchoolDB","table":"Students"}`, nil, ""})
	primary.run(queryExchanges...)
	primary.cancel(c)
	primary.run(clusterExchanges...)
	primary.methods(nil)
	primary.events(t)

	stepDown := exchange{"without the token", "", "/step-down", `{"term":99,"leader":"http://127.0.0.1:9"}`, nil, api.CodeUnauthorized}
	primary.run(stepDown)
	primary.run(exchange{"on the primary", "", "/failover", `{}`, nil, api.CodeAlreadyPrimary})
	backup.run(exchange{"on the backup", "", "/failover", `{}`, nil, ""})
	state, err := c.Worker(0).State(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	stepDown.name, stepDown.code = "with the token", ""
	stepDown.body = `{"term":` + itoa(state.Term) + `,"leader":"` + state.Leader + `"}`
	stepDown.headers = map[string]string{api.HeaderToken: c.Token}
	primary.run(stepDown)
	backup.run(exchange{"after the failover", "", "/delete-table", `{"db_name":"SchoolDB","table":"Students"}`, nil, ""})
	backup.run(exchange{"after the failover", "", "/drop-db", `{"db_name":"SchoolDB"}`, nil, ""})
	for e := range backup.answered {
		primary.answered[e] = true
	}
	primary.missing()
}

func TestMastersSayWhichShardIsDown(t *testing.T) {
	c := testcluster.Start(t, testcluster.Options{Workers: 3, Masters: 1})
	master := newSession(t, c.Masters[0].URL, api.MasterOpenAPI())
	master.run(schemaExchanges[0], schemaExchanges[1], rowExchanges[0])
	awaitTable(t, c, 0)
	// Of rows on three shards one is there already, on a shard that is not sent its part first:
	// two shards take their part.
	master.run(
		exchange{"of one row", "", "/insert", `{"db_name":"SchoolDB","table":"Students","rows":[` + manyRows(116, 117) + `]}`, nil, ""},
		exchange{"with a row that is there", "", "/insert", `{"db_name":"SchoolDB","table":"Students","rows":[` + manyRows(100, 130) + `]}`, nil, api.CodePartialFailure},
	)
	c.Workers[2].Kill(t)
	master.run(
		exchange{"with a shard down", "", "/select", `{"db_name":"SchoolDB","table":"Students"}`, nil, api.CodeShardUnavailable},
		exchange{"with a shard down, streamed", "", "/select", `{"db_name":"SchoolDB","table":"Students"}`, ndjson, api.CodeShardUnavailable},
		exchange{"with a shard down, in part", "", "/select", `{"db_name":"SchoolDB","table":"Students","allow_partial":true}`, nil, ""},
		exchange{"with a shard down, in part, streamed", "", "/select", `{"db_name":"SchoolDB","table":"Students","allow_partial":true}`, ndjson, ""},
		exchange{"with a shard down", "", "/map-reduce-count", `{"db_name":"SchoolDB","table":"Students"}`, nil, api.CodeShardUnavailable},
		exchange{"with a shard down, in part", "", "/map-reduce-count", `{"db_name":"SchoolDB","table":"Students","allow_partial":true}`, nil, ""},
		exchange{"with a shard down", "", "/security-check", `{}`, nil, ""},
		exchange{"with a shard down", "GET", "/health", "", nil, ""},
		exchange{"with a shard down", "GET", "/metadata", "", nil, ""},
	)
	testcluster.Await(t, "the master to know that shard 2 is down", func(ctx context.Context) (bool, string) {
		meta, err := c.Master(0).Metadata(ctx)
		return err == nil && meta.Workers[2].State == api.ShardDown, fmt.Sprint(err)
	})
	master.run(exchange{"with a shard known to be down", "", "/insert", `{"db_name":"SchoolDB","table":"Students","rows":[` + manyRows(200, 230) + `]}`, nil, api.CodeShardUnavailable})
}

func TestMastersAskForTheirAPIToken(t *testing.T) {
	const token = "a-token-of-clients"
	c := testcluster.Start(t, testcluster.Options{Workers: 1})
	url := startMaster(t, "MASTER_API_TOKEN="+token, "MASTER_TOKEN="+c.Token, "MASTER_WORKERS="+c.Workers[0].URL, "MASTER_PORT=0", "MASTER_PEERS=")
	master := newSession(t, url, api.MasterOpenAPI())
	for _, e := range master.doc.Endpoints() {
		if e.Path == api.StepDownPath {
			continue
		}
		for name, value := range map[string]string{"no token": "", "a wrong token": "Bearer " + token + "x", "another scheme": "Basic " + token} {
			master.run(exchange{name, e.Method, e.Path, "", map[string]string{"Authorization": value}, api.CodeUnauthorized})
		}
	}
	master.run(exchange{"the token", "GET", "/health", "", map[string]string{"Authorization": "Bearer " + token}, ""})
}

func TestWorkersAnswerAsTheDocumentSays(t *testing.T) {
	c := testcluster.Start(t, testcluster.Options{Workers: 1})
	worker := newSession(t, c.Workers[0].URL, api.WorkerOpenAPI())
	for _, e := range api.GuardedWorkerEndpoints() {
		for name, value := range map[string]string{"no token": "", "a wrong token": c.Token + "x"} {
			worker.run(exchange{name, e.Method, e.Path, "", map[string]string{api.HeaderToken: value}, api.CodeUnauthorized})
		}
	}
	token := map[string]string{api.HeaderToken: c.Token}
	for _, e := range workerExchanges {
		e.headers = token
		worker.run(e)
	}
	worker.methods(token)
	worker.missing()
}

// startMaster starts a standalone master and returns its base URL; the clients of testcluster
// have no API token and could not wait for it. It ends with the test.
func startMaster(t *testing.T, env ...string) string {
	t.Helper()
	c, err := childproc.Start(childproc.Spec{
		Name: "the master", Path: testcluster.Binary(t, "master"), Args: []string{"--exit-with-parent"},
		Env: append(os.Environ(), env...), Stderr: t.Output(),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Kill(); err != nil {
			t.Error(err)
		}
	})
	url, err := c.AwaitReady(t.Context(), time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	return url
}

// awaitTable waits until a master has learnt of the table from its probes.
func awaitTable(t *testing.T, c *testcluster.Cluster, master int) {
	t.Helper()
	m := c.Master(master)
	testcluster.Await(t, "the table to be known", func(ctx context.Context) (bool, string) {
		md, err := m.Metadata(ctx)
		if err != nil {
			return false, err.Error()
		}
		for _, db := range md.Databases {
			if len(db.Tables) > 0 && len(db.Shards) == len(md.Workers) {
				return true, ""
			}
		}
		return false, "no table"
	})
}

// events reads the first events of the stream; by now there have been some.
func (s *session) events(t *testing.T) {
	t.Run("GET /events", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+api.PathEvents, nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		var got strings.Builder
		buf := make([]byte, 4096)
		for !strings.Contains(got.String(), "data:") || !strings.Contains(got.String(), "\n\n") {
			n, err := resp.Body.Read(buf)
			got.Write(buf[:n])
			if err != nil {
				t.Fatalf("after %q: %v", got.String(), err)
			}
		}
		if err := s.doc.CheckResponse(req, resp, []byte(got.String())); err != nil {
			t.Error(err)
		}
		s.answered[api.Endpoint{Method: "GET", Path: api.PathEvents}] = true
	})
}

// cancel cancels a statement that waits for a paused worker.
func (s *session) cancel(c *testcluster.Cluster) {
	c.Workers[1].Pause(s.t)
	defer c.Workers[1].Resume(s.t)
	ended := make(chan error, 1)
	m := c.Master(0)
	go func() {
		_, err := m.Query(s.t.Context(), &api.SQLRequest{DB: "SchoolDB", SQL: "SELECT COUNT(*) FROM Students -- to be cancelled"})
		ended <- err
	}()
	var id string
	testcluster.Await(s.t, "the statement to be listed", func(ctx context.Context) (bool, string) {
		list, err := m.Queries(ctx)
		if err != nil || len(list.Queries) == 0 {
			return false, "no statement is listed"
		}
		id = list.Queries[0].ID
		return strings.HasSuffix(list.Queries[0].SQL, "-- to be cancelled"), "a different statement is listed"
	})
	s.run(exchange{"", "GET", "/queries", "", nil, ""},
		exchange{"a running statement", "DELETE", "/queries/" + id, "", nil, ""})
	if err := <-ended; api.CodeOf(err) != api.CodeCanceled {
		s.t.Errorf("the statement ended with %v, want %s", err, api.CodeCanceled)
	}
	s.run(exchange{"a finished statement", "DELETE", "/queries/" + id, "", nil, api.CodeUnknownQuery})
}
