package tour

import (
	"errors"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"shardeck/shared/api"
	"shardeck/tui/cluster"
)

var (
	noon   = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	places = []string{"overview", "live", "query"}
)

func parse(t *testing.T, text string) *Tour {
	t.Helper()
	got, err := Parse("a.toml", []byte(text), places)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestParse(t *testing.T) {
	got := parse(t, `title = "A tour"

[[step]]
caption = "Count"
notes = "Breathe."
place = "live"
do = ["count", { run = "SELECT 1", partial = true }, { wait = { shard = 2, is = "down" } }, { kill = "worker 2" }, { table = "A.B" }]
expect = [{ count = ">= students" }, { rows = 1 }, { master = 2, is = "backup" }]
seconds = 2.5

[[step]]
caption = "End"
`)
	if len(got.Steps) != 2 || got.Title != "A tour" {
		t.Fatalf("%+v", got)
	}
	s := got.Steps[0]
	if s.Place != "live" || s.Notes != "Breathe." || s.After != 2500*time.Millisecond || s.Line != 3 || got.Steps[1].Line != 11 {
		t.Errorf("%+v", s)
	}
	var said []string
	for i := range s.Do {
		said = append(said, s.Do[i].String())
	}
	for i := range s.Expect {
		said = append(said, s.Expect[i].String())
	}
	want := "count the rows by MapReduce; run SELECT 1; wait for shard 2 is down; kill worker 2; choose A.B; count >= students; rows = 1; master 2 is backup"
	if text := strings.Join(said, "; "); text != want {
		t.Errorf("got  %s\nwant %s", text, want)
	}
	if n, ok := s.Do[3].Worker(); n != 2 || !ok || !s.Do[1].Partial || s.Do[0].Partial {
		t.Errorf("%+v", s.Do)
	}
}

func TestFaultsNameTheLine(t *testing.T) {
	head := "title = \"A\"\n[[step]]\ncaption = \"B\"\n" // the next line is 4
	for text, want := range map[string]string{
		"":                               "line 1: the tour has no title",
		"title = \"A\"\n":                "line 1: the tour has no steps",
		"title = 5\n":                    "line 1: title must be a text",
		"title = \"A\"\n\nstep = 5\n":    "line 3: each step begins with [[step]]",
		"title = \"A\"\ntitel = \"A\"\n": `line 2: there is no setting "titel"; did you mean title?`,
		"title = \"A\"\n[[step]]\nplace = \"live\"\n":              "line 2: the step has no caption",
		"title = \"A\"\n[[step]\n":                                 "line 2, column ",
		head + "captoin = \"x\"":                                   `line 4: a step has no setting "captoin"; did you mean caption?`,
		head + "place = \"moon\"":                                  `line 4: place: there is no screen "moon"; there are overview, live, query`,
		head + "seconds = 0":                                       "line 4: seconds: must be a number",
		head + "do = \"count\"":                                    "line 4: do: must be a list",
		head + "do = [\"count\", \"cuont\"]":                       `line 4: do: item 2: there is no "cuont"; did you mean count?`,
		head + "do = [{ run = \"a\", count = 1 }]":                 "item 1: count and run are two items",
		head + "do = [{ count = 1 }]":                              "item 1: count takes no value",
		head + "do = [\"run\"]":                                    "item 1: run: must be a text",
		head + "do = [{ run = \"a\", partail = true}]":             `item 1: run has no "partail"`,
		head + "do = [{ kill = \"etcd\" }]":                        `"etcd" is not a process`,
		head + "do = [{ kill = \"worker x\" }]":                    `"worker x" is not a process`,
		head + "do = [{ kill = \"master 0\" }]":                    `"master 0" is not a process`,
		head + "do = [{ wait = { rows = 1 } }]":                    "only the state of the cluster can be waited for",
		head + "do = [{ table = \"A\" }]":                          "must be a database and a table",
		head + "do = [{ shard = -1 }]":                             "shard: must be a number from 0 on",
		head + "expect = [{ rows = 1 }]":                           "expect: item 1: rows requires run in this step or one before it",
		head + "expect = [{ shards = 1 }]":                         "shards requires count or run",
		head + "expect = [\"status\"]":                             "status has no value",
		head + "expect = [{ status = \"fine\" }]":                  `"fine" must be one of healthy`,
		head + "expect = [{ shard = 1 }]":                          `write { shard = 1, is = "up" }`,
		head + "expect = [{ shard = 1, is = \"x\" }]":              `"x" must be one of up`,
		head + "expect = [{ master = 0, is = \"x\" }]":             "must be a number from 1 on",
		head + "do = [\"count\"]\nexpect = [{ count = \"many\" }]": "line 5: expect: item 1: count: must be a number",
		head + "do = [\"count\"]\nexpect = [{ count = -1 }]":       "must be a number",
		head + "[[step]]\ncaption = \"\"":                          "line 5: caption: must be a text",
		head + "[other]\na = 1":                                    `line 4: there is no setting "other"`,
	} {
		_, err := Parse("a.toml", []byte(text), places)
		if err == nil || !strings.HasPrefix(err.Error(), "a.toml, line ") || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", text, err, want)
		}
	}
	if _, err := Parse("a.toml", make([]byte, MaxFile+1), places); err == nil || !strings.Contains(err.Error(), "larger than 256 KiB") {
		t.Errorf("a large file: %v", err)
	}
}

