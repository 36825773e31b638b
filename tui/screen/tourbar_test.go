package screen

import (
	"fmt"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"
	"github.com/muesli/termenv"

	"shardeck/tui/cluster"
	"shardeck/tui/keymap"
	"shardeck/tui/theme"
	"shardeck/tui/tour"
)

// onTour is a view with the bar of a step that is under way.
func onTour() *View {
	v := viewOf(metadata(3))
	v.Tour = &TourBar{Snapshot: &tour.Snapshot{Title: "A tour", Number: 3, Of: 9, Notes: "Say it slowly.",
		Caption: "A count by MapReduce: each shard counts its own rows, and only three numbers travel to be added.",
		Checks:  []tour.Judged{{Text: "count = 7", Verdict: tour.Met, Is: "7"}, {Text: "shard 1 is down", Is: "up"}, {Text: "rows = 1", Verdict: tour.Failed, Is: "2"}}}}
	return v
}

func TestBarLeavesTheScreenWhole(t *testing.T) {
	th := newTheme(t, theme.Mono, termenv.Ascii)
	all := scenes()
	for _, s := range all {
		v := *s.view
		v.Tour = onTour().Tour
		for width := 1; width <= 200; width += 1 + width/3 {
			for height := 1; height <= 60; height += 1 + height/3 {
				frame := Render(th, width, height, &v, append([]Screen{&Dashboard{}}, s.stack...)...)
				if wrong := checkFrame(frame, width, height); wrong != "" {
					t.Fatalf("%s at %dx%d: %s", s.name, width, height, wrong)
				}
			}
		}
	}
	v := onTour()
	for p, s := range append(NewPlaces(), NewQuery(QueryOptions{})) {
		if s == nil {
			s = &Dashboard{}
		}
		Renew(s, v)
		for _, size := range [][2]int{{80, 24}, {120, 40}, {200, 60}} {
			frame := Render(th, size[0], size[1], v, &Dashboard{}, s)
			if wrong := checkFrame(frame, size[0], size[1]); wrong != "" {
				t.Fatalf("place %d: %s", p, wrong)
			}
			for _, want := range []string{" 3/9 ", "A count by MapReduce", "✓ count = 7", "… shard 1 is down", "✗ rows = 1 (it is 2)"} {
				if !strings.Contains(frame, want) {
					t.Errorf("place %d at %v: %q is not shown:\n%s", p, size, want, frame)
				}
			}
			lines := strings.Split(frame, "\n")
			alone := *v
			alone.Tour = nil
			whole := strings.Split(Render(th, size[0], size[1]-v.Tour.height(size[0], size[1]), &alone, &Dashboard{}, s), "\n")
			if last := lines[len(lines)-1]; last != whole[len(whole)-1] {
				t.Errorf("place %d at %v: the last line is not the keys: %q", p, size, last)
			}
		}
	}
}

// At 80 by 24 the overview keeps what it is for: every shard with its state, the distribution, the
// count and the events.
func TestOverviewKeepsItsEssentials(t *testing.T) {
	frame := Render(newTheme(t, theme.Mono, termenv.Ascii), 80, 24, onTour(), &Dashboard{})
	for shard := range 3 {
		if n := strings.Count(frame, fmt.Sprintf("worker-%d", 8081+shard)); n < 2 {
			t.Errorf("shard %d is in %d panels, not in the list and the distribution:\n%s", shard, n, frame)
		}
	}
	for _, want := range []string{"HEALTHY", "MapReduce count", "Events", "? help"} {
		if !strings.Contains(frame, want) {
			t.Errorf("%q is not shown:\n%s", want, frame)
		}
	}
}

