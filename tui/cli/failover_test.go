package cli

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/google/go-cmp/cmp"

	"shardeck/shared/api"
)

// failoverServer is a backup that answers POST /failover, and records what it was sent.
func failoverServer(t *testing.T, resp *api.FailoverResponse, got *api.FailoverRequest) string {
	t.Helper()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", api.MediaJSON)
		switch r.Method + " " + r.URL.Path {
		case "GET " + api.PathMetadata:
			_ = json.MarshalWrite(w, sighting("http://b", api.RoleBackup, 3).Metadata)
		case "GET " + api.PathHealth:
			_ = json.MarshalWrite(w, &api.Health{})
		case "POST " + api.PathFailover:
			if err := json.UnmarshalRead(r.Body, got); err != nil {
				t.Error(err)
			}
			_ = json.MarshalWrite(w, resp)
		case "GET " + api.PathFailover:
			_ = json.MarshalWrite(w, &api.FailoversResponse{Failovers: []api.FailoverResponse{*resp}})
		default:
			t.Errorf("%s %s", r.Method, r.URL.Path)
		}
	}))
	t.Cleanup(srv.Close)
	return srv.URL
}

func runFailover(t *testing.T, c *Failover) (out, errOut string, code int) {
	t.Helper()
	c.Timeout = 10 * time.Second
	var o, e bytes.Buffer
	err := c.Run(t.Context(), Streams{Out: &o, Err: &e})
	Report(&e, err, c.JSON)
	return o.String(), e.String(), ExitCode(err)
}

// dryRun is a dry run with a check of each kind.
func dryRun(p *api.Problem) *api.FailoverResponse {
	return &api.FailoverResponse{Kind: api.FailoverDryRun, Primary: "http://a", Term: 3, Problem: p, Checks: []api.FailoverCheck{
		{Name: "a majority of the workers answers", OK: true, Required: true, Detail: "3 of 3; 2 are needed"},
		{Name: "the primary answers", Detail: "http://a does not answer; the workers will refuse its writes"},
		{Name: "every shard is up", Required: true, Forceable: true, OK: p == nil, Detail: "shard 2 (worker-8083) is\x1b[2J down"},
	}}
}

func TestDryRunPrintsChecks(t *testing.T) {
	var got api.FailoverRequest
	refused := api.NewProblem(api.CodeFailoverFailed, "preflight: every shard is up: shard 2 is down; nothing was changed").
		Hinted("mend that first, or send force: true to go ahead without it")
	url := failoverServer(t, dryRun(refused), &got)
	out, errOut, code := runFailover(t, &Failover{Connection: Connection{Master: []string{url}}, DryRun: true})
	if code != ExitFailed || errOut != "" || !got.DryRun || got.Force {
		t.Errorf("exit code %d, %q, sent %+v", code, errOut, got)
	}
	golden(t, "failover-refused.txt", []byte(strings.ReplaceAll(out, url, "http://b")))
	url = failoverServer(t, dryRun(nil), &got)
	out, _, code = runFailover(t, &Failover{Connection: Connection{Master: []string{url}}, DryRun: true})
	if code != ExitOK {
		t.Errorf("exit code %d for checks that pass", code)
	}
	golden(t, "failover-possible.txt", []byte(strings.ReplaceAll(out, url, "http://b")))
	out, _, _ = runFailover(t, &Failover{Connection: Connection{Master: []string{url}}, DryRun: true, JSON: true})
	var doc api.FailoverResponse
	if err := json.Unmarshal([]byte(out), &doc); err != nil || len(doc.Checks) != 3 {
		t.Errorf("%v: %s", err, out)
	}
}

func TestFailoverSendsReasonAndForce(t *testing.T) {
	var got api.FailoverRequest
	most := 1830.0
	url := failoverServer(t, &api.FailoverResponse{Kind: api.FailoverForced, Primary: "http://b", Previous: "http://a", Term: 4, TotalMS: 40,
		Unavailable: &api.Unavailability{AtLeastMS: 320, AtMostMS: &most}}, &got)
	out, errOut, code := runFailover(t, &Failover{Connection: Connection{Master: []string{url}}, Yes: true, Force: true, Reason: "a test"})
	if diff := cmp.Diff(api.FailoverRequest{Reason: "a test", Force: true}, got); diff != "" || code != ExitOK {
		t.Errorf("exit code %d, %s\n%s", code, errOut, diff)
	}
	for _, part := range []string{"http://b with term 4 (before: http://a)", "forced: the old primary did not answer", "without a primary for 320 ms to 1830 ms"} {
		if !strings.Contains(out, part) {
			t.Errorf("%q is missing:\n%s", part, out)
		}
	}
	got = api.FailoverRequest{}
	if _, _, code := runFailover(t, &Failover{Connection: Connection{Master: []string{url}}}); code != ExitUsage || got != (api.FailoverRequest{}) {
		t.Errorf("without --yes: exit code %d, sent %+v", code, got)
	}
}