// Whatever a file says, it is read or refused, and what was read can be described and begun.
func TestAnyFileIsReadOrRefused(t *testing.T) {
	words := rapid.SampledFrom([]string{"title", "step", "caption", "do", "expect", "=", "[", "]", "{", "}", "[[step]]\n", "\n", "\"", "'", ",", "5", "-1", "\"count\"",
		"{ run = \"a\" }", "{ shard = 1, is = \"up\" }", "true", ".", "run", "wait", "title = \"a\"\n", "caption = \"b\"\n", "do = [", "\xff"})
	rapid.Check(t, func(t *rapid.T) {
		text := strings.Join(rapid.SliceOfN(words, 0, 20).Draw(t, "text"), " ")
		got, err := Parse("a", []byte(text), places)
		if err != nil {
			return
		}
		r := New(got)
		r.Tick(&Facts{Now: noon})
		r.Snapshot()
	})
}

// driver carries out orders as they are told.
type driver struct {
	t *testing.T
	r *Runner
	f Facts
}

func drive(t *testing.T, text string) *driver {
	return &driver{t: t, r: New(parse(t, text)), f: Facts{Now: noon, At: noon, Status: Healthy}}
}

// wait lets time pass, after which the state was observed anew.
func (d *driver) wait(by time.Duration) { d.f.Now = d.f.Now.Add(by); d.f.At = d.f.Now }

// order expects an order.
func (d *driver) order(want string) {
	d.t.Helper()
	o, ok := d.r.Tick(&d.f)
	got := o.Place
	if o.Action != nil {
		got = o.Action.String()
	}
	if got != want || ok != (want != "") {
		d.t.Fatalf("ordered %q, want %q", got, want)
	}
}

func (d *driver) done(err error) {
	d.r.Done(d.f.Now, err)
	d.wait(time.Second)
}

func (d *driver) verdict(want ...Verdict) {
	d.t.Helper()
	got := d.r.Snapshot().Checks
	for i := range want {
		if got[i].Verdict != want[i] {
			d.t.Fatalf("check %q is %d (%s), want %d", got[i].Text, got[i].Verdict, got[i].Is, want[i])
		}
	}
}

