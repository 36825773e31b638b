package console

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/x/ansi"
	"github.com/muesli/termenv"
	"pgregory.net/rapid"

	"shardeck/shared/api"
	"shardeck/shared/client"
	"shardeck/tui/screen"
	"shardeck/tui/theme"
)

const (
	urlA = "http://127.0.0.1:8080"
	urlB = "http://127.0.0.1:8084"
)

// world is a cluster of two masters without processes: what they say is decided
// by a few switches. It is used by one goroutine.
type world struct {
	now       time.Time
	dead      map[string]bool
	primary   string
	term      uint64
	failovers int
	counts    int
	tables    []string
	failErr   error
}

func newWorld() *world {
	return &world{now: time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC), dead: map[string]bool{}, primary: urlA, term: 3, tables: []string{"Students", "Teachers"}}
}

type fakeMaster struct {
	w   *world
	url string
}

func (f fakeMaster) role() api.Role {
	if f.w.primary == f.url {
		return api.RolePrimary
	}
	return api.RoleBackup
}

func (f fakeMaster) up() error {
	if f.w.dead[f.url] {
		return api.NewProblem(api.CodeShardUnavailable, "connection refused")
	}
	return nil
}

func (f fakeMaster) Metadata(ctx context.Context) (*api.Metadata, error) {
	if err := f.up(); err != nil {
		return nil, err
	}
	other := fakeMaster{f.w, urlA}
	if f.url == urlA {
		other.url = urlB
	}
	m := &api.Metadata{
		Master: api.MasterInfo{URL: f.url, Role: f.role(), Term: f.w.term, Primary: f.w.primary, Slots: 5040, Shards: 3},
		Peers:  []api.PeerInfo{{URL: other.url, Reachable: !f.w.dead[other.url], Role: other.role(), Term: f.w.term}},
	}
	for i := range 3 {
		m.Workers = append(m.Workers, api.WorkerInfo{Shard: i, Name: fmt.Sprint("worker-", i), State: api.ShardUp, LatencyMS: 1, Rows: 100})
	}
	db := api.DatabaseInfo{Name: "SchoolDB"}
	for i, name := range f.w.tables {
		n := int64(100 - i)
		db.Tables = append(db.Tables, api.TableInfo{Name: name, Rows: 3 * n, RowsPerShard: []*int64{&n, &n, &n}, Skew: 1})
	}
	m.Databases = []api.DatabaseInfo{db}
	return m, nil
}

func (f fakeMaster) Count(ctx context.Context, req *api.MapReduceCountRequest, _ ...client.CallOption) (*api.MapReduceCountResponse, error) {
	f.w.counts++
	if err := f.up(); err != nil {
		return nil, err
	}
	r := &api.MapReduceCountResponse{Total: 300, MapMS: 4, ReduceMS: 0.01}
	for i := range 3 {
		r.Shards = append(r.Shards, api.ShardResult{Shard: i, Rows: 100, MS: 3})
	}
	return r, nil
}

func (f fakeMaster) SecurityCheck(context.Context, ...client.CallOption) (*api.SecurityCheckResponse, error) {
	return &api.SecurityCheckResponse{OK: true, Probes: []api.SecurityProbe{{OK: true, Endpoint: api.Endpoint{Method: "GET", Path: "/stats"}, Credential: api.CredentialNone}},
		Workers: []api.SecurityWorker{{Worker: "worker-0", OK: true}}}, f.up()
}

func (f fakeMaster) Failover(context.Context, ...client.CallOption) (*api.FailoverResponse, error) {
	f.w.failovers++
	if f.w.failErr != nil {
		return nil, f.w.failErr
	}
	old := f.w.primary
	f.w.primary = f.url
	f.w.term++
	return &api.FailoverResponse{Primary: f.url, Term: f.w.term, Previous: old, TotalMS: 12, Steps: []api.FailoverStep{{Name: "take term", OK: true, MS: 12}}}, nil
}

