package screen

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"
	"github.com/muesli/termenv"

	"shardeck/tui/drill"
	"shardeck/tui/keymap"
	"shardeck/tui/theme"
)

// drillsScreen has two drills and the processes of a demo, one of them frozen.
func drillsScreen() *Drills {
	d := NewDrills([]drill.Plan{
		{Name: "kill-worker", Title: "Kill a worker", Does: "SIGKILL to the process of one shard", Expect: "the masters say that the shard is down; the other shards answer everything", Measured: "a read by key and an insert to each shard every 50 ms", Undo: "the worker is started again on its data"},
		{Name: "full-disk", Title: "Fill a disk", Does: "bounds the size of a worker's files", Expect: "no write to the shard is acknowledged", Measured: "the same", Undo: "the bound is lifted", Off: "only Linux can bound the files of another process"},
	})
	acts := []drill.Act{{Key: "K", Label: "kill", Name: "kill the process", Question: "Kill it?"}, {Key: "z", Label: "freeze", Name: "freeze the process"}}
	d.Update(ProcessesListed{Processes: []drill.Process{
		{Name: "worker-8081", Role: "shard 0", PID: 4711, State: drill.Running, Acts: acts},
		{Name: "worker-8082", Role: "shard 1", PID: 4712, State: drill.Frozen, Acts: acts},
		{Name: "worker-8083", Role: "shard 2", State: drill.Killed, Acts: acts},
		{Name: "master-8080", Role: "master", URL: primaryURL, PID: 4714, State: drill.Slow, Acts: acts},
		{Name: "master-8084", Role: "master", URL: backupURL, PID: 4715, State: drill.Full, Acts: acts},
		{Name: "traffic", Role: "x10, keys of shard 0", State: drill.Running, Acts: []drill.Act{{Key: "l", Label: "level", Name: "change the traffic"}}},
	}})
	return d
}

func drillReport(d *Drills, end func(*drill.Report)) *Drills {
	r := drill.Report{Plan: d.plans[0], Target: "worker-8083 (shard 2)", Began: noon, Took: 3340 * time.Millisecond, Verdict: drill.Pending,
		Steps: []drill.Step{{After: 1210 * time.Millisecond, Text: "every shard answers; term 3"}, {After: 1215 * time.Millisecond, Text: "worker-8083 (shard 2): SIGKILL to the process of one shard"},
			{After: 1330 * time.Millisecond, Text: "noticed after 123ms: down"}},
		Measures: []drill.Measure{{Name: "reads", Value: "168, 1 failed"}, {Name: "confirmed", Value: "170 writes"}, {Name: "longest gap", Value: "2.77s at shard 2, 55ms at the others"}}}
	d.Begun(r.Name)
	end(&r)
	d.Update(DrillProgress{Report: r})
	return d
}

func endedDrill(missing int) *Drills {
	return drillReport(drillsScreen(), func(r *drill.Report) {
		r.Checks = []drill.Check{{Text: "the masters notice within 15s", Got: "after 123ms: down", OK: true},
			{Text: "every acknowledged write is there", Got: fmt.Sprintf("%d of 170 are", 170-missing), OK: missing == 0}}
		r.Judge()
	})
}

// drillScenes are the screen in each of its states.
func drillScenes() []scene {
	v := viewOf(metadata(3))
	v.HasDrills, v.Notes = true, nil
	onProcess := drillsScreen()
	onProcess.onProcess, onProcess.process, onProcess.cursor = true, 1, 1
	return []scene{
		{"drills-new", v, []Screen{drillsScreen()}},
		{"drills-processes", v, []Screen{onProcess}},
		{"drills-running", downShard(), []Screen{drillReport(drillsScreen(), func(*drill.Report) {})}},
		{"drills-passed", v, []Screen{endedDrill(0)}},
		{"drills-failed", v, []Screen{endedDrill(3)}},
		{"drills-none", v, []Screen{NewDrills(nil)}},
	}
}

func TestDrillsMatchGoldenFiles(t *testing.T) {
	th := newTheme(t, theme.Mono, termenv.Ascii)
	for _, size := range [][2]int{{80, 24}, {120, 40}, {200, 60}} {
		for _, s := range drillScenes() {
			got := Render(th, size[0], size[1], s.view, append([]Screen{&Dashboard{}}, s.stack...)...) + "\n"
			golden(t, fmt.Sprintf("%s-%dx%d", s.name, size[0], size[1]), got)
		}
	}
}

func TestDrillFramesHaveTerminalSize(t *testing.T) {
	th := newTheme(t, theme.Dark, termenv.TrueColor)
	for _, s := range drillScenes() {
		for width := 1; width <= 210; width += 1 + width/7 {
			for height := 1; height <= 70; height += 1 + height/4 {
				if wrong := checkFrame(Render(th, width, height, s.view, append([]Screen{&Dashboard{}}, s.stack...)...), width, height); wrong != "" {
					t.Fatalf("%s at %dx%d: %s", s.name, width, height, wrong)
				}
			}
		}
	}
}