func TestStepIsShownDoneAndChecked(t *testing.T) {
	d := drive(t, `title = "A"
[[step]]
caption = "B"
place = "live"
do = ["count", { kill = "worker 1" }, { wait = { shard = 1, is = "down" } }, "restart"]
expect = [{ count = 7 }, { status = "healthy" }]
[[step]]
caption = "C"
`)
	d.order("live")
	d.order("") // until it is done
	d.done(nil)
	d.order("count the rows by MapReduce")
	d.f.Count = &Outcome{Rows: 7}
	d.done(nil)
	d.order("kill worker 1")
	d.f.Shards = []string{"up", "down"} // as it was before
	d.r.Done(d.f.Now, nil)
	d.order("") // observed before the end of the action
	if s := d.r.Snapshot(); s.Doing != "wait for shard 1 is down" || s.Number != 1 || s.Of != 2 {
		t.Fatalf("%+v", s)
	}
	d.wait(time.Second)
	d.order("restart what was killed")
	d.verdict(Pending, Pending) // nothing is checked before everything is done
	d.f.Status = Degraded
	d.done(nil)
	d.order("")
	d.verdict(Met, Pending)
	if d.r.Settled() || d.r.Passed() {
		t.Fatal("it has not settled")
	}
	d.f.Status = Healthy
	d.order("")
	d.verdict(Met, Met)
	d.f.Status = Degraded
	d.order("")
	d.verdict(Met, Met) // it was met
	if !d.r.Settled() || !d.r.Passed() {
		t.Fatal("it has settled")
	}
	d.r.Next()
	if s := d.r.Snapshot(); s.Number != 2 || s.Caption != "C" {
		t.Fatalf("%+v", s)
	}
	d.order("")
	d.r.Next()
	if s := d.r.Snapshot(); !s.Ended {
		t.Fatalf("%+v", s)
	}
}

func TestChecksFail(t *testing.T) {
	d := drive(t, `title = "A"
[[step]]
caption = "B"
do = ["count", { run = "SELECT 1" }, "security-check"]
expect = [{ count = ">= students" }, { value = "a" }, { security = "passed" }, { status = "down" }, { missing = 0 }, { shards = 3 }]
`)
	d.f.Students = 10
	d.order("count the rows by MapReduce")
	d.f.Count = &Outcome{Rows: 9}
	d.done(nil)
	d.order("run SELECT 1")
	d.f.Statement = &Outcome{Value: "b", Shards: 2, Missing: 1}
	d.f.Latest = d.f.Statement
	d.done(nil)
	d.order("check the security")
	d.f.Security = &Outcome{Failed: "worker 1 let it in"}
	d.done(errors.New("worker 1 let it in"))
	d.order("")
	d.verdict(Failed, Failed, Failed, Pending, Failed, Failed)
	if s := d.r.Snapshot(); len(s.Faults) != 0 || s.Checks[0].Is != "9" || s.Checks[2].Is != "worker 1 let it in" {
		t.Errorf("%+v", s)
	}
	d.wait(checkFor)
	d.order("")
	d.verdict(Failed, Failed, Failed, Failed)
	if !d.r.Settled() || d.r.Passed() {
		t.Error("it has settled, and failed")
	}
}

func TestFailedActionAndEndlessWait(t *testing.T) {
	d := drive(t, `title = "A"
[[step]]
caption = "B"
do = [{ run = "SELECT 1" }, { wait = { status = "down" } }, "restart"]
`)
	d.order("run SELECT 1")
	d.done(errors.New("no such table"))
	d.order("")
	d.wait(waitFor)
	d.order("restart what was killed") // the cluster is not left as it is
	d.done(nil)
	d.order("")
	want := []string{"run SELECT 1: no such table", "waited 40s for the cluster is down: healthy"}
	if s := d.r.Snapshot(); strings.Join(s.Faults, "\n") != strings.Join(want, "\n") || d.r.Passed() || !d.r.Settled() {
		t.Errorf("%+v", s)
	}
	// An error that is expected is no fault.
	d = drive(t, "title = \"A\"\n[[step]]\ncaption = \"B\"\ndo = [{ run = \"x\" }]\nexpect = [{ error = \"syntax_error\" }]\n")
	d.order("run x")
	d.f.Latest = &Outcome{Failed: "x is not a statement", Code: "syntax_error"}
	d.done(errors.New("x is not a statement"))
	d.order("")
	d.verdict(Met)
	if !d.r.Passed() {
		t.Errorf("%+v", d.r.Snapshot())
	}
}

