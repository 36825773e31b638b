package service

import (
	"log/slog"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"shardeck/master/health"
	"shardeck/master/plan"
	"shardeck/master/scatter"
	"shardeck/shared/api"
)

func TestInvalidConfig(t *testing.T) {
	good := Config{Role: "primary", Token: "hush-hush", Workers: []string{"http://a:1", "http://b:2/"}, Port: 8080}
	for name, change := range map[string]func(*Config){
		"no token":                       func(c *Config) { c.Token = "" },
		"no workers":                     func(c *Config) { c.Workers = nil },
		"a duplicate worker":             func(c *Config) { c.Workers = []string{"http://a:1", "http://a:1/"} },
		"a worker that is not a URL":     func(c *Config) { c.Workers = []string{"a:1"} },
		"a worker with a password":       func(c *Config) { c.Workers = []string{"http://u:p@a:1"} },
		"an unknown role":                func(c *Config) { c.Role = "leader" },
		"too many workers":               func(c *Config) { c.Workers = slices.Repeat([]string{"http://a:1"}, 65) },
		"an advertised URL with a query": func(c *Config) { c.Advertise = "http://a?x" },
		"a missing token file":           func(c *Config) { c.Token, c.TokenFile = "", "/nonexistent/token" },
	} {
		t.Run(name, func(t *testing.T) {
			c := good
			change(&c)
			if _, err := c.check(); err == nil {
				t.Error("it was accepted")
			} else if strings.Contains(err.Error(), "hush-hush") || strings.Contains(err.Error(), "u:p") {
				t.Errorf("the error contains a secret: %v", err)
			}
		})
	}
	s, err := good.check()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"http://a:1", "http://b:2"}, s.Workers); diff != "" {
		t.Error(diff)
	}
}

func TestPeersDefaultToTheOtherWellKnownPort(t *testing.T) {
	for port, want := range map[int][]string{
		8080: {"http://127.0.0.1:8084"}, 8084: {"http://127.0.0.1:8080"}, 9000: nil,
	} {
		c := Config{Port: port}
		if diff := cmp.Diff(want, c.defaultPeers()); diff != "" {
			t.Error(diff)
		}
	}
	none := Config{Port: 8080, Peers: []string{"none"}}
	if got := none.defaultPeers(); got != nil {
		t.Errorf("none means %v", got)
	}
}

func TestHubSendsRecentThenNewEvents(t *testing.T) {
	h := newHub()
	for range keptEvents + 10 {
		h.publish(api.EventShard, api.LevelInfo, nil, "x")
	}
	events, more := h.since(0)
	if len(events) != keptEvents || events[0].Seq != 11 || events[keptEvents-1].Seq != keptEvents+10 {
		t.Fatalf("%d events from %d", len(events), events[0].Seq)
	}
	select {
	case <-more:
		t.Fatal("there is nothing more yet")
	default:
	}
	h.publish(api.EventDDL, api.LevelGood, nil, "new")
	<-more
	events, _ = h.since(events[len(events)-1].Seq)
	if len(events) != 1 || events[0].Text != "new" {
		t.Errorf("got %+v", events)
	}
	if events, _ = h.since(1 << 40); len(events) != keptEvents {
		t.Errorf("a number from before a restart gets %d events", len(events))
	}
}

func TestDriftIsReportedOnceItPersists(t *testing.T) {
	var d driftWatch
	h := newHub()
	whole := &api.WorkerStats{Databases: []api.DatabaseStats{{Name: "S"}}}
	now := time.Unix(0, 0)
	for _, step := range []struct {
		after time.Duration
		stats []*api.WorkerStats
		want  int // events so far
	}{
		{0, []*api.WorkerStats{whole, {}}, 0},
		{time.Second, []*api.WorkerStats{whole, whole}, 0}, // a create-db in progress
		{time.Second, []*api.WorkerStats{whole, {}}, 0},
		{driftSettle, []*api.WorkerStats{whole, {}}, 1},
		{time.Second, []*api.WorkerStats{whole, {}}, 1},
		{time.Second, []*api.WorkerStats{whole, whole}, 2},
	} {
		now = now.Add(step.after)
		d.update(now, true, step.stats, nil, h)
		if events, _ := h.since(0); len(events) != step.want {
			t.Fatalf("at %s: %d events, want %d", now.UTC(), len(events), step.want)
		}
	}
}