// At the smallest common size, a running drill shows its latest step, what is expected and a number.
func TestRunningDrillShowsWhatMatters(t *testing.T) {
	v := downShard()
	frame := ansi.Strip(Render(newTheme(t, theme.Mono, termenv.Ascii), 80, 24, v, &Dashboard{}, drillReport(drillsScreen(), func(*drill.Report) {})))
	for _, want := range []string{"noticed after 123ms: down", "the masters say that the shard is down", "168, 1 failed", "c cancel"} {
		if !strings.Contains(frame, want) {
			t.Errorf("%q is not shown:\n%s", want, frame)
		}
	}
}

func TestDrillRunsAfterItsQuestionOnly(t *testing.T) {
	d, v := drillsScreen(), viewOf(metadata(3))
	in, _ := Press(d, v, keyOf("enter"))
	show, ok := in.(Show)
	if !ok {
		t.Fatalf("Enter asks for %#v", in)
	}
	c := show.Screen.(*Confirm)
	if !strings.Contains(c.text, d.plans[0].Expect) || c.act != (RunDrill{Name: "kill-worker", Process: "worker-8081"}) {
		t.Errorf("the question %q leads to %#v", c.text, c.act)
	}
	// One that is not possible says why, and so does any while another runs.
	d.move(1)
	if in, _ := Press(d, v, keyOf("enter")); in == nil || !strings.Contains(fmt.Sprint(in), "only Linux") {
		t.Errorf("a drill that is not possible: %#v", in)
	}
	d.Begun("kill-worker")
	if in, _ := Press(d, v, keyOf("enter")); in == nil || !strings.Contains(fmt.Sprint(in), "is running") {
		t.Errorf("a second drill: %#v", in)
	}
	if in, _ := Press(d, v, keyOf("c")); in != (CancelDrill{}) {
		t.Errorf("c: %#v", in)
	}
	if in, _ := Press(d, v, keyOf("x")); in == nil || !strings.Contains(fmt.Sprint(in), "not been run") {
		t.Errorf("the export of a drill that runs: %#v", in)
	}
}

func TestActsConcernTheChosenProcess(t *testing.T) {
	d, v := drillsScreen(), viewOf(metadata(3))
	Press(d, v, keyOf("tab"))
	Press(d, v, keyOf("down"))
	if in, _ := Press(d, v, keyOf("z")); in != (ActOnProcess{Process: "worker-8082", Key: "z"}) {
		t.Errorf("z: %#v", in)
	}
	in, _ := Press(d, v, keyOf("K"))
	if show, ok := in.(Show); !ok || show.Screen.(*Confirm).act != (ActOnProcess{Process: "worker-8082", Key: "K"}) {
		t.Errorf("K: %#v", in)
	}
}

func TestDrillsAreOpenedInADemoOnly(t *testing.T) {
	v := viewOf(metadata(3))
	if in, handled := Press(&Dashboard{}, v, keyOf("D")); handled {
		t.Errorf("D outside a demo: %#v", in)
	}
	v.HasDrills = true
	if in, _ := Press(&Dashboard{}, v, keyOf("D")); in != (OpenDrills{}) {
		t.Errorf("D in a demo: %#v", in)
	}
}

func keyOf(name string) keymap.Key { return keymap.Key{Name: name, At: noon} }

// The lists of drills have the keys and marks of all other lists, and say what is not visible.
func TestDrillsAreAListAsOthers(t *testing.T) {
	th, v := newTheme(t, theme.Mono, termenv.Ascii), viewOf(metadata(3))
	var plans []drill.Plan
	for i := range 10 {
		plans = append(plans, drill.Plan{Name: fmt.Sprint("drill-", i), Title: fmt.Sprint("Drill ", i)})
	}
	d := NewDrills(plans)
	d.Update(ProcessesListed{Processes: drillsScreen().processes})
	render := func() string { return ansi.Strip(Render(th, 80, 24, v, &Dashboard{}, d)) }
	for _, c := range []struct{ key, want string }{
		{"G", "▸ Drill 9"}, {"g", "▸ Drill 0"}, {"end", "▸ Drill 9"}, {"home", "▸ Drill 0"},
	} {
		Press(d, v, keyOf(c.key))
		if frame := render(); !strings.Contains(frame, c.want) {
			t.Errorf("after %s, %q is not shown:\n%s", c.key, c.want, frame)
		}
	}
	frame := render()
	for _, want := range []string{" more ─╮╭─ Processes", "▸ worker-8081", "master-8080  primary", "master-8084  backup", "Enter run"} {
		if !strings.Contains(frame, want) {
			t.Errorf("%q is not shown:\n%s", want, frame)
		}
	}
	d.Begun("drill-3")
	if frame := render(); strings.Contains(frame, "Enter run") {
		t.Errorf("while a drill runs, Enter is offered:\n%s", frame)
	}
}
