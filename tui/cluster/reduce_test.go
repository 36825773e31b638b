package cluster

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"shardeck/shared/api"
)

const (
	a = "http://127.0.0.1:8080"
	b = "http://127.0.0.1:8084"
)

var start = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func at(seconds float64) time.Time {
	return start.Add(time.Duration(seconds * float64(time.Second)))
}

// says returns a master's metadata, with the other master as its peer.
func says(url string, role api.Role, term uint64, primary string, peer api.PeerInfo) *api.Metadata {
	return &api.Metadata{
		Master:  api.MasterInfo{URL: url, Role: role, Term: term, Primary: primary},
		Peers:   []api.PeerInfo{peer},
		Workers: []api.WorkerInfo{{Shard: 0, Name: "w0", State: api.ShardUp, LatencyMS: 1}, {Shard: 1, Name: "w1", State: api.ShardUp, LatencyMS: 2}},
	}
}

func primaryA() *api.Metadata {
	return says(a, api.RolePrimary, 3, a, api.PeerInfo{URL: b, Reachable: true, Role: api.RoleBackup, Term: 3})
}

func ok(seconds float64, m *api.Metadata) Observation {
	return Observation{At: at(seconds), Master: m.Master.URL, Metadata: m}
}

func refused(seconds float64, master string) Observation {
	return Observation{At: at(seconds), Master: master, Err: api.NewProblem(api.CodeShardUnavailable, "connection refused")}
}

func run(s State, obs ...Observation) (State, []string) {
	var texts []string
	for _, o := range obs {
		var events []Event
		s, events = s.Apply(o)
		for _, e := range events {
			texts = append(texts, string(e.Level)+" "+e.Text)
		}
	}
	return s, texts
}

func TestConnectsOnceClusterIsUp(t *testing.T) {
	s := New([]string{a, b}, start)
	asked := []string{}
	for i := range 4 {
		next := s.Next(at(float64(i)))
		asked = append(asked, next)
		s, _ = s.Apply(refused(float64(i), next))
	}
	if d := cmp.Diff([]string{a, b, a, b}, asked); d != "" {
		t.Errorf("masters are not tried in turn:\n%s", d)
	}
	if s.Link != Connecting {
		t.Errorf("link is %v before any answer", s.Link)
	}
	s, events := run(s, ok(5, primaryA()))
	if s.Link != Live || s.Next(at(6)) != a {
		t.Errorf("link %v, next %s after an answer", s.Link, s.Next(at(6)))
	}
	if d := cmp.Diff([]string{"good connected to 127.0.0.1:8080, primary"}, events); d != "" {
		t.Error(d)
	}
}

func TestFollowsNewPrimaryAfterKill(t *testing.T) {
	backup := says(b, api.RoleBackup, 3, a, api.PeerInfo{URL: a, Reachable: false, Role: api.RolePrimary, Term: 3})
	promoted := says(b, api.RolePrimary, 4, b, api.PeerInfo{URL: a, Reachable: false, Role: api.RolePrimary, Term: 3})
	s, events := run(New([]string{a, b}, start), ok(0, primaryA()), ok(1, primaryA()), refused(2, a))
	if next := s.Next(at(2)); next != b {
		t.Fatalf("asks %s after the primary is gone, not the backup", next)
	}
	s, more := run(s, ok(2.1, backup), ok(3, backup), ok(4.5, promoted))
	want := []string{
		"good connected to 127.0.0.1:8080, primary",
		"error lost 127.0.0.1:8080: cannot be reached",
		"good reconnected to 127.0.0.1:8084 (backup)",
		"good 127.0.0.1:8084 is now the primary; this console had none for at most 3.5s",
	}
	if d := cmp.Diff(want, append(events, more...)); d != "" {
		t.Error(d)
	}
	if s.Takeover.Gap() != 3500*time.Millisecond || s.Takeover.Silence != 100*time.Millisecond {
		t.Errorf("gap %v, longest silence %v", s.Takeover.Gap(), s.Takeover.Silence)
	}
}

