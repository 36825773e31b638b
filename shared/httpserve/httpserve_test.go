package httpserve_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"shardeck/shared/api"
	"shardeck/shared/httpserve"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var quiet = slog.New(slog.DiscardHandler)

// service is a small service with a handler of each kind.
func service(t *testing.T, cfg httpserve.Config) *httptest.Server {
	t.Helper()
	cfg.Handler = httpserve.NewRouter(
		httpserve.Route{Method: "GET", Path: "/open", Handler: func(w http.ResponseWriter, r *http.Request) error {
			return httpserve.WriteJSON(w, 200, map[string]string{"id": httpserve.RequestID(r)})
		}},
		httpserve.Route{Method: "POST", Path: "/read", Handler: func(w http.ResponseWriter, r *http.Request) error {
			var v struct {
				Name string `json:"name"`
			}
			if err := httpserve.ReadJSON(w, r, 64, &v); err != nil {
				return err
			}
			return httpserve.WriteJSON(w, 200, v)
		}},
		httpserve.Route{Method: "GET", Path: "/panic", Handler: func(http.ResponseWriter, *http.Request) error {
			panic("the secret is 12345")
		}},
		httpserve.Route{Method: "GET", Path: "/late-panic", Handler: func(w http.ResponseWriter, _ *http.Request) error {
			_, _ = w.Write(bytes.Repeat([]byte("x"), 1<<16))
			panic("late")
		}},
		httpserve.Route{Method: "GET", Path: "/fail", Handler: func(http.ResponseWriter, *http.Request) error {
			return fmt.Errorf("the secret is 12345")
		}},
		httpserve.Route{Method: "POST", Path: "/guarded", Handler: httpserve.RequireMasterToken(httpserve.NewToken("s3cret"),
			func(w http.ResponseWriter, _ *http.Request) error { return httpserve.WriteJSON(w, 200, true) })},
	)
	if cfg.Logger == nil {
		cfg.Logger = quiet
	}
	h, err := httpserve.Guard(cfg, true)
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	return srv
}

type answer struct {
	status int
	header http.Header
	body   string
	p      api.Problem
}

func ask(t *testing.T, method, url, body string, edit func(*http.Request)) answer {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	if edit != nil {
		edit(req)
	}
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	a := answer{status: resp.StatusCode, header: resp.Header, body: string(b)}
	if resp.Header.Get("Content-Type") == api.MediaProblem {
		if err := json.Unmarshal(b, &a.p); err != nil {
			t.Fatalf("problem document: %v: %s", err, b)
		}
		if a.p.Status != a.status || a.p.RequestID != resp.Header.Get(api.HeaderRequestID) || a.p.RequestID == "" {
			t.Errorf("status %d, X-Request-Id %q do not match the document %s", a.status, resp.Header.Get(api.HeaderRequestID), b)
		}
	}
	t.Cleanup(http.DefaultTransport.(*http.Transport).CloseIdleConnections)
	return a
}

