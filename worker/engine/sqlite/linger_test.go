package sqlite

import "testing"

// play runs groups that can gather at most so many requests in time, and
// returns how many of them waited for a request that did not come.
func play(l *linger, groups, present int) (vain int) {
	for range groups {
		target := l.target()
		size := present // what a group drains without waiting is as good as what it waits for
		if size < target {
			vain++
		}
		l.saw(size, target)
	}
	return vain
}

func TestALoneWriterHardlyEverWaits(t *testing.T) {
	var l linger
	if vain := play(&l, 10_000, 1); vain > 20 {
		t.Errorf("%d of 10,000 groups of a lone writer waited in vain", vain)
	}
}

func TestGroupsGrowToTheWritersThereAre(t *testing.T) {
	var l linger
	for _, writers := range []int{1, 21, 3, 40} {
		play(&l, 2*lingerRestMax, writers)
		if got := l.target(); got < writers || got > writers+1 {
			t.Errorf("with %d writers, groups wait for %d requests", writers, got)
		}
	}
}

func TestWritersThatLeaveAreNotWaitedForTwice(t *testing.T) {
	var l linger
	play(&l, 2*lingerRestMax, 30)
	if vain := play(&l, lingerRest/2, 2); vain > 2 {
		t.Errorf("%d groups waited for writers that have gone", vain)
	}
}