func TestFollowsPrimaryNamedByDemotedMaster(t *testing.T) {
	down := says(a, api.RoleBackup, 4, b, api.PeerInfo{URL: b, Reachable: true, Role: api.RoleBackup, Term: 3})
	s, _ := run(New([]string{a, b}, start), ok(0, primaryA()), ok(1, down))
	if next := s.Next(at(1)); next != b {
		t.Fatalf("asks %s, not the primary that was named", next)
	}
	s, _ = run(s, refused(1.1, b))
	if s.Link != Live || s.Next(at(1.2)) != a {
		t.Errorf("a failed attempt to follow cost the link: %v, next %s", s.Link, s.Next(at(1.2)))
	}
	if next := s.Next(at(5)); next != b {
		t.Errorf("does not try the named primary again later, asks %s", next)
	}
}

func TestFollowsPrimaryThatIsNotAPeer(t *testing.T) {
	const joined = "http://127.0.0.1:8090"
	backup := says(a, api.RoleBackup, 4, joined, api.PeerInfo{URL: b, Reachable: true, Role: api.RoleBackup, Term: 4})
	s, _ := run(New([]string{a, b, joined}, start), ok(0, backup))
	if next := s.Next(at(1)); next != joined {
		t.Fatalf("%s is polled", next)
	}
	if lost, _ := run(s, refused(1, joined)); lost.Next(at(2)) != a {
		t.Errorf("a primary that cannot be reached is polled again at once")
	}
	s, _ = run(s, ok(1, says(joined, api.RolePrimary, 4, joined, api.PeerInfo{URL: a, Reachable: true, Role: api.RoleBackup, Term: 4})))
	if u, answers := s.Primary(); u != joined || !answers || s.Next(at(2)) != joined {
		t.Errorf("the primary is %s, %v, and %s is polled", u, answers, s.Next(at(2)))
	}
}

func TestPartitionedOldPrimaryIsIgnored(t *testing.T) {
	promoted := says(b, api.RolePrimary, 4, b, api.PeerInfo{URL: a, Reachable: true, Role: api.RolePrimary, Term: 3})
	s, _ := run(New([]string{a, b}, start), ok(0, primaryA()), refused(1, a), ok(2, promoted))
	if next := s.Next(at(3)); next != b {
		t.Errorf("goes back to %s, whose term is older", next)
	}
	if s.Takeover == nil || s.Takeover.To != b {
		t.Errorf("takeover %+v", s.Takeover)
	}
}

// Whoever answers in a master's place can name any address: only those that the user gave are polled.
func TestOnlyConfiguredMastersArePolled(t *testing.T) {
	const stranger = "http://10.0.0.66:80"
	lies := says(a, api.RoleBackup, 4, stranger, api.PeerInfo{URL: stranger, Reachable: true, Role: api.RolePrimary, Term: 9})
	s, _ := run(New([]string{a, b}, start), ok(0, lies))
	s = s.Follow(stranger)
	for i := range 20 {
		next := s.Next(at(float64(i)))
		if next != a && next != b {
			t.Fatalf("%s is polled", next)
		}
		o := ok(float64(i), lies)
		if i%3 > 0 {
			o = refused(float64(i), next)
		}
		s, _ = s.Apply(o)
	}
	shown := false
	for _, m := range s.Masters {
		shown = shown || m.URL == stranger && !m.Configured
	}
	if !shown || s.Configured(stranger) {
		t.Errorf("it is not shown as a master that others name: %+v", s.Masters)
	}
}