// driver runs a model by hand: commands are kept until the test lets them run.
type driver struct {
	t       testing.TB
	w       *world
	m       *model
	pending []tea.Cmd
}

func drive(t testing.TB, w *world, actions ...Action) *driver {
	t.Helper()
	o := Options{Masters: []string{urlA, urlB}, Actions: actions, Now: func() time.Time { return w.now },
		Dial: func(u string) Master { return fakeMaster{w, u} }}
	if err := o.complete(); err != nil {
		t.Fatal(err)
	}
	to := theme.Options{Profile: termenv.Ascii}
	th, err := theme.New(theme.Mono, to)
	if err != nil {
		t.Fatal(err)
	}
	d := &driver{t: t, w: w, m: newModel(context.Background(), o, th, to)}
	d.send(tea.WindowSizeMsg{Width: 100, Height: 30})
	return d
}

// send gives the model a message and keeps the command.
func (d *driver) send(msg tea.Msg) {
	_, cmd := d.m.Update(msg)
	if cmd != nil {
		d.pending = append(d.pending, cmd)
	}
}

// settle runs what is pending, but for the clock, and gives back what comes of it.
func (d *driver) settle() {
	for len(d.pending) > 0 {
		cmd := d.pending[0]
		d.pending = d.pending[1:]
		switch msg := cmd().(type) {
		case tea.BatchMsg:
			for _, c := range msg {
				if c != nil {
					d.pending = append(d.pending, c)
				}
			}
		case tickMsg, nil:
		default:
			d.send(msg)
		}
	}
}

// wait lets time pass in steps of the clock's ticks. The tick itself is sent by
// hand: the model's own timer would really wait.
func (d *driver) wait(total time.Duration) {
	for total > 0 {
		step := min(total, tickEvery)
		d.w.now = d.w.now.Add(step)
		total -= step
		d.tick()
	}
}

func (d *driver) tick() {
	d.m.now = d.w.now
	d.pending = append(d.pending, d.m.refreshDialog(), d.m.pollIfDue())
	d.pending = compact(d.pending)
	d.settle()
}

func compact(cmds []tea.Cmd) []tea.Cmd {
	var out []tea.Cmd
	for _, c := range cmds {
		if c != nil {
			out = append(out, c)
		}
	}
	return out
}

func keyMsg(name string) tea.KeyMsg {
	named := map[string]tea.KeyType{"enter": tea.KeyEnter, "esc": tea.KeyEsc, "right": tea.KeyRight, "left": tea.KeyLeft,
		"tab": tea.KeyTab, "up": tea.KeyUp, "down": tea.KeyDown, "ctrl+c": tea.KeyCtrlC}
	if k, ok := named[name]; ok {
		return tea.KeyMsg{Type: k}
	}
	return tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune(name)}
}

// keys presses keys with a human's pause before each.
func (d *driver) keys(names ...string) {
	for _, n := range names {
		d.wait(600 * time.Millisecond)
		d.send(keyMsg(n))
		d.settle()
	}
}

// hold presses a key as a terminal repeats it.
func (d *driver) hold(name string, total time.Duration) {
	for range int(total / (33 * time.Millisecond)) {
		d.w.now = d.w.now.Add(33 * time.Millisecond)
		d.send(keyMsg(name))
		d.settle()
	}
}

func (d *driver) frame() string { return ansi.Strip(d.m.View()) }

func (d *driver) shows(texts ...string) {
	d.t.Helper()
	for _, text := range texts {
		if !strings.Contains(d.frame(), text) {
			d.t.Fatalf("%q is not shown:\n%s", text, d.frame())
		}
	}
}

func TestShowsTheClusterAndCounts(t *testing.T) {
	d := drive(t, newWorld())
	d.shows("CONNECTING")
	d.wait(2 * time.Second)
	d.shows("HEALTHY", "PRIMARY 127.0.0.1:8080", "term 3", "worker-2", "Rows of SchoolDB.Students", "skew 1.00")
	d.keys("c")
	d.shows("Σ 300", "counted 300 rows")
}

