package widget

import (
	"fmt"
	"math"
	"strconv"
	"time"
)

// Thousands formats n with commas: 10,012.
func Thousands(n int64) string {
	s := strconv.FormatInt(n, 10)
	sign := ""
	if s[0] == '-' {
		sign, s = "-", s[1:]
	}
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return sign + s
}

// Count formats n in full if it takes at most width cells, else in
// thousands (k), millions (M) and so on, with one digit after the point.
func Count(n int64, width int) string {
	full := Thousands(n)
	if len(full) <= width {
		return full
	}
	units := []struct {
		size float64
		name string
	}{{1e18, "E"}, {1e15, "P"}, {1e12, "T"}, {1e9, "G"}, {1e6, "M"}, {1e3, "k"}}
	for _, u := range units {
		if math.Abs(float64(n)) >= u.size {
			return strconv.FormatFloat(float64(n)/u.size, 'f', 1, 64) + u.name
		}
	}
	return full
}

// Bytes formats a size in binary units with three significant digits: 1.40 MiB. It never takes more
// than eight cells, so that a column of sizes that grow stays in its place.
func Bytes(n int64) string {
	if n < 1024 {
		return strconv.FormatInt(n, 10) + " B"
	}
	f, unit := float64(n)/1024, 0
	for f >= 999.5 && unit < 5 {
		f, unit = f/1024, unit+1
	}
	digits := 2
	switch {
	case f >= 99.95:
		digits = 0
	case f >= 9.995:
		digits = 1
	}
	return fmt.Sprintf("%.*f %ciB", digits, f, "KMGTPE"[unit])
}

// Millis formats a duration in milliseconds with about two significant digits.
func Millis(ms float64) string {
	switch {
	case math.IsNaN(ms) || ms < 0:
		return "—"
	case ms < 0.01:
		return "<10 µs"
	case ms < 1:
		return fmt.Sprintf("%.2f ms", ms)
	case ms < 10:
		return fmt.Sprintf("%.1f ms", ms)
	case ms < 1000:
		return fmt.Sprintf("%.0f ms", ms)
	case ms < 100_000:
		return fmt.Sprintf("%.1f s", ms/1000)
	}
	return Age(time.Duration(min(ms, 1e12)) * time.Millisecond)
}

// Age formats how long ago something was, briefly: 0.4s, 12s, 3m, 2h, 5d.
func Age(d time.Duration) string {
	switch {
	case d < 0:
		return "0.0s"
	case d < 10*time.Second:
		return fmt.Sprintf("%.1fs", d.Truncate(100*time.Millisecond).Seconds())
	case d < 100*time.Second:
		return fmt.Sprintf("%ds", d/time.Second)
	case d < 100*time.Minute:
		return fmt.Sprintf("%dm", d/time.Minute)
	case d < 48*time.Hour:
		return fmt.Sprintf("%dh", d/time.Hour)
	}
	return fmt.Sprintf("%dd", min(d/(24*time.Hour), 99_999))
}

// Elapsed formats a measured duration: 87 ms, 1.24 s, 2m14s.
func Elapsed(d time.Duration) string {
	switch {
	case d < time.Second:
		return fmt.Sprintf("%d ms", d.Round(time.Millisecond)/time.Millisecond)
	case d < time.Minute:
		return fmt.Sprintf("%.2f s", d.Seconds())
	}
	return d.Round(time.Second).String()
}

// Rate formats a number per second.
func Rate(perSecond float64) string {
	switch {
	case math.IsNaN(perSecond) || perSecond <= 0:
		return "0"
	case perSecond < 100:
		return fmt.Sprintf("%.1f", perSecond)
	}
	return Count(int64(math.Round(min(perSecond, 1e15))), 6)
}

// Percent formats part of whole with one decimal; "—" if whole is 0.
func Percent(part, whole int64) string {
	if whole <= 0 {
		return "—"
	}
	p := 100 * float64(part) / float64(whole)
	if p < 0 || p >= 1000 {
		return "—" // part and whole were measured at different times
	}
	return fmt.Sprintf("%.1f%%", p)
}
