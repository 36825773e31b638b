package drill

import (
	"strings"
	"testing"
	"time"
)

func TestOneFailedCheckFailsTheDrill(t *testing.T) {
	for _, c := range []struct {
		name   string
		checks []Check
		want   Verdict
		reason string
	}{
		{"all hold", []Check{{Text: "a", OK: true}, {Text: "b", OK: true}}, Passed, ""},
		{"one does not", []Check{{Text: "a", OK: true}, {Text: "acknowledged writes are there", Got: "2 of 9 are missing"}}, Failed, "acknowledged writes are there: 2 of 9 are missing"},
		{"none was made", nil, Failed, "nothing was checked"},
	} {
		r := Report{Checks: c.checks, Verdict: Pending}
		r.Judge()
		if r.Verdict != c.want || r.Reason != c.reason {
			t.Errorf("%s: %s, %q", c.name, r.Verdict, r.Reason)
		}
	}
}

func TestReportIsOneTableWhateverItsText(t *testing.T) {
	r := Report{Plan: Plan{Title: "Kill a worker", Does: "SIGKILL", Expect: "the others answer", Undo: "it is started again"},
		Target: "worker|8083\n# not a heading <b>", Began: time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC), Took: 12340 * time.Millisecond,
		Steps:    []Step{{After: 1500 * time.Millisecond, Text: "sent SIGKILL"}},
		Measures: []Measure{{"longest gap", "1.2 s"}},
		Checks:   []Check{{Text: "noticed within 10 s", Got: "after 310 ms", OK: true}}}
	r.Judge()
	page := r.Markdown()
	for _, want := range []string{
		"# Drill: Kill a worker\n", "| Verdict | **PASSED** |", "2026-11-22 12:00:00 UTC, for 12.34s",
		`| Target | worker\|8083 # not a heading &lt;b> |`, "| ✓ | noticed within 10 s | after 310 ms |",
		"| longest gap | 1.2 s |", "| 12:00:01.500 | 1.5s | sent SIGKILL |", "| Undone by | it is started again |",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("%q is missing in\n%s", want, page)
		}
	}
	for line := range strings.Lines(page) {
		if strings.HasPrefix(line, "# ") && line != "# Drill: Kill a worker\n" {
			t.Errorf("a second heading: %q", line)
		}
	}
}
