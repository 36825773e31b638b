package service_test

import (
	"bufio"
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"shardeck/shared/api"
	"shardeck/shared/client"
	"shardeck/worker/service"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var quiet = slog.New(slog.DiscardHandler)

func config(t testing.TB) service.Config {
	return service.Config{Host: "127.0.0.1", DBSuffix: "GO", Engine: "sqlite", DataDir: t.TempDir(), Token: "tok"}
}

// start runs a worker until stop is called, which returns Run's error.
func start(t testing.TB, cfg service.Config) (url string, stop func() error) {
	t.Helper()
	return startLogged(t, cfg, quiet)
}

func startLogged(t testing.TB, cfg service.Config, log *slog.Logger) (url string, stop func() error) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	r, w := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		err := service.Run(ctx, cfg, w, log)
		w.CloseWithError(io.EOF)
		ended <- err
	}()
	line, err := bufio.NewReader(r).ReadString('\n')
	if err != nil {
		cancel()
		t.Fatalf("no listener: %v, %v", err, <-ended)
	}
	t.Cleanup(cancel)
	return strings.TrimPrefix(strings.TrimSpace(line), "listening on "), func() error { cancel(); return <-ended }
}

func TestRefusesToStart(t *testing.T) {
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer busy.Close()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	cases := []struct {
		name string
		edit func(*service.Config)
		says string
	}{
		{"without a token", func(c *service.Config) { c.Token = "" }, "MASTER_TOKEN"},
		{"with two tokens", func(c *service.Config) { c.TokenFile = file }, "MASTER_TOKEN_FILE"},
		{"with a token that does not fit a header", func(c *service.Config) { c.Token = "a\nb" }, "MASTER_TOKEN"},
		{"with a connection string", func(c *service.Config) { c.DSN = "sqlserver://x" }, "WORKER_DSN"},
		{"with a connection string in a file", func(c *service.Config) { c.DSNFile = file }, "WORKER_DSN_FILE"},
		{"on SQL Server without a connection string", onServer(func(c *service.Config) { c.DSN = "" }), "WORKER_DSN"},
		{"on SQL Server with two connection strings", onServer(func(c *service.Config) { c.DSNFile = file }), "WORKER_DSN_FILE"},
		{"on SQL Server with a missing file", onServer(func(c *service.Config) { c.DSN, c.DSNFile = "", file+"x" }), "WORKER_DSN_FILE"},
		{"on SQL Server with an empty file", onServer(func(c *service.Config) { c.DSN, c.DSNFile = "", os.DevNull }), "empty"},
		{"on SQL Server with an invalid connection string", onServer(func(c *service.Config) { c.DSN = "sqlserver://sa:p%wd-of-sa@h" }), "percent-encoded"},
		{"on SQL Server with an unknown option", onServer(func(c *service.Config) { c.DSN = "sqlserver://sa:x@h?encrpyt=pwd-of-sa" }), "option"},
		{"on SQL Server with one connection", onServer(func(c *service.Config) { c.Database.Connections = 1 }), "WORKER_DB_CONNECTIONS"},
		{"on SQL Server without time to connect", onServer(func(c *service.Config) { c.Database.ConnectTimeout = 0 }), "WORKER_DB_CONNECT_TIMEOUT"},
		{"on SQL Server without time to write", onServer(func(c *service.Config) { c.Database.WriteTimeout = -1 }), "WORKER_DB_WRITE_TIMEOUT"},
		{"on SQL Server with nothing listening", onServer(func(*service.Config) {}), "127.0.0.1:1 cannot be reached"},
		{"with an invalid suffix", func(c *service.Config) { c.DBSuffix = "../x" }, "WORKER_DB_SUFFIX"},
		{"with a name that is a path", func(c *service.Config) { c.Name = "../x" }, "WORKER_NAME"},
		{"on a port in use", func(c *service.Config) { c.Port = busy.Addr().(*net.TCPAddr).Port }, "cannot listen"},
		{"on a data directory that is a file", func(c *service.Config) { c.DataDir = file }, file},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			cfg := config(t)
			c.edit(&cfg)
			err := service.Run(t.Context(), cfg, io.Discard, quiet)
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v, want an error that mentions %s", err, c.says)
			}
			if err != nil && (strings.Contains(err.Error(), "a\nb") || strings.Contains(err.Error(), "wd-of-sa")) {
				t.Errorf("the error leaks a secret: %v", err)
			}
		})
	}
}

