package tenure

import (
	"testing"
	"testing/synctest"
	"time"
)

func ended(t *Tenure) bool {
	synctest.Wait()
	select {
	case <-t.Lost():
		return true
	default:
		return false
	}
}

func TestTenureEndsAtItsDeadlineUnlessExtended(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		ten := Begin(7, start.Add(time.Second))
		time.Sleep(999 * time.Millisecond)
		if ended(ten) || ten.Term() != 7 {
			t.Fatal("over too early")
		}
		if !ten.Extend(start.Add(2 * time.Second)) {
			t.Fatal("it cannot be extended in time")
		}
		if !ten.Extend(start.Add(time.Second)) || !ten.Until().Equal(start.Add(2*time.Second)) {
			t.Errorf("a renewal that was sent earlier and answered later moved the deadline back to %s", ten.Until().Sub(start))
		}
		time.Sleep(1001 * time.Millisecond)
		if !ended(ten) || time.Since(start) != 2*time.Second {
			t.Errorf("not over at its deadline")
		}
		if ten.Extend(start.Add(time.Hour)) || time.Now().Before(ten.Until()) {
			t.Error("a tenure that was over was extended")
		}
	})
}

// TestALateRenewalDoesNotRevive: a process that was paused may see the answer to a renewal before
// its timer fires.
func TestALateRenewalDoesNotRevive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ten := Begin(1, time.Now().Add(time.Second))
		ten.timer.Stop() // the timer is late
		time.Sleep(time.Second)
		if ten.Extend(time.Now().Add(time.Second)) || !ended(ten) {
			t.Error("extended at its deadline")
		}
	})
}

func TestEndMovesTheDeadlineToNow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ten := Begin(1, time.Now().Add(time.Hour))
		ten.End()
		ten.End()
		if !ended(ten) || time.Now().Before(ten.Until()) {
			t.Error("not over")
		}
		if late := Begin(2, time.Now()); !ended(late) {
			t.Error("a tenure began after its deadline")
		}
	})
}

func TestStopAfter(t *testing.T) {
	for ttl, want := range map[time.Duration]time.Duration{6 * time.Second: 4500 * time.Millisecond, 1500 * time.Millisecond: 1125 * time.Millisecond} {
		if got := StopAfter(ttl); got != want {
			t.Errorf("%s of %s, want %s", got, ttl, want)
		}
	}
}
