package screen

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"
	"github.com/muesli/termenv"
	"pgregory.net/rapid"

	"shardeck/shared/api"
	"shardeck/tui/cluster"
	"shardeck/tui/goldentest"
	"shardeck/tui/theme"
)

func newTheme(t testing.TB, name string, p termenv.Profile) *theme.Theme {
	t.Helper()
	th, err := theme.New(name, theme.Options{Profile: p})
	if err != nil {
		t.Fatal(err)
	}
	return th
}

type scene struct {
	name  string
	view  *View
	stack []Screen
}

func scenes() []scene {
	ready := viewOf(metadata(3))
	down := downShard()
	lease := lostStorage()
	failed := checkedFailover(ready, nil)
	press(failed, noon, "right", "enter")
	failed.Update(FailoverEnded{At: noon, Err: api.NewProblem(api.CodeFailoverFailed, "only 1 of 3 workers took term 4").Hinted("start the workers and try again")})
	noBackup := metadata(3)
	noBackup.Peers = nil
	return []scene{
		{"healthy", ready, nil},
		{"down-shard", down, nil},
		{"empty", emptyCluster(), nil},
		{"connecting", connecting(), nil},
		{"lost", lost(), nil},
		{"long-names", longNames(), nil},
		{"after-failover", afterFailover(), nil},
		{"killed-primary", killedPrimary(), nil},
		{"many-shards", manyShards(), nil},
		{"lost-storage", lease, nil},
		{"automatic", automatic(), nil},
		{"another-cluster", foreign(), nil},
		{"help", ready, []Screen{NewHelp((&Dashboard{}).Commands(ready), true)}},
		{"tables", ready, []Screen{NewTables(ready)}},
		{"security-ok", ready, []Screen{security(false)}},
		{"security-failing", ready, []Screen{security(true)}},
		{"security-unanswered", ready, []Screen{securityUnanswered()}},
		{"security-unproven", ready, []Screen{securityUnproven()}},
		{"security-running", ready, []Screen{NewSecurity(ready.Now)}},
		{"failover-preflight", ready, []Screen{checkedFailover(ready, nil)}},
		{"failover-asking", ready, []Screen{NewFailover(ready.Now, ready.State.Preflight(ready.Now))}},
		{"failover-refused", ready, []Screen{checkedFailover(ready, api.NewProblem(api.CodeFailoverFailed, "preflight: a majority of the workers answers: 1 of 3; 2 are needed; nothing was changed"))}},
		{"failover-forceable", ready, []Screen{checkedFailover(lease, api.NewProblem(api.CodeFailoverFailed, "preflight: every shard is up: shard 2 (worker-8083) is emptied; nothing was changed"))}},
		{"failover-impossible", ready, []Screen{NewFailover(ready.Now, stateOf(noBackup).Preflight(ready.Now))}},
		{"failover-done", afterFailover(), []Screen{failoverDone()}},
		{"failover-failed", ready, []Screen{failed}},
		{"confirm", ready, []Screen{NewConfirm(noon, "Kill the primary", "This ends the primary's process with SIGKILL, as a crash would.", "kill primary", QuitNow{})}},
		{"palette", ready, []Screen{NewPalette((&Dashboard{}).Commands(ready))}},
	}
}

func TestNoteCoversNoKeyIfThereIsRoom(t *testing.T) {
	th := newTheme(t, theme.Mono, termenv.Ascii)
	for _, v := range []*View{killedPrimary(), viewOf(metadata(3))} {
		for width := 80; width <= 200; width++ {
			for _, height := range []int{24, 30, 45} {
				frame := Render(th, width, height, v, &Dashboard{})
				for _, k := range (&Dashboard{}).Commands(v) {
					if want := k.KeyText() + " " + k.Label; k.Label != "" && !strings.Contains(frame, want) {
						t.Fatalf("%q is not shown at %dx%d:\n%s", want, width, height, frame)
					}
				}
				if !strings.Contains(frame, v.Notes[0]) {
					t.Fatalf("the note is not shown at %dx%d:\n%s", width, height, frame)
				}
			}
		}
	}
}

