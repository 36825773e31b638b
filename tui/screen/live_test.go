package screen

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"
	"github.com/muesli/termenv"

	"shardeck/shared/api"
	"shardeck/shared/sharding"
	"shardeck/tui/theme"
	"shardeck/tui/widget"
)

// routeOf is the route of a key among three shards.
func routeOf(t *testing.T, key string) api.RouteKey {
	t.Helper()
	m, err := sharding.NewMap(3)
	if err != nil {
		t.Fatal(err)
	}
	return m.Route(key)
}

// counted has the count of three shards drawn to its end.
func counted(v *View) *View {
	v.Count = Count{DB: "SchoolDB", Table: "Students", At: v.Now.Add(-5 * time.Second), Answer: &api.MapReduceCountResponse{Total: 6,
		Shards: []api.ShardResult{{Shard: 0, Rows: 1, MS: 1}, {Shard: 1, Rows: 2, MS: 1}, {Shard: 2, Rows: 3, MS: 1}}}}
	return v
}

// Whatever the bar of a tour takes, each shard keeps its line of the count, and its bar in the overview.
func TestTourLeavesEveryShardItsLine(t *testing.T) {
	th := newTheme(t, theme.Mono, termenv.Ascii)
	key := routeOf(t, "10042")
	for _, notes := range []bool{false, true} {
		for _, size := range [][2]int{{80, 24}, {100, 30}, {120, 24}, {120, 40}} {
			v := counted(onTour())
			v.Tour.ShowNotes, v.Tour.Notes = notes, strings.Repeat("Say it slowly, and wait for questions. ", 12)
			v.Tour.Key = &key
			live := ansi.Strip(Render(th, size[0], size[1], v, &Dashboard{}, NewLive()))
			for i := range 3 {
				if want := fmt.Sprintf("%d   1.0 ms", i+1); !strings.Contains(live, want) {
					t.Errorf("notes %v at %v: shard %d is not counted:\n%s", notes, size, i, live)
				}
			}
			if want := "= 1 + 2 + 3"; !strings.Contains(live, want) {
				t.Errorf("notes %v at %v: no sum:\n%s", notes, size, live)
			}
			overview := ansi.Strip(Render(th, size[0], size[1], v, &Dashboard{}))
			_, panel, _ := strings.Cut(overview, "Rows of SchoolDB.Students")
			for i, rows := range v.State.Table(v.DB, v.Table).RowsPerShard {
				if !strings.Contains(panel, fmt.Sprintf("%d ", i)) || !strings.Contains(panel, widget.Thousands(*rows)) {
					t.Errorf("notes %v at %v: the rows of shard %d are not shown:\n%s", notes, size, i, overview)
				}
			}
		}
	}
}

func TestCountMarksShardsWithoutALine(t *testing.T) {
	v := viewOf(metadata(64))
	counted(v)
	for i := 3; i < 64; i++ {
		v.Count.Answer.Shards = append(v.Count.Answer.Shards, api.ShardResult{Shard: i, Rows: 1})
	}
	frame := ansi.Strip(Render(newTheme(t, theme.Mono, termenv.Ascii), 80, 24, v, &Dashboard{}, NewLive()))
	if !strings.Contains(frame, "… 5") || !strings.Contains(frame, " more ") {
		t.Errorf("nothing says that shards are missing:\n%s", frame)
	}
}

// The step's key stays on the screen, however much traffic follows it. The route is that of sharding.
func TestTourKeyStays(t *testing.T) {
	v := onTour()
	v.Count = Count{}
	key := routeOf(t, "10042")
	v.Tour.Key = &key
	frame := ansi.Strip(Render(newTheme(t, theme.Mono, termenv.Ascii), 80, 24, v, &Dashboard{}, NewLive()))
	for _, want := range []string{
		fmt.Sprintf("key 10042 → hash %d → slot %d → shard %d", key.Hash, key.Slot, key.Shard),
		fmt.Sprintf("▲ %d", key.Slot), fmt.Sprintf("key 10042 is in slot %d of shard %d", key.Slot, key.Shard),
	} {
		if !strings.Contains(frame, want) {
			t.Errorf("%q is not shown:\n%s", want, frame)
		}
	}
}

// A line that is too long leaves out the hash first, then the word slot; the shard and the reason stay.
func TestRequestLineIsShortenedInTheMiddle(t *testing.T) {
	key := &api.RouteKey{Key: "10042", Hash: 4101839150, Slot: 4100, Shard: 2}
	for _, c := range []struct {
		code  api.Code
		width int
		want  string
	}{
		{"", 60, "key 10042 → hash 4101839150 → slot 4100 → shard 2"},
		{"", 40, "key 10042 → slot 4100 → shard 2"},
		{"", 30, "key 10042 → 4100 → shard 2"},
		{"", 20, "key 10042 → shard 2"},
		{"", 12, "shard 2, ke…"},
		{api.CodeShardTimeout, 55, "✗ shard timeout · key 10042 → slot 4100 → shard 2"},
		{api.CodeShardTimeout, 40, "✗ shard timeout · key 10042 → shard 2"},
		{api.CodeShardTimeout, 27, "✗ shard timeout · shard 2,…"},
	} {
		r := &api.RecentRequest{Op: "select", Key: key, Shards: []int{2}, Code: c.code}
		if got, _ := requestLine(r, c.width); got != c.want {
			t.Errorf("%q in %d cells: got %q, want %q", c.code, c.width, got, c.want)
		}
	}
}

func TestRefusalHasNoLatency(t *testing.T) {
	v := viewOf(metadata(3))
	last := &v.State.Clients.Recent[len(v.State.Clients.Recent)-4]
	last.Code, last.MS = api.CodeShardTimeout, 0.04
	frame := ansi.Strip(Render(newTheme(t, theme.Mono, termenv.Ascii), 120, 40, v, &Dashboard{}, NewLive()))
	if strings.Contains(frame, "0.04 ms") || !strings.Contains(frame, "✗ shard timeout") || !strings.Contains(frame, "refused") {
		t.Errorf("a request that was not waited for has a latency:\n%s", frame)
	}
	last.MS = 2000
	frame = ansi.Strip(Render(newTheme(t, theme.Mono, termenv.Ascii), 120, 40, v, &Dashboard{}, NewLive()))
	if !strings.Contains(frame, "2.0 s") || strings.Contains(frame, "refused") {
		t.Errorf("a request that was waited for has no latency:\n%s", frame)
	}
}
