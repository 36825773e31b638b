package screen

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/muesli/termenv"

	"shardeck/shared/api"
	"shardeck/tui/cluster"
	"shardeck/tui/theme"
)

// placeStates are the states of a cluster of n shards in which every place is drawn.
func placeStates(n int) map[string]*View {
	degraded := metadata(n)
	if n > 1 {
		degraded.Workers[n-1].State, degraded.Workers[n-1].AgeMS = api.ShardDown, 42_000
		degraded.Workers[n-1].Problem = api.NewProblem(api.CodeShardUnavailable, "connection refused").Hinted("start the worker again")
		degraded.Drift = []api.Drift{{DB: "SchoolDB", Table: "Students", Kind: "missing_table", Shards: []int{0}, Detail: "shard 0 lacks SchoolDB.Students"}}
	}
	down := viewOf(metadata(n))
	down.State, _ = down.State.Apply(cluster.Observation{At: noon, Master: primaryURL, Err: errors.New("connection refused")})
	down.Now = noon.Add(17 * time.Second)
	return map[string]*View{"loading": connecting(), "empty": emptyCluster(), "normal": viewOf(metadata(n)), "degraded": viewOf(degraded), "down": down}
}

// filled returns a place as it is after its requests have been answered.
func filled(p Place, v *View, state string) Screen {
	s := newPlace(p)
	if s == nil {
		return nil
	}
	Renew(s, v)
	if state == "loading" {
		return s
	}
	switch p {
	case RunningPlace:
		var queries []api.RunningQuery
		if state != "empty" {
			parts := []api.RunningPart{}
			for i := range shardsOf(v) {
				st := []api.PartState{api.PartDone, api.PartAwaited, api.PartAnswering}[i%3]
				parts = append(parts, api.RunningPart{ShardResult: api.ShardResult{Shard: i, Worker: shardsOf(v)[i].Name, Rows: int64(i * 10), MS: 2}, State: st})
			}
			queries = []api.RunningQuery{{ID: "q1", RequestID: "r1", DB: "SchoolDB", SQL: "SELECT major, COUNT(*) FROM Students GROUP BY major", Started: noon.Add(-2 * time.Second), MS: 1900,
				Shards: []int{0, 1, 2}, Parts: parts, Route: &api.Route{Kind: "scatter", Why: "no condition fixes student_id"}}}
		}
		s.Update(RunningListed{At: v.Now, Lists: []MasterQueries{{Master: primaryURL, Queries: queries}, {Master: backupURL}}})
	case FailoverPlace:
		m := FailoversListed{At: v.Now, DryRun: FailoverDryRun{Target: backupURL, Answer: &api.FailoverResponse{Checks: []api.FailoverCheck{
			{Name: "this master is a backup", OK: true, Detail: backupURL, Required: true}, {Name: "every shard is up", OK: state == "normal", Detail: "2 of 3", Required: true, Forceable: true}}}}}
		if state != "empty" {
			m.Failovers = []api.FailoverResponse{{Kind: api.FailoverAutomatic, At: noon.Add(-time.Hour), Primary: primaryURL, Previous: backupURL, Term: 3, TotalMS: 42,
				Steps: []api.FailoverStep{{Name: "take the lease", OK: true, MS: 12}, {Name: "acquire term 3", OK: true, AtMS: 12, MS: 30}}, Unavailable: &api.Unavailability{AtLeastMS: 1800}}}
		}
		s.Update(m)
	case SecurityPlace:
		if state != "empty" {
			s.Update(SecurityStarted{At: v.Now.Add(-time.Second)})
			s.Update(SecurityEnded{At: v.Now, Answer: security(state == "degraded").answer})
		}
	}
	Renew(s, v)
	return s
}

var placeSizes = [][2]int{{80, 24}, {120, 40}, {200, 60}}

// Every place in every state and size: as text for three shards, and for 64 at 80x24; as a checksum in
// colour, for 12 shards at 120x40 and for 64 at the other sizes.
func TestPlacesMatchGoldenFiles(t *testing.T) {
	mono, err := theme.New(theme.Mono, theme.Options{Profile: termenv.Ascii, ASCII: true})
	if err != nil {
		t.Fatal(err)
	}
	dark := newTheme(t, theme.Dark, termenv.TrueColor)
	var sums strings.Builder
	for p := range placeCount {
		for _, state := range []string{"loading", "empty", "normal", "degraded", "down"} {
			var text strings.Builder
			for _, n := range []int{3, 12, 64} {
				v := placeStates(n)[state]
				stack := []Screen{&Dashboard{}}
				if s := filled(p, v, state); s != nil {
					stack = append(stack, s)
				} else if p != OverviewPlace {
					continue
				}
				for _, size := range placeSizes {
					if n == 12 && size[0] != 120 {
						continue
					}
					frame := Render(mono, size[0], size[1], v, stack...)
					if wrong := checkFrame(frame, size[0], size[1]); wrong != "" {
						t.Errorf("%s %s with %d shards at %v: %s", places[p].label, state, n, size, wrong)
					}
					if n == 3 || n == 64 && size[0] == 80 {
						fmt.Fprintf(&text, "%s, %s, %d shards, %dx%d\n%s\n\n", places[p].label, state, n, size[0], size[1], frame)
					}
					coloured := Render(dark, size[0], size[1], v, stack...)
					fmt.Fprintf(&sums, "%s %s %d %dx%d %.8x %.8x\n", places[p].label, state, n, size[0], size[1], sha256.Sum256([]byte(frame)), sha256.Sum256([]byte(coloured)))
				}
			}
			if text.Len() > 0 {
				golden(t, "place-"+places[p].label+"-"+state, text.String())
			}
		}
	}
	golden(t, "places-sums", sums.String())
}

// Drawing a frame of the largest size with the most shards is a small part of the time between two
// frames; see also the benchmark of the whole console.
func BenchmarkPlaces(b *testing.B) {
	th := newTheme(b, theme.Dark, termenv.TrueColor)
	v := placeStates(64)["degraded"]
	for p := range placeCount {
		stack := []Screen{&Dashboard{}}
		if s := filled(p, v, "degraded"); s != nil {
			stack = append(stack, s)
		} else if p != OverviewPlace {
			continue
		}
		b.Run(places[p].label, func(b *testing.B) {
			for b.Loop() {
				Renew(stack[len(stack)-1], v)
				Render(th, 200, 60, v, stack...)
			}
		})
	}
}
