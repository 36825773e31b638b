package screen

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"
	"github.com/muesli/termenv"

	"shardeck/shared/api"
	"shardeck/tui/theme"
)

// At 80 columns nothing essential in the lists of checks and of failovers is cut.
func TestListsOfPlacesAreWhole(t *testing.T) {
	th, v := newTheme(t, theme.Mono, termenv.Ascii), placeStates(3)["normal"]
	for p, want := range map[Place][]string{
		SecurityPlace: {"when", "11:59:59", "✓ secure", "no answer", "workers", "1.00 s"},
		FailoverPlace: {"when", "11:00:00", "✓ done", "127.0.0.1:8080", "42 ms", "gap", "≥ 1.8 s", "automatic"},
	} {
		s := filled(p, v, "normal")
		for _, size := range placeSizes {
			frame := ansi.Strip(Render(th, size[0], size[1], v, &Dashboard{}, s))
			for _, line := range strings.Split(frame, "\n") {
				if !strings.Contains(line, "▸ 1 ") && !strings.Contains(line, "▸when") {
					continue
				}
				if strings.Contains(line, "…") || strings.Contains(line, "2026-") {
					t.Errorf("at %v something is cut, or dated: %q", size, line)
				}
			}
			for _, text := range want {
				if !strings.Contains(frame, text) {
					t.Errorf("at %v, %q is not shown:\n%s", size, text, frame)
				}
			}
		}
	}
}

// What was today has a date tomorrow.
func TestListsOfPlacesDateWhatIsNotToday(t *testing.T) {
	v := placeStates(3)["normal"]
	checks, failovers := filled(SecurityPlace, v, "normal").(*SecurityChecks), NewFailovers()
	v.Now = v.Now.Add(24 * time.Hour)
	Renew(checks, v)
	failovers.Update(FailoversListed{At: v.Now, Failovers: []api.FailoverResponse{{At: noon.Add(-time.Hour)}}})
	for _, l := range []*listing{&checks.list, &failovers.list} {
		if got := l.table.Rows[0][0].Text; !strings.HasPrefix(got, "2026-11-22 ") {
			t.Errorf("what happened a day ago is shown at %q", fmt.Sprint(got))
		}
	}
}