const twoSteps = `title = "A"
[[step]]
caption = "B"
place = "live"
do = [{ kill = "primary" }, { wait = { status = "down" } }]
expect = [{ status = "down" }]
[[step]]
caption = "C"
place = "query"
do = ["restart"]
`

func TestNextWhileAtWork(t *testing.T) {
	d := drive(t, twoSteps)
	d.order("live")
	d.done(nil)
	d.order("kill primary")
	d.r.Next()
	if s := d.r.Snapshot(); s.Number != 1 || !s.Queued {
		t.Fatalf("%+v", s)
	}
	d.r.Next() // an action itself is not skipped
	d.done(nil)
	d.order("")
	if s := d.r.Snapshot(); s.Doing == "" {
		t.Fatalf("%+v", s)
	}
	d.r.Next() // but waiting is
	d.order("")
	if s := d.r.Snapshot(); s.Number != 1 || s.Doing != "" || s.Checks[0].Verdict != Pending {
		t.Fatalf("%+v", s)
	}
	d.r.Next() // and so is an expectation that is not decided yet
	if s := d.r.Snapshot(); s.Number != 2 {
		t.Fatalf("%+v", s)
	}
}

// A tour goes on by itself once what was still at work is done and decided.
func TestNextIsRemembered(t *testing.T) {
	d := drive(t, twoSteps)
	d.order("live")
	d.done(nil)
	d.order("kill primary")
	d.r.Next()
	d.r.Done(d.f.Now, nil)
	d.f.Status = Down // observed before the end of the action
	d.order("")
	d.wait(time.Second)
	d.order("")
	if s := d.r.Snapshot(); s.Number != 2 || s.Queued {
		t.Fatalf("%+v", s)
	}
	d.order("query")
}

func TestBackDoesNothingAgain(t *testing.T) {
	d := drive(t, twoSteps)
	d.r.Back() // there is nothing before it
	d.order("live")
	d.done(nil)
	d.order("kill primary")
	d.r.Back()
	d.done(nil)
	d.f.Status = Down
	d.order("")
	d.verdict(Met)
	d.r.Next()
	d.order("query")
	d.done(nil)
	d.order("restart what was killed")
	d.done(nil)
	d.order("")
	d.r.Back()
	d.f.Status = Healthy
	d.order("live")
	d.done(nil)
	d.order("")
	d.verdict(Met) // what it was when it was done
	if s := d.r.Snapshot(); s.Number != 1 || !s.Again {
		t.Fatalf("%+v", s)
	}
	d.r.Next()
	d.order("query")
	d.done(nil)
	d.order("")
	if s := d.r.Snapshot(); s.Number != 2 || !s.Again {
		t.Fatalf("%+v", s)
	}
}

func TestPauseAndResume(t *testing.T) {
	d := drive(t, twoSteps)
	d.order("live")
	d.done(nil)
	d.order("kill primary")
	d.r.Pause()
	d.done(nil)
	d.f.Status = Down
	d.order("") // the wait is over, but it is paused
	if s := d.r.Snapshot(); s.Number != 1 || !s.Paused || s.Doing == "" {
		t.Fatalf("%+v", s)
	}
	d.r.Next() // comes back first
	d.order("live")
	d.done(nil)
	d.order("")
	if s := d.r.Snapshot(); s.Number != 1 || s.Paused || s.Doing != "" {
		t.Fatalf("%+v", s)
	}
	d.verdict(Met)
}

func TestGoesOnByItself(t *testing.T) {
	d := drive(t, `title = "A"
[[step]]
caption = "B"
expect = [{ status = "healthy" }]
seconds = 5
[[step]]
caption = "C"
seconds = 5
`)
	d.f.Status = Degraded
	at := func(want int) {
		t.Helper()
		d.order("")
		if s := d.r.Snapshot(); s.Number != want {
			t.Fatalf("step %d, want %d", s.Number, want)
		}
	}
	at(1)
	d.wait(5 * time.Second)
	at(1) // not before all is well
	d.f.Status = Healthy
	at(2)
	at(2)
	d.r.Back()
	at(1)
	d.wait(time.Hour)
	at(1) // who goes back wants to talk about it
}

