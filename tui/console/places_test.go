package console

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"shardeck/shared/api"
	"shardeck/tui/keymap"
	"shardeck/tui/screen"
)

func numberOf(p screen.Place) string { return strconv.Itoa(int(p) + 1) }

func TestNumbersGoToPlacesAndEscBack(t *testing.T) {
	d := drive(t, newWorld())
	d.wait(2 * time.Second)
	d.keys(numberOf(screen.ShardsPlace))
	d.shows("Shard 0", "Latency of probes")
	d.keys("down")
	d.shows("Shard 1")
	d.keys(numberOf(screen.EventsPlace))
	d.shows("Events", "connected to")
	if len(d.m.stack) != 2 {
		t.Fatalf("%d screens are on the stack, not the dashboard and the events", len(d.m.stack))
	}
	d.keys(numberOf(screen.ShardsPlace))
	d.shows("Shard 1") // where the cursor was
	d.keys("esc")
	d.shows("MapReduce count")
	if len(d.m.stack) != 1 {
		t.Fatalf("%d screens are left after Esc", len(d.m.stack))
	}
}

func TestCommandLine(t *testing.T) {
	for _, c := range []struct{ typed, key, shows string }{
		{"sh", "tab", ":shards"},
		{"shards 2", "enter", "Shard 2"},
		{"shards 9", "enter", "there is no shard \"9\"; the shards are 0, 1, 2"},
		{"s", "enter", "\"s\" can be schema, security, shards"},
		{"nosuch", "enter", "there is no command \"nosuch\"; Tab lists them"},
		{"count 5", "enter", "count takes nothing after it"},
		{"count", "enter", "Σ 300"},
		{"ev", "enter", "newest first · row 1"},
		{"table Teachers", "enter", "Rows of SchoolDB.Teachers"},
		{"table schooldb.te", "tab", ":table SchoolDB.Teachers"},
		{"table Nobody", "enter", "the table Nobody does not exist"},
		{"interval 5s", "enter", "● every 5s"},
		{"interval 1h", "enter", "is not a time from 200ms to 1m0s"},
		{"theme sepia", "enter", "there is no theme \"sepia\""},
		{"", "down", "count  "},
	} {
		d := drive(t, newWorld())
		d.wait(2 * time.Second)
		d.keys(":")
		d.send(keymap.Typed{Text: c.typed})
		d.keys(c.key)
		if !strings.Contains(d.frame(), c.shows) {
			t.Errorf(":%s and %s do not show %q:\n%s", c.typed, c.key, c.shows, d.frame())
		}
	}
	d := drive(t, newWorld())
	d.wait(2 * time.Second)
	d.keys(":")
	d.send(keymap.Typed{Text: "theme light"})
	d.keys("enter")
	if d.m.theme.Name() != "light" || len(d.m.stack) != 1 {
		t.Errorf("the theme is %s, %d screens", d.m.theme.Name(), len(d.m.stack))
	}
}

// What has happened is in the file when the console has ended, and in the next console's list.
func TestEventsOfEarlierSessionsAreKept(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state", "events.jsonl")
	w := newWorld()
	w.clusters = map[string]string{urlA: "one", urlB: "one"}
	d := driveWith(t, w, func(o *Options) { o.EventFile = path })
	d.wait(2 * time.Second)
	d.keys("c")
	d.wait(time.Second)
	if err := d.m.saveLastEvents(); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), `"text":"counted 300 rows`) || !strings.Contains(string(text), `"by":"ada"`) {
		t.Errorf("the file is\n%s", text)
	}
	w.now = w.now.Add(24 * time.Hour)
	d = driveWith(t, w, func(o *Options) { o.EventFile = path })
	d.wait(2 * time.Second)
	d.keys(numberOf(screen.EventsPlace))
	d.shows("2026-11-22 12:00:02", "ada")
	// Another cluster's events are not shown.
	w.clusters = map[string]string{urlA: "two", urlB: "two"}
	d = driveWith(t, w, func(o *Options) { o.EventFile = path })
	d.wait(2 * time.Second)
	d.keys(numberOf(screen.EventsPlace))
	if strings.Contains(d.frame(), "ada") {
		t.Errorf("shows another cluster's events:\n%s", d.frame())
	}
}

func TestEveryPlaceHasANumberOfItsOwn(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range (&screen.Dashboard{}).Commands(&screen.View{}) {
		if c.Group == "Screens" && len(c.Keys) > 0 {
			if seen[c.Keys[0]] || c.Off == "" && c.Do == nil {
				t.Errorf("%s: %+v", c.Keys[0], c)
			}
			seen[c.Keys[0]] = true
		}
	}
	if len(seen) != len(screen.NewPlaces()) {
		t.Errorf("%d places have keys, of %d", len(seen), len(screen.NewPlaces()))
	}
}