func TestStaysUpWithoutAMasterAndComesBack(t *testing.T) {
	w := newWorld()
	w.dead[urlA], w.dead[urlB] = true, true
	d := drive(t, w)
	d.wait(5 * time.Second)
	d.shows("CONNECTING", "no master yet: cannot be reached")
	w.dead[urlB] = false
	d.wait(3 * time.Second)
	d.shows("HEALTHY", "BACKUP 127.0.0.1:8084", "f fails over")
	w.dead[urlA] = false
	d.wait(5 * time.Second)
	d.shows("PRIMARY 127.0.0.1:8080")
	w.dead[urlA], w.dead[urlB] = true, true
	d.wait(20 * time.Second)
	d.shows("NO MASTER", "last known", "~up", "stale, 2")
	w.dead[urlA] = false
	d.wait(3 * time.Second)
	d.shows("HEALTHY", "connected again")
}

func TestOnlyOnePollIsInFlight(t *testing.T) {
	d := drive(t, newWorld())
	polls := 0
	for range 50 {
		d.w.now = d.w.now.Add(time.Second)
		d.m.now = d.w.now
		if d.m.pollIfDue() != nil {
			polls++
		}
	}
	if polls != 1 {
		t.Errorf("%d polls were started while the first had not come back", polls)
	}
}

func TestAStaleAnswerIsDropped(t *testing.T) {
	d := drive(t, newWorld())
	d.wait(2 * time.Second)
	d.send(keyMsg("c"))
	late := d.pending[len(d.pending)-1]
	d.pending = nil
	d.m.choose("SchoolDB", "Teachers") // the answer on its way is of the other table
	d.send(late())
	if d.m.count.Answer != nil || d.m.count.Running {
		t.Errorf("the count of another table was taken: %+v", d.m.count)
	}
	d.shows("Press c to count Teachers")
}

func TestFailsOverAndFollows(t *testing.T) {
	d := drive(t, newWorld())
	d.wait(2 * time.Second)
	d.keys("f")
	d.shows("Failover: preflight", "Promote 127.0.0.1:8084", "term 4", "▸ Cancel")
	d.keys("right")
	d.shows("▸ Fail over")
	d.keys("enter")
	d.wait(2 * time.Second)
	d.shows("Failover: done", "127.0.0.1:8084 is primary, with term 4", "Gap as this console saw it")
	d.keys("enter")
	d.shows("PRIMARY 127.0.0.1:8084", "term 4")
	if d.w.failovers != 1 {
		t.Errorf("%d failovers", d.w.failovers)
	}
}

func TestFailsOverAfterThePrimaryWasKilled(t *testing.T) {
	d := drive(t, newWorld())
	d.wait(2 * time.Second)
	d.w.dead[urlA] = true
	d.wait(3 * time.Second)
	d.shows("BACKUP 127.0.0.1:8084", "primary 127.0.0.1:8080 is silent")
	d.keys("f")
	d.shows("does not answer; it is shut out")
	d.keys("right", "enter")
	d.wait(2 * time.Second)
	d.shows("Failover: done", "without a primary")
	if gap := d.m.state.Takeover.Gap(); gap < 3*time.Second || gap > 8*time.Second {
		t.Errorf("the gap is %v", gap)
	}
}