func TestRefusals(t *testing.T) {
	srv := service(t, httpserve.Config{Origins: []string{"https://ops.example"}})
	header := func(kv ...string) func(*http.Request) {
		return func(r *http.Request) {
			for i := 0; i < len(kv); i += 2 {
				r.Header.Add(kv[i], kv[i+1])
			}
		}
	}
	cases := []struct {
		name, method, path, body string
		edit                     func(*http.Request)
		want                     api.Code
	}{
		{"unknown path", "GET", "/nowhere", "", nil, api.CodeNotFound},
		{"path with a slash too many", "GET", "/open/", "", nil, api.CodeNotFound},
		{"wrong method", "GET", "/read", "", nil, api.CodeMethodNotAllowed},
		{"body not declared as JSON", "POST", "/read", `{}`, func(r *http.Request) { r.Header.Set("Content-Type", "text/plain") }, api.CodeUnsupportedMedia},
		{"no body", "POST", "/read", "", header("Content-Type", "application/json"), api.CodeInvalidJSON},
		{"two values", "POST", "/read", `{} {}`, nil, api.CodeInvalidJSON},
		{"unknown field", "POST", "/read", `{"nam":1}`, nil, api.CodeUnknownField},
		{"mistyped field", "POST", "/read", `{"name":1}`, nil, api.CodeInvalidField},
		{"declared too large", "POST", "/read", `{"name":"` + strings.Repeat("x", 100) + `"}`, nil, api.CodeBodyTooLarge},
		{"too large without a length", "POST", "/read", `{"name":"` + strings.Repeat("x", 100) + `"}`, func(r *http.Request) { r.ContentLength = -1 }, api.CodeBodyTooLarge},
		{"panic", "GET", "/panic", "", nil, api.CodeInternal},
		{"foreign error", "GET", "/fail", "", nil, api.CodeInternal},
		{"no token", "POST", "/guarded", "{}", nil, api.CodeUnauthorized},
		{"empty token", "POST", "/guarded", "{}", header(api.HeaderToken, ""), api.CodeUnauthorized},
		{"near miss", "POST", "/guarded", "{}", header(api.HeaderToken, "s3cres"), api.CodeUnauthorized},
		{"token twice", "POST", "/guarded", "{}", header(api.HeaderToken, "s3cret", api.HeaderToken, "s3cret"), api.CodeUnauthorized},
		{"rebound host name", "GET", "/open", "", func(r *http.Request) { r.Host = "evil.example:80" }, api.CodeForbidden},
		{"page of another origin", "POST", "/read", "{}", header("Origin", "https://evil.example"), api.CodeForbidden},
		{"page of another origin, by fetch metadata", "POST", "/read", "{}", header("Sec-Fetch-Site", "cross-site"), api.CodeForbidden},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			a := ask(t, c.method, srv.URL+c.path, c.body, c.edit)
			if a.p.Code != c.want || a.status != c.want.Status() {
				t.Fatalf("got %d %s, want code %s", a.status, a.body, c.want)
			}
			if strings.Contains(a.body, "12345") || strings.Contains(a.body, "s3cret") {
				t.Errorf("the response leaks a secret: %s", a.body)
			}
		})
	}
	if a := ask(t, "GET", srv.URL+"/read", "", nil); a.header.Get("Allow") != "POST" {
		t.Errorf("Allow is %q", a.header.Get("Allow"))
	}
}

func TestAccepted(t *testing.T) {
	srv := service(t, httpserve.Config{Origins: []string{"https://ops.example/"}})
	if a := ask(t, "POST", srv.URL+"/guarded", "{}", func(r *http.Request) { r.Header.Set(api.HeaderToken, "s3cret") }); a.status != 200 {
		t.Errorf("the right token: %d %s", a.status, a.body)
	}
	if a := ask(t, "POST", srv.URL+"/read", `{"name":"ä"}`, func(r *http.Request) {
		r.Header.Set("Content-Type", "application/json; charset=utf-8")
	}); a.body != "{\"name\":\"ä\"}\n" {
		t.Errorf("media type with a parameter: %d %s", a.status, a.body)
	}
	a := ask(t, "POST", srv.URL+"/read", `{"name":"a"}`, func(r *http.Request) { r.Header.Set("Origin", "https://ops.example") })
	if a.status != 200 || a.header.Get("Access-Control-Allow-Origin") != "https://ops.example" {
		t.Errorf("trusted origin: %d %v", a.status, a.header)
	}
	a = ask(t, "OPTIONS", srv.URL+"/read", "", func(r *http.Request) {
		r.Header.Set("Origin", "https://ops.example")
		r.Header.Set("Access-Control-Request-Method", "POST")
	})
	if a.status != 204 || !strings.Contains(a.header.Get("Access-Control-Allow-Headers"), "Content-Type") {
		t.Errorf("preflight: %d %v", a.status, a.header)
	}
}

func TestValidRequestIDIsKept(t *testing.T) {
	srv := service(t, httpserve.Config{})
	for sent, kept := range map[string]bool{"abc-1.2_X": true, "": false, "a b": false, "x\"y": false, strings.Repeat("a", 65): false} {
		a := ask(t, "GET", srv.URL+"/open", "", func(r *http.Request) { r.Header.Set(api.HeaderRequestID, sent) })
		got := a.header.Get(api.HeaderRequestID)
		if (got == sent) != kept || got == "" {
			t.Errorf("sent %q, answered %q", sent, got)
		}
		if diff := cmp.Diff(`{"id":"`+got+"\"}\n", a.body); diff != "" {
			t.Error(diff)
		}
	}
}

func TestPanicAfterTheResponseBeganAbortsIt(t *testing.T) {
	srv := service(t, httpserve.Config{})
	req, _ := http.NewRequestWithContext(t.Context(), "GET", srv.URL+"/late-panic", nil)
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err == nil {
		_, err = io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
	}
	if err == nil {
		t.Error("a broken response was accepted as complete")
	}
}