func TestMasterOfAnotherClusterIsNotFollowed(t *testing.T) {
	of := func(m *api.Metadata, id string) *api.Metadata { m.Master.Cluster = id; return m }
	s, _ := run(New([]string{a, b}, start), ok(0, of(primaryA(), "one")))
	if f := s.Foreign(); len(f) > 0 {
		t.Errorf("%v belong to another cluster", f)
	}
	s = s.Identify(b, "two").Identify("http://10.0.0.66:80", "two")
	if d := cmp.Diff([]string{b}, s.Foreign()); d != "" {
		t.Error(d)
	}
	claims := says(a, api.RoleBackup, 3, b, api.PeerInfo{URL: b, Reachable: true, Role: api.RolePrimary, Term: 9})
	s, _ = run(s, ok(1, of(claims, "one")))
	if next := s.Next(at(2)); next != a {
		t.Errorf("%s of another cluster is polled", next)
	}
	other := of(says(b, api.RolePrimary, 9, b, api.PeerInfo{URL: a}), "two")
	s, events := run(s, refused(3, a), ok(4, other))
	if s.Link != Lost || s.Current != a || s.Meta.Master.URL != a || !strings.Contains(Reason(s.Err), "belongs to another cluster than 127.0.0.1:8080") {
		t.Errorf("link %v to %s: %v, %v", s.Link, s.Current, s.Err, events)
	}
	s, _ = run(s, ok(5, of(primaryA(), "three"))) // set up anew at the same address
	if s.Link != Live || len(s.Foreign()) != 1 {
		t.Errorf("link %v, foreign %v", s.Link, s.Foreign())
	}
}

func TestStatesHaveAnOrderOfBadness(t *testing.T) {
	last := -1
	for _, st := range []api.ShardState{api.ShardUp, api.ShardUnknown, api.ShardSlow, api.ShardFailing, api.ShardDown, api.ShardUnauthorized, api.ShardEmptied, api.ShardWrong, "new"} {
		if n := Badness(st); n <= last {
			t.Errorf("%s is not worse than the one before", st)
		} else {
			last = n
		}
	}
}

func TestFollowIsTriedOnce(t *testing.T) {
	s, _ := run(New([]string{a, b}, start), ok(0, primaryA()))
	s = s.Follow(b + "/")
	if next := s.Next(at(1)); next != b {
		t.Fatalf("asks %s", next)
	}
	s, _ = run(s, refused(1, b))
	if next := s.Next(at(2)); next != a {
		t.Errorf("asks %s after the new one did not answer", next)
	}
}

func TestAliasIsSameMaster(t *testing.T) {
	local := "http://localhost:8080"
	s, _ := run(New([]string{local}, start), Observation{At: at(0), Master: local, Metadata: primaryA()})
	if len(s.Masters) != 2 || s.Resolve(a) != local {
		t.Errorf("masters %+v", s.Masters)
	}
}

func TestEventsOfChanges(t *testing.T) {
	next := primaryA()
	next.Workers[1].State = api.ShardDown
	next.Workers[1].Problem = api.NewProblem(api.CodeShardUnavailable, "connection refused at 127.0.0.1:8082")
	next.Peers[0].Reachable = false
	next.Databases = []api.DatabaseInfo{{Name: "SchoolDB", Tables: []api.TableInfo{{Name: "Students"}}}}
	next.Drift = []api.Drift{{DB: "SchoolDB", Table: "Students", Kind: "missing_table", Shards: []int{0, 2}}}
	_, events := run(New([]string{a}, start), ok(0, primaryA()), ok(1, next), ok(2, primaryA()))
	want := []string{
		"good connected to 127.0.0.1:8080, primary",
		"error w1 is down: cannot be reached",
		"warn master 127.0.0.1:8084 does not answer 127.0.0.1:8080",
		"info database SchoolDB was created",
		"info table SchoolDB.Students was created",
		"warn drift: missing table of SchoolDB.Students on shard 0, 2",
		"good w1 is up again",
		"good master 127.0.0.1:8084 answers again",
		"info database SchoolDB was dropped",
		"info table SchoolDB.Students was dropped",
		"good resolved drift: missing table of SchoolDB.Students on shard 0, 2",
	}
	if d := cmp.Diff(want, events); d != "" {
		t.Error(d)
	}
}

