package console

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"
	"github.com/google/go-cmp/cmp"

	"shardeck/shared/api"
	"shardeck/tui/recording"
	"shardeck/tui/screen"
)

// aloneFrame is the frame without what differs in a replay on purpose: the mark in the header and the
// keys.
func (d *driver) aloneFrame() string {
	v := d.m.view()
	v.Replay = nil
	return ansi.Strip(screen.Render(d.m.theme, d.m.width, d.m.height, v, d.m.stack...))
}

// recordSession runs a session with a failure, a count, a check and a failover, and returns its frames.
func recordSession(t *testing.T, path string, change func(*Options)) (frames map[time.Time]string) {
	t.Helper()
	w := newWorld()
	w.served = map[string]uint64{urlA: 10, urlB: 5}
	flags := Record{To: path, Data: true}
	recorder, err := flags.Create()
	if err != nil {
		t.Fatal(err)
	}
	d := driveWith(t, w, func(o *Options) {
		o.Recorder, o.Events = recorder, []string{"traffic keeps about 5 rows"}
		change(o)
	})
	frames = map[time.Time]string{}
	watch := func(total time.Duration) {
		for ; total > 0; total -= tickEvery {
			w.served[urlA] += 20
			w.recent = append(w.recent, api.RecentRequest{Seq: uint64(len(w.recent) + 1), At: w.now, Op: "select", DB: "SchoolDB", Table: "Students",
				Key: &api.RouteKey{Key: "key-10042", Slot: 2094, Shard: 0}, Shards: []int{0}})
			d.wait(tickEvery)
			frames[w.now] = d.aloneFrame()
		}
	}
	watch(5 * time.Second)
	d.keys("c")
	watch(3 * time.Second)
	d.keys("s")
	d.wait(time.Second)
	d.keys("esc")
	watch(2 * time.Second)
	w.dead[urlA] = true
	watch(6 * time.Second)
	w.primary, w.term = urlB, 4
	watch(5 * time.Second)
	w.dead[urlB] = true // nobody answers
	watch(6 * time.Second)
	w.dead[urlB], w.dead[urlA] = false, false
	w.tables = w.tables[1:]
	watch(5 * time.Second)
	d.m.now = w.now
	if err := d.m.endRecording(); err != nil {
		t.Fatal(err)
	}
	return frames
}