func TestAHeldEnterConfirmsNothing(t *testing.T) {
	for _, opening := range [][]string{{"f"}, {"t"}, {"s"}, {"K"}, {}} {
		ran := 0
		d := drive(t, newWorld(), Action{Key: "K", Label: "kill", Confirm: "Sure?", Run: func(context.Context) (string, error) { ran++; return "", nil }})
		d.wait(2 * time.Second)
		d.keys(opening...)
		d.hold("enter", 5*time.Second)
		if d.w.failovers != 0 || ran != 0 {
			t.Errorf("after %v a held Enter ran %d failovers and %d actions", opening, d.w.failovers, ran)
		}
		d = drive(t, newWorld(), Action{Key: "K", Label: "kill", Confirm: "Sure?", Run: func(context.Context) (string, error) { ran++; return "", nil }})
		d.wait(2 * time.Second)
		for _, key := range opening {
			d.send(keyMsg(key)) // and Enter at once, while the dialog opens
		}
		d.hold("enter", 5*time.Second)
		if d.w.failovers != 0 || ran != 0 {
			t.Errorf("after %v an Enter held before ran %d failovers and %d actions", opening, d.w.failovers, ran)
		}
	}
}

func TestAnEnterHeldAfterConfirmingDoesNotCloseTheResultUnread(t *testing.T) {
	d := drive(t, newWorld())
	d.wait(2 * time.Second)
	d.keys("f", "right")
	d.wait(time.Second)
	d.hold("enter", 4*time.Second)
	d.wait(time.Second)
	d.shows("Failover: done")
	if d.w.failovers != 1 {
		t.Errorf("%d failovers", d.w.failovers)
	}
}

func TestKeysDoNotLeakThroughADialog(t *testing.T) {
	for _, opening := range []string{"f", "t", "s", "?"} {
		ran := 0
		d := drive(t, newWorld(), Action{Key: "K", Label: "kill", Run: func(context.Context) (string, error) { ran++; return "", nil }})
		d.wait(2 * time.Second)
		d.keys(opening)
		before := d.m.theme.Name()
		d.keys("c", "T", "p", "K")
		if d.w.counts != 0 || ran != 0 || d.m.paused || d.m.theme.Name() != before {
			t.Errorf("keys went through the dialog of %q", opening)
		}
		d.keys("esc")
		if d.m.top() != nil {
			t.Errorf("the dialog of %q does not close", opening)
		}
	}
}

func TestPastedTextIsNoCommand(t *testing.T) {
	d := drive(t, newWorld())
	d.wait(2 * time.Second)
	_, cmd := d.m.Update(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune("q"), Paste: true})
	if cmd != nil || d.m.top() != nil {
		t.Error("a pasted q did something")
	}
}

func TestCtrlCQuitsFromAnywhere(t *testing.T) {
	for _, opening := range []string{"f", "t", "s", "?", ""} {
		d := drive(t, newWorld())
		d.wait(2 * time.Second)
		if opening != "" {
			d.keys(opening)
		}
		_, cmd := d.m.Update(keyMsg("ctrl+c"))
		if cmd == nil {
			t.Fatalf("Ctrl-C does nothing in the dialog of %q", opening)
		}
		if _, ok := cmd().(tea.QuitMsg); !ok {
			t.Errorf("Ctrl-C does not quit from the dialog of %q", opening)
		}
	}
}

func TestPauseStopsThePollsAndSaysSo(t *testing.T) {
	d := drive(t, newWorld())
	d.wait(2 * time.Second)
	d.keys("p")
	d.wait(30 * time.Second)
	d.shows("paused, 3")
	d.keys("r")
	d.shows("paused, 0.")
	d.keys("p")
	d.wait(2 * time.Second)
	d.shows("● live")
}

func TestChoosesATableAndKeepsIt(t *testing.T) {
	d := drive(t, newWorld())
	d.wait(2 * time.Second)
	d.keys("t", "down", "enter")
	d.shows("Rows of SchoolDB.Teachers")
	d.w.tables = []string{"Students"}
	d.wait(2 * time.Second)
	d.shows("SchoolDB.Teachers is not there")
}

func TestFailoverThatDidNotHappenIsToldWithItsHint(t *testing.T) {
	d := drive(t, newWorld())
	d.w.failErr = api.NewProblem(api.CodeFailoverFailed, "only 1 of 3 workers took the term").Hinted("start the others")
	d.wait(2 * time.Second)
	d.keys("f", "right", "enter")
	d.shows("it did not happen: only 1 of 3 workers took the term", "start the others")
}

