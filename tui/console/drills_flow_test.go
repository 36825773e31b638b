package console

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"shardeck/tui/cluster"
	"shardeck/tui/drill"
	"shardeck/tui/screen"
)

// fakeDrills is one drill that waits for its end, and one process.
type fakeDrills struct {
	ran, process string
	acted        []string
	report       drill.Report
	fault        error
}

func (f *fakeDrills) List() []drill.Plan {
	return []drill.Plan{{Name: "kill-worker", Title: "Kill a worker", Does: "SIGKILL", Expect: "the others answer", Undo: "it is started again"}}
}

func (f *fakeDrills) Processes() []drill.Process {
	return []drill.Process{{Name: "worker-8081", Role: "shard 0", PID: 4711, State: drill.Running,
		Acts: []drill.Act{{Key: "K", Label: "kill", Name: "kill the process", Question: "Kill worker-8081?"}, {Key: "z", Label: "freeze", Name: "freeze the process"}}}}
}

func (f *fakeDrills) Run(_ context.Context, name, process string, progress func(drill.Report)) drill.Report {
	f.ran, f.process = name, process
	r := f.report
	r.Plan, r.Verdict = f.List()[0], drill.Pending
	progress(r)
	r.Judge()
	return r
}

func (f *fakeDrills) Act(_ context.Context, process, key string) (string, error) {
	f.acted = append(f.acted, process+" "+key)
	return "done to " + process, f.fault
}

func driveDrills(t *testing.T, f *fakeDrills) *driver {
	t.Helper()
	d := drive(t, newWorld())
	d.m.opts.Drills = f
	d.wait(2 * time.Second)
	d.keys("D")
	return d
}

func TestDrillRunsWithItsVerdictInTheEvents(t *testing.T) {
	f := &fakeDrills{report: drill.Report{Target: "worker-8081 (shard 0)", Checks: []drill.Check{{Text: "noticed", Got: "it was not"}}}}
	d := driveDrills(t, f)
	d.shows("Kill a worker", "worker-8081", "running")
	d.keys("enter")
	d.shows("What should happen: the others answer")
	if f.ran != "" {
		t.Fatal("the drill runs before it is confirmed")
	}
	d.keys("right", "enter")
	d.wait(time.Second)
	if f.ran != "kill-worker" || f.process != "worker-8081" {
		t.Errorf("ran %q on %q", f.ran, f.process)
	}
	d.shows("✗ failed", "noticed: it was not")
	d.keys("esc")
	found := false
	for _, e := range d.m.events {
		found = found || strings.HasPrefix(e.Text, "drill kill a worker: failed")
	}
	if !found {
		t.Errorf("the verdict is not among the events: %+v", d.m.events)
	}
	d.keys("D")
	d.shows("✗ failed") // it is kept
}

func TestProcessIsActedOnAfterTheQuestion(t *testing.T) {
	f := &fakeDrills{}
	d := driveDrills(t, f)
	d.keys("tab", "K")
	d.shows("Kill worker-8081?")
	d.keys("esc", "K", "right", "enter")
	d.keys("z")
	if got := strings.Join(f.acted, ", "); got != "worker-8081 K, worker-8081 z" {
		t.Errorf("done: %s", got)
	}
	f.fault = errors.New("it is gone")
	d.keys("z")
	d.shows("it is gone")
}

func TestWithoutADemoTheDrillsAreNamed(t *testing.T) {
	d := drive(t, newWorld())
	d.wait(2 * time.Second)
	d.keys("D")
	d.shows(screen.NoDrills)
	d.keys("K")
	d.shows("K kills the primary of a demo")
	d.keys("R")
	d.shows("R restarts what was killed in a demo")
}

func TestFirstFrameHasItsRowsAndTheNotice(t *testing.T) {
	w := newWorld()
	meta, err := fakeMaster{w, urlA}.Metadata(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	d := drive(t, w)
	d.m.opts.First = &cluster.Observation{At: w.now, Master: urlA, Metadata: meta}
	d.m.opts.Notices = []string{"port 8080 is taken by nginx (pid 12); using 41231"}
	first := newModel(t.Context(), d.m.opts, d.m.theme, d.m.themeOptions)
	first.width, first.height = 100, 30
	d.m = first
	d.shows("HEALTHY", "300 rows", "port 8080 is taken by nginx (pid 12); using 41231")
	d.wait(noticeFor + time.Second)
	if strings.Contains(d.frame(), "nginx") {
		t.Errorf("the notice stays:\n%s", d.frame())
	}
}