func openRecording(t *testing.T, path string) *recording.Recording {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, err := recording.Read(f)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// replayOf drives a console that shows a recording. The user lives long after it was made.
func replayOf(t *testing.T, r *recording.Recording) *driver {
	w := newWorld()
	w.now = r.Header.Start.Add(1000 * time.Hour)
	return driveWith(t, w, func(o *Options) {
		o.Masters, o.Replay = nil, r
		o.Dial = func(u string) Master {
			t.Errorf("master %s is about to be asked something", u)
			return fakeMaster{w, u}
		}
	})
}

func TestAReplayShowsTheFramesOfTheSession(t *testing.T) {
	for _, name := range []string{"session.jsonl", "session.jsonl.gz"} {
		path := filepath.Join(t.TempDir(), name)
		frames := recordSession(t, path, func(*Options) {})
		r := openRecording(t, path)
		d := replayOf(t, r)
		compared := 0
		for compared < len(frames) && d.m.replay.at < r.Length() {
			d.wait(tickEvery)
			want, ok := frames[d.m.now]
			if !ok {
				continue // a dialog was open
			}
			compared++
			if diff := cmp.Diff(want, d.aloneFrame()); diff != "" {
				t.Fatalf("%s at %s (-session +replay):\n%s", name, d.m.replay.at, diff)
			}
			d.shows(" REPLAY 0")
		}
		if compared < len(frames)-1 || compared < 100 {
			t.Errorf("%s: %d of %d frames were compared", name, compared, len(frames))
		}
		// Backwards, in any order, the same.
		for at, want := range frames {
			d.m.replay.paused = true
			d.m.replay.seek(at.Sub(r.Header.Start))
			d.tick()
			if diff := cmp.Diff(want, d.aloneFrame()); diff != "" {
				t.Fatalf("%s after a seek to %s (-session +replay):\n%s", name, at.Sub(r.Header.Start), diff)
			}
		}
	}
}

func TestTheKeysOfAReplay(t *testing.T) {
	path := filepath.Join(t.TempDir(), "session.jsonl")
	recordSession(t, path, func(*Options) {})
	r := openRecording(t, path)
	d := replayOf(t, r)
	at := func(what string, want time.Duration) {
		t.Helper()
		if got := d.m.replay.at; got != want {
			t.Fatalf("after %s at %s, want %s", what, got, want)
		}
	}
	press := func(names ...string) {
		for _, n := range names {
			d.send(keyMsg(n))
			d.settle()
		}
	}
	d.wait(2 * time.Second)
	at("2 seconds", 2*time.Second)
	press(" ")
	d.wait(time.Second)
	at("a pause", 2*time.Second)
	d.shows("‖ REPLAY 00:02 / 00:", "1x")
	press("]")
	at("]", 12*time.Second)
	press("left")
	at("left", 2*time.Second)
	press("end")
	at("end", r.Length())
	d.shows("1x, end ")
	press("[")
	at("[", r.Length()-10*time.Second)
	d.wait(time.Second) // it goes on, although it had stopped at the end
	at("[ and a second", r.Length()-9*time.Second)
	press("home", "+")
	d.wait(time.Second)
	at("2x", 2*time.Second)
	press("+", "+", "+", "+", "+")
	d.shows("60x")
	press("home", "-", "-", "-", "-", "-", "-")
	d.wait(time.Second)
	at("0.5x", 500*time.Millisecond)
	press("end", " ")
	at("space at the end", 0)
}

func TestNothingIsAskedOfAMasterInAReplay(t *testing.T) {
	path := filepath.Join(t.TempDir(), "session.jsonl")
	recordSession(t, path, func(*Options) {})
	d := replayOf(t, openRecording(t, path)) // its Dial fails the test
	d.wait(4 * time.Second)
	for _, name := range []string{"c", "e", "s", "f", "5"} {
		d.send(keyMsg(name))
		d.settle()
		d.shows("this is a recording")
		if len(d.m.stack) != 1 {
			t.Fatalf("%s opens a screen:\n%s", name, d.frame())
		}
	}
	for _, in := range []screen.Intent{screen.OpenDrills{}, screen.RunDrill{}, screen.CancelDrill{}, screen.ActOnProcess{}} {
		d.m.flash = ""
		d.m.act(in)
		if d.m.flash != screen.IsRecording {
			t.Errorf("%T: %q", in, d.m.flash)
		}
	}
	for _, place := range []string{"2", "3", "4", "6", "7", "8", "9", "1"} {
		d.keys(place, "enter", "enter", "x", "d", "i", "m", "n", "r", "p", "p", "esc")
	}
	for _, words := range []string{"count", "fail-over", "check-security", "interval 5s", "refresh", "query"} {
		d.keys(":")
		for _, r := range words {
			d.send(keyMsg(string(r)))
		}
		d.keys("enter", "esc")
	}
	if d.w.counts != 0 || d.w.failovers != 0 || d.w.dryRuns != 0 {
		t.Error("a master was asked")
	}
}

func TestChecksAreShownAgainAfterSeeking(t *testing.T) {
	path := filepath.Join(t.TempDir(), "session.jsonl")
	recordSession(t, path, func(*Options) {})
	d := replayOf(t, openRecording(t, path))
	d.keys("6")
	d.keys("[", "[")
	if strings.Contains(d.frame(), "✓ secure") {
		t.Fatalf("a check is shown before it was made:\n%s", d.frame())
	}
	d.keys("]", "]")
	d.shows("✓ secure")
	d.keys("[", "[", "[")
	if strings.Contains(d.frame(), "✓ secure") {
		t.Fatalf("a check is shown before it was made:\n%s", d.frame())
	}
}

func TestARecordingIsPrivateAndReplacesNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "session.jsonl")
	recordSession(t, path, func(o *Options) { o.APIToken = "the-api-token" })
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v", info.Mode())
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(b), "the-api-token") {
		t.Error("the token is in the recording")
	}
	if h := openRecording(t, path).Header; h.User != "ada" || len(h.Masters) != 2 || h.Interval != 1000 {
		t.Errorf("header %+v", h)
	}
	again := Record{To: path}
	if _, err := again.Create(); err == nil || !strings.Contains(err.Error(), path+" exists and is not replaced") {
		t.Errorf("a second recording into the file: %v", err)
	}
}

func TestARecordingThatFailsIsSaidOnce(t *testing.T) {
	w := newWorld()
	recorder, err := (&Record{To: filepath.Join(t.TempDir(), "r"), Data: true}).Create()
	if err != nil {
		t.Fatal(err)
	}
	recorder.opts.Limit = 2000
	d := driveWith(t, w, func(o *Options) { o.Recorder = recorder })
	d.wait(20 * time.Second)
	said := 0
	for _, e := range d.m.events {
		if strings.HasPrefix(e.Text, "recording: ") {
			said++
		}
	}
	if said != 1 {
		t.Errorf("%d events say that the recording ended", said)
	}
	if err := d.m.endRecording(); err != nil && !errors.Is(err, recording.ErrLimit) {
		t.Error(err)
	}
}
