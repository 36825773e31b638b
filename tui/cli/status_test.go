package cli

import (
	"bytes"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"

	"shardeck/shared/api"
	"shardeck/tui/goldentest"
)

// golden compares got with testdata/name.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	goldentest.Check(t, name, string(got))
}

func sighting(url string, role api.Role, term uint64) Sighting {
	rows := []int64{3334, 3333}
	md := &api.Metadata{
		Master: api.MasterInfo{URL: url, Role: role, Term: term, MapVersion: 1, Slots: 5040, Shards: 3, Version: "0.1.0", UptimeSeconds: 192.4},
		Workers: []api.WorkerInfo{
			{Shard: 0, Name: "worker-8081", URL: "http://127.0.0.1:8081", State: api.ShardUp, Language: "go", Engine: "sqlite", EngineVersion: "3.53.2", LatencyMS: 0.4567, AgeMS: 312, Slots: 1680, Rows: rows[0]},
			{Shard: 1, Name: "worker-8082", URL: "http://127.0.0.1:8082", State: api.ShardUp, Language: "go", Engine: "sqlite", EngineVersion: "3.53.2", LatencyMS: 12.3, AgeMS: 15, Slots: 1680, Rows: rows[1]},
			{Shard: 2, URL: "http://127.0.0.1:8083", State: api.ShardUp, AgeMS: -1, Slots: 1680},
		},
		Databases: []api.DatabaseInfo{{Name: "SchoolDB", Tables: []api.TableInfo{
			{Name: "Students", Definition: api.TableDef{ShardKey: "student_id"}, Rows: 6667, RowsPerShard: []*int64{&rows[0], &rows[1], nil}, Skew: 1.0002},
			{Name: "Log", Rows: 0, RowsPerShard: []*int64{nil, nil, nil}},
		}}},
	}
	return Sighting{Endpoint: Endpoint{URL: url}, Metadata: md}
}

func silent(url string) Sighting {
	return Sighting{Endpoint: Endpoint{URL: url}, Err: api.NewProblem(api.CodeShardUnavailable, "the master at %s cannot be reached: refused", url)}
}

func TestStatusMatchesGoldenFiles(t *testing.T) {
	worse := sighting("http://b", api.RoleBackup, 3)
	worse.Metadata.Workers[2].State = api.ShardDown
	worse.Metadata.Workers[2].Problem = api.NewProblem(api.CodeShardUnavailable, "connection refused")
	worse.Metadata.Drift = []api.Drift{{DB: "SchoolDB", Kind: "missing_table", Detail: "SchoolDB.Log is not on shard 2"}}
	worse.Metadata.Databases = nil
	stale := sighting("http://a", api.RolePrimary, 3)
	stale.Metadata.Workers[1].State, stale.Metadata.Workers[1].AgeMS = api.ShardDown, 192_000
	stale.Metadata.Workers[1].Problem = api.NewProblem(api.CodeShardUnavailable, "connection refused")
	stale.Metadata.Workers[0].State, stale.Metadata.Workers[0].AgeMS = api.ShardSlow, 7294
	stale.Metadata.Workers[0].Problem = api.NewProblem(api.CodeShardTimeout, "did not answer in time")
	for name, seen := range map[string][]Sighting{
		"status-stale.txt":    {stale},
		"status-ok.txt":       {sighting("http://a", api.RolePrimary, 3), sighting("http://b", api.RoleBackup, 3)},
		"status-degraded.txt": {silent("http://a"), worse},
	} {
		r, err := newStatusReport(seen)
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		r.print(&b)
		golden(t, name, b.Bytes())
	}
}