func TestHistoryOfAllMasters(t *testing.T) {
	noon := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	most := 1830.0
	b := failoverServer(t, &api.FailoverResponse{Kind: api.FailoverAutomatic, At: noon, Primary: "http://b", Previous: "http://a", Term: 4, TotalMS: 40,
		Unavailable: &api.Unavailability{AtLeastMS: 320, AtMostMS: &most}}, nil)
	a := failoverServer(t, &api.FailoverResponse{Kind: api.FailoverPlanned, At: noon.Add(time.Minute), Primary: "http://a", Previous: "http://b", Term: 5, TotalMS: 31,
		Reason: "kernel\x1b[2J update", Unavailable: &api.Unavailability{AtLeastMS: 12, AtMostMS: &[]float64{12}[0]}}, nil)
	dead := deadAddress(t)
	out, errOut, code := runFailover(t, &Failover{Connection: Connection{Master: []string{b, a, dead}}, History: true})
	if code != ExitOK || !strings.Contains(errOut, dead) {
		t.Errorf("exit code %d: %s", code, errOut)
	}
	golden(t, "failover-history.txt", []byte(out))
	out, _, _ = runFailover(t, &Failover{Connection: Connection{Master: []string{b, a, dead}}, History: true, JSON: true})
	var doc []masterFailovers
	if err := json.Unmarshal([]byte(out), &doc); err != nil || len(doc) != 3 || doc[1].Failovers[0].Term != 5 || doc[2].Problem == nil {
		t.Errorf("%v: %s", err, out)
	}
	if _, _, code := runFailover(t, &Failover{Connection: Connection{Master: []string{dead}}, History: true}); code != ExitUnreachable {
		t.Errorf("exit code %d if nobody answers", code)
	}
}

func TestMastersOfDifferentClustersAreNamed(t *testing.T) {
	of := func(url, id string, term uint64) Sighting {
		s := sighting(url, api.RolePrimary, term)
		s.Metadata.Master.Cluster = id
		return s
	}
	r, err := newStatusReport([]Sighting{of("http://a", "one", 1), silent("http://c"), of("http://b", "two", 7)})
	if err != nil {
		t.Fatal(err)
	}
	const want = "the masters belong to different clusters: http://a (cluster one) and http://b (cluster two)"
	if r.Status != api.StatusDegraded || r.Primary != "http://a" || !strings.Contains(strings.Join(r.Reasons, "\n"), want) {
		t.Errorf("%s with primary %s: %v", r.Status, r.Primary, r.Reasons)
	}
	if mixed := mixedClusters([]Sighting{of("http://a", "one", 1), of("http://b", "one", 1), sighting("http://old", api.RoleBackup, 1)}); mixed != "" {
		t.Error(mixed)
	}
}

func TestStatusShowsLeaseAndReasonsOnce(t *testing.T) {
	s := sighting("http://a", api.RoleBackup, 3)
	s.Metadata.Workers[2].State, s.Metadata.Workers[2].Name = api.ShardEmptied, "w2"
	s.Metadata.Master.Lease = api.LeaseInfo{Kind: "sqlitefile", Known: true, Holder: "http://b", Term: 3, ExpiresInMS: 1210}
	s.Health = &api.Health{Status: api.StatusDegraded, Reasons: []string{"shard 2 (w2) is emptied", "the lease cannot be read, so no backup can take over"}}
	r, err := newStatusReport([]Sighting{s})
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	r.print(&b)
	for part, n := range map[string]int{
		"shard 2 (w2) is emptied": 1, "the lease cannot be read": 1, "a backup takes over by itself": 1,
		"lease sqlitefile: held by http://b with term 3, for 1210 ms unless it is renewed\n": 1,
	} {
		if got := strings.Count(b.String(), part); got != n {
			t.Errorf("%q appears %d times:\n%s", part, got, b.String())
		}
	}
	for _, l := range []api.LeaseInfo{{Kind: "manual", Known: true}, {Kind: "etcd", Holder: "http://b"}, {Kind: "etcd", Known: true, Free: true}} {
		io.WriteString(&b, leaseText(l)+"\n")
	}
	for _, part := range []string{"manual: the primary leads until", "etcd: cannot be read, so no backup can take over; last held by http://b", "etcd: free, a backup may take it; last held by -"} {
		if !strings.Contains(b.String(), part) {
			t.Errorf("%q is missing:\n%s", part, b.String())
		}
	}
}
