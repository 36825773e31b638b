package bench

import (
	"fmt"
	"io"
	"time"
)

// report prints one line per measurement as soon as it is known.
type report struct{ w io.Writer }

const rowFormat = "%-44s %8s  %-34s %7s %7s %7s  %s\n"

func (r report) header() {
	fmt.Fprintf(r.w, rowFormat, "measurement", "clients", "baseline (same run and machine)", "ratio", "spread", "target", "")
}

// ratio prints the median of sorted ratios, their spread, and whether the target, 0 for
// none, was reached.
func (r report) ratio(name string, clients int, baseline string, sorted []float64, target float64) {
	m := median(sorted)
	spread := (sorted[len(sorted)-1] - sorted[0]) / 2
	targetText, verdict := "", ""
	if target > 0 {
		targetText = fmt.Sprintf("%.2f", target)
		verdict = "reached"
		if m < target {
			verdict = "missed"
		}
	}
	fmt.Fprintf(r.w, rowFormat, name, fmt.Sprint(clients), baseline,
		fmt.Sprintf("%.2f", m), fmt.Sprintf("±%.2f", spread), targetText, verdict)
}

// limit prints a quantity against the bound it must stay under.
func (r report) limit(name string, clients int, what string, got, bound float64, unit string) {
	verdict := "reached"
	if got >= bound {
		verdict = "missed"
	}
	fmt.Fprintf(r.w, rowFormat, name, fmt.Sprint(clients), what,
		fmt.Sprintf("%.0f", got), "", fmt.Sprintf("<%.0f", bound), verdict+" ("+unit+")")
}

// times prints the median, the 99th percentile and the maximum of sorted durations, and whether
// the 99th percentile is below the bound, 0 for none.
func (r report) times(name string, clients int, what string, sorted []time.Duration, bound time.Duration) {
	seconds := func(d time.Duration) string { return fmt.Sprintf("%.3f", d.Seconds()) }
	boundText, verdict := "", ""
	if bound > 0 {
		boundText = "<" + seconds(bound)
		verdict = "reached, "
		if percentile(sorted, 99) >= bound {
			verdict = "missed, "
		}
	}
	fmt.Fprintf(r.w, rowFormat, name, fmt.Sprint(clients), what, seconds(percentile(sorted, 50)), seconds(percentile(sorted, 99)), boundText,
		fmt.Sprintf("%smax %s (p50, p99 and max in s; %d rounds)", verdict, seconds(sorted[len(sorted)-1]), len(sorted)))
}

// percentile returns the nearest rank of a sorted, non-empty slice.
func percentile(sorted []time.Duration, p int) time.Duration {
	return sorted[(len(sorted)*p+99)/100-1]
}

// note prints a line below the last row.
func (r report) note(format string, args ...any) {
	fmt.Fprintf(r.w, "  "+format+"\n", args...)
}