func TestFactsOfACluster(t *testing.T) {
	const a, b = "http://127.0.0.1:8080", "http://127.0.0.1:8084"
	s := cluster.New([]string{a, b}, noon)
	if f := Observe(&s, noon); f.Status != Connecting || f.Shards != nil {
		t.Errorf("%+v", f)
	}
	meta := &api.Metadata{Master: api.MasterInfo{URL: a, Role: api.RolePrimary, Term: 3, Primary: a},
		Peers:   []api.PeerInfo{{URL: b, Reachable: true, Role: api.RoleBackup, Term: 3}},
		Workers: []api.WorkerInfo{{Shard: 0, State: api.ShardUp}, {Shard: 1, State: api.ShardDown}}}
	s, _ = s.Apply(cluster.Observation{At: noon.Add(time.Second), Master: a, Metadata: meta})
	f := Observe(&s, noon.Add(2*time.Second))
	if f.Status != Degraded || strings.Join(f.Shards, " ") != "up down" || strings.Join(f.Masters, " ") != "primary backup" || !f.At.Equal(noon.Add(time.Second)) {
		t.Errorf("%+v", f)
	}
	if c := (Check{Subject: "alarm", Text: "Shard 1"}); len(f.Alarms) == 0 {
		t.Errorf("no alarm: %+v", f)
	} else if v, is := c.judge(&f); v != Met {
		t.Errorf("%v %s", v, is)
	}
	s, _ = s.Apply(cluster.Observation{At: noon.Add(3 * time.Second), Master: a, Err: errors.New("refused")})
	s, _ = s.Apply(cluster.Observation{At: noon.Add(4 * time.Second), Master: b, Err: errors.New("refused")})
	if f := Observe(&s, noon.Add(5*time.Second)); f.Status != NoMaster || strings.Join(f.Masters, " ") != "down down" {
		t.Errorf("%+v", f)
	}
}

// While the tour is paused the user may change the cluster: the marks then say what is, not what was.
func TestPausedTourJudgesTheStateAsItIs(t *testing.T) {
	d := drive(t, "title = \"A\"\n[[step]]\ncaption = \"B\"\nexpect = [{ status = \"healthy\" }]\n")
	verdict := func(status string, want Verdict) {
		t.Helper()
		d.f.Status = status
		d.f.Now = d.f.Now.Add(time.Second)
		d.f.At = d.f.Now
		d.order("")
		if c := d.r.Snapshot().Checks[0]; c.Verdict != want || c.Is != status && want != Met {
			t.Fatalf("%s: %+v, not %d", status, c, want)
		}
	}
	d.order("") // begins
	verdict(Healthy, Met)
	verdict(Degraded, Met) // what was met once stays so while the tour runs
	d.r.Pause()
	verdict(Degraded, Failed)
	verdict(Healthy, Met)
	verdict(Degraded, Failed)
	d.r.Resume()
	verdict(Healthy, Met)
	verdict(Degraded, Met)
}

// The key of a step's own statement is shown with that step only, also when it is shown again.
func TestKeyBelongsToItsStep(t *testing.T) {
	d := drive(t, "title = \"A\"\n[[step]]\ncaption = \"B\"\ndo = [{ run = \"SELECT 1\" }]\n[[step]]\ncaption = \"C\"\n")
	key := &api.RouteKey{Key: "10042", Slot: 2094}
	d.order("run SELECT 1")
	d.f.Statement = &Outcome{Key: key}
	d.done(nil)
	d.order("")
	shows := func(want *api.RouteKey) {
		t.Helper()
		if got := d.r.Snapshot().Key; got != want {
			t.Errorf("step %d shows the key %v, not %v", d.r.Snapshot().Number, got, want)
		}
	}
	shows(key)
	d.f.Statement = &Outcome{Key: &api.RouteKey{Key: "7"}} // the user's
	d.order("")
	shows(key)
	d.r.Next()
	d.order("")
	shows(nil)
	d.r.Back()
	d.order("")
	shows(key)
}
