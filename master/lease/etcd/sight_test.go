package etcd

import (
	"testing"
	"time"
)

// TestSight: how long a challenger waits for a holder whose key is gone.
func TestSight(t *testing.T) {
	const ttl = 6 * time.Second
	start := time.Now()
	at := func(seconds float64) time.Time { return start.Add(time.Duration(seconds * float64(time.Second))) }
	there := state{revision: 7, counted: 7}
	gone := state{counted: 7}
	released := state{counted: 8, newest: leader{Released: true}}
	due := func(v *sight, seconds float64) { v.due = at(seconds) }
	for name, tc := range map[string]struct {
		play func(v *sight)
		last state
		now  float64
		want time.Duration
	}{
		"never held":                  {func(*sight) {}, state{}, 0, 0},
		"released":                    {func(v *sight) { v.see(there, at(0)); due(v, 5); v.see(released, at(1)) }, released, 1, 0},
		"gone when it was due":        {func(v *sight) { v.see(there, at(0)); due(v, 1); v.see(gone, at(1)) }, gone, 1, 0},
		"gone sooner":                 {func(v *sight) { v.see(there, at(0)); due(v, 5); v.see(gone, at(1)) }, gone, 1, 4500 * time.Millisecond},
		"gone sooner, a while ago":    {func(v *sight) { v.see(there, at(0)); due(v, 5); v.see(gone, at(1)); v.see(gone, at(3)) }, gone, 3, 2500 * time.Millisecond},
		"gone sooner, long ago":       {func(v *sight) { v.see(there, at(0)); due(v, 5); v.see(gone, at(1)) }, gone, 5.5, 0},
		"gone before the first look":  {func(v *sight) { v.see(gone, at(1)) }, gone, 1, 4500 * time.Millisecond},
		"gone, but the due unknown":   {func(v *sight) { v.see(there, at(0)); v.see(gone, at(9)) }, gone, 9, 4500 * time.Millisecond},
		"the due of an earlier term":  {func(v *sight) { v.see(state{revision: 3, counted: 3}, at(0)); due(v, 1); v.see(gone, at(2)) }, gone, 2, 4500 * time.Millisecond},
		"renewed after it was due":    {func(v *sight) { v.see(there, at(0)); due(v, 1); v.see(there, at(2)); due(v, 7); v.see(gone, at(3)) }, gone, 3, 4500 * time.Millisecond},
		"there again after a restore": {func(v *sight) { v.see(gone, at(0)); v.see(there, at(1)); v.see(gone, at(2)) }, gone, 2, 4500 * time.Millisecond},
	} {
		var v sight
		tc.play(&v)
		if tc.last.counted == 0 {
			v.see(tc.last, at(tc.now))
		}
		if got := v.left(tc.last, ttl, at(tc.now)); got != tc.want {
			t.Errorf("%s: waits %s, want %s", name, got, tc.want)
		}
	}
}