func TestStatusOfSightings(t *testing.T) {
	shardsDown := func(n int) Sighting {
		s := sighting("http://a", api.RolePrimary, 1)
		for i := range n {
			s.Metadata.Workers[i].State = api.ShardDown
		}
		return s
	}
	for name, c := range map[string]struct {
		seen    []Sighting
		want    api.Status
		primary string
	}{
		"all well":                   {[]Sighting{shardsDown(0)}, api.StatusOK, "http://a"},
		"one shard down":             {[]Sighting{shardsDown(1)}, api.StatusDegraded, "http://a"},
		"all shards down":            {[]Sighting{shardsDown(3)}, api.StatusDown, "http://a"},
		"a master silent":            {[]Sighting{shardsDown(0), silent("http://b")}, api.StatusDegraded, "http://a"},
		"only a backup":              {[]Sighting{sighting("http://b", api.RoleBackup, 2)}, api.StatusDegraded, ""},
		"the newer of two primaries": {[]Sighting{sighting("http://a", api.RolePrimary, 1), sighting("http://b", api.RolePrimary, 2)}, api.StatusOK, "http://b"},
		"a replaced primary":         {[]Sighting{sighting("http://a", api.RolePrimary, 1), sighting("http://b", api.RoleBackup, 2)}, api.StatusDegraded, ""},
		"the primary of one term":    {[]Sighting{sighting("http://a", api.RoleBackup, 2), sighting("http://b", api.RolePrimary, 2)}, api.StatusOK, "http://b"},
	} {
		r, err := newStatusReport(c.seen)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if r.Status != c.want || r.Primary != c.primary {
			t.Errorf("%s: %s with primary %q, want %s with %q (%v)", name, r.Status, r.Primary, c.want, c.primary, r.Reasons)
		}
	}
	if _, err := newStatusReport([]Sighting{silent("http://a")}); ExitCode(err) != ExitUnreachable {
		t.Errorf("nobody answers: %v", err)
	}
	locked := Sighting{Endpoint: Endpoint{URL: "http://a"}, Err: &api.Problem{Code: api.CodeUnauthorized, RequestID: "r"}}
	if _, err := newStatusReport([]Sighting{locked}); ExitCode(err) != ExitRefused {
		t.Errorf("the token is refused: %v", err)
	}
}

func TestBackupAskedAloneDoesNotSuggestFailover(t *testing.T) {
	backup := func(reached bool) Sighting {
		s := sighting("http://b", api.RoleBackup, 2)
		s.Metadata.Master.Primary = "http://a"
		s.Metadata.Peers = []api.PeerInfo{{URL: "http://a", Reachable: reached, Role: api.RolePrimary, Term: 2}}
		return s
	}
	for name, c := range map[string]struct {
		seen            []Sighting
		want            api.Status
		unasked, advise bool
	}{
		"the backup reaches the primary": {[]Sighting{backup(true)}, api.StatusOK, true, false},
		"the backup does not reach it":   {[]Sighting{backup(false)}, api.StatusDegraded, true, false},
		"the primary does not answer":    {[]Sighting{silent("http://a"), backup(false)}, api.StatusDegraded, false, true},
		"the one asked is demoted":       {[]Sighting{sighting("http://a", api.RoleBackup, 2), backup(true)}, api.StatusDegraded, false, true},
	} {
		r, err := newStatusReport(c.seen)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var b bytes.Buffer
		r.print(&b)
		if r.Status != c.want || r.PrimaryUnasked != c.unasked || strings.Contains(b.String(), "failover") != c.advise {
			t.Errorf("%s: %s, not asked %v:\n%s", name, r.Status, r.PrimaryUnasked, b.String())
		}
		if c.unasked && !strings.Contains(b.String(), "primary http://a (according to the backup; not asked)") {
			t.Errorf("%s: the primary is not named:\n%s", name, b.String())
		}
	}
}

