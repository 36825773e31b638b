package screen

import (
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"
	"github.com/google/go-cmp/cmp"
	"github.com/muesli/termenv"

	"shardeck/shared/api"
	"shardeck/tui/theme"
	"shardeck/tui/widget"
)

// underWay is a statement on four shards, one in each state.
func underWay() *api.RunningQuery {
	part := func(shard int, state api.PartState, rows int64, ms, waiting float64) api.RunningPart {
		return api.RunningPart{ShardResult: api.ShardResult{Shard: shard, Worker: "worker-" + string(rune('0'+shard)), Rows: rows, MS: ms}, State: state, WaitingMS: waiting}
	}
	return &api.RunningQuery{
		Shards: []int{0, 1, 2, 3}, Route: &api.Route{Kind: api.RouteScatter, Shards: []int{0, 1, 2, 3}, Why: "there is no condition"},
		Parts: []api.RunningPart{
			part(0, api.PartDone, 1234, 3.25, 0), part(1, api.PartAwaited, 0, 2000, 2000),
			part(2, api.PartAnswering, 1, 12, 0), part(3, api.PartPending, 0, 0, 0),
		},
	}
}

// painted is what paint draws, without trailing blanks.
func painted(t *testing.T, width, height int, paint func(widget.Area)) []string {
	t.Helper()
	c := widget.NewCanvas(width, height)
	paint(c.Area())
	lines := strings.Split(ansi.Strip(c.Render(newTheme(t, theme.Mono, termenv.Ascii))), "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	return lines
}

func TestProgressShowsWhoIsAwaited(t *testing.T) {
	keyed := underWay()
	keyed.Shards, keyed.Parts = []int{1}, keyed.Parts[1:2]
	keyed.Route = &api.Route{Kind: api.RoutePoint, Shards: []int{1}, Why: "id = 1 is in slot 3964", Keys: []api.RouteKey{{Key: "1", Hash: 873244444, Slot: 3964, Shard: 1}}}
	partial := underWay()
	partial.Parts[1].Rows = 70_000_000 // and more are awaited
	partial.Parts[2].State = api.PartFailed
	home := underWay() // shard 0 has no rows to write
	home.Shards = home.Shards[1:]
	home.Parts[0].Rows = 0
	unplanned := &api.RunningQuery{}
	for name, tt := range map[string]struct {
		p             *api.RunningQuery
		since         time.Duration
		width, height int
		want          []string
	}{
		// The time of the shard that is awaited goes on between two polls, and that of no other.
		"wide": {underWay(), 500 * time.Millisecond, 56, 6, []string{
			"shards 0, 1, 2, 3: there is no condition",
			"",
			"0 worker-0        ✓ answered        1,234 rows    3.2 ms",
			"1 worker-1        ○ awaited                        2.5 s",
			"2 worker-2        ↓ answering            1 row     12 ms",
			"3 worker-3        · not sent yet",
		}},
		"narrow": {underWay(), 0, 30, 6, []string{
			"shards 0, 1, 2, 3", "there is no condition",
			"0 ✓ answered   1,234    3.2 ms",
			"1 ○ awaited              2.0 s",
			"2 ↓ answering      1     12 ms",
			"3 · not sent yet",
		}},
		"narrower": {underWay(), 0, 20, 5, []string{
			"shards 0, 1, 2, 3", "there is no conditi…", "1 ○            2.0 s", "3 ·", "… and 2 shards more",
		}},
		"more on the way": {partial, time.Second, 56, 5, []string{
			"shards 0, 1, 2, 3: there is no condition",
			"0 worker-0        ✓ answered        1,234 rows    3.2 ms",
			"1 worker-1        ↓ answering       70.0M rows     3.0 s",
			"2 worker-2        ✗ failed                         12 ms",
			"3 worker-3        · not sent yet",
		}},
		"a key": {keyed, 0, 56, 4, []string{
			"shard 1: id = 1 is in slot 3964",
			"1 → hash 873244444 → slot 3964 → shard 1",
			"",
			"1 worker-1        ○ awaited                        2.0 s",
		}},
		"a write whose key is stored elsewhere": {home, 0, 56, 5, []string{
			"shards 1, 2, 3: there is no condition",
			"0 worker-0        ✓ answered        stores key    3.2 ms",
			"1 worker-1        ○ awaited                        2.0 s",
			"2 worker-2        ↓ answering            1 row     12 ms",
			"3 worker-3        · not sent yet",
		}},
		"not planned yet": {unplanned, 0, 30, 2, []string{"no shard", ""}},
	} {
		t.Run(name, func(t *testing.T) {
			got := painted(t, tt.width, tt.height, func(a widget.Area) { paintProgress(a, tt.p, tt.since) })
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
	for want, p := range map[string]*api.RunningQuery{"2 of 4 answered": underWay(), "0 of 1 answered": keyed, "": unplanned} {
		if got := progressNote(p); got != want {
			t.Errorf("%q, not %q", got, want)
		}
	}
}

func TestProgressStaysInItsArea(t *testing.T) {
	hostile := underWay()
	hostile.Route.Why = strings.Repeat("why\x1b[2J東 ", 40)
	hostile.Parts[1].Worker = "w\x1b]0;x\x07\n東東東東東東東東東東"
	hostile.Parts[2].State = "\x1b[31mnew"
	for range 20 {
		hostile.Parts = append(hostile.Parts, hostile.Parts[1])
	}
	for width := range 100 {
		for height := range 30 {
			lines := painted(t, width+2, height+2, func(a widget.Area) {
				a.Box(theme.Border, "", "")
				paintProgress(a.Sub(1, 1, width, height), hostile, time.Hour)
			})
			for i, l := range lines {
				if i > 0 && i <= height && (!strings.HasPrefix(l, "│") || !strings.HasSuffix(l, "│")) {
					t.Fatalf("at %dx%d the frame is overwritten: %q", width, height, l)
				}
			}
		}
	}
}