func TestBarSaysHowToGoOn(t *testing.T) {
	th := newTheme(t, theme.Mono, termenv.Ascii)
	for _, c := range []struct {
		change      func(*TourBar)
		want, never string
	}{
		{func(*TourBar) {}, "PgDn next · PgUp back · N notes · Esc take over", "Say it slowly"},
		{func(b *TourBar) { b.ShowNotes = true }, "Notes: Say it slowly.", "paused"},
		{func(b *TourBar) { b.ShowNotes, b.Notes = true, "" }, "This step has no notes.", "paused"},
		{func(b *TourBar) { b.Paused = true }, "paused: Enter goes on", "take over"},
		{func(b *TourBar) { b.Paused, b.EnterTaken = true, true }, "paused: F9 goes on", "Enter"},
		{func(b *TourBar) { b.Paused, b.Writing = true, true }, "paused: F9 goes on", "Enter"},
		{func(b *TourBar) { b.Writing = true }, "PgDn next · PgUp back · Esc take over", "N notes"},
		{func(b *TourBar) { b.Again = true }, "shown again: nothing is done twice, and nothing is undone", "paused"},
		{func(b *TourBar) { b.Queued, b.Doing = true, "kill worker 1" }, "goes on when that is done; PgDn again does not wait", "paused"},
		{func(b *TourBar) { b.Doing = "kill worker 1" }, "▸ kill worker 1", "paused"},
		{func(b *TourBar) { b.Ended = true }, "the end", "PgDn next"},
		{func(b *TourBar) { b.Faults = []string{"run SELECT 1: no such table"} }, "✗ run SELECT 1: no such table", "paused"},
		{func(b *TourBar) { b.Bindings = keymap.Bindings{"go-to-the-next-step-of-the-tour": {"x"}} }, "x next", "PgDn next"},
	} {
		v := onTour()
		c.change(v.Tour)
		frame := Render(th, 100, 30, v, &Dashboard{})
		if !strings.Contains(frame, c.want) || strings.Contains(frame, c.never) {
			t.Errorf("%q is not shown, or %q is:\n%s", c.want, c.never, frame)
		}
	}
}