func TestStatusAdvises(t *testing.T) {
	const failover, token = "failover --yes", "same MASTER_TOKEN"
	with := func(role api.Role, states ...api.ShardState) Sighting {
		s := sighting("http://a", role, 1)
		for i, st := range states {
			s.Metadata.Workers[i].State = st
		}
		return s
	}
	alone := sighting("http://a", api.RolePrimary, 1)
	alone.Metadata.Master.Shards, alone.Metadata.Workers = 1, alone.Metadata.Workers[:1]
	unknown := with(api.RolePrimary, api.ShardDown, api.ShardDown, api.ShardDown)
	unknown.Metadata.Databases = nil
	empty := with(api.RolePrimary)
	empty.Metadata.Databases = nil
	untabled := with(api.RolePrimary)
	untabled.Metadata.Databases = []api.DatabaseInfo{{Name: "ShopDB"}}
	joined := with(api.RoleBackup)
	joined.Metadata.Master.Primary = "http://c"
	joined.Metadata.Peers = []api.PeerInfo{{URL: "http://b", Reachable: true, Role: api.RoleBackup}}
	for name, c := range map[string]struct {
		seen   Sighting
		has    []string
		hasNot []string
	}{
		"a backup alone":                   {with(api.RoleBackup), []string{failover}, []string{token}},
		"a backup without workers":         {with(api.RoleBackup, api.ShardDown, api.ShardDown), []string{"majority"}, []string{failover, token}},
		"another token":                    {with(api.RoleBackup, api.ShardUnauthorized, api.ShardUnauthorized, api.ShardUnauthorized), []string{token}, []string{failover}},
		"another token at one worker":      {with(api.RolePrimary, api.ShardUnauthorized), []string{token}, []string{failover}},
		"a primary that is not a peer":     {joined, []string{"http://c is the primary according to the backup", "among its peers", "not checked it"}, []string{"cannot reach"}},
		"one shard":                        {alone, []string{"5040 slots on 1 shard\n"}, nil},
		"a database without tables":        {untabled, []string{"tables\n  none yet; create some with query", "databases without tables: ShopDB\n"}, []string{"POST"}},
		"no shard is up":                   {unknown, []string{"tables\n  unknown"}, []string{"none yet"}},
		"no tables although shards are up": {empty, []string{"tables\n  none yet", "CREATE TABLE"}, nil},
	} {
		r, err := newStatusReport([]Sighting{c.seen})
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		r.print(&b)
		for _, want := range c.has {
			if n := strings.Count(b.String(), want); n != 1 {
				t.Errorf("%s: %q appears %d times:\n%s", name, want, n, b.String())
			}
		}
		for _, not := range c.hasNot {
			if strings.Contains(b.String(), not) {
				t.Errorf("%s: %q appears:\n%s", name, not, b.String())
			}
		}
	}
}

func TestFailoverPicksBackupWithNewestTerm(t *testing.T) {
	a, b, c := sighting("http://a", api.RolePrimary, 3), sighting("http://b", api.RoleBackup, 2), sighting("http://c", api.RoleBackup, 3)
	got, err := pickBackup([]Sighting{silent("http://x"), a, b, c})
	if err != nil || got.Endpoint.URL != "http://c" {
		t.Errorf("picked %v, %v", got, err)
	}
	if _, err := pickBackup([]Sighting{a, silent("http://b")}); ExitCode(err) != ExitRefused || api.CodeOf(err) != api.CodeFailoverFailed {
		t.Errorf("no backup: %v", err)
	}
	if _, err := pickBackup([]Sighting{silent("http://b")}); ExitCode(err) != ExitUnreachable {
		t.Errorf("nobody: %v", err)
	}
}