func TestErrorsAreLoggedUnchanged(t *testing.T) {
	var log bytes.Buffer
	srv := service(t, httpserve.Config{Logger: slog.New(slog.NewTextHandler(&log, nil))})
	ask(t, "GET", srv.URL+"/fail", "", nil)
	ask(t, "GET", srv.URL+"/open", "", nil)
	srv.Close() // waits for the handlers, which log after their response
	if s := log.String(); !strings.Contains(s, "level=ERROR") || !strings.Contains(s, "the secret is 12345") {
		t.Errorf("log: %s", s)
	}
	if strings.Contains(log.String(), "/open") {
		t.Error("ordinary requests are logged at info level")
	}
}

func TestListenBeyondLoopbackNeedsProtection(t *testing.T) {
	cfg := httpserve.Config{Host: "0.0.0.0", Logger: quiet, ProtectHint: "set MASTER_API_TOKEN"}
	if _, err := httpserve.Listen(t.Context(), cfg); err == nil || !strings.Contains(err.Error(), "MASTER_API_TOKEN") {
		t.Errorf("unprotected: %v", err)
	}
	cfg.Protected = true
	s, err := httpserve.Listen(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if !strings.HasPrefix(s.URL(), "http://127.0.0.1:") {
		t.Errorf("URL %s", s.URL())
	}
}

func TestPortInUseIsReported(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the error number differs there")
	}
	first, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	_, err = httpserve.Listen(t.Context(), httpserve.Config{
		Handler: http.NotFoundHandler(), Logger: slog.New(slog.DiscardHandler),
		Port: first.Addr().(*net.TCPAddr).Port, PortSetting: "--port or X_PORT",
	})
	if err == nil || !strings.Contains(err.Error(), "another Shardeck") || !strings.Contains(err.Error(), "--port or X_PORT") {
		t.Errorf("got %v", err)
	}
}

func TestUnknownPathPointsToTheEndpoints(t *testing.T) {
	none := func(http.ResponseWriter, *http.Request) error { return nil }
	for path, want := range map[string]string{api.PathOpenAPI: "/openapi.yaml list", "/exec": "the endpoints are /exec, /health"} {
		w := httptest.NewRecorder()
		httpserve.NewRouter(httpserve.Route{Method: "GET", Path: "/health", Handler: none}, httpserve.Route{Method: "GET", Path: path, Handler: none}).
			ServeHTTP(w, httptest.NewRequest("GET", "/nowhere", nil))
		if !strings.Contains(w.Body.String(), want) {
			t.Errorf("the answer lacks %q: %s", want, w.Body)
		}
	}
}

func TestShutdownWaitsForRequestsInFlight(t *testing.T) {
	entered, release := make(chan struct{}), make(chan struct{})
	ctx, stop := context.WithCancel(t.Context())
	s, err := httpserve.Listen(ctx, httpserve.Config{Logger: quiet, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		close(entered)
		<-release
		_, _ = io.WriteString(w, "done")
	})})
	if err != nil {
		t.Fatal(err)
	}
	var line bytes.Buffer
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx, &line) }()
	got := make(chan answer, 1)
	go func() { got <- ask(t, "GET", s.URL(), "", nil) }()
	<-entered
	stop()
	close(release)
	if a := <-got; a.body != "done" {
		t.Errorf("the request in flight got %q", a.body)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if want := "listening on " + s.URL() + "\n"; line.String() != want {
		t.Errorf("announced %q, want %q", line.String(), want)
	}
}

func TestShutdownAbortsRequestsAfterTheGracePeriod(t *testing.T) {
	entered := make(chan struct{})
	ctx, stop := context.WithCancel(t.Context())
	s, err := httpserve.Listen(ctx, httpserve.Config{Logger: quiet, ShutdownGrace: time.Millisecond,
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			close(entered)
			<-r.Context().Done()
		})})
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx, nil) }()
	conn, err := net.Dial("tcp", strings.TrimPrefix(s.URL(), "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
	<-entered
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestLoadSecret(t *testing.T) {
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte("from-file\r\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if s, err := httpserve.LoadSecret("X", "", file); s != "from-file" || err != nil {
		t.Errorf("%q %v", s, err)
	}
	if s, err := httpserve.LoadSecret("X", "", ""); s != "" || err != nil {
		t.Errorf("%q %v", s, err)
	}
	for _, bad := range [][2]string{{"a", file}, {"", file + "-none"}, {"a b", ""}, {"ä", ""}, {strings.Repeat("a", 5000), ""}} {
		if _, err := httpserve.LoadSecret("X", bad[0], bad[1]); err == nil {
			t.Errorf("%q was accepted", bad)
		}
	}
}
