package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/google/go-cmp/cmp"

	"shardeck/shared/api"
	"shardeck/shared/client"
	"shardeck/tui/cluster"
)

const (
	watchA = "http://127.0.0.1:8080"
	watchB = "http://127.0.0.1:8084"
)

// watchWorld is a cluster of two masters and three shards, with a clock of its own.
type watchWorld struct {
	now     time.Time
	dead    map[string]bool
	primary string
	term    uint64
	down    int // the shard that is down, -1 for none
	served  uint64
}

type watchMaster struct {
	w   *watchWorld
	url string
}

func (m watchMaster) up() error {
	if m.w.dead[m.url] {
		return api.NewProblem(api.CodeShardUnavailable, "connection refused")
	}
	return nil
}

func (m watchMaster) Metadata(context.Context) (*api.Metadata, error) {
	role := func(u string) api.Role {
		if u == m.w.primary {
			return api.RolePrimary
		}
		return api.RoleBackup
	}
	other := watchA
	if m.url == watchA {
		other = watchB
	}
	md := &api.Metadata{Master: api.MasterInfo{URL: m.url, Role: role(m.url), Term: m.w.term, Primary: m.w.primary, Shards: 3},
		Peers: []api.PeerInfo{{URL: other, Reachable: !m.w.dead[other], Role: role(other), Term: m.w.term}}}
	for i := range 3 {
		w := api.WorkerInfo{Shard: i, Name: fmt.Sprint("worker-", i), State: api.ShardUp, Rows: 3345, LatencyMS: 1}
		if i == m.w.down {
			w.State, w.Problem = api.ShardDown, api.NewProblem(api.CodeShardUnavailable, "refused\x1b[2J")
		}
		md.Workers = append(md.Workers, w)
	}
	return md, m.up()
}

func (m watchMaster) Traffic(context.Context, uint64) (*api.TrafficReport, error) {
	if m.url == watchB {
		return &api.TrafficReport{StartedAt: time.Unix(1, 0)}, m.up()
	}
	return &api.TrafficReport{StartedAt: time.Unix(1, 0), Clients: api.Counters{Requests: m.w.served, Errors: m.w.served / 41,
		Latency: []api.LatencyCount{{UpToMS: 4, Requests: m.w.served}}}}, m.up()
}

// watchFor runs a watch without waiting: each step takes as long as it would have waited.
func watchFor(t *testing.T, w *watchWorld, watch *watcher, total time.Duration) {
	t.Helper()
	masters := map[string]watched{watchA: watchMaster{w, watchA}, watchB: watchMaster{w, watchB}}
	clock := func() time.Time { return w.now }
	for end := w.now.Add(total); w.now.Before(end); {
		o, traffic := ask(t.Context(), watch.state.Next(w.now), watch.toAsk(w.now), masters, clock)
		if err := watch.take(o, traffic); err != nil {
			t.Fatal(err)
		}
		pause := watch.pace.Wait(&watch.state, false)
		w.now = w.now.Add(pause)
		if !w.dead[watchA] {
			w.served += uint64(41 * pause / time.Second)
		}
	}
}

func newWatchWorld() *watchWorld {
	return &watchWorld{now: time.Date(2026, 11, 22, 12, 3, 0, 0, time.UTC), dead: map[string]bool{}, primary: watchA, term: 3, down: -1}
}