// onServer edits the configuration of a worker on SQL Server, on a port that nothing listens on
// unless edit changes it.
func onServer(edit func(*service.Config)) func(*service.Config) {
	return func(c *service.Config) {
		c.Engine, c.DSN = "sqlserver", "sqlserver://sa:pwd-of-sa@127.0.0.1:1?encrypt=disable"
		c.Database = service.DatabaseConfig{Connections: 8, ConnectTimeout: 5 * time.Second, WriteTimeout: time.Minute}
		edit(c)
	}
}

func TestTwoWorkersCannotShareADataDirectory(t *testing.T) {
	cfg := config(t)
	_, stop := start(t, cfg)
	if err := service.Run(t.Context(), cfg, io.Discard, quiet); err == nil {
		t.Error("a second worker has started on the same directory")
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
}

func TestDataSurvivesRestartAndNamesFollowThePort(t *testing.T) {
	cfg := config(t)
	url, stop := start(t, cfg)
	w := client.NewWorker(url, "tok")
	defer w.Close()
	h, err := w.Health(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if port := url[strings.LastIndexByte(url, ':')+1:]; h.Name != "worker-"+port || h.Language != "go" || h.Engine != "sqlite" {
		t.Errorf("health %+v of %s", h, url)
	}
	if _, err := w.CreateDB(t.Context(), &api.DBRequest{DB: "A", Fence: api.Fence{Term: 1, MapVersion: 1}}); err != nil {
		t.Fatal(err)
	}
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	w.Close()
	if _, err := w.Stats(t.Context()); api.CodeOf(err) != api.CodeShardUnavailable {
		t.Errorf("a worker that has stopped: %v", err)
	}
	cfg.Port, _ = strconv.Atoi(url[strings.LastIndexByte(url, ':')+1:])
	cfg.Name = "other"
	_, stop = start(t, cfg)
	st, err := w.Stats(t.Context())
	if err != nil || len(st.Databases) != 1 || st.Databases[0].Physical != "AGO" || st.State.Term != 1 {
		t.Errorf("after the restart: %+v %v", st, err)
	}
	w.Close()
	if err := stop(); err != nil {
		t.Error(err)
	}
}

// A stream still in progress when the worker is told to stop must not delay it.
func TestStopsWithAStreamInProgress(t *testing.T) {
	cfg := config(t)
	cfg.Grace = 50 * time.Millisecond
	url, stop := start(t, cfg)
	tr := client.NewTransport()
	defer tr.CloseIdleConnections()
	w := client.NewWorker(url, "tok", client.WithTransport(tr))
	if _, err := w.CreateDB(t.Context(), &api.DBRequest{DB: "A", Fence: api.Fence{Term: 1, MapVersion: 1}}); err != nil {
		t.Fatal(err)
	}
	s, err := w.Query(t.Context(), &api.QueryRequest{DB: "A", SQL: "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT 1 FROM n) SELECT i FROM n",
		ResultTypes: []string{"INT"}})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	ended := make(chan error, 1)
	go func() { ended <- stop() }()
	for err == nil {
		_, err = s.NextBlock()
	}
	if err == io.EOF {
		t.Error("a truncated stream passes as complete")
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestRefusesCrossOriginBrowsers(t *testing.T) {
	url, stop := start(t, config(t))
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+"/create-db", strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Origin", "http://localhost:3000")
	tr := client.NewTransport()
	defer tr.CloseIdleConnections()
	resp, err := tr.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusForbidden {
		t.Errorf("got %s", resp.Status)
	}
	tr.CloseIdleConnections()
	if err := stop(); err != nil {
		t.Error(err)
	}
}