func stateOf(m *api.Metadata) *cluster.State {
	s := observed(m)
	return &s
}

func TestScreensMatchGoldenFiles(t *testing.T) {
	th := newTheme(t, theme.Mono, termenv.Ascii)
	for _, s := range scenes() {
		for _, size := range [][2]int{{80, 24}, {160, 45}} {
			name := fmt.Sprintf("%s-%dx%d", s.name, size[0], size[1])
			t.Run(name, func(t *testing.T) {
				got := Render(th, size[0], size[1], s.view, append([]Screen{&Dashboard{}}, s.stack...)...) + "\n"
				golden(t, name, got)
			})
		}
	}
	small := viewOf(metadata(3))
	golden(t, "healthy-50x10", Render(th, 50, 10, small, &Dashboard{})+"\n")
	golden(t, "down-shard-40x6", Render(th, 40, 6, downShard(), &Dashboard{})+"\n")
	golden(t, "healthy-120x30", Render(th, 120, 30, small, &Dashboard{})+"\n")
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	goldentest.Check(t, name+".golden", got)
}

// checkFrame describes what is wrong with a frame's size, "" if nothing is.
func checkFrame(frame string, width, height int) string {
	lines := strings.Split(frame, "\n")
	if len(lines) != height {
		return fmt.Sprintf("%d lines, not %d", len(lines), height)
	}
	for i, line := range lines {
		if w := ansi.StringWidth(line); w != width {
			return fmt.Sprintf("line %d is %d cells wide, not %d: %q", i, w, width, line)
		}
	}
	return ""
}

func TestFramesHaveTerminalSize(t *testing.T) {
	all := scenes()
	themes := []*theme.Theme{newTheme(t, theme.Dark, termenv.TrueColor), newTheme(t, theme.Mono, termenv.ANSI)}
	for i, s := range all {
		for width := 1; width <= 210; width += 1 + width/7 {
			for height := 1; height <= 70; height += 1 + height/4 {
				frame := Render(themes[(i+width)%2], width, height, s.view, append([]Screen{&Dashboard{}}, s.stack...)...)
				if wrong := checkFrame(frame, width, height); wrong != "" {
					t.Fatalf("%s at %dx%d: %s", s.name, width, height, wrong)
				}
			}
		}
	}
}

func TestServerTextCannotBreakFrame(t *testing.T) {
	th := newTheme(t, theme.Dark, termenv.TrueColor)
	rapid.Check(t, func(t *rapid.T) {
		m := metadata(rapid.IntRange(0, 9).Draw(t, "shards"))
		text := rapid.OneOf(rapid.String(), rapid.StringMatching(`(\x1b\[[0-9;]*[A-Za-z]|\x1b\]0;[a-z]*\x07|[\x{1F1E6}-\x{1F1FF}]|[\x{1100}-\x{11FF}]|[\x{AC00}-\x{AD00}]|[\x{0300}-\x{0310}]|\x{200D}|[\x{1F3FB}-\x{1F3FF}]|[\x{1F468}-\x{1F470}]|[\x{0E30}-\x{0E3F}]|\n|a)*`))
		for i := range m.Workers {
			m.Workers[i].Name = text.Draw(t, "worker")
			m.Workers[i].Engine = text.Draw(t, "engine")
			m.Workers[i].State = api.ShardState(rapid.SampledFrom([]string{"up", "slow", "failing", "down", "unauthorized", "emptied", "wrong_shard", "unknown", "new"}).Draw(t, "state"))
			m.Workers[i].Problem = api.NewProblem(api.CodeInternal, "%s", text.Draw(t, "problem"))
			m.Workers[i].LatencyMS = rapid.Float64().Draw(t, "latency")
			m.Workers[i].AgeMS = rapid.Float64().Draw(t, "age")
			m.Workers[i].Rows = rapid.Int64().Draw(t, "rows")
			m.Workers[i].UptimeSeconds = rapid.Float64().Draw(t, "uptime")
			m.Workers[i].Traffic.RequestsPerSecond = rapid.Float64().Draw(t, "rate")
		}
		for i := range m.Databases {
			m.Databases[i].Tables[0].RowsPerShard = rows(rapid.SliceOfN(rapid.Int64(), 0, 12).Draw(t, "rows per shard")...)
		}
		m.Master.Version = text.Draw(t, "version")
		m.Master.UptimeSeconds = rapid.Float64().Draw(t, "master uptime")
		v := viewOf(m)
		v.State.Err = errors.New(text.Draw(t, "error"))
		v.Notes = []string{text.Draw(t, "note")}
		w, h := rapid.IntRange(0, 200).Draw(t, "width"), rapid.IntRange(1, 60).Draw(t, "height")
		if wrong := checkFrame(Render(th, w, h, v, &Dashboard{}), w, h); wrong != "" {
			t.Fatal(wrong)
		}
	})
}