// TestDriftIsReportedWhileRowsAreWritten: its text counts the rows that remain, which must not make
// it new with every row.
func TestDriftIsReportedWhileRowsAreWritten(t *testing.T) {
	var d driftWatch
	h := newHub()
	now := time.Unix(0, 0)
	for rows := range int64(5) {
		whole := &api.WorkerStats{Databases: []api.DatabaseStats{{Name: "S", Tables: []api.TableStats{{Definition: api.TableDef{Name: "T"}, Rows: rows}}}}}
		d.update(now, true, []*api.WorkerStats{whole, {}}, nil, h)
		now = now.Add(driftSettle / 3)
	}
	reported := d.reported()
	if len(reported) != 1 || !strings.Contains(reported[0], "4 rows") {
		t.Errorf("reported %q, want the drift with the 4 rows there are now", reported)
	}
	if events, _ := h.since(0); len(events) != 1 {
		t.Errorf("%d events, want 1", len(events))
	}
}

func TestWriteProblems(t *testing.T) {
	cause := func(code api.Code, shard int) api.Problem { return *api.NewProblem(code, "x").On(shard, "w") }
	applied := []api.ShardResult{{Shard: 9}}
	for name, tt := range map[string]struct {
		causes  []api.Problem
		applied []api.ShardResult
		want    api.Code
		nested  int
	}{
		"a client error of one shard":                       {[]api.Problem{cause(api.CodeDuplicateKey, 1)}, nil, api.CodeDuplicateKey, 0},
		"the same client error of two shards":               {[]api.Problem{cause(api.CodeDuplicateKey, 0), cause(api.CodeDuplicateKey, 1)}, nil, api.CodeDuplicateKey, 2},
		"a client error takes precedence over a lost shard": {[]api.Problem{cause(api.CodeShardUnavailable, 0), cause(api.CodeValueTooLong, 1)}, nil, api.CodeValueTooLong, 2},
		"applied on some shards is partial":                 {[]api.Problem{cause(api.CodeShardUnavailable, 1)}, applied, api.CodePartialFailure, 1},
		"an unknown outcome alone":                          {[]api.Problem{cause(api.CodeOutcomeUnknown, 1)}, nil, api.CodeOutcomeUnknown, 0},
		"an unknown outcome takes precedence over an error": {[]api.Problem{cause(api.CodeDuplicateKey, 0), cause(api.CodeOutcomeUnknown, 1)}, nil, api.CodeOutcomeUnknown, 2},
		"an unknown outcome takes precedence over partial":  {[]api.Problem{cause(api.CodeOutcomeUnknown, 1)}, applied, api.CodeOutcomeUnknown, 1},
		"a stale plan is reported if nothing was applied":   {[]api.Problem{cause(api.CodeDuplicateKey, 0), cause(api.CodeStaleSchema, 1)}, nil, api.CodeStaleSchema, 2},
		"a stale plan is partial if something was applied":  {[]api.Problem{cause(api.CodeStaleSchema, 1)}, applied, api.CodePartialFailure, 1},
	} {
		t.Run(name, func(t *testing.T) {
			p := writeProblem(tt.causes, tt.applied)
			if p.Code != tt.want || len(p.Causes) != tt.nested || len(p.Applied) != len(tt.applied) {
				t.Errorf("got %s with %d causes, %d applied", p.Code, len(p.Causes), len(p.Applied))
			}
		})
	}
}

