package conformance

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/google/go-cmp/cmp"

	"shardeck/shared/api"
	"shardeck/shared/client"
	"shardeck/shared/contracttest"
	"shardeck/worker/engine/enginetest"
)

// Fixture is the worker under test. It must be fresh: the suite acquires terms on it.
type Fixture struct {
	URL     string
	Token   string
	Suffix  string // of physical database names
	Dialect enginetest.Dialect
}

// Run runs the suite.
func Run(t *testing.T, f Fixture) {
	doc, err := contracttest.Load(api.WorkerOpenAPI())
	if err != nil {
		t.Fatal(err)
	}
	s := &suite{f: f, doc: doc}
	t.Cleanup(s.rt().CloseIdleConnections)
	for _, part := range []struct {
		name string
		run  func(*env)
	}{
		{"health", health},
		{"access", access},
		{"origins", origins},
		{"problem documents", problemDocuments},
		{"methods and paths", methodsAndPaths},
		{"media types", mediaTypes},
		{"malformed bodies", malformedBodies},
		{"oversized bodies", oversizedBodies},
		{"expectations", expectations},
		{"fields at fault", fieldsAtFault},
		{"identifiers", identifiers},
		{"physical names", physicalNames},
		{"shard", shardInHealth},
		{"streams", streams},
		{"streams that fail", streamsThatFail},
		{"cancelled streams", cancelledStreams},
		{"streams that are not read", unreadStreams},
	} {
		t.Run(part.name, func(t *testing.T) { part.run(s.env(t)) })
	}
}

type suite struct {
	f         Fixture
	doc       *contracttest.Document
	transport *http.Transport
}

func (s *suite) rt() *http.Transport {
	if s.transport == nil {
		s.transport = client.NewTransport()
	}
	return s.transport
}

// env is the context of one part of the suite: its own T, and its own database on demand.
type env struct {
	*testing.T
	s *suite
	f Fixture
	w *client.Worker
	// checked validates its requests and their responses against the document.
	checked http.RoundTripper
}

func (s *suite) env(t *testing.T) *env {
	checked := &contracttest.Transport{T: t, Doc: s.doc, Base: s.rt()}
	return &env{
		T: t, s: s, f: s.f, checked: checked,
		w: client.NewWorker(s.f.URL, s.f.Token, client.WithTransport(checked)),
	}
}

// fence is the newest one the worker knows.
func (e *env) fence() api.Fence {
	e.Helper()
	st, err := e.w.State(e.Context())
	if err != nil {
		e.Fatal(err)
	}
	return st.Fence
}

// database creates a database that is dropped at the part's end.
func (e *env) database() string {
	e.Helper()
	name := "Conf" + strconv.FormatUint(rand.Uint64(), 36)
	if _, err := e.w.CreateDB(e.Context(), &api.DBRequest{DB: name, Fence: e.fence()}); err != nil {
		e.Fatal(err)
	}
	e.Cleanup(func() {
		// The test's context has ended by now.
		w := client.NewWorker(e.f.URL, e.f.Token, client.WithTransport(e.s.rt()))
		ctx, cancel := cleanupContext()
		defer cancel()
		st, err := w.State(ctx)
		if err == nil {
			_, err = w.DropDB(ctx, &api.DBRequest{DB: name, Fence: st.Fence})
		}
		if err != nil && api.CodeOf(err) != api.CodeUnknownDatabase {
			e.Errorf("dropping %s: %v", name, err)
		}
	})
	return name
}

// rows returns the rows of a query that must succeed, in wire form.
func (e *env) rows(q *api.QueryRequest) []string {
	e.Helper()
	rows, err := e.tryRows(q)
	if err != nil {
		e.Fatal(err)
	}
	return rows
}

func (e *env) tryRows(q *api.QueryRequest) ([]string, error) {
	s, err := e.w.Query(e.Context(), q)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	rows := []string{}
	for {
		block, err := s.NextBlock()
		if err == io.EOF {
			return rows, nil
		}
		if err != nil {
			return rows, err
		}
		rows = append(rows, strings.Split(strings.TrimSuffix(string(block), "\n"), "\n")...)
	}
}

// want fails the test unless err is a problem of that code, which it returns.
func (e *env) want(err error, code api.Code) *api.Problem {
	e.Helper()
	if api.CodeOf(err) != code {
		e.Fatalf("got %v, want %s", err, code)
	}
	return api.AsProblem(err)
}

func (e *env) same(what string, want, got any) {
	e.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		e.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// answer is the response to a hand-written request of the suite.
type answer struct {
	status int
	header http.Header
	body   []byte
	p      api.Problem
}

// send sends a request as is, with the token and as JSON unless edit changes that.
func (e *env) send(method, path, body string, edit func(http.Header)) answer {
	e.Helper()
	req, err := http.NewRequestWithContext(e.Context(), method, e.f.URL+path, strings.NewReader(body))
	if err != nil {
		e.Fatal(err)
	}
	if method == http.MethodGet || method == http.MethodHead {
		req.Body, req.ContentLength = nil, 0
	}
	req.Header.Set(api.HeaderToken, e.f.Token)
	req.Header.Set("Content-Type", api.MediaJSON)
	if edit != nil {
		edit(req.Header)
	}
	resp, err := e.checked.RoundTrip(req)
	if err != nil {
		e.Fatalf("%s %s: %v", method, path, err)
	}
	defer resp.Body.Close()
	a := answer{status: resp.StatusCode, header: resp.Header}
	if a.body, err = io.ReadAll(resp.Body); err != nil {
		e.Fatal(err)
	}
	if a.status >= 400 && method != http.MethodHead {
		if err := json.Unmarshal(a.body, &a.p); err != nil {
			e.Fatalf("%s %s: %d: %v: %s", method, path, a.status, err, clip(a.body))
		}
	}
	return a
}

// refused sends a request that must be refused with one of the codes.
func (e *env) refused(method, path, body string, edit func(http.Header), codes ...api.Code) answer {
	e.Helper()
	a := e.send(method, path, body, edit)
	for _, c := range codes {
		if a.p.Code == c {
			return a
		}
	}
	e.Errorf("%s %s with %s: got %d %s, want one of %s", method, path, clip([]byte(body)), a.status, clip(a.body), codes)
	return a
}

func clip(b []byte) []byte {
	const most = 300
	if len(b) > most {
		return append(bytes.Clone(b[:most]), "..."...)
	}
	return b
}

func hash(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}
