package console

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"shardeck/shared/api"
	"shardeck/shared/testcluster"
	"shardeck/tui/cluster"
	"shardeck/tui/keymap"
	"shardeck/tui/screen"
	"shardeck/tui/tour"
)

const smallTour = `title = "Small"
[[step]]
caption = "First."
notes = "Whisper."
place = "overview"
expect = [{ status = "healthy" }]
[[step]]
caption = "Second."
place = "live"
do = ["count", { kill = "worker 1" }]
expect = [{ count = 300 }, { missing = 0 }]
[[step]]
caption = "Third."
place = "security"
do = ["security-check", { shard = 2 }]
expect = [{ security = "passed" }]
[[step]]
caption = "Fourth."
place = "query"
do = [{ type = "SELECT 1" }]
`

func guideOf(t testing.TB, text string, do func(context.Context, *tour.Action) (string, error)) *Guide {
	t.Helper()
	parsed, err := tour.Parse("a tour", []byte(text), screen.PlaceNames())
	if err != nil {
		t.Fatal(err)
	}
	return &Guide{Tour: parsed, Students: 300, Do: do}
}

// driveTour shows the small tour on a simulated cluster; killed is what it had killed.
func driveTour(t testing.TB) (d *driver, killed *[]string) {
	killed = new([]string)
	d = driveWith(t, newWorld(), func(o *Options) {
		o.Guide = guideOf(t, smallTour, func(_ context.Context, a *tour.Action) (string, error) {
			*killed = append(*killed, a.Text)
			return "killed it", nil
		})
	})
	d.wait(3 * time.Second)
	return d, killed
}

func TestTourIsGuided(t *testing.T) {
	d, killed := driveTour(t)
	d.shows(" 1/4 ", "First.", "✓ the cluster is healthy")
	if strings.Contains(d.frame(), "Whisper") {
		t.Error("the speaker's notes are shown unasked")
	}
	d.keys("N")
	d.shows("Notes: Whisper.")
	d.keys("N", "pgdown")
	d.wait(2 * time.Second)
	d.shows(" 2/4 ", "Second.", "9 live", "✓ count = 300", "✓ shards missing = 0")
	if d.w.counts != 1 || len(*killed) != 1 || (*killed)[0] != "worker 1" {
		t.Fatalf("counted %d times, killed %q", d.w.counts, *killed)
	}
	d.keys("pgup")
	d.shows(" 1/4 ", "shown again: nothing is done twice", "✓ the cluster is healthy")
	d.keys("n", "right")
	d.wait(2 * time.Second)
	d.shows(" 3/4 ", "Third.", "✓ security check passed", "2 shards")
	if d.w.counts != 1 || len(*killed) != 1 {
		t.Fatalf("counted %d times, killed %q", d.w.counts, *killed)
	}
	d.keys("enter")
	d.shows(" 4/4 ", "Query · SchoolDB", "1 SELECT 1")
	d.keys("pgdown")
	d.shows("the end")
}

func TestAnyKeyTakesOverAndTheTourComesBack(t *testing.T) {
	d, killed := driveTour(t)
	paused := func(want bool) {
		t.Helper()
		if got := strings.Contains(d.frame(), "paused: "); got != want {
			t.Fatalf("paused is %t, want %t:\n%s", got, want, d.frame())
		}
	}
	d.keys("ö") // does nothing
	paused(false)
	for _, key := range []string{"esc", "?", "c", "3", "down", ":", "f1", "e"} {
		d.keys(key)
		paused(true)
		d.keys("right", "pgdown") // the tour's keys are the screen's
		d.shows(" 1/4 ")
		d.keys("f9")
		paused(false)
		d.shows(" 1/4 ", "Shards")
		if _, ok := d.m.top().(*screen.Dashboard); !ok {
			t.Fatalf("after %q the step's screen is not back:\n%s", key, d.frame())
		}
	}
	d.keys("esc")
	d.shows("paused: Enter goes on")
	d.keys("2")
	d.keys("enter", "esc") // Enter may be the screen's
	d.keys("1", "enter")
	paused(false)
	if len(*killed) != 0 {
		t.Errorf("killed %q", *killed)
	}
}

func TestLettersAreTextDuringTour(t *testing.T) {
	d, _ := driveTour(t)
	d.keys("n")
	d.wait(2 * time.Second)
	d.keys("n")
	d.wait(2 * time.Second)
	d.keys("n")
	d.shows(" 4/4 ", "1 SELECT 1")
	d.send(keymap.Typed{Text: "nbN"})
	d.shows("nbN", "paused: F9 goes on")
	d.keys("f9", "n")
	d.shows("n", "paused: F9 goes on")
}

func TestTourSaysWhatFailed(t *testing.T) {
	w := newWorld()
	w.security = &api.SecurityCheckResponse{Probes: []api.SecurityProbe{{OK: false, Status: 200, Detail: "let in"}}, Workers: []api.SecurityWorker{{Worker: "worker-0"}}}
	d := driveWith(t, w, func(o *Options) {
		o.Guide = guideOf(t, `title = "A"
[[step]]
caption = "B"
do = [{ kill = "primary" }, { run = "SELECT 1" }, "count", "security-check"]
expect = [{ count = 7 }, { security = "passed" }]
`, func(context.Context, *tour.Action) (string, error) { return "", errors.New("no such process") })
	})
	d.wait(5 * time.Second)
	d.shows("✗ kill primary: no such process", "✗ run SELECT 1: ", "✗ count = 7 (it is 300)", "✗ security check passed (it is security check ")
}