func TestAnswersMatchGoldenFiles(t *testing.T) {
	var b bytes.Buffer
	PrintCount(&b, "", &api.MapReduceCountResponse{
		Total:        10,
		Shards:       []api.ShardResult{{Shard: 0, Worker: "worker-8081", Rows: 4, MS: 0.5}, {Shard: 2, Worker: "worker-8083", Rows: 6, MS: 11234.5}},
		GroupColumns: []api.Column{{Name: "major"}, {Name: "active"}},
		Groups: []api.CountGroup{
			{Key: jsontext.Value(`[null,true]`), Count: 9, Shards: []int64{4, 0, 5}},
			{Key: jsontext.Value(`["Fine \"Art\"",false]`), Count: 1, Shards: []int64{0, 0, 1}},
		},
		Partial: []api.Problem{*api.NewProblem(api.CodeShardTimeout, "late").On(1, "worker-8082")},
		MapMS:   11234.5, ReduceMS: 0.01,
	})
	golden(t, "count.txt", b.Bytes())

	b.Reset()
	PrintSecurity(&b, "", &api.SecurityCheckResponse{
		Workers: []api.SecurityWorker{{Shard: 0, Worker: "worker-8081", Proven: true, Passed: 2, Total: 3}, {Shard: 1, Worker: "worker-8082", Total: 1, Problem: api.NewProblem(api.CodeShardUnavailable, "refused")}},
		Probes: []api.SecurityProbe{
			{Shard: 0, Worker: "worker-8081", Endpoint: api.Endpoint{Method: "POST", Path: "/exec"}, Credential: api.CredentialNone, Expected: "401", Status: 401, OK: true, MS: 1},
			{Shard: 0, Worker: "worker-8081", Endpoint: api.Endpoint{Method: "GET", Path: "/stats"}, Credential: api.CredentialWrong, Expected: "401", Status: 200, MS: 1, Detail: "it was let in"},
			{Shard: 0, Worker: "worker-8081", Endpoint: api.Endpoint{Method: "GET", Path: "/stats"}, Credential: api.CredentialRight, Expected: "let in", Status: 200, OK: true, MS: 1},
			{Shard: 1, Worker: "worker-8082", Endpoint: api.Endpoint{Method: "POST", Path: "/exec"}, Credential: api.CredentialNone, Expected: "401", MS: 1, Detail: "refused"},
		},
	}, false)
	golden(t, "security.txt", b.Bytes())

	b.Reset()
	PrintSecurity(&b, "", &api.SecurityCheckResponse{
		Workers: []api.SecurityWorker{{Shard: 0, Worker: "worker-8081", Proven: true, OK: true, Passed: 1, Total: 1}, {Shard: 1, Worker: "worker-8082", Total: 2, Problem: api.NewProblem(api.CodeShardUnavailable, "refused")}},
		Probes: []api.SecurityProbe{
			{Shard: 0, Worker: "worker-8081", Endpoint: api.Endpoint{Method: "POST", Path: "/exec"}, Credential: api.CredentialNone, Expected: "401", Status: 401, OK: true, MS: 1},
			{Shard: 1, Worker: "worker-8082", Endpoint: api.Endpoint{Method: "POST", Path: "/exec"}, Credential: api.CredentialNone, Expected: "401", MS: 1, Detail: "refused"},
			{Shard: 1, Worker: "worker-8082", Endpoint: api.Endpoint{Method: "POST", Path: "/exec"}, Credential: api.CredentialEmpty, Expected: "401", Detail: "not tried"},
		},
	}, false)
	golden(t, "security-unreachable.txt", b.Bytes())

	b.Reset()
	PrintSecurity(&b, "", &api.SecurityCheckResponse{
		Workers: []api.SecurityWorker{{Shard: 0, Worker: "worker-8081", Proven: true, OK: true, Passed: 1, Total: 1}, {Shard: 1, Worker: "worker-8082", Total: 1, Problem: api.NewProblem(api.CodeWorkerUnproven, "another secret")}},
		Probes: []api.SecurityProbe{
			{Shard: 0, Worker: "worker-8081", Endpoint: api.Endpoint{Method: "POST", Path: "/exec"}, Credential: api.CredentialNone, Expected: "401", Status: 401, OK: true, MS: 1},
			{Shard: 1, Worker: "worker-8082", Endpoint: api.Endpoint{Method: "POST", Path: "/exec"}, Credential: api.CredentialNone, Expected: "401", MS: 1, Detail: "another secret"},
		},
	}, false)
	golden(t, "security-unproven.txt", b.Bytes())

	b.Reset()
	PrintFailover(&b, "", &api.FailoverResponse{
		Primary: "http://b", Previous: "http://a", Term: 2, TotalMS: 31.5,
		Steps: []api.FailoverStep{
			{Name: "preflight", Target: "3 workers", OK: true, Detail: "all reachable", MS: 4},
			{Name: "step-down", Target: "http://a", Detail: "does not answer", AtMS: 30, MS: 1.5},
		},
	})
	golden(t, "failover.txt", b.Bytes())
}