func TestStatementsOfAllMastersAreListedAndCancelledWhereTheyRun(t *testing.T) {
	w := newWorld()
	route := &api.Route{Kind: "scatter", Why: "no condition fixes the shard key"}
	w.running = map[string][]api.RunningQuery{
		urlA: {{ID: "one", DB: "SchoolDB", SQL: "SELECT * FROM Students", MS: 1200, Route: route, Shards: []int{0, 1, 2},
			Started: w.now, Parts: []api.RunningPart{{ShardResult: api.ShardResult{Shard: 0, Worker: "worker-0", Rows: 7}, State: api.PartDone}, {ShardResult: api.ShardResult{Shard: 1, Worker: "worker-1"}, State: api.PartAwaited}}}},
		urlB: {{ID: "two", DB: "SchoolDB", SQL: "DELETE FROM Teachers", MS: 90_000, Started: w.now.Add(-time.Minute)}},
	}
	d := drive(t, w)
	d.wait(2 * time.Second)
	d.keys(numberOf(screen.RunningPlace))
	d.wait(time.Second)
	d.shows("2 on 2 masters", "DELETE FROM Teachers", "SELECT * FROM Students", "1 of 2 answered")
	d.keys("down")
	d.shows("no condition fixes the shard key", "awaited")
	d.keys("x")
	d.shows("Cancel this statement", "SELECT * FROM Students")
	d.keys("esc")
	if len(w.canceled) > 0 {
		t.Fatalf("cancelled %q although the question was left", w.canceled)
	}
	d.wait(time.Second)
	d.keys("x")
	d.wait(time.Second) // the question ignores keys that are meant for what was there before
	d.keys("right", "enter")
	if len(w.canceled) != 1 || w.canceled[0] != urlA+" one" {
		t.Errorf("cancelled %q", w.canceled)
	}
	// A master that is gone is named, and the statements of the other one stay.
	w.dead[urlB] = true
	d.wait(2 * time.Second)
	d.shows("127.0.0.1:8084: cannot be reached", "SELECT * FROM Students")
}

func TestFailoverPlaceSaysWhatToDo(t *testing.T) {
	w := newWorld()
	w.history = []api.FailoverResponse{{Kind: api.FailoverPlanned, At: w.now.Add(-time.Hour), Primary: urlA, Term: 3, TotalMS: 12, Reason: "maintenance",
		Steps: []api.FailoverStep{{Name: "drain", OK: true, MS: 5}}}}
	d := drive(t, w)
	d.m.Update(tea.WindowSizeMsg{Width: 120, Height: 40})
	d.wait(2 * time.Second)
	d.keys(numberOf(screen.FailoverPlace))
	d.wait(time.Second)
	d.shows("Nothing: the primary answers and a backup is", "maintenance", "Timeline of term 3", "drain")
	if strings.Count(d.frame(), "11:00:00") != 1 {
		t.Errorf("a failover that both masters know is listed twice:\n%s", d.frame())
	}
	w.dead[urlA] = true
	d.wait(6 * time.Second)
	d.shows("is gone", "promote", "127.0.0.1:8084")
	w.dead[urlB] = true
	d.wait(6 * time.Second)
	d.shows("No master answers. Start a master with")
}

func TestSecurityChecksAreKeptAndExported(t *testing.T) {
	path := filepath.Join(t.TempDir(), "check.json")
	d := drive(t, newWorld())
	d.wait(2 * time.Second)
	d.keys(numberOf(screen.SecurityPlace), "enter")
	d.wait(time.Second)
	d.keys("r")
	d.wait(time.Second)
	d.shows("✓ secure", "2 ", "probes passed")
	d.keys("x", "ctrl+u")
	d.send(keymap.Typed{Text: path})
	d.keys("enter")
	text, err := os.ReadFile(path)
	if err != nil || !strings.Contains(string(text), `"ok": true`) {
		t.Fatalf("the export is %q, %v", text, err)
	}
	d.keys("x", "ctrl+u")
	d.send(keymap.Typed{Text: path})
	d.keys("enter")
	d.shows("exists; choose another name")
}

func TestSchemaPlace(t *testing.T) {
	d := drive(t, newWorld())
	d.wait(2 * time.Second)
	d.keys(numberOf(screen.SchemaPlace))
	d.shows("Students", "Teachers", "Rows per shard", "by a hash of the whole row")
	d.keys("down", "enter")
	d.shows("FROM Teachers")
	if d.m.table != "Teachers" {
		t.Errorf("the chosen table is %s", d.m.table)
	}
}
