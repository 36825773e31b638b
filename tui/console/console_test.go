package console

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/x/ansi"
	"pgregory.net/rapid"

	"shardeck/shared/api"
	"shardeck/tui/cluster"
	"shardeck/tui/keymap"
)

func TestShowsClusterAndCount(t *testing.T) {
	d := drive(t, newWorld())
	d.shows("CONNECTING")
	d.wait(2 * time.Second)
	d.shows("HEALTHY", "PRIMARY 127.0.0.1:8080", "term 3", "worker-2", "Rows of SchoolDB.Students", "skew 1.00")
	d.keys("c")
	d.shows("Σ 300", "counted 300 rows")
}

func TestSurvivesWithoutMasterAndReconnects(t *testing.T) {
	w := newWorld()
	w.dead[urlA], w.dead[urlB] = true, true
	d := drive(t, w)
	d.wait(5 * time.Second)
	d.shows("CONNECTING", "no master yet: cannot be reached")
	w.dead[urlB] = false
	d.wait(3 * time.Second)
	d.shows("NO PRIMARY", "BACKUP 127.0.0.1:8084", "f fails over")
	w.dead[urlA] = false
	d.wait(5 * time.Second)
	d.shows("PRIMARY 127.0.0.1:8080")
	w.dead[urlA], w.dead[urlB] = true, true
	d.wait(20 * time.Second)
	d.shows("NO MASTER", "last known", "~up", "stale, 2")
	w.dead[urlA] = false
	d.wait(3 * time.Second)
	d.shows("1 ALARM", "nobody can take over", "reconnected")
	w.dead[urlB] = false
	d.wait(3 * time.Second)
	d.shows("HEALTHY")
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
		t.Errorf("%d polls were started while the first was in flight", polls)
	}
}

