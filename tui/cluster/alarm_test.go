package cluster

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"shardeck/shared/api"
	"shardeck/shared/sharding"
)

// shardsUp returns the metadata of a primary over n shards with those probe latencies.
func shardsUp(latencies ...float64) *api.Metadata {
	m := says(a, api.RolePrimary, 3, a, api.PeerInfo{URL: b, Reachable: true, Role: api.RoleBackup, Term: 3})
	m.Workers = nil
	for i, ms := range latencies {
		m.Workers = append(m.Workers, api.WorkerInfo{Shard: i, Name: fmt.Sprintf("worker-%d", i), State: api.ShardUp,
			LatencyMS: ms, Slots: sharding.Slots / len(latencies)})
	}
	return m
}

// watched is the state after one poll a second that returned these answers, and the texts of the events.
func watched(answers ...*api.Metadata) (State, []string) {
	var obs []Observation
	for i, m := range answers {
		obs = append(obs, ok(float64(i), m))
	}
	return run(New([]string{a, b}, start), obs...)
}

func repeated(n int, m *api.Metadata) []*api.Metadata {
	return slices.Repeat([]*api.Metadata{m}, n)
}

func keys(s State, seconds float64) []string {
	var all []string
	for _, x := range s.Alarms(at(seconds)) {
		all = append(all, x.Key)
	}
	return all
}

func TestASlowerShardIsAnOutlierOnceItHasBeenForAWhile(t *testing.T) {
	for name, c := range map[string]struct {
		latencies []float64
		alarm     bool
	}{
		"like its peers":                 {[]float64{30, 31, 29, 33}, false},
		"five times as slow":             {[]float64{30, 31, 150, 29}, true},
		"many times as slow, but fast":   {[]float64{0.3, 0.4, 5, 0.3}, false},
		"two shards have no median":      {[]float64{1, 500}, false},
		"all are slow":                   {[]float64{500, 510, 490}, false},
		"one of three":                   {[]float64{1, 100, 2}, true},
		"half as slow again as its peer": {[]float64{100, 150, 100}, false},
	} {
		s, _ := watched(repeated(12, shardsUp(c.latencies...))...)
		if got := len(s.Alarms(at(12))) == 1; got != c.alarm {
			t.Errorf("%s: alarms are %q", name, keys(s, 12))
		}
	}
	// A single slow probe is none, and its end is told with how long it lasted.
	calm, slow := shardsUp(1, 1, 1), shardsUp(1, 1, 200)
	s, _ := watched(append(repeated(8, calm), slow)...)
	if got := keys(s, 9); len(got) > 0 {
		t.Errorf("one slow probe raises %q", got)
	}
	_, events := watched(slices.Concat(repeated(6, calm), repeated(10, slow), repeated(8, calm))...)
	want := []string{"good connected to 127.0.0.1:8080, primary",
		"warn shard 2 (worker-2) is an outlier: its latency is 200 ms, the median of the others 1.0 ms",
		"good no longer: shard 2 (worker-2) is an outlier"}
	if !slices.Equal(events, want) {
		t.Errorf("events are\n%s\nnot\n%s", strings.Join(events, "\n"), strings.Join(want, "\n"))
	}
}

// A fair hash is played by drawing a shard for each row; the alarm must stay silent for it, and speak
// for a table half of whose rows have one key.
func TestSkewIsWhatAFairHashDoesNotGive(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, n := range []int{2, 3, 7, 64} {
		for _, total := range []int{1000, 20_000, 300_000} {
			for _, share := range []float64{0, 0.5} {
				counts := make([]int64, n)
				for range total {
					if rng.Float64() < share {
						counts[n-1]++
					} else {
						counts[rng.IntN(n)]++
					}
				}
				m := shardsUp(make([]float64, n)...)
				table := api.TableInfo{Name: "T", Rows: int64(total)}
				for i := range counts {
					table.RowsPerShard = append(table.RowsPerShard, &counts[i])
				}
				m.Databases = []api.DatabaseInfo{{Name: "D", Tables: []api.TableInfo{table}}}
				s, _ := watched(m)
				if got := keys(s, 0); slices.Contains(got, "skew/D.T") != (share > 0) {
					t.Errorf("%d rows on %d shards, %v of them with one key: alarms are %q for %v", total, n, share, got, counts)
				}
			}
		}
	}
}

