package screen

import (
	"errors"
	"fmt"
	"strconv"
	"time"
	"unicode/utf8"

	"shardeck/shared/api"
	"shardeck/tui/cluster"
	"shardeck/tui/keymap"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

const (
	primaryURL = "http://127.0.0.1:8080"
	backupURL  = "http://127.0.0.1:8084"
)

func rows(n ...int64) []*int64 {
	out := make([]*int64, len(n))
	for i := range n {
		if n[i] >= 0 {
			out[i] = &n[i]
		}
	}
	return out
}

// metadata returns the primary's metadata of a healthy cluster of n shards.
func metadata(n int) *api.Metadata {
	m := &api.Metadata{
		Master: api.MasterInfo{URL: primaryURL, Role: api.RolePrimary, Term: 3, Primary: primaryURL, MapVersion: 1,
			Slots: 5040, Shards: n, Version: "1.0.0", UptimeSeconds: 754, PID: 4711},
		Peers: []api.PeerInfo{{URL: backupURL, Reachable: true, Role: api.RoleBackup, Term: 3, LatencyMS: 0.4}},
	}
	languages := []string{"go", "python", "node"}
	engines := []string{"sqlite", "sqlserver", "sqlite"}
	table := api.TableInfo{Name: "Students", Definition: api.TableDef{ShardKey: "student_id"}}
	for i := range n {
		r := int64(3334 + 12*(i%3) - i)
		table.RowsPerShard = append(table.RowsPerShard, &r)
		table.Rows += r
		m.Workers = append(m.Workers, api.WorkerInfo{
			Shard: i, URL: fmt.Sprintf("http://127.0.0.1:%d", 8081+i), Name: fmt.Sprintf("worker-%d", 8081+i), State: api.ShardUp,
			Language: languages[i%3], Engine: engines[i%3], EngineVersion: "3.51.0", Version: "1.0.0", UptimeSeconds: 750,
			LatencyMS: 0.4 + float64(i)/10, AgeMS: 300, Slots: 5040 / n, Databases: 1, Tables: 2, Rows: r, SizeBytes: 1_400_000,
			Traffic: api.Traffic{RequestsPerSecond: 13.7 + float64(i), P50MS: 0.8, P99MS: 4.2},
		})
	}
	if n > 0 {
		table.Skew = 1.01
		m.Databases = []api.DatabaseInfo{{Name: "SchoolDB", Tables: []api.TableInfo{table}}}
	}
	return m
}

// counters is what the primary has counted after i seconds: some requests a second to each shard.
func counters(m *api.Metadata, i int) *api.TrafficReport {
	n := uint64(i*13 + (i*i)%7)
	of := func(n uint64) api.Counters {
		return api.Counters{Requests: n, Latency: []api.LatencyCount{{UpToMS: 0.8, Requests: n / 2}, {UpToMS: 4.2, Requests: n - n/2}}}
	}
	r := &api.TrafficReport{Master: primaryURL, StartedAt: noon.Add(-time.Hour), Clients: of(n * uint64(max(len(m.Workers), 1)))}
	for k := range m.Workers {
		r.Shards = append(r.Shards, of(n+uint64(i*k)))
	}
	key := api.RouteKey{Key: strconv.Itoa(10_000 + i), Hash: uint32(i * 77_777), Slot: i * 77_777 % 5040, Shard: i * 77_777 % 5040 % max(len(m.Workers), 1)}
	if i%4 == 3 || len(m.Workers) == 0 {
		all := make([]int, len(m.Workers))
		for k := range all {
			all[k] = k
		}
		r.Recent = []api.RecentRequest{{Seq: uint64(i + 1), At: noon.Add(time.Duration(i-60) * time.Second), Op: "count", DB: "SchoolDB", Table: "Students", Shards: all, MS: 3.25}}
		return r
	}
	r.Recent = []api.RecentRequest{{Seq: uint64(i + 1), At: noon.Add(time.Duration(i-60) * time.Second), Op: []string{"select", "update", "insert"}[i%3],
		DB: "SchoolDB", Table: "Students", Key: &key, Shards: []int{key.Shard}, MS: 0.75}}
	return r
}

// observed returns the state after a minute of polls that returned m.
func observed(m *api.Metadata) cluster.State {
	s := cluster.New([]string{primaryURL, backupURL}, noon.Add(-time.Minute))
	for i := range 60 {
		each := *m
		each.Workers = append([]api.WorkerInfo(nil), m.Workers...)
		for k := range each.Workers {
			if i < 59 {
				each.Workers[k].State = api.ShardUp
				each.Workers[k].LatencyMS = 0.5 + float64((i*7+k*3)%11)/4
				each.Workers[k].Traffic.RequestsPerSecond = 10 + float64((i*5+k)%9)
			}
		}
		s, _ = s.Apply(cluster.Observation{At: noon.Add(time.Duration(i-60) * time.Second), Master: primaryURL, Took: 3 * time.Millisecond, Metadata: &each})
		s = s.ApplyTraffic(cluster.TrafficObservation{At: noon.Add(time.Duration(i-60) * time.Second), Master: primaryURL, Report: counters(m, i)})
	}
	return s
}

func count(m *api.Metadata) Count {
	c := Count{DB: "SchoolDB", Table: "Students", At: noon.Add(-12 * time.Second), Answer: &api.MapReduceCountResponse{MapMS: 4.1, ReduceMS: 0.02}}
	for i := range m.Workers {
		w := &m.Workers[i]
		c.Answer.Total += w.Rows
		c.Answer.Shards = append(c.Answer.Shards, api.ShardResult{Shard: i, Worker: w.Name, Rows: w.Rows, MS: 3.2 + float64(i)/2})
	}
	return c
}

func viewOf(m *api.Metadata) *View {
	return &View{
		Now: noon.Add(-500 * time.Millisecond), State: observed(m), DB: "SchoolDB", Table: "Students", Count: count(m),
		Events: []cluster.Event{
			{At: noon.Add(-50 * time.Second), Level: api.LevelGood, Shard: -1, Text: "connected to 127.0.0.1:8080, primary"},
			{At: noon.Add(-12 * time.Second), Level: api.LevelInfo, Shard: -1, Text: "counted 10,035 rows in SchoolDB.Students on 3 shards in 4.1 ms"},
		},
		Busy:  "/",
		Notes: []string{"refreshing"},
	}
}

// downShard is a cluster whose shard 2 has been down for a while, with its last known numbers.
func downShard() *View {
	m := metadata(3)
	w := &m.Workers[2]
	w.State, w.AgeMS = api.ShardDown, 42_000
	w.Problem = api.NewProblem(api.CodeShardUnavailable, "connection refused at 127.0.0.1:8083")
	m.Workers[1].State, m.Workers[1].LatencyMS = api.ShardSlow, 812
	v := viewOf(m)
	v.Events = append(v.Events, cluster.Event{At: noon.Add(-time.Second), Level: api.LevelError, Shard: 2, Text: "worker-8083 is down: connection refused at 127.0.0.1:8083"})
	v.Count.Answer.Shards = v.Count.Answer.Shards[:2]
	v.Count.Answer.Total -= w.Rows
	v.Count.Answer.Partial = []api.Problem{*w.Problem.On(2, w.Name)}
	return v
}

func emptyCluster() *View {
	v := viewOf(metadata(0))
	v.DB, v.Table, v.Count, v.Events, v.Notes = "", "", Count{}, nil, nil
	return v
}

func connecting() *View {
	v := emptyCluster()
	v.State = cluster.New([]string{primaryURL, backupURL}, noon.Add(-3*time.Second))
	v.State, _ = v.State.Apply(cluster.Observation{At: noon.Add(-time.Second), Master: primaryURL, Err: errors.New("connection refused")})
	return v
}

// lost is a console that has lost all masters.
func lost() *View {
	v := viewOf(metadata(3))
	v.State, _ = v.State.Apply(cluster.Observation{At: noon, Master: primaryURL, Err: errors.New("connection refused")})
	v.Now = noon.Add(17 * time.Second)
	return v
}

// longNames has names that are too long or contain escape sequences.
func longNames() *View {
	m := metadata(3)
	for i := range m.Workers {
		m.Workers[i].Name = fmt.Sprintf("the-worker-in-the-far-corner-of-the-data-centre-%d", i)
		m.Workers[i].Engine = "an-engine-with-a-very-long-name"
		m.Workers[i].Rows = 1_234_567_890_123
		*m.Databases[0].Tables[0].RowsPerShard[i] = 1_234_567_890_123
	}
	m.Workers[1].Name = "\x1b[31mred\x1b[0m\r\nworker\a 東京 \u202eevil"
	m.Databases[0].Name = "ADatabaseWithANameOfNearlyAHundredCharactersWhichIsAllowedSoItHasToBeShownSomehowOnSmallScreensToo"
	m.Databases[0].Tables[0].Name = "Table\x1b]0;title\aName"
	v := viewOf(m)
	v.DB, v.Table = m.Databases[0].Name, m.Databases[0].Tables[0].Name
	return v
}

// afterFailover follows the backup that has become the primary.
func afterFailover() *View {
	v := viewOf(metadata(3))
	m := metadata(3)
	m.Master.URL, m.Master.Primary, m.Master.Term = backupURL, backupURL, 4
	m.Peers = []api.PeerInfo{{URL: primaryURL, Role: api.RolePrimary, Term: 3, AgeMS: 4000}}
	var events []cluster.Event
	v.State, events = v.State.Apply(cluster.Observation{At: noon, Master: primaryURL, Err: errors.New("connection refused")})
	v.Events = append(v.Events, events...)
	v.State, events = v.State.Apply(cluster.Observation{At: noon.Add(870 * time.Millisecond), Master: backupURL, Took: 2 * time.Millisecond, Metadata: m})
	v.Events = append(v.Events, events...)
	v.Now = noon.Add(time.Second)
	return v
}

// killedPrimary follows the backup of a demo whose primary was killed, before the backup
// has noticed, with a note in the footer.
func killedPrimary() *View {
	v := viewOf(metadata(3))
	m := metadata(3)
	m.Master.URL, m.Master.Role = backupURL, api.RoleBackup
	m.Peers = []api.PeerInfo{{URL: primaryURL, Reachable: true, Role: api.RolePrimary, Term: 3, LatencyMS: 0.4, AgeMS: 400}}
	var events []cluster.Event
	v.State, events = v.State.Apply(cluster.Observation{At: noon, Master: primaryURL, Err: errors.New("connection refused")})
	v.Events = append(v.Events, events...)
	v.State, events = v.State.Apply(cluster.Observation{At: noon.Add(60 * time.Millisecond), Master: backupURL, Took: 2 * time.Millisecond, Metadata: m})
	v.Events = append(v.Events, events...)
	v.Now = noon.Add(time.Second)
	v.Actions = []Action{{Key: "b", Label: "traffic:off", Help: "background traffic on or off"}, {Key: "K", Label: "kill", Help: "kill the primary"}, {Key: "R", Label: "restart", Help: "restart", Urgent: true}}
	v.Notes = []string{"theme high-contrast"}
	return v
}

func manyShards() *View {
	v := viewOf(metadata(16))
	return v
}

func security(failing bool) *Security {
	r := &api.SecurityCheckResponse{OK: !failing}
	var credentials []api.Credential
	for _, g := range api.CredentialGroups() {
		credentials = append(credentials, g.Credentials...)
	}
	for i := range 3 {
		w := api.SecurityWorker{Shard: i, Worker: fmt.Sprintf("worker-%d", 8081+i), Proven: true, OK: !failing || i != 1, Passed: 63, Total: 63}
		for _, e := range api.GuardedWorkerEndpoints() {
			for _, c := range credentials {
				p := api.SecurityProbe{Shard: i, Worker: w.Worker, Endpoint: e, Credential: c, Expected: "401", Status: 401, OK: true, MS: 0.4}
				if c == api.CredentialRight {
					p.Expected, p.Status = "let in", 400
				}
				if failing && i == 1 && c == api.CredentialEmpty && e.Path == api.WorkerExecPath {
					p.OK, p.Status, p.Detail = false, 200, "let in without a token"
				}
				if failing && i == 2 && c == api.CredentialNone && e.Path == api.WorkerStatsPath {
					p.OK, p.Status = false, 0
				}
				r.Probes = append(r.Probes, p)
			}
		}
		r.Workers = append(r.Workers, w)
	}
	s := NewSecurity(noon)
	s.Update(SecurityEnded{At: noon, Answer: r})
	return s
}

// securityUnanswered is a check during which one worker was down.
func securityUnanswered() *Security {
	s := security(false)
	s.answer.OK = false
	w := &s.answer.Workers[1]
	w.OK, w.Proven, w.Passed, w.Problem = false, false, 0, api.NewProblem(api.CodeShardUnavailable, "the worker at http://127.0.0.1:8082 cannot be reached: connection refused")
	for i := range s.answer.Probes {
		if p := &s.answer.Probes[i]; p.Shard == 1 {
			p.OK, p.Status = false, 0
		}
	}
	return s
}

// securityUnproven is a check during which another program listened at a worker's address.
func securityUnproven() *Security {
	s := securityUnanswered()
	w := &s.answer.Workers[1]
	w.Problem = api.NewProblem(api.CodeWorkerUnproven, "the worker at http://127.0.0.1:8082 did not prove that it knows the cluster's token, so nothing was sent to it: its proof does not match the cluster's token")
	return s
}

// press presses keys, as the console passes them on, and returns the last one's intent.
func press(s Screen, at time.Time, names ...string) Intent {
	var in Intent
	for _, n := range names {
		k := keymap.Key{Name: n, At: at}
		if utf8.RuneCountInString(n) == 1 {
			k.Text = n
		}
		in, _ = Press(s, &View{Now: at}, k)
	}
	return in
}
