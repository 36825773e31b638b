package service

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"shardeck/shared/api"
	"shardeck/shared/client"
	"shardeck/shared/testcluster"
)

// startAlone runs a master without workers and returns its base URL.
func startAlone(t *testing.T, change func(*Config)) string {
	t.Helper()
	// A port that nobody listens on: one that was just closed.
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	cfg := Config{
		Host: "127.0.0.1", Role: "primary", Workers: []string{gone.URL}, Peers: []string{"none"}, Token: "hush-hush",
		RequestTimeout: time.Second, ProbeInterval: 50 * time.Millisecond, ProbeTimeout: 500 * time.Millisecond,
	}
	if change != nil {
		change(&cfg)
	}
	ctx, cancel := context.WithCancel(t.Context())
	announced, out := io.Pipe()
	done := make(chan error, 1)
	go func() { done <- Run(ctx, cfg, out, slog.New(slog.DiscardHandler)) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("the master failed: %v", err)
		}
	})
	line := make([]byte, 200)
	n, err := announced.Read(line)
	url, ok := strings.CutPrefix(strings.TrimSpace(string(line[:n])), "listening on ")
	if err != nil || !ok {
		t.Fatalf("it printed %q, %v", line[:n], err)
	}
	return url
}

func send(t *testing.T, method, url, body string, header ...string) (*http.Response, *api.Problem) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", api.MediaJSON)
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = resp.Body.Close() })
	p := new(api.Problem)
	if resp.Header.Get("Content-Type") == api.MediaProblem {
		if err := json.UnmarshalRead(resp.Body, p); err != nil {
			t.Fatal(err)
		}
	}
	return resp, p
}

func TestMasterServesWithoutWorkers(t *testing.T) {
	url := startAlone(t, nil)
	resp, _ := send(t, "GET", url+api.PathHealth, "")
	var h api.Health
	if err := json.UnmarshalRead(resp.Body, &h, json.RejectUnknownMembers(true)); err != nil {
		t.Fatal(err)
	}
	if h.Status != api.StatusDown || h.Role != api.RoleBackup || h.Term != 0 || len(h.Shards) != 1 || h.Shards[0].AgeMS != -1 {
		t.Errorf("health %+v", h)
	}
	if resp, _ := send(t, "GET", url+api.PathMetadata, ""); resp.StatusCode != http.StatusOK {
		t.Errorf("metadata: %s", resp.Status)
	}
	const select1 = `{"db_name":"S","table":"T"}`
	if _, p := send(t, "POST", url+api.PathSelect, select1); p.Code != api.CodeShardUnavailable {
		t.Errorf("select: %+v", p)
	}
	if _, p := send(t, "POST", url+api.PathCreateDB, `{"db_name":"S"}`); p.Code != api.CodeNotPrimary {
		t.Errorf("create-db: %+v", p)
	}
	if _, p := send(t, "POST", url+api.PathFailover, ""); p.Code != api.CodeFailoverFailed {
		t.Errorf("failover: %+v", p)
	}
	resp, _ = send(t, "POST", url+api.PathSecurityCheck, "")
	var sec api.SecurityCheckResponse
	if err := json.UnmarshalRead(resp.Body, &sec); err != nil {
		t.Fatal(err)
	}
	if sec.OK || sec.Workers[0].Problem == nil || sec.Workers[0].Passed != 0 {
		t.Errorf("security check %+v", sec.Workers)
	}
	tried := 0
	for _, p := range sec.Probes {
		if p.Status != 0 || p.OK || p.Detail == "" {
			t.Errorf("a probe that cannot have been answered: %+v", p)
		}
		if !strings.HasPrefix(p.Detail, "not tried") {
			tried++
		}
	}
	if tried < 1 || tried > securityConcurrency || sec.Workers[0].Total != len(sec.Probes) || strings.Contains(sec.Workers[0].Problem.Detail, "not tried") {
		t.Errorf("%d of %d probes were tried on a worker that does not respond: %v", tried, len(sec.Probes), sec.Workers[0].Problem)
	}
}

func TestUnsupportedMethodsAndPaths(t *testing.T) {
	url := startAlone(t, nil)
	for _, path := range []string{api.PathCreateDB, api.PathInsert, api.PathSelect, api.PathMapReduceCount, api.StepDownPath} {
		resp, p := send(t, "GET", url+path, "")
		if p.Code != api.CodeMethodNotAllowed || resp.Header.Get("Allow") != "POST" {
			t.Errorf("GET %s: %s, Allow %q", path, p.Code, resp.Header.Get("Allow"))
		}
	}
	if _, p := send(t, "GET", url+"/nope", ""); p.Code != api.CodeNotFound {
		t.Errorf("an unknown path: %s", p.Code)
	}
	for path, media := range map[string]string{api.PathOpenAPI: "application/yaml", api.PathMetrics: "text/plain"} {
		resp, _ := send(t, "GET", url+path, "")
		if resp.StatusCode != http.StatusOK || !strings.HasPrefix(resp.Header.Get("Content-Type"), media) {
			t.Errorf("%s: %s, %s", path, resp.Status, resp.Header.Get("Content-Type"))
		}
	}
}

