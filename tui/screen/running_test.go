package screen

import (
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"
	"github.com/muesli/termenv"

	"shardeck/tui/theme"
)

// What an operator looks for first is which shard a statement waits for; the note about lines that are
// not visible goes with the statement that had them.
func TestRunningShowsShardsFirstAndForgetsTheStatement(t *testing.T) {
	v := placeStates(3)["normal"]
	s := filled(RunningPlace, v, "normal")
	render := func() string {
		return ansi.Strip(Render(newTheme(t, theme.Mono, termenv.Ascii), 80, 24, v, &Dashboard{}, s))
	}
	render() // notes how tall the details are
	frame := render()
	if !strings.Contains(frame, "Tab for more") {
		t.Fatalf("the statement fits, so this tests nothing:\n%s", frame)
	}
	if shards, sql := strings.Index(frame, "Shards: "), strings.Index(frame, "SQL ─"); shards < 0 || sql >= 0 && sql < shards {
		t.Errorf("the shards do not come first:\n%s", frame)
	}
	press(s, v.Now, "tab")
	render()
	s.Update(RunningListed{At: v.Now, Lists: []MasterQueries{{Master: primaryURL}}})
	if frame = render(); strings.Contains(frame, "Tab for more") || strings.Contains(frame, "lines ") {
		t.Errorf("the statement is gone, its lines are still counted:\n%s", frame)
	}
}
