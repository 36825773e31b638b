package console

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"shardeck/tui/keymap"
	"shardeck/tui/screen"
)

func TestNumbersGoToPlacesAndEscBack(t *testing.T) {
	d := drive(t, newWorld())
	d.wait(2 * time.Second)
	d.keys("2")
	d.shows("Shard 0", "Latency of probes")
	d.keys("down")
	d.shows("Shard 1")
	d.keys("4")
	d.shows("Events", "connected to")
	if len(d.m.stack) != 2 {
		t.Fatalf("%d screens are on the stack, not the dashboard and the events", len(d.m.stack))
	}
	d.keys("2")
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
		{"shards 9", "enter", "there is no shard \"9\"; the shards are 0 to 2"},
		{"s", "enter", "\"s\" can be security, shards"},
		{"nosuch", "enter", "there is no command \"nosuch\"; Tab lists them"},
		{"count 5", "enter", "count takes nothing after it"},
		{"count", "enter", "Σ 300"},
		{"ev", "enter", "newest first · row 1"},
		{"table Teachers", "enter", "Rows of SchoolDB.Teachers"},
		{"table schooldb.te", "tab", ":table SchoolDB.Teachers"},
		{"table Nobody", "enter", "the table Nobody does not exist"},
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
	d.keys("4")
	d.shows("2026-11-22 12:00:02", "ada")
	// Another cluster's events are not shown.
	w.clusters = map[string]string{urlA: "two", urlB: "two"}
	d = driveWith(t, w, func(o *Options) { o.EventFile = path })
	d.wait(2 * time.Second)
	d.keys("4")
	if strings.Contains(d.frame(), "ada") {
		t.Errorf("shows another cluster's events:\n%s", d.frame())
	}
}

func TestEveryPlaceHasANumberOfItsOwn(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range (&screen.Dashboard{}).Commands(&screen.View{}) {
		if c.Group == "Screens" {
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
