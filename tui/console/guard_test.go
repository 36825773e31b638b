package console

import (
	"strings"
	"testing"
	"time"

	"shardeck/shared/api"
	"shardeck/tui/keymap"
	"shardeck/tui/screen"
)

// driveProfile is a console on a cluster with a primary, a backup, a statement that runs, and a profile.
func driveProfile(t *testing.T, p screen.Profile, actions ...Action) (*driver, *world) {
	w := newWorld()
	w.running = map[string][]api.RunningQuery{urlA: {{ID: "one", SQL: "SELECT 1", Started: w.now}}}
	d := driveWith(t, w, func(o *Options) { o.Profile, o.Actions = p, actions })
	d.wait(2 * time.Second)
	return d, w
}

// Every command of every screen is run, with every answer to every question, and nothing that changes
// the cluster arrives there.
func TestNothingChangesTheClusterReadOnly(t *testing.T) {
	t.Chdir(t.TempDir()) // exports go there
	for p := range screen.NewPlaces() {
		d, w := driveProfile(t, screen.Profile{Name: "prod", ReadOnly: true})
		d.keys(numberOf(screen.Place(p)))
		d.wait(2 * time.Second)
		d.shows("read-only")
		n := len(d.m.top().Commands(d.m.view()))
		for i := range n {
			commands := d.m.top().Commands(d.m.view())
			if i >= len(commands) || commands[i].Off != "" || commands[i].Do == nil {
				continue
			}
			d.pending = compact(append(d.pending, d.m.act(commands[i].Do())))
			d.settle()
			d.wait(time.Second)
			for range 4 { // whatever has opened is confirmed
				for _, key := range []string{"right", "enter", "f5"} {
					d.keys(key)
					d.wait(time.Second)
				}
			}
			for len(d.m.stack) > 1 {
				d.m.pop()
			}
			d.keys(numberOf(screen.Place(p)))
			d.wait(time.Second)
		}
		if w.failovers > 0 || len(w.canceled) > 0 {
			t.Errorf("on screen %d: %d failovers, cancelled %q", p, w.failovers, w.canceled)
		}
	}
}

func TestReadOnlyRefusesStatementsBeforeTheyAreSent(t *testing.T) {
	for _, sql := range []string{"DELETE FROM Students", "INSERT INTO Students VALUES (1)", "DROP TABLE Students", "SELECT 1; UPDATE Students SET a = 1", "EXEC x"} {
		d, m := driveSQLWith(t, func(o *Options) { o.Profile.ReadOnly = true })
		d.write(sql)
		d.keys("f8")
		d.wait(time.Second)
		d.shows("read-only: nothing can be changed")
		for _, req := range m.seen {
			if !req.Explain {
				t.Errorf("%q was sent", req.SQL)
			}
		}
	}
}

func TestProductionAsksForTheNameToBeTyped(t *testing.T) {
	d, w := driveProfile(t, screen.Profile{Name: "prod", Production: true, Colour: "red"})
	d.shows("prod !")
	toFailover := func() {
		d.keys("f")
		d.wait(time.Second)
		d.keys("right", "enter")
		d.wait(time.Second)
	}
	toFailover()
	d.shows("This is production", "A failover to 127.0.0.1:8084 would be started.", "Type prod")
	d.send(keymap.Typed{Text: "pro"})
	d.keys("enter")
	d.shows("that is not the name; nothing was done")
	d.send(keymap.Paste{Text: "d"})
	d.keys("enter")
	if w.failovers != 0 {
		t.Fatal("a failover was started although the name was not typed")
	}
	d.keys("d", "enter")
	d.wait(time.Second)
	if w.failovers != 1 {
		t.Errorf("%d failovers after the name was typed:\n%s", w.failovers, d.frame())
	}
}

// A failover that the profile does not allow, or that is not confirmed after all, has not begun, and
// the dialog does not say so.
func TestARefusedFailoverHasNotBegun(t *testing.T) {
	for name, p := range map[string]screen.Profile{"read-only": {Name: "prod", ReadOnly: true}, "production": {Name: "prod", Production: true}} {
		d, w := driveProfile(t, p)
		d.keys("f")
		d.wait(time.Second)
		d.keys("right", "enter")
		d.wait(time.Second)
		d.keys("esc")
		d.wait(time.Second)
		if strings.Contains(d.frame(), "cannot be stopped") || strings.Contains(d.frame(), "to acquire term 4 …") || w.failovers != 0 {
			t.Errorf("%s:\n%s", name, d.frame())
		}
		d.keys("esc", "esc")
		d.shows("MapReduce count")
		if len(d.m.stack) != 1 {
			t.Errorf("%s: the console cannot be left", name)
		}
	}
}

func TestSignalsAreSentOncePerChangeOfState(t *testing.T) {
	w := newWorld()
	d := driveWith(t, w, func(o *Options) {
		o.Signals = Signals{Bell: "worse", Notify: "osc9", Title: true}
		o.Profile.Name = "prod"
	})
	d.wait(2 * time.Second)
	if d.m.signalled.Text != "healthy" {
		t.Fatalf("the state is %+v", d.m.signalled)
	}
	w.dead[urlA], w.dead[urlB] = true, true
	d.wait(5 * time.Second)
	if d.m.signalled.Text != "NO MASTER" || d.m.signalled.Badness <= 0 {
		t.Errorf("the state is %+v", d.m.signalled)
	}
	if cmd := d.m.signal(); cmd != nil {
		t.Error("the same state is signalled twice")
	}
}

func TestChosenKeysReplaceTheirOwn(t *testing.T) {
	w := newWorld()
	d := driveWith(t, w, func(o *Options) { o.Bindings = keymap.Bindings{"count-the-rows-by-mapreduce": {"f12"}} })
	d.wait(2 * time.Second)
	d.keys("c")
	d.wait(time.Second)
	if w.counts != 0 {
		t.Error("the old key still counts")
	}
	d.shows("F12 count")
	d.keys("f12")
	d.wait(time.Second)
	if w.counts != 1 {
		t.Error("the new key does not count")
	}
	d.keys("?")
	if !strings.Contains(d.frame(), "F12") {
		t.Errorf("the help has the old key:\n%s", d.frame())
	}
}

func TestChosenThemeIsRemembered(t *testing.T) {
	path := t.TempDir() + "/state/theme"
	w := newWorld()
	d := driveWith(t, w, func(o *Options) { o.ThemeFile = path })
	d.keys("T")
	if err := d.m.saveTheme(); err != nil {
		t.Fatal(err)
	}
	o := Options{ThemeFile: path, Getenv: func(string) string { return "" }}
	if got := rememberedTheme(&o); got != d.m.theme.Name() {
		t.Errorf("the next console begins with %q, not %q", got, d.m.theme.Name())
	}
	for _, explicit := range []string{"light", "mono"} {
		o.Theme = explicit
		if got := rememberedTheme(&o); got != explicit {
			t.Errorf("asked for %s it begins with %s", explicit, got)
		}
	}
}