func TestDiscoveryIsNotAChange(t *testing.T) {
	// A master that has just started: a backup that has not probed anything yet.
	fresh := says(a, api.RoleBackup, 0, "", api.PeerInfo{URL: b, AgeMS: -1})
	fresh.Workers[0].State, fresh.Workers[0].AgeMS = api.ShardUnknown, -1
	fresh.Workers[1].State, fresh.Workers[1].AgeMS = api.ShardDown, -1
	_, events := run(New([]string{a}, start), ok(0, fresh), ok(1, primaryA()), ok(2, fresh), ok(3, primaryA()))
	want := []string{
		"good connected to 127.0.0.1:8080, backup",
		"good 127.0.0.1:8080 is the primary",
		"good w1 is up",
		"warn 127.0.0.1:8080 changed from primary to backup",
		"error w1 is down",
		"good 127.0.0.1:8080 is the primary",
		"good w1 is up",
	}
	if d := cmp.Diff(want, events); d != "" {
		t.Error(d)
	}
}

func TestLatestEvidenceOfPrimaryCounts(t *testing.T) {
	backup := func(reachable bool, role api.Role, ageMS float64) *api.Metadata {
		return says(b, api.RoleBackup, 3, a, api.PeerInfo{URL: a, Reachable: reachable, Role: role, Term: 3, AgeMS: ageMS})
	}
	for _, c := range []struct {
		name    string
		obs     []Observation
		answers bool
	}{
		{"it answers this console", []Observation{ok(0, primaryA())}, true},
		{"it is lost", []Observation{ok(0, primaryA()), refused(1, a)}, false},
		{"the backup does not know yet", []Observation{ok(0, primaryA()), refused(1, a), ok(1.1, backup(true, api.RolePrimary, 500))}, false},
		{"the backup cannot reach it", []Observation{ok(0, primaryA()), refused(1, a), ok(2, backup(false, api.RolePrimary, 1500))}, false},
		{"the backup heard it later", []Observation{ok(0, primaryA()), refused(1, a), ok(3, backup(true, api.RolePrimary, 500))}, true},
		{"it came back as a backup", []Observation{ok(0, primaryA()), refused(1, a), ok(3, backup(true, api.RoleBackup, 500))}, false},
	} {
		s, _ := run(New([]string{a, b}, start), c.obs...)
		if u, answers := s.Primary(); u != a || answers != c.answers {
			t.Errorf("%s: primary %s, answers %v", c.name, u, answers)
		}
	}
}

func TestSampleIntervalIsIndependentOfPolls(t *testing.T) {
	s := New([]string{a}, start)
	for i := range 100 {
		s, _ = s.Apply(ok(float64(i)*0.05, primaryA()))
	}
	if n := len(s.Shards[0].Latency); n != 6 {
		t.Errorf("%d samples in 5 s", n)
	}
	for i := range 2 * HistoryLen {
		m := primaryA()
		m.Workers[0].State = api.ShardDown
		s, _ = s.Apply(ok(10+float64(i), m))
	}
	h := s.Shards[0].Latency
	if len(h) != HistoryLen || !math.IsNaN(h[len(h)-1]) {
		t.Errorf("%d samples, the last %v", len(h), h[len(h)-1])
	}
}

func TestPreflightExplainsWhyNotPossible(t *testing.T) {
	empty := New([]string{a}, start)
	lonely := primaryA()
	lonely.Peers[0].Reachable = false
	ready, _ := run(New([]string{a, b}, start), ok(0, primaryA()))
	alone, _ := run(New([]string{a, b}, start), ok(0, lonely))
	stranger, _ := run(New([]string{a}, start), ok(0, primaryA()))
	gone, _ := run(New([]string{a, b}, start), ok(0, primaryA()), refused(1, a))
	for _, c := range []struct {
		name string
		s    *State
		why  string
	}{
		{"nothing heard", &empty, "no master has answered yet"},
		{"no backup", &alone, "no backup master answers"},
		{"a backup that was not configured", &stranger, "the backup 127.0.0.1:8084 is not among the masters given with --master"},
		{"no link", &gone, "the view is out of date; no master answers"},
		{"all well", &ready, ""},
	} {
		p := c.s.Preflight(at(1))
		if p.Why != c.why || p.Ready() != (c.why == "") {
			t.Errorf("%s: why %q, ready %v", c.name, p.Why, p.Ready())
		}
	}
	if p := ready.Preflight(at(1)); p.Target != b || p.Term != 4 || p.Primary != a {
		t.Errorf("preflight %+v", p)
	}
}