func TestAStaleAnswerIsDropped(t *testing.T) {
	d := drive(t, newWorld())
	d.wait(2 * time.Second)
	d.send(keyMsg("c"))
	late := d.pending[len(d.pending)-1]
	d.pending = nil
	d.m.choose("SchoolDB", "Teachers") // the answer in flight is for the other table
	d.send(late())
	if d.m.count.Answer != nil || d.m.count.Running {
		t.Errorf("the count of another table was accepted: %+v", d.m.count)
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
	d.shows("Failover: done", "127.0.0.1:8084 is primary, with term 4", "Gap measured by this console")
	d.keys("enter")
	d.shows("PRIMARY 127.0.0.1:8084", "term 4")
	if d.w.failovers != 1 {
		t.Errorf("%d failovers", d.w.failovers)
	}
}

func TestFailsOverAfterPrimaryWasKilled(t *testing.T) {
	d := drive(t, newWorld())
	d.wait(2 * time.Second)
	d.w.dead[urlA] = true
	d.wait(3 * time.Second)
	d.shows("BACKUP 127.0.0.1:8084", "primary 127.0.0.1:8080 does not answer")
	d.w.checks = []api.FailoverCheck{{Name: "the primary answers", Detail: "it does not; the workers will refuse its writes"}}
	d.keys("f")
	d.shows("▲ the primary answers", "it does not; the workers will")
	d.keys("right", "enter")
	d.wait(2 * time.Second)
	d.shows("Failover: done", "without a primary")
	if gap := d.m.state.Takeover.Gap(); gap < 3*time.Second || gap > 8*time.Second {
		t.Errorf("the gap is %v", gap)
	}
}

func sure(*cluster.State) (question, target string) { return "Sure?", urlA }

func TestHeldEnterConfirmsNothing(t *testing.T) {
	for _, opening := range [][]string{{"f"}, {"t"}, {"s"}, {"K"}, {}} {
		ran := 0
		d := drive(t, newWorld(), Action{Key: "K", Label: "kill", Confirm: sure, Run: func(context.Context, string) (string, error) { ran++; return "", nil }})
		d.wait(2 * time.Second)
		d.keys(opening...)
		d.hold("enter", 5*time.Second)
		if d.w.failovers != 0 || ran != 0 {
			t.Errorf("after %v a held Enter ran %d failovers and %d actions", opening, d.w.failovers, ran)
		}
		d = drive(t, newWorld(), Action{Key: "K", Label: "kill", Confirm: sure, Run: func(context.Context, string) (string, error) { ran++; return "", nil }})
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

func TestEnterHeldAfterConfirmingDoesNotCloseResult(t *testing.T) {
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
		d := drive(t, newWorld(), Action{Key: "K", Label: "kill", Run: func(context.Context, string) (string, error) { ran++; return "", nil }})
		d.wait(2 * time.Second)
		d.keys(opening)
		before := d.m.theme.Name()
		d.keys("c", "T", "p", "K")
		if d.w.counts != 0 || ran != 0 || d.m.paused || d.m.theme.Name() != before {
			t.Errorf("keys went through the dialog of %q", opening)
		}
		d.keys("esc", "esc") // of the list, the first one ends the search for a column
		if len(d.m.stack) != 1 {
			t.Errorf("the dialog of %q does not close", opening)
		}
	}
}

func TestPastedTextIsNotACommand(t *testing.T) {
	d := drive(t, newWorld())
	d.wait(2 * time.Second)
	_, cmd := d.m.Update(keymap.Paste{Text: "q"})
	if cmd != nil || len(d.m.stack) != 1 {
		t.Error("a pasted q did something")
	}
}

func quits(cmd tea.Cmd) bool {
	if cmd == nil {
		return false
	}
	_, ok := cmd().(tea.QuitMsg)
	return ok
}

func TestCtrlCTwiceQuitsFromAnywhere(t *testing.T) {
	for _, opening := range []string{"f", "t", "s", "?", ""} {
		d := drive(t, newWorld())
		d.wait(2 * time.Second)
		if opening != "" {
			d.keys(opening)
		}
		if opening == "f" { // a question, which it answers with no
			d.keys("ctrl+c")
			if len(d.m.stack) != 1 {
				t.Error("Ctrl-C leaves a question open")
			}
		}
		if _, cmd := d.m.Update(keyMsg("ctrl+c")); cmd != nil {
			t.Errorf("one Ctrl-C does something in the dialog of %q", opening)
		}
		d.shows("Ctrl-C again quits")
		d.wait(4 * time.Second)
		if _, cmd := d.m.Update(keyMsg("ctrl+c")); cmd != nil {
			t.Errorf("a Ctrl-C long after the first quits from the dialog of %q", opening)
		}
		if _, cmd := d.m.Update(keyMsg("ctrl+c")); !quits(cmd) {
			t.Errorf("the second Ctrl-C does not quit from the dialog of %q", opening)
		}
	}
}

func TestQuittingADemoIsConfirmed(t *testing.T) {
	d := drive(t, newWorld())
	d.m.opts.QuitQuestion = "This ends the demo."
	d.wait(2 * time.Second)
	d.keys("q")
	d.shows("This ends the demo.", "▸ Cancel")
	d.keys("enter")
	if len(d.m.stack) != 1 {
		t.Fatal("the question is still open")
	}
	d.keys("q", "right")
	d.wait(time.Second)
	if _, cmd := d.m.Update(keyMsg("enter")); !quits(cmd) {
		t.Error("a confirmed quit does not quit")
	}
	other := drive(t, newWorld())
	if _, cmd := other.m.Update(keyMsg("q")); !quits(cmd) {
		t.Error("q does not quit where there is nothing to ask")
	}
}

func TestRepaint(t *testing.T) {
	clears := func(cmd tea.Cmd) bool {
		if cmd == nil {
			return false
		}
		cleared := tea.ClearScreen()
		switch msg := cmd().(type) {
		case tea.BatchMsg:
			for _, c := range msg {
				if c != nil && c() == cleared {
					return true
				}
			}
		default:
			return msg == cleared
		}
		return false
	}
	for _, opening := range []string{"", "f", "?"} {
		d := drive(t, newWorld())
		d.wait(2 * time.Second)
		if opening != "" {
			d.keys(opening)
		}
		if _, cmd := d.m.Update(keyMsg("ctrl+l")); !clears(cmd) {
			t.Errorf("Ctrl-L does not repaint after %q", opening)
		}
		if _, cmd := d.m.Update(keyMsg("r")); opening == "" && !clears(cmd) {
			t.Error("r does not repaint")
		}
	}
}

func TestRefusedActionIsNotConfirmed(t *testing.T) {
	w := newWorld()
	kill := Action{Key: "K", Label: "kill", Confirm: sure, Run: func(context.Context, string) (string, error) { t.Error("it ran"); return "", nil },
		Refuse: func(s *cluster.State) string {
			if _, answers := s.Primary(); !answers {
				return "already killed"
			}
			return ""
		}}
	restart := Action{Key: "R", Label: "restart", Urgent: func() bool { return w.dead[urlA] }, Run: kill.Run}
	d := drive(t, w, kill, restart)
	d.wait(2 * time.Second)
	d.send(tea.WindowSizeMsg{Width: 160, Height: 45})
	d.shows("f failover  t table  K kill  R restart")
	d.keys("K")
	d.shows("Sure?")
	d.keys("esc")
	w.dead[urlA] = true
	d.wait(2 * time.Second)
	d.shows("NO PRIMARY", "q quit  R restart")
	d.keys("K")
	if len(d.m.stack) != 1 {
		t.Error("it asks for confirmation")
	}
	d.shows("already killed")
}

func TestWithoutClusterExplainsHowToStartOne(t *testing.T) {
	w := newWorld()
	w.dead[urlA], w.dead[urlB] = true, true
	d := drive(t, w)
	d.wait(2 * time.Second)
	d.shows("shardeck demo")
	d.keys("f")
	d.shows("no master has answered yet", "Close")
	if strings.Contains(d.frame(), "Fail over") {
		t.Errorf("a failover is offered:\n%s", d.frame())
	}
}

func TestSecurityCheckDistinguishesUnansweredFromFailedProbes(t *testing.T) {
	probe := func(ok bool, status int) api.SecurityProbe {
		return api.SecurityProbe{OK: ok, Status: status, Endpoint: api.Endpoint{Method: "GET", Path: "/stats"}, Credential: api.CredentialNone}
	}
	for _, c := range []struct {
		last    api.SecurityProbe
		problem *api.Problem
		want    string
	}{
		{probe(false, 0), nil, "▲ security check INCOMPLETE: 1 of 2"},
		{probe(false, 0), api.NewProblem(api.CodeShardUnavailable, "refused"), "▲ security check INCOMPLETE: 1 of 2"},
		{probe(false, 0), api.NewProblem(api.CodeWorkerUnproven, "another secret"), "✗ security check NOT SECURE: 1 of 1"},
		{probe(false, 200), nil, "✗ security check NOT SECURE: 1 of 2"},
	} {
		w := newWorld()
		w.security = &api.SecurityCheckResponse{Probes: []api.SecurityProbe{probe(true, 401), c.last}, Workers: []api.SecurityWorker{{Worker: "worker-0", Problem: c.problem}}}
		d := drive(t, w)
		d.wait(2 * time.Second)
		d.keys("s", "esc")
		d.shows(c.want)
	}
}

func TestPauseStopsPolls(t *testing.T) {
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

func TestKeepsChosenTable(t *testing.T) {
	d := drive(t, newWorld())
	d.wait(2 * time.Second)
	d.keys("t", "down", "enter")
	d.shows("Rows of SchoolDB.Teachers")
	d.w.tables = []string{"Students"}
	d.wait(2 * time.Second)
	d.shows("SchoolDB.Teachers does not exist")
}

func TestFailedFailoverShowsHint(t *testing.T) {
	d := drive(t, newWorld())
	d.w.failErr = api.NewProblem(api.CodeFailoverFailed, "only 1 of 3 workers took the term").Hinted("start the others")
	d.wait(2 * time.Second)
	d.keys("f", "right", "enter")
	d.shows("failed: only 1 of 3 workers took the term", "start the others")
}

func TestActionsRunOnceAndAreReported(t *testing.T) {
	runs := 0
	d := drive(t, newWorld(), Action{Key: "b", Label: "traffic", Help: "switch", Status: func() string { return "traffic off" },
		Run: func(context.Context, string) (string, error) {
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

func TestActionsCannotUseReservedKeys(t *testing.T) {
	run := func(context.Context, string) (string, error) { return "", nil }
	for _, key := range []string{"c", "q", "enter", "", "T"} {
		o := Options{Masters: []string{urlA}, Actions: []Action{{Key: key, Run: run}}}
		if o.complete() == nil {
			t.Errorf("the reserved key %q was accepted", key)
		}
	}
	o := Options{Masters: []string{urlA}, Actions: []Action{{Key: "b", Run: run}, {Key: "b", Run: run}}}
	if o.complete() == nil {
		t.Error("two actions share a key")
	}
}

// No list of keys stands twice, so the help, the palette and the footer cannot disagree with what
// keys do. What can still go wrong is two commands on one key.
func TestKeysHaveOneMeaning(t *testing.T) {
	d := drive(t, newWorld(), Action{Key: "b", Label: "traffic", Help: "switch the traffic", Run: func(context.Context, string) (string, error) { return "", nil }})
	d.wait(2 * time.Second)
	for _, opening := range [][]string{{}, {"?"}, {"f"}, {"s"}, {"t"}, {":"}, {"e"}, {"e", "tab"}} {
		d.keys(opening...)
		seen := map[string]string{}
		for _, c := range d.m.top().Commands(d.m.view()) {
			for _, k := range c.Keys {
				if other, ok := seen[k]; ok && c.Off == "" {
					t.Errorf("after %v, %s means both %q and %q", opening, k, other, c.Name)
				}
				if c.Off == "" {
					seen[k] = c.Name
				}
			}
			if c.Name == "" || c.Group == "" || c.Do == nil && c.Off == "" {
				t.Errorf("after %v, a command without name, group or action: %+v", opening, c)
			}
		}
		for len(d.m.stack) > 1 {
			d.keys("esc")
		}
	}
}

func TestPaletteRunsWhatItLists(t *testing.T) {
	d := drive(t, newWorld())
	d.wait(2 * time.Second)
	before := d.m.theme.Name()
	d.keys("ctrl+p", "t", "h", "e", "m", "e")
	d.shows("> theme", "▸ change the theme")
	d.keys("enter")
	if d.m.theme.Name() == before || len(d.m.stack) != 1 {
		t.Error("the theme has not changed")
	}
	d.keys("f2")
	d.send(keymap.Typed{Text: "count"})
	d.keys("enter")
	d.shows("Σ 300")
}

func TestWordsOfKeysAreNotKeys(t *testing.T) {
	d := drive(t, newWorld())
	d.wait(2 * time.Second)
	d.send(keymap.Typed{Text: "esc"}) // e opens the editor, where the rest is text
	if len(d.m.stack) != 2 || !strings.HasSuffix(strings.TrimSpace(d.m.query.Text()), "sc") && !strings.HasPrefix(d.m.query.Text(), "sc") {
		t.Errorf("%d screens, %q", len(d.m.stack), d.m.query.Text())
	}
	d.send(keymap.Typed{Text: "f5"})
	d.send(keymap.Typed{Text: "ctrl+c"})
	if !strings.Contains(d.m.query.Text(), "f5ctrl+c") {
		t.Errorf("the text is %q", d.m.query.Text())
	}
}

func TestNamedTableBindsOrIsRefused(t *testing.T) {
	for _, c := range []struct{ db, table, wantDB, wantTable, refused string }{
		{"", "", "SchoolDB", "Students", ""},
		{"", "teachers", "SchoolDB", "Teachers", ""},
		{"SchoolDB", "", "SchoolDB", "Students", ""},
		{"SchoolDB", "Nobody", "", "", "the table SchoolDB.Nobody does not exist; there are: SchoolDB.Students, SchoolDB.Teachers"},
		{"Nowhere", "", "", "", "the database Nowhere does not exist; there are: SchoolDB"},
	} {
		d := drive(t, newWorld())
		d.m.opts.DB, d.m.opts.Table = c.db, c.table
		d.wait(2 * time.Second)
		if c.refused != "" {
			if d.m.refused == nil || d.m.refused.Error() != c.refused {
				t.Errorf("%s.%s: refused with %v", c.db, c.table, d.m.refused)
			}
			continue
		}
		if d.m.db != c.wantDB || d.m.table != c.wantTable || d.m.refused != nil {
			t.Errorf("%s.%s: %s.%s, %v", c.db, c.table, d.m.db, d.m.table, d.m.refused)
		}
	}
}

func TestTableStaysOnceTheQueryScreenWasOpened(t *testing.T) {
	d := drive(t, newWorld())
	d.wait(2 * time.Second)
	d.keys("e")
	d.w.tables = []string{"Teachers"}
	d.wait(2 * time.Second)
	if d.m.db != "SchoolDB" || d.m.table != "Students" {
		t.Errorf("the table is %s.%s", d.m.db, d.m.table)
	}
	d.keys("esc", "esc")
	d.shows("SchoolDB.Students no longer")
}

func TestConsoleSurvivesAnyMessages(t *testing.T) {
	names := []string{"c", "s", "f", "t", "r", "p", "T", "?", "up", "down", "left", "right", "tab", "enter", "esc", "q", "b", "K", "e", "e", "ctrl+r", "ctrl+x", "ctrl+p", "ctrl+n", "ctrl+t", "f1", "pgdown"}
	rapid.Check(t, func(rt *rapid.T) {
		w := newWorld()
		run := func(context.Context, string) (string, error) { return "done", nil }
		d := drive(t, w, Action{Key: "b", Label: "b", Run: run}, Action{Key: "K", Label: "K", Confirm: sure, Run: run})
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