func TestWatchPrintsALineForEachChange(t *testing.T) {
	w := newWatchWorld()
	var out bytes.Buffer
	watch := newWatcher(&Watch{Interval: time.Second, Summary: 10 * time.Second}, &out, []string{watchA, watchB}, w.now)
	watchFor(t, w, watch, 12*time.Second)
	w.down = 1
	watchFor(t, w, watch, 3*time.Second)
	w.down = -1
	watchFor(t, w, watch, 3*time.Second)
	w.dead[watchA], w.dead[watchB] = true, true
	watchFor(t, w, watch, 30*time.Second)
	w.dead[watchA] = false
	watchFor(t, w, watch, 3*time.Second)
	want := []string{
		"12:03:00 healthy: 3 of 3 shards, primary 127.0.0.1:8080 term 3, 10,035 rows",
		"12:03:00 good connected to 127.0.0.1:8080, primary",
		"12:03:10 healthy: 3 of 3 shards, primary 127.0.0.1:8080 term 3, 10,035 rows, 41.0 req/s, 1.0 err/s, p99 3.8 ms",
		"12:03:12 error worker-1 is down: cannot be reached",
		"12:03:15 good worker-1 is up again, after 3s",
		"12:03:18 error lost 127.0.0.1:8080: cannot be reached",
		"12:03:18 error no master answers; still trying 127.0.0.1:8080, 127.0.0.1:8084: cannot be reached",
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if diff := cmp.Diff(want, lines[:min(len(want), len(lines))]); diff != "" {
		t.Fatalf("lines (-want +got):\n%s", diff)
	}
	rest := strings.Join(lines[len(want):], "\n")
	if strings.Count(rest, "\n") != 2 || !strings.Contains(rest, " master 127.0.0.1:8084 does not answer: 3 of 3 shards, primary 127.0.0.1:8080 term 3, ") ||
		!strings.Contains(rest, " good reconnected to 127.0.0.1:8080 (primary), after 3") {
		t.Errorf("after the outage:\n%s", rest)
	}
	for _, r := range out.String() {
		if r != '\n' && (r < ' ' || r > '~') {
			t.Errorf("%q is in the output", r)
		}
	}
}

func TestWatchSaysOnceThatNoMasterAnswers(t *testing.T) {
	w := newWatchWorld()
	w.dead[watchA], w.dead[watchB] = true, true
	var out bytes.Buffer
	watch := newWatcher(&Watch{Interval: time.Second}, &out, []string{watchA, watchB}, w.now)
	watchFor(t, w, watch, time.Minute)
	if got := strings.Count(out.String(), "\n"); got != 1 || !strings.Contains(out.String(), " error no master answers; still trying 127.0.0.1:8080, 127.0.0.1:8084: cannot be reached\n") {
		t.Fatalf("%d lines:\n%s", got, out.String())
	}
	w.dead[watchB], w.primary = false, watchB
	watchFor(t, w, watch, 2*time.Minute) // without further summaries
	if lines := strings.Split(out.String(), "\n"); len(lines) != 4 || !strings.Contains(lines[1], " primary 127.0.0.1:8084 term 3") {
		t.Errorf("after a master answers:\n%s", out.String())
	}
}

func TestWatchPrintsJSONLines(t *testing.T) {
	w := newWatchWorld()
	var out bytes.Buffer
	watch := newWatcher(&Watch{Interval: time.Second, JSON: true, Summary: 10 * time.Second}, &out, []string{watchA, watchB}, w.now)
	watchFor(t, w, watch, 11*time.Second)
	w.down = 1
	watchFor(t, w, watch, 2*time.Second)
	kinds := map[string]int{}
	for line := range strings.Lines(out.String()) {
		var l watchLine
		if err := json.Unmarshal([]byte(line), &l, json.RejectUnknownMembers(true)); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		kinds[l.Kind]++
		switch {
		case (l.Kind == "summary") != (l.Summary != nil):
			t.Errorf("a line of kind %s: %s", l.Kind, line)
		case l.Summary != nil && (l.Summary.Shards != 3 || l.Summary.Rows != 10035 || l.Summary.Primary != watchA || !l.Summary.Answers):
			t.Errorf("summary %s", line)
		case l.Level == api.LevelError && (l.Shard == nil || *l.Shard != 1):
			t.Errorf("event %s", line)
		}
	}
	if kinds["summary"] != 2 || kinds["event"] != 2 {
		t.Errorf("lines %v", kinds)
	}
}

func TestWatchEndsWhenItIsInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	out := &cancelling{cancel: cancel}
	c := Watch{Connection: Connection{Master: []string{"http://127.0.0.1:1"}, Timeout: time.Second}, Interval: time.Second}
	err := c.Run(ctx, Streams{Out: out})
	if !errors.Is(err, context.Canceled) || ExitCode(err) != ExitInterrupted || !strings.Contains(out.written.String(), "no master answers") {
		t.Errorf("%v, after %q", err, out.written.String())
	}
}

// cancelling is an output whose reader interrupts the command at the first line.
type cancelling struct {
	written bytes.Buffer
	cancel  func()
}

func (c *cancelling) Write(b []byte) (int, error) {
	c.cancel()
	return c.written.Write(b)
}

func TestWatchRefusesInvalidOptions(t *testing.T) {
	for _, c := range []Watch{{Interval: time.Millisecond}, {Interval: time.Second, Summary: -1}} {
		c.Connection = Connection{Master: []string{watchA}, Timeout: time.Second}
		if err := c.Run(t.Context(), Streams{Out: new(bytes.Buffer)}); ExitCode(err) != ExitUsage {
			t.Errorf("%+v: %v", c, err)
		}
	}
}

var (
	_ watched        = (*client.Master)(nil)
	_ cluster.Source = watchMaster{}
)