func TestActionsAreRunOnceAndReported(t *testing.T) {
	runs := 0
	d := drive(t, newWorld(), Action{Key: "b", Label: "traffic", Help: "switch", Status: func() string { return "traffic off" },
		Run: func(context.Context) (string, error) {
			runs++
			if runs > 1 {
				return "", errors.New("it is stuck")
			}
			return "traffic is on now", nil
		}})
	d.wait(2 * time.Second)
	d.shows("b traffic off")
	d.send(keyMsg("b"))
	d.send(keyMsg("b")) // while the first runs
	d.settle()
	if runs != 1 {
		t.Errorf("the action ran %d times at once", runs)
	}
	d.shows("traffic is on now")
	d.keys("b")
	d.shows("traffic failed: it is stuck")
}

func TestActionsCannotTakeTheConsolesKeys(t *testing.T) {
	run := func(context.Context) (string, error) { return "", nil }
	for _, key := range []string{"c", "q", "enter", "", "T"} {
		o := Options{Masters: []string{urlA}, Actions: []Action{{Key: key, Run: run}}}
		if o.complete() == nil {
			t.Errorf("the key %q was given away", key)
		}
	}
	o := Options{Masters: []string{urlA}, Actions: []Action{{Key: "b", Run: run}, {Key: "b", Run: run}}}
	if o.complete() == nil {
		t.Error("two actions share a key")
	}
}

func TestHelpShowsEveryKeyThatTheConsoleObeys(t *testing.T) {
	actions := []Action{{Key: "b", Label: "traffic", Help: "switch the traffic", Run: nil}}
	m := newKeyMap(actions)
	shown := map[string]bool{"enter": true, "esc": true}
	for _, g := range m.groups(actions) {
		for _, b := range g.Keys {
			for _, k := range b.Keys() {
				shown[k] = true
			}
		}
	}
	for k := range m.taken() {
		if !shown[k] {
			t.Errorf("the help leaves out %q", k)
		}
	}
}

func TestNoSeriesOfMessagesBreaksTheConsole(t *testing.T) {
	names := []string{"c", "s", "f", "t", "r", "p", "T", "?", "up", "down", "left", "right", "tab", "enter", "esc", "q", "b", "K"}
	rapid.Check(t, func(rt *rapid.T) {
		w := newWorld()
		run := func(context.Context) (string, error) { return "done", nil }
		d := drive(t, w, Action{Key: "b", Label: "b", Run: run}, Action{Key: "K", Label: "K", Confirm: "Sure?", Run: run})
		width, height := 100, 30
		for range rapid.IntRange(1, 60).Draw(rt, "steps") {
			switch rapid.IntRange(0, 5).Draw(rt, "kind") {
			case 0:
				width, height = rapid.IntRange(1, 200).Draw(rt, "width"), rapid.IntRange(1, 60).Draw(rt, "height")
				d.send(tea.WindowSizeMsg{Width: width, Height: height})
			case 1:
				u := rapid.SampledFrom([]string{urlA, urlB}).Draw(rt, "master")
				w.dead[u] = !w.dead[u]
			case 2:
				d.wait(time.Duration(rapid.IntRange(1, 4000).Draw(rt, "ms")) * time.Millisecond)
			default:
				d.send(keyMsg(rapid.SampledFrom(names).Draw(rt, "key")))
				if rapid.Bool().Draw(rt, "settle") {
					d.settle()
				}
			}
			lines := strings.Split(d.frame(), "\n")
			if len(lines) != height || ansi.StringWidth(lines[0]) != width {
				rt.Fatalf("a frame of %d by %d for a terminal of %d by %d", ansi.StringWidth(lines[0]), len(lines), width, height)
			}
		}
	})
}

var _ screen.Screen = (*screen.Failover)(nil)