func TestStatesAreDistinctWithoutColour(t *testing.T) {
	seen := map[string]api.ShardState{}
	for _, st := range marked {
		symbol, word := cluster.ShardMark(st)
		for _, mark := range []string{symbol, word} {
			if other, ok := seen[mark]; ok {
				t.Errorf("%s and %s share the mark %q", st, other, mark)
			}
			seen[mark] = st
		}
	}
}

// With --ascii the console draws nothing else; only what is the user's may be.
func TestASCIIHasNoOtherCharacters(t *testing.T) {
	th, err := theme.New(theme.Mono, theme.Options{Profile: termenv.Ascii, ASCII: true})
	if err != nil {
		t.Fatal(err)
	}
	all := append(scenes(), drillScenes()...)
	for p := range placeCount {
		for state := range placeStates(1) {
			for _, n := range []int{3, 12, 64} {
				v := placeStates(n)[state]
				if s := filled(p, v, state); s != nil {
					all = append(all, scene{fmt.Sprintf("%s %s of %d shards", places[p].label, state, n), v, []Screen{s}})
				}
			}
		}
	}
	for _, s := range all {
		for _, size := range [][2]int{{80, 24}, {120, 40}, {200, 60}} {
			frame := Render(th, size[0], size[1], s.view, append([]Screen{&Dashboard{}}, s.stack...)...)
			for _, r := range frame {
				if r >= 0x80 && !strings.ContainsRune("東京\ufffd", r) {
					t.Errorf("%s at %v has %q", s.name, size, r)
					break
				}
			}
		}
	}
}

// The marks of states and of levels are distinct, also in ASCII.
func TestMarksAreDistinctWithoutColour(t *testing.T) {
	th, err := theme.New(theme.Mono, theme.Options{Profile: termenv.Ascii, ASCII: true})
	if err != nil {
		t.Fatal(err)
	}
	ascii := func(mark string) string {
		var b strings.Builder
		th.Paint(&b, theme.Text, mark)
		return b.String()
	}
	marks, words := map[string]api.ShardState{}, map[string]api.ShardState{}
	for _, st := range []api.ShardState{api.ShardUp, api.ShardSlow, api.ShardFailing, api.ShardDown, api.ShardUnauthorized, api.ShardEmptied, api.ShardWrong, api.ShardUnknown} {
		mark, word := cluster.ShardMark(st)
		if other, taken := marks[ascii(mark)]; taken {
			t.Errorf("%s and %s have the same mark %s", st, other, ascii(mark))
		}
		if other, taken := words[word]; taken {
			t.Errorf("%s and %s have the same word %s", st, other, word)
		}
		marks[ascii(mark)], words[word] = st, st
	}
	levels := map[string]api.Level{}
	for _, l := range []api.Level{api.LevelInfo, api.LevelGood, api.LevelWarn, api.LevelError} {
		mark, _ := levelLook(l)
		if other, taken := levels[ascii(mark)]; taken {
			t.Errorf("%s and %s have the same mark", l, other)
		}
		levels[ascii(mark)] = l
	}
}