func TestAPITokenIsRequiredExceptForStepDown(t *testing.T) {
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte("open-sesame\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	url := startAlone(t, func(c *Config) { c.APITokenFile = file })
	for _, path := range []string{api.PathHealth, api.PathMetadata, api.PathMetrics, api.PathEvents, api.PathOpenAPI} {
		for name, header := range map[string][]string{
			"none": nil, "wrong": {"Authorization", "Bearer open-sesamf"}, "basic": {"Authorization", "Basic open-sesame"},
			"the workers'": {api.HeaderToken, "hush-hush"},
		} {
			if resp, p := send(t, "GET", url+path, "", header...); resp.StatusCode != http.StatusUnauthorized || p.Code != api.CodeUnauthorized {
				t.Errorf("%s with %s token: %s", path, name, resp.Status)
			}
		}
	}
	if resp, _ := send(t, "GET", url+api.PathHealth, "", "Authorization", "Bearer open-sesame"); resp.StatusCode != http.StatusOK {
		t.Errorf("health with the token: %s", resp.Status)
	}
	const newer = `{"term":7,"leader":"http://other:1"}`
	if resp, _ := send(t, "POST", url+api.StepDownPath, newer, "Authorization", "Bearer open-sesame"); resp.StatusCode != http.StatusUnauthorized {
		t.Errorf("step-down with the API token: %s", resp.Status)
	}
	// The cluster's token lets it in; but a leader that is not configured is not followed.
	if _, p := send(t, "POST", url+api.StepDownPath, newer, api.HeaderToken, "hush-hush"); p.Code != api.CodeForbidden {
		t.Errorf("step-down for a stranger: %+v", p)
	}
	if _, p := send(t, "POST", url+api.StepDownPath, `{"term":9007199254740992,"leader":"http://other:1"}`, api.HeaderToken, "hush-hush"); p.Code != api.CodeInvalidField || p.Field != "term" {
		t.Errorf("a term beyond the greatest: %+v", p)
	}
}

func TestCORS(t *testing.T) {
	const ours, other = "https://ops.example.com", "https://evil.example.com"
	url := startAlone(t, func(c *Config) { c.CORSOrigins = []string{ours} })
	resp, _ := send(t, "OPTIONS", url+api.PathInsert, "", "Origin", ours, "Access-Control-Request-Method", "POST")
	if resp.StatusCode != http.StatusNoContent || resp.Header.Get("Access-Control-Allow-Origin") != ours {
		t.Errorf("a preflight: %s, %v", resp.Status, resp.Header)
	}
	resp, p := send(t, "POST", url+api.PathFailover, "", "Origin", other, "Sec-Fetch-Site", "cross-site")
	if p.Code != api.CodeForbidden || resp.Header.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("another origin: %s", p.Code)
	}
}

func TestListeningBeyondLoopbackRequiresAPIToken(t *testing.T) {
	cfg := Config{Host: "0.0.0.0", Role: "primary", Workers: []string{"http://127.0.0.1:1"}, Token: "hush-hush"}
	err := Run(t.Context(), cfg, io.Discard, slog.New(slog.DiscardHandler))
	if err == nil || !strings.Contains(err.Error(), "MASTER_API_TOKEN") {
		t.Errorf("got %v", err)
	}
}

// TestAMasterOfAnotherClusterIsNoPeer: it listens at the configured address, with another token.
func TestAMasterOfAnotherClusterIsNoPeer(t *testing.T) {
	stranger := startAlone(t, func(c *Config) { c.Token = "another" })
	friend := startAlone(t, func(c *Config) { c.Role = "backup" })
	url := startAlone(t, func(c *Config) { c.Peers = []string{stranger, friend} })
	m := client.NewMaster(url)
	testcluster.Await(t, "the friend to be seen", func(ctx context.Context) (bool, string) {
		meta, err := m.Metadata(ctx)
		if err != nil {
			return false, err.Error()
		}
		if meta.Peers[0].Reachable {
			t.Fatal("a master of another cluster is a peer")
		}
		return meta.Peers[1].Reachable, fmt.Sprintf("%+v", meta.Peers)
	})
}

// TestMastersWithDifferentLeasesAreNamed: each would lead by its own rule.
func TestMastersWithDifferentLeasesAreNamed(t *testing.T) {
	other := startAlone(t, func(c *Config) {
		c.Role, c.Lease, c.LeaseFile = "backup", "sqlitefile", filepath.Join(t.TempDir(), "lease.db")
	})
	m := client.NewMaster(startAlone(t, func(c *Config) { c.Peers = []string{other} }))
	testcluster.Await(t, "health to name it", func(ctx context.Context) (bool, string) {
		h, err := m.Health(ctx)
		if err != nil {
			return false, err.Error()
		}
		return strings.Contains(strings.Join(h.Reasons, "\n"), "MASTER_LEASE=sqlitefile and this one manual"), strings.Join(h.Reasons, "\n")
	})
}