func TestRowOutcomes(t *testing.T) {
	p := &plan.Plan{Op: plan.OpInsert, Fragments: []plan.Fragment{
		{Shard: 0, RowIndex: []int{0, 3}}, {Shard: 1, RowIndex: []int{1}}, {Shard: 2, RowIndex: []int{2, 4}},
	}}
	failed := func(shard int, code api.Code) scatter.ExecResult {
		return scatter.ExecResult{Shard: shard, Worker: "w", Problem: api.NewProblem(code, "x").On(shard, "w")}
	}
	done := func(shard int) scatter.ExecResult {
		return scatter.ExecResult{Shard: shard, Worker: "w", Response: &api.ExecResponse{RowsAffected: []int64{1}}}
	}
	for name, tt := range map[string]struct {
		results []scatter.ExecResult
		keyed   bool
		detail  string
		hint    string // a part of it
	}{
		"inserted and failed": {[]scatter.ExecResult{done(0), failed(1, api.CodeDuplicateKey), done(2)}, false,
			"2 of 3 shards succeeded (0, 2), 1 failed (1): rows 0, 2-4 were inserted, row 1 was not inserted", "only the others"},
		"inserted, failed and unknown": {[]scatter.ExecResult{done(0), failed(1, api.CodeDuplicateKey), failed(2, api.CodeOutcomeUnknown)}, false,
			"1 of 3 shards succeeded (0), 1 failed (1), the outcome of 1 is unknown (2): rows 0, 3 were inserted, row 1 was not inserted, the outcome of rows 2, 4 is unknown", "read the unknown"},
		"with a key": {[]scatter.ExecResult{done(0), failed(1, api.CodeShardUnavailable), done(2)}, true,
			"2 of 3 shards succeeded (0, 2), 1 failed (1): rows 0, 2-4 were inserted, row 1 was not inserted", "same Idempotency-Key"},
		"with a key, and a failure that would repeat": {[]scatter.ExecResult{done(0), failed(1, api.CodeDuplicateKey), done(2)}, true,
			"2 of 3 shards succeeded (0, 2), 1 failed (1): rows 0, 2-4 were inserted, row 1 was not inserted", "send only those"},
		"with a key, and a failure that may pass": {[]scatter.ExecResult{done(0), failed(1, api.CodeStaleSchema), done(2)}, true,
			"2 of 3 shards succeeded (0, 2), 1 failed (1): rows 0, 2-4 were inserted, row 1 was not inserted", "send the whole request again with the same Idempotency-Key"},
		"only the key's home was sent anything": {[]scatter.ExecResult{failed(2, api.CodeOutcomeUnknown)}, true,
			"x: rows 0-1, 3 were not inserted, the outcome of rows 2, 4 is unknown", "same Idempotency-Key"},
		"none inserted": {[]scatter.ExecResult{failed(0, api.CodeDuplicateKey), failed(1, api.CodeDuplicateKey), failed(2, api.CodeDuplicateKey)}, false, "x", ""},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := summarize(p, tt.results, outcome{keyed: tt.keyed})
			got := api.AsProblem(err)
			if got.Detail != tt.detail || !strings.Contains(got.Hint, tt.hint) {
				t.Errorf("got %q, next %q\nwant %q, next ... %q", got.Detail, got.Hint, tt.detail, tt.hint)
			}
			if r := got.Rows; r == nil || r.Inserted.Count+r.NotInserted.Count+r.Unknown.Count != 5 {
				t.Errorf("rows %+v", r)
			}
		})
	}
	p.Op = plan.OpDelete
	_, err := summarize(p, []scatter.ExecResult{done(0), failed(1, api.CodeOutcomeUnknown)}, outcome{})
	if got := api.AsProblem(err); got.Rows != nil || got.Detail != "1 of 2 shards succeeded (0), the outcome of 1 is unknown (1)" || len(got.Applied) != 1 {
		t.Errorf("a delete: %q with rows %+v", got.Detail, got.Rows)
	}
}

func TestWorkerRowNumbersAreMappedToTheRequest(t *testing.T) {
	f := &plan.Fragment{RowIndex: []int{2, 7}}
	one := 1
	p := api.NewProblem(api.CodeValueTooLong, "x").At("statements[0].rows[1][3]")
	p.Row, p.Column = &one, "name"
	got := inRequest(p, f, func(int) string { return "rows[7]" })
	if *got.Row != 7 || got.Field != "rows[7].name" {
		t.Errorf("row %d at %s", *got.Row, got.Field)
	}
	far := 5
	p.Row = &far
	if got := inRequest(p, f, func(int) string { return "" }); got.Row != nil || got.Field != "" {
		t.Errorf("a row that was not sent became %v at %q", *got.Row, got.Field)
	}
}