func TestMastersThatDisagreeAreAnAlarmAfterAMoment(t *testing.T) {
	both := shardsUp(1, 1, 1)
	both.Peers = []api.PeerInfo{{URL: b, Reachable: true, Role: api.RolePrimary, Term: 2}}
	s, _ := watched(repeated(3, both)...)
	if got := keys(s, 2); len(got) > 0 {
		t.Errorf("two primaries for two seconds, as in any failover, raise %q", got)
	}
	s, _ = watched(repeated(6, both)...)
	all := s.Alarms(at(6))
	if len(all) != 1 || all[0].Level != api.LevelError || !strings.Contains(all[0].What, "two masters call themselves primary") {
		t.Errorf("alarms are %+v", all)
	}
	if !s.Demoted(api.RolePrimary, 2) || s.Demoted(api.RolePrimary, 3) || s.Demoted(api.RoleBackup, 2) {
		t.Error("the primary with the older term is the one that was demoted")
	}
}

func TestALeaseThatIsNotRenewedIsAnAlarmBeforeItLapses(t *testing.T) {
	left := func(ms float64) *api.Metadata {
		m := shardsUp(1, 1, 1)
		m.Master.Lease = api.LeaseInfo{Kind: "etcd", Known: true, Holder: a, Term: 3, ExpiresInMS: ms}
		return m
	}
	s, _ := watched(left(9800), left(8900), left(9700), left(8800))
	if got := keys(s, 4); len(got) > 0 {
		t.Errorf("a lease that is renewed raises %q", got)
	}
	s, _ = watched(left(9800), left(4000), left(3000), left(2000), left(1000))
	if got := keys(s, 4); !slices.Equal(got, []string{"lease/lapsing"}) {
		t.Errorf("a lease that lapses in a second raises %q", got)
	}
}

func TestRequestsThatPileUpAreAnAlarm(t *testing.T) {
	inFlight := func(n int) *api.Metadata {
		m := shardsUp(1, 1, 1)
		m.Workers[1].Traffic.InFlight = n
		return m
	}
	var growing, busy []*api.Metadata
	for i := range 10 {
		growing = append(growing, inFlight(10*i))
		busy = append(busy, inFlight(40+10*(i%2)))
	}
	if s, _ := watched(growing...); !slices.Equal(keys(s, 10), []string{"queue/1"}) {
		t.Errorf("ten more each second raise %q", keys(s, 10))
	}
	for _, calm := range [][]int{{0, 0, 0, 0, 0, 0, 0, 16}, {20, 20, 20, 20, 20, 20, 20, 21}} {
		var answers []*api.Metadata
		for _, n := range calm {
			answers = append(answers, inFlight(n))
		}
		if s, _ := watched(answers...); len(keys(s, 10)) > 0 {
			t.Errorf("%v in flight raise %q", calm, keys(s, 10))
		}
	}
	if s, _ := watched(busy...); len(keys(s, 10)) > 0 {
		t.Errorf("a busy shard raises %q", keys(s, 10))
	}
}

func TestAShardIsDownSinceItsLastAnswer(t *testing.T) {
	m := shardsUp(1, 1, 1)
	m.Workers[2].State, m.Workers[2].AgeMS = api.ShardDown, 42_000
	m.Workers[2].Problem = api.NewProblem(api.CodeShardUnavailable, "connection refused")
	s, _ := watched(m)
	all := s.Alarms(at(1))
	if len(all) != 1 || all[0].Text(at(1)) != "shard 2 (worker-2) down (43s): cannot be reached" {
		t.Fatalf("alarms are %+v", all)
	}
	// The event of its return says for how long it was down, counted from the same moment.
	up := shardsUp(1, 1, 1)
	s, events := s.Apply(ok(8, up))
	if len(events) != 1 || events[0].Line() != "worker-2 is up again, after 50s" && events[0].Lasted != 50*time.Second {
		t.Errorf("events are %+v", events)
	}
	if got := keys(s, 9); len(got) > 0 {
		t.Errorf("alarms are still %q", got)
	}
}

func TestTheWorstAlarmComesFirst(t *testing.T) {
	m := shardsUp(1, 1, 1, 1)
	m.Workers[0].State, m.Workers[1].State, m.Workers[3].State = api.ShardSlow, api.ShardDown, api.ShardWrong
	m.Drift = []api.Drift{{DB: "D", Kind: "missing_table", Table: "T", Shards: []int{1}}}
	s, _ := watched(m)
	want := []string{"shard/3", "shard/1", "shard/0", "drift/drift: missing table of D.T on shard 1"}
	if got := keys(s, 1); !slices.Equal(got, want) {
		t.Errorf("alarms are %q, not %q", got, want)
	}
}
