package sqlite

import "testing"

// play runs groups that can gather at most present requests in time, and returns how many of them
// waited for a request that did not come.
func play(l *linger, groups, present int) (vain int) {
	for range groups {
		target := l.target()
		size := present // requests drained without waiting count like awaited ones
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

func TestGroupsGrowToTheNumberOfWriters(t *testing.T) {
	var l linger
	for _, writers := range []int{1, 21, 3, 40} {
		play(&l, 2*lingerRestMax, writers)
		if got := l.target(); got < writers || got > writers+1 {
			t.Errorf("with %d writers, groups wait for %d requests", writers, got)
		}
	}
}

func TestDepartedWritersAreNotWaitedForAgain(t *testing.T) {
	var l linger
	play(&l, 2*lingerRestMax, 30)
	if vain := play(&l, lingerRest/2, 2); vain > 2 {
		t.Errorf("%d groups waited for departed writers", vain)
	}
}