func TestPrivateIsHidden(t *testing.T) {
	token := strings.Repeat("0a1b2c3d", 8)
	for text, want := range map[string]string{
		"":                                     "",
		"saved /home/ada/x.csv":                "saved …",
		"at /tmp/shardeck-demo-1/token, then":  "at …, then",
		`in "/root/a b" and /Users/ada`:        `in "… b" and …`,
		`C:\Users\ada\token (kept)`:            `… (kept)`,
		"D:/data":                              "…",
		"~/notes.sql":                          "…",
		"http://127.0.0.1:8080/home/x":         "http://127.0.0.1:8080/home/x",
		"GET /stats and POST /query":           "GET /stats and POST /query",
		"127.0.0.1:8081 is down":               "127.0.0.1:8081 is down",
		"token " + token:                       "token …",
		"request 0123456789abcdef0123456789ab": "request 0123456789abcdef0123456789ab",
		"a/tmp/b":                              "a/tmp/b",
		"李 /home/李/x 小龙":                       "李 … 小龙",
	} {
		if got := Hide(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
	events := []cluster.Event{{Text: "exported to /home/ada/x.csv", Source: "ada"}}
	if got := HideEvents(events); got[0].Text != "exported to …" || got[0].Source != "" || events[0].Source != "ada" {
		t.Errorf("%+v, from %+v", got, events)
	}
	v := viewOf(metadata(3))
	v.Presenter = &Presenter{}
	v.Notes = []string{"saved /home/ada/x.csv"}
	v.Events = append(v.Events, cluster.Event{At: v.Now, Shard: -1, Text: "kept in /srv/李/" + token + " for you"})
	for _, size := range [][2]int{{80, 24}, {160, 45}} {
		frame := Render(newTheme(t, theme.Mono, termenv.Ascii), size[0], size[1], v, &Dashboard{})
		if strings.Contains(frame, "/home") || strings.Contains(frame, "ada") || strings.Contains(frame, "/srv") || checkFrame(frame, size[0], size[1]) != "" {
			t.Errorf("at %v something private is shown, or the frame is broken:\n%s", size, frame)
		}
		if !strings.Contains(frame, "127.0.0.1:8080") {
			t.Errorf("the address is not shown:\n%s", frame)
		}
	}
}

// The large figures have the shapes of the digits, by hand.
func TestFiguresAreLarge(t *testing.T) {
	v := viewOf(metadata(3))
	if plain := Render(newTheme(t, theme.Mono, termenv.Ascii), 120, 30, v, &Dashboard{}); strings.Contains(plain, "▀▀▀") {
		t.Errorf("figures are large for nobody:\n%s", plain)
	}
	v.Presenter = &Presenter{}
	frame := Render(newTheme(t, theme.Mono, termenv.Ascii), 120, 30, v, &Dashboard{})
	for _, want := range []string{ // HEALTHY
		"█ █ █▀▀ █▀█ █   ▀█▀ █ █ █ █",
		"█▀█ █▀▀ █▀█ █    █  █▀█  █ ",
		"▀ ▀ ▀▀▀ ▀ ▀ ▀▀▀  ▀  ▀ ▀  ▀ ",
	} {
		if !strings.Contains(frame, want) {
			t.Errorf("%q is not shown:\n%s", want, frame)
		}
	}
	v.Presenter.ASCII = true
	th, err := theme.New(theme.Mono, theme.Options{Profile: termenv.Ascii, ASCII: true})
	if err != nil {
		t.Fatal(err)
	}
	frame = Render(th, 120, 30, v, &Dashboard{})
	if !strings.Contains(frame, "H E A L T H Y") || !strings.Contains(frame, "|_|") {
		t.Errorf("no figures:\n%s", frame)
	}
	for _, r := range frame {
		if r > 0x7f {
			t.Fatalf("%q is not ASCII:\n%s", r, frame)
		}
	}
	for _, s := range scenes() {
		w := *s.view
		for _, ascii := range []bool{false, true} {
			w.Presenter = &Presenter{ASCII: ascii, Pressed: []string{"PgDn", "Enter"}}
			for width := 1; width <= 200; width += 1 + width/3 {
				for height := 1; height <= 50; height += 1 + height/3 {
					if wrong := checkFrame(Render(th, width, height, &w, append([]Screen{&Dashboard{}}, s.stack...)...), width, height); wrong != "" {
						t.Fatalf("%s at %dx%d: %s", s.name, width, height, wrong)
					}
				}
			}
		}
	}
}

func TestPressedKeysCoverNothing(t *testing.T) {
	th := newTheme(t, theme.Mono, termenv.Ascii)
	v := viewOf(metadata(3))
	v.Presenter = &Presenter{}
	without := strings.Split(ansi.Strip(Render(th, 160, 45, v, &Dashboard{})), "\n")
	v.Presenter.Pressed = []string{"Ctrl-R", "c"}
	with := strings.Split(ansi.Strip(Render(th, 160, 45, v, &Dashboard{})), "\n")
	changed := 0
	for y := range with {
		if with[y] == without[y] {
			continue
		}
		changed++
		if !strings.HasSuffix(with[y], " Ctrl-R  c ") || strings.TrimRight(without[y], " ") != strings.TrimRight(strings.TrimSuffix(with[y], " Ctrl-R  c "), " ") {
			t.Errorf("%q became %q", without[y], with[y])
		}
	}
	if changed != 1 {
		t.Errorf("%d lines changed", changed)
	}
}

func TestChecksAreNotBroken(t *testing.T) {
	for _, c := range []struct {
		width, limit int
		want         string
	}{
		{40, 3, "✓ one   ✓ two three   ✓ four"},
		{20, 3, "✓ one   ✓ two three|✓ four"},
		{12, 3, "✓ one|✓ two three|✓ four"},
		{8, 3, "✓ one|✓ two t…|✓ four"},
		{20, 1, "✓ one   ✓ …   1 more"},
	} {
		if got := strings.Join(packed([]string{"✓ one", "✓ two three", "✓ four"}, c.width, c.limit), "|"); got != c.want {
			t.Errorf("in %d lines of %d: got %q, want %q", c.limit, c.width, got, c.want)
		}
	}
}

// The keys of a tour do one thing each, whatever state it is in.
func TestTourKeysDoNotConflict(t *testing.T) {
	for i := range 8 {
		seen := map[string]string{}
		for _, c := range TourCommands(i&1 != 0, i&2 != 0, i&4 != 0) {
			for _, k := range c.Keys {
				if seen[k] != "" {
					t.Errorf("%s is %q and %q", k, seen[k], c.Name)
				}
				seen[k] = c.Name
				if i&2 != 0 && len(k) == 1 {
					t.Errorf("%s is text here", k)
				}
			}
		}
	}
}