func TestIdempotencyKeys(t *testing.T) {
	read := func(path, body string, keys ...string) (*api.Idempotency, error) {
		r := httptest.NewRequest("POST", path, strings.NewReader(body))
		r.Header.Set("Content-Type", api.MediaJSON)
		for _, k := range keys {
			r.Header.Add(api.HeaderIdempotencyKey, k)
		}
		return readWrite(httptest.NewRecorder(), r, &api.DropDBRequest{})
	}
	body := `{"db_name":"S"}`
	none, err := read("/insert", body)
	if none != nil || err != nil {
		t.Errorf("without a key: %v, %v", none, err)
	}
	a, err := read("/insert", body, "k")
	if err != nil || a.Key != "k" || len(a.Hash) != 64 {
		t.Fatalf("%+v, %v", a, err)
	}
	if again, _ := read("/insert", body, "k"); again == nil || again.Hash != a.Hash {
		t.Error("the same request has another hash")
	}
	for name, other := range map[string][2]string{"path": {"/update", body}, "body": {"/insert", body + " "}} {
		if o, err := read(other[0], other[1], "k"); err != nil || o.Hash == a.Hash {
			t.Errorf("another %s has the same hash (%v)", name, err)
		}
	}
	for name, keys := range map[string][]string{
		"empty": {""}, "two": {"a", "b"}, "too long": {strings.Repeat("k", 256)}, "not ASCII": {"é"}, "a control character": {"a\tb"},
	} {
		if _, err := read("/insert", body, keys...); api.CodeOf(err) != api.CodeInvalidField {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestBadShardIsLoggedAsAWarningWithAHint(t *testing.T) {
	for state, want := range map[api.ShardState][]string{
		api.ShardUnauthorized: {"level=WARN", "is MASTER_TOKEN the same", "http://w:1", "refused"},
		api.ShardDown:         {"level=WARN", "refused", "look at its log"},
		api.ShardUp:           {"level=INFO", "state=up"},
	} {
		after := health.Shard{URL: "http://w:1", State: state}
		if state != api.ShardUp {
			after.Problem = api.NewProblem(api.CodeShardUnavailable, "refused").Hinted("look at its log")
		}
		var log strings.Builder
		logShard(slog.New(slog.NewTextHandler(&log, nil)), health.Shard{State: api.ShardUnknown}, after)
		for _, part := range want {
			if !strings.Contains(log.String(), part) {
				t.Errorf("%s: the log lacks %q: %s", state, part, log.String())
			}
		}
	}
}

func TestJudgeSecurityProbes(t *testing.T) {
	post := api.Endpoint{Method: "POST", Path: "/exec"}
	for _, tt := range []struct {
		cred   api.Credential
		status int
		want   bool
	}{
		{api.CredentialNone, 401, true}, {api.CredentialNone, 200, false}, {api.CredentialNone, 400, false},
		{api.CredentialWrong, 403, false}, {api.CredentialNearMiss, 401, true}, {api.CredentialEmpty, 500, false},
		{api.CredentialRight, 200, true}, {api.CredentialRight, 400, true}, {api.CredentialRight, 401, false},
		{api.CredentialRight, 403, false}, {api.CredentialRight, 404, false}, {api.CredentialRight, 502, false},
	} {
		if ok, detail := judge(post, tt.cred, tt.status); ok != tt.want || ok != (detail == "") {
			t.Errorf("%s %d: %t %q", tt.cred, tt.status, ok, detail)
		}
	}
	for token, want := range map[string]int{"secret": 9, "secrex": 9, "1234": 8, "x": 8} {
		list, seen := credentials(token), map[string]bool{}
		for _, c := range list {
			sent := c.header.Get(api.HeaderToken) + c.header.Get("Authorization")
			if c.header != nil {
				if seen[sent] {
					t.Errorf("%q is tried twice", sent)
				}
				seen[sent] = true
			}
			if (sent == token) != (c.name == api.CredentialRight) {
				t.Errorf("%s of %s is %q", c.name, token, sent)
			}
		}
		if len(list) != want {
			t.Errorf("%s: %d credentials, want %d", token, len(list), want)
		}
	}
}

func TestSecurityVerdict(t *testing.T) {
	ok, failed, silent := api.SecurityProbe{Status: 401, OK: true}, api.SecurityProbe{Status: 200}, api.SecurityProbe{}
	for name, tt := range map[string]struct {
		last    api.SecurityProbe
		passed  int
		problem api.Code
		level   api.Level
		text    string
	}{
		"all passed":       {ok, 2, "", api.LevelGood, "security check: 2 of 2 probes passed"},
		"one failed":       {failed, 1, "", api.LevelError, "security check: 1 of 2 probes passed"},
		"a worker is down": {silent, 1, api.CodeShardUnavailable, api.LevelWarn, "security check: 1 of 2 probes passed, 1 got no response"},
		"an impostor": {silent, 1, api.CodeWorkerUnproven, api.LevelError,
			"security check: 1 of 2 probes passed, 1 got no response, not proven to be the worker: w"},
	} {
		t.Run(name, func(t *testing.T) {
			w := api.SecurityWorker{Worker: "w", Passed: tt.passed, Total: 2}
			if tt.problem != "" {
				w.Problem = api.NewProblem(tt.problem, "x")
			}
			level, text := securityVerdict(&api.SecurityCheckResponse{Probes: []api.SecurityProbe{ok, tt.last}, Workers: []api.SecurityWorker{w}})
			if level != tt.level || text != tt.text {
				t.Errorf("got %s %q, want %s %q", level, text, tt.level, tt.text)
			}
		})
	}
}

// Of several reasons why a worker does not respond, that it is not proven is the worst.
func TestUnprovenIsTheWorstProblemOfAProbe(t *testing.T) {
	late, unproven := api.NewProblem(api.CodeShardTimeout, "late"), api.NewProblem(api.CodeWorkerUnproven, "x")
	for _, c := range []struct {
		problems []*api.Problem
		want     *api.Problem
	}{{nil, nil}, {[]*api.Problem{nil, late}, late}, {[]*api.Problem{late, nil, unproven, late}, unproven}} {
		if got := (&workerProbes{problems: c.problems}).problem(); got != c.want {
			t.Errorf("got %v, want %v", got, c.want)
		}
	}
}
