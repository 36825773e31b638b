package scatter

import (
	"math"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"shardeck/shared/api"
)

func TestTrafficSlidesOverTenSeconds(t *testing.T) {
	var tr Traffic
	start := time.Unix(1_000_000, 0)
	for s := range 30 {
		for range s + 1 {
			tr.Record(start.Add(time.Duration(s)*time.Second), time.Millisecond, s%2 == 0)
		}
	}
	got := tr.Snapshot(start.Add(29*time.Second + 500*time.Millisecond))
	requests, faults := 0, 0
	for s := 20; s < 30; s++ {
		requests += s + 1
		if s%2 == 0 {
			faults += s + 1
		}
	}
	if want := float64(requests) / 9.5; math.Abs(got.RequestsPerSecond-want) > 0.006 {
		t.Errorf("%g requests/s, want %g", got.RequestsPerSecond, want)
	}
	if want := float64(faults) / 9.5; math.Abs(got.ErrorsPerSecond-want) > 0.006 {
		t.Errorf("%g errors/s, want %g", got.ErrorsPerSecond, want)
	}
	if idle := tr.Snapshot(start.Add(time.Hour)); idle != (api.Traffic{}) {
		t.Errorf("an hour later: %+v", idle)
	}
}

func TestPercentilesAreRightToOneStep(t *testing.T) {
	var tr Traffic
	now := time.Unix(1_000_000, 0)
	for i := 1; i <= 1000; i++ {
		tr.Record(now, time.Duration(i)*time.Millisecond, false)
	}
	got := tr.Snapshot(now)
	if math.Abs(got.P50MS-500) > 500*0.07 || math.Abs(got.P99MS-990) > 990*0.07 {
		t.Errorf("p50 %g ms, p99 %g ms", got.P50MS, got.P99MS)
	}
}

func TestBucketsAreInOrderAndNear(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		us := rapid.Int64Range(0, 60_000_000).Draw(t, "microseconds")
		b := bucketOf(time.Duration(us) * time.Microsecond)
		if next := bucketOf(time.Duration(us+1) * time.Microsecond); next < b || next > b+1 {
			t.Errorf("%d µs is in step %d, the next in %d", us, b, next)
		}
		if mid := bucketMid(b) * 1000; math.Abs(mid-float64(us)) > 0.5+float64(us)*0.0626 {
			t.Errorf("%d µs is shown as %g µs", us, mid)
		}
	})
	if b := bucketOf(time.Hour); b != bucketCount-1 {
		t.Errorf("an hour is in step %d", b)
	}
	if b := bucketOf(-time.Second); b != 0 {
		t.Errorf("a clock that went back is in step %d", b)
	}
}

func TestTrafficIsSafeForConcurrentUse(t *testing.T) {
	var tr Traffic
	now := time.Now()
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for i := range 1000 {
				tr.Begin()
				tr.Record(now.Add(time.Duration(i)*10*time.Millisecond), time.Microsecond, false)
				tr.Snapshot(now)
				tr.Done()
			}
		})
	}
	wg.Wait()
	if n, _ := tr.Totals(); n != 8000 {
		t.Errorf("%d requests counted", n)
	}
	if tr.Snapshot(now).InFlight != 0 {
		t.Error("requests are still in flight")
	}
}

// The histogram since the start has the durations that were recorded, whenever that was.
func TestCountersKeepWhatTheWindowForgets(t *testing.T) {
	var traffic Traffic
	start := time.Unix(1_000_000, 0)
	for i := range 3 {
		traffic.Record(start.Add(time.Duration(i)*time.Minute), time.Duration(i+1)*time.Millisecond, i == 0)
	}
	c := traffic.Counters()
	if c.Requests != 3 || c.Errors != 1 || len(c.Latency) != 3 {
		t.Fatalf("counters are %+v", c)
	}
	for i, l := range c.Latency {
		if took := float64(i + 1); l.UpToMS < took || l.UpToMS > took*1.13 || l.Requests != 1 {
			t.Errorf("%v ms are counted as %+v", took, l)
		}
	}
	if s := traffic.Snapshot(start.Add(2 * time.Minute)); s.P50MS < 2.8 || s.P50MS > 3.2 {
		t.Errorf("the window has %+v", s)
	}
	for b := range bucketCount - 1 {
		if mid := bucketMid(b); mid >= bucketEnd(b) || b > 0 && mid <= bucketEnd(b-1) {
			t.Fatalf("bucket %d has its middle at %v and ends at %v, after %v", b, mid, bucketEnd(b), bucketEnd(b-1))
		}
	}
}