func TestAudienceSeesKeysAndNoSecrets(t *testing.T) {
	d := driveWith(t, newWorld(), func(o *Options) { o.Presenter = true })
	d.wait(2 * time.Second)
	d.m.did(api.LevelInfo, "exported to /home/ada/x.csv")
	d.m.say("saved /home/ada/x.csv")
	d.keys("T")
	lines := strings.Split(d.frame(), "\n")
	if !strings.Contains(strings.Join(lines[:3], "\n"), " T ") {
		t.Errorf("the key is not shown:\n%s", d.frame())
	}
	d.wait(pressedFor)
	if strings.Contains(strings.Join(strings.Split(d.frame(), "\n")[:3], "\n"), " T ") {
		t.Errorf("the key is still shown:\n%s", d.frame())
	}
	d.keys("8")
	d.shows("exported to …")
	if frame := d.frame(); strings.Contains(frame, "/home") || strings.Contains(frame, "ada") {
		t.Errorf("something private is shown:\n%s", frame)
	}
	d.keys("e")
	d.wait(pressedFor)
	d.keys("z")
	d.send(keymap.Typed{Text: "zz"})
	if strings.Contains(strings.Split(d.frame(), "\n")[0], " z ") {
		t.Errorf("text is shown as keys:\n%s", d.frame())
	}
}

// What is saved of events is not what an audience sees.
func TestEventsAreSavedWhole(t *testing.T) {
	d := driveWith(t, newWorld(), func(o *Options) { o.Presenter, o.EventFile = true, t.TempDir()+"/events" })
	d.m.log(cluster.Event{Shard: -1, Text: "exported to /home/ada/x.csv", Source: "ada"})
	if e := d.m.unsaved[len(d.m.unsaved)-1]; e.Source != "ada" || !strings.Contains(e.Text, "/home/ada") {
		t.Errorf("%+v", e)
	}
	if e := d.m.events[len(d.m.events)-1]; e.Source != "" || strings.Contains(e.Text, "/home") {
		t.Errorf("%+v", e)
	}
}

const realTour = `title = "For real"
[[step]]
caption = "A key."
place = "live"
do = [{ table = "School.Students" }, { run = "SELECT id, name FROM Students WHERE id = 7" }]
expect = [{ rows = 1 }, { shards = 1 }, { value = "7" }, { status = "healthy" }]
[[step]]
caption = "A write."
place = "query"
do = [{ run = "DELETE FROM Students WHERE id = 7" }, "count"]
expect = [{ rows = 1 }, { count = 999 }]
[[step]]
caption = "A shard is gone."
place = "overview"
do = [{ kill = "worker 1" }, { wait = { shard = 1, is = "down" } }, "count", { run = "SELECT COUNT(*) FROM Students", partial = true }]
expect = [{ status = "degraded" }, { missing = 1 }, { rows = 1 }, { alarm = "shard 1" }]
[[step]]
caption = "Without it."
do = [{ run = "SELECT COUNT(*) FROM Students" }]
expect = [{ error = "shard_unavailable" }]
[[step]]
caption = "It comes back."
do = ["restart", { wait = { status = "healthy" } }, "count", { run = "SELECT COUNT(*) FROM Students" }]
expect = [{ count = 999 }, { value = "999" }, { missing = 0 }]
[[step]]
caption = "Nobody gets in."
place = "security"
do = ["security-check"]
expect = [{ security = "passed" }]
`

// A tour through the console on real processes, with a presenter who takes over in between.
func TestTourFlowOnRealCluster(t *testing.T) {
	var f *flow
	var c *testcluster.Cluster
	acted := 0
	f, c = startFlowWith(t, func(o *Options) {
		o.Guide = guideOf(t, realTour, func(ctx context.Context, a *tour.Action) (string, error) {
			done := make(chan struct{})
			f.msgs <- inTest(func() { // it may end the test
				defer close(done)
				acted++
				if a.Verb == tour.Restart {
					c.Workers[1].Restart(t)
					return
				}
				shard, _ := a.Worker()
				c.Workers[shard].Kill(t)
			})
			select {
			case <-done:
				return a.String(), nil
			case <-ctx.Done():
				return "", ctx.Err()
			}
		})
	})
	f.await(" 1/6 ", "A key.", "✓ rows = 1", "✓ shards asked = 1", "✓ first value 7", "✓ the cluster is healthy")
	f.keys("pgdown")
	f.await(" 2/6 ", "Query · School", "✓ rows = 1", "✓ count = 999")
	f.keys("n")
	f.await(" 3/6 ", "✓ the cluster is degraded", "✓ shards missing = 1", "✓ rows = 1", `✓ alarm "shard 1"`)
	f.keys("3")
	f.await("paused: ", "3 schema")
	f.keys("f9")
	f.await(" 3/6 ", "MapReduce count")
	f.keys("right")
	f.await(" 4/6 ", "✓ refused as shard_unavailable")
	f.keys("pgdown")
	f.await(" 5/6 ", "✓ count = 999", "✓ first value 999", "✓ shards missing = 0")
	f.keys("pgdown")
	f.await(" 6/6 ", "✓ security check passed", "6 security")
	if !f.m.guide.Passed() || acted != 2 {
		t.Errorf("%d actions: %+v", acted, f.m.guide.Snapshot())
	}
}
