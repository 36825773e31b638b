package api_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"shardeck/shared/api"
)

// counted makes counters of durations, in buckets of a width of their own.
func counted(ms []float64) api.Counters {
	c := api.Counters{Requests: uint64(len(ms))}
	by := map[float64]uint64{}
	for _, m := range ms {
		by[float64(int(m)+1)]++
	}
	for up, n := range by {
		c.Latency = append(c.Latency, api.LatencyCount{UpToMS: up, Requests: n})
	}
	slices.SortFunc(c.Latency, func(a, b api.LatencyCount) int { return int(a.UpToMS - b.UpToMS) })
	return c
}

// The counters of two masters, and of two moments, are those of the requests themselves.
func TestCountersAddAndSubtractAsTheirRequests(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for range 200 {
		var all []float64
		for range rng.IntN(200) {
			all = append(all, rng.Float64()*50)
		}
		cut := rng.IntN(len(all) + 1)
		first, second, both := counted(all[:cut]), counted(all[cut:]), counted(all)
		if sum := first.Plus(&second); !same(sum, both) {
			t.Fatalf("%v + %v = %v, not %v", first, second, sum, both)
		}
		if rest := both.Since(&first); !same(rest, second) {
			t.Fatalf("%v - %v = %v, not %v", both, first, rest, second)
		}
	}
	// A master that was restarted has counted less than before; that is nothing, not a wrap around.
	many, few := counted([]float64{1, 2, 3}), counted([]float64{1})
	if d := few.Since(&many); d.Requests != 0 || len(d.Latency) != 0 {
		t.Errorf("less than before is %+v", d)
	}
}

func same(a, b api.Counters) bool {
	return a.Requests == b.Requests && a.Errors == b.Errors && slices.Equal(a.Latency, b.Latency)
}

func TestPercentileOfCounters(t *testing.T) {
	var ms []float64
	for i := range 1000 {
		ms = append(ms, float64(i)/10) // 0 to 99.9 ms
	}
	c := counted(ms)
	for q, want := range map[float64]float64{0.5: 50, 0.99: 99, 0: 0.5, 1: 99.5} {
		if got, ok := c.Percentile(q); !ok || got < want*0.94-1 || got > want*1.06+1 {
			t.Errorf("the %v percentile is %v, not about %v", q, got, want)
		}
	}
	if _, ok := (&api.Counters{}).Percentile(0.5); ok {
		t.Error("no requests have a median")
	}
}