func TestApplyDoesNotModifyState(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := New([]string{a, b}, start)
		seconds := 0.0
		for range rapid.IntRange(1, 30).Draw(t, "steps") {
			seconds += rapid.Float64Range(0, 3).Draw(t, "after")
			before := snapshot(s)
			master := s.Next(at(seconds))
			var o Observation
			switch rapid.IntRange(0, 3).Draw(t, "outcome") {
			case 0:
				o = refused(seconds, master)
			case 1:
				o = ok(seconds, says(master, api.RoleBackup, 4, b, api.PeerInfo{URL: b, Reachable: true, Role: api.RolePrimary, Term: 5}))
			default:
				o = ok(seconds, says(master, api.RolePrimary, uint64(rapid.IntRange(1, 5).Draw(t, "term")), master, api.PeerInfo{URL: "http://other:1"}))
			}
			next, _ := s.Apply(o)
			if d := cmp.Diff(before, snapshot(s)); d != "" {
				t.Fatalf("Apply changed its receiver:\n%s", d)
			}
			if next.Next(at(seconds)) == "" {
				t.Fatal("no master to ask")
			}
			s = next
		}
	})
}

func snapshot(s State) string {
	var out strings.Builder
	for _, m := range s.Masters {
		out.WriteString(m.URL + m.Asked.String() + string(m.Role) + strings.Join(m.Aliases, ","))
	}
	for _, h := range s.Shards {
		for _, v := range h.Latency {
			out.WriteString(time.Duration(v).String())
		}
	}
	return out.String()
}

type source func(ctx context.Context) (*api.Metadata, error)

func (f source) Metadata(ctx context.Context) (*api.Metadata, error) { return f(ctx) }

func TestShardsOutOfPlaceAreABadAnswer(t *testing.T) {
	for _, shards := range [][]int{{-1}, {1, 0}, {0, 0}, {0, 2}} {
		m := primaryA()
		m.Workers = nil
		for _, n := range shards {
			m.Workers = append(m.Workers, api.WorkerInfo{Shard: n})
		}
		o := Poll(t.Context(), source(func(context.Context) (*api.Metadata, error) { return m, nil }), a, time.Now)
		if api.CodeOf(o.Err) != api.CodeShardBadAnswer || o.Metadata != nil {
			t.Errorf("shards %v give %v", shards, o.Err)
		}
	}
}

func TestPollDeadline(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	o := Poll(ctx, source(func(ctx context.Context) (*api.Metadata, error) { <-ctx.Done(); return primaryA(), ctx.Err() }), a, time.Now)
	if !errors.Is(o.Err, context.Canceled) || o.Metadata != nil {
		t.Errorf("observation %+v", o)
	}
	o = Poll(t.Context(), source(func(context.Context) (*api.Metadata, error) { return nil, nil }), a, time.Now)
	if api.CodeOf(o.Err) != api.CodeShardBadAnswer {
		t.Errorf("an empty answer gave %v", o.Err)
	}
}

func TestPaceTriesUntriedMastersAtOnce(t *testing.T) {
	p := Pace{Normal: time.Second, Urgent: time.Millisecond, Idle: time.Minute}
	s, _ := run(New([]string{a, b}, start), ok(0, primaryA()))
	if w := p.Wait(&s, false); w != time.Second {
		t.Errorf("waits %v while live", w)
	}
	s, _ = run(s, refused(1, a))
	if w := p.Wait(&s, false); w != time.Millisecond {
		t.Errorf("waits %v with a master still to be tried", w)
	}
	s, _ = run(s, refused(1.1, b))
	if w := p.Wait(&s, false); w != time.Minute {
		t.Errorf("waits %v after all were tried", w)
	}
}
