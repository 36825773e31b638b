package scatter

import (
	"math"
	"math/bits"
	"sync"
	"sync/atomic"
	"time"

	"shardeck/shared/api"
)

const (
	windowSeconds = 10
	ringSeconds   = 16 // a power of two greater than the window
	subBuckets    = 8  // a power of two: steps between two powers of two
	bucketCount   = 26 * subBuckets
)

// Traffic counts one shard's requests in a ring of one-second cells. Recording is
// a few atomic additions and no lock, except for the first request of a second; a
// request recorded at the moment a cell is reset may be lost, which is acceptable for
// a dashboard's rates. Latencies go into a histogram with eight buckets for each power
// of two, so percentiles are accurate to about 6 %.
type Traffic struct {
	cells    [ringSeconds]cell
	inFlight atomic.Int64
	requests atomic.Uint64              // since the start
	faults   atomic.Uint64              // since the start
	all      [bucketCount]atomic.Uint64 // latencies since the start
}

type cell struct {
	second    atomic.Int64 // Unix time that the cell counts
	turn      sync.Mutex
	requests  atomic.Uint32
	faults    atomic.Uint32
	latencies [bucketCount]atomic.Uint32
}

// Begin counts a request as in flight until Done.
func (t *Traffic) Begin() { t.inFlight.Add(1) }

// Done ends what Begin began.
func (t *Traffic) Done() { t.inFlight.Add(-1) }

// Record counts an answer that arrived at now and took took.
func (t *Traffic) Record(now time.Time, took time.Duration, fault bool) {
	second := now.Unix()
	c := &t.cells[second&(ringSeconds-1)]
	if c.second.Load() != second {
		c.reset(second)
	}
	c.requests.Add(1)
	t.requests.Add(1)
	if fault {
		c.faults.Add(1)
		t.faults.Add(1)
	}
	b := bucketOf(took)
	c.latencies[b].Add(1)
	t.all[b].Add(1)
}

// Fault counts as failed a request that was recorded as answered, but broke off later.
func (t *Traffic) Fault() { t.faults.Add(1) }

func (c *cell) reset(second int64) {
	c.turn.Lock()
	defer c.turn.Unlock()
	if c.second.Load() >= second {
		return // another request reset it
	}
	c.requests.Store(0)
	c.faults.Store(0)
	for i := range c.latencies {
		c.latencies[i].Store(0)
	}
	c.second.Store(second)
}

// bucketOf maps a duration to its bucket: one for each microsecond below 8, then
// eight for each power of two, up to more than a minute.
func bucketOf(d time.Duration) int {
	us := uint64(max(0, d.Microseconds()))
	if us < subBuckets {
		return int(us)
	}
	exp := bits.Len64(us) - 4 // us>>exp is 8..15
	return min(exp*subBuckets+int(us>>exp), bucketCount-1)
}

// bucketMid is the middle of a bucket, in milliseconds.
func bucketMid(b int) float64 {
	if b < 2*subBuckets {
		return (float64(b) + 0.5) / 1000
	}
	exp := b/subBuckets - 1
	low := uint64(b%subBuckets+subBuckets) << exp
	return (float64(low) + float64(uint64(1)<<exp)/2) / 1000
}

// bucketEnd is the end of a bucket, in milliseconds.
func bucketEnd(b int) float64 {
	if b < 2*subBuckets {
		return float64(b+1) / 1000
	}
	exp := b/subBuckets - 1
	return float64(uint64(b%subBuckets+subBuckets+1)<<exp) / 1000
}

// Snapshot sums the last ten seconds, including the current one.
func (t *Traffic) Snapshot(now time.Time) api.Traffic {
	var requests, faults uint64
	var latencies [bucketCount]uint64
	oldest := now.Unix() - windowSeconds + 1
	for i := range t.cells {
		c := &t.cells[i]
		if s := c.second.Load(); s < oldest || s > now.Unix() {
			continue
		}
		requests += uint64(c.requests.Load())
		faults += uint64(c.faults.Load())
		for b := range latencies {
			latencies[b] += uint64(c.latencies[b].Load())
		}
	}
	// The current second counts with the fraction of it that has passed.
	seconds := float64(windowSeconds-1) + float64(now.Nanosecond())/1e9
	return api.Traffic{
		RequestsPerSecond: hundredths(float64(requests) / seconds),
		ErrorsPerSecond:   hundredths(float64(faults) / seconds),
		P50MS:             percentile(&latencies, 0.50),
		P99MS:             percentile(&latencies, 0.99),
		InFlight:          int(t.inFlight.Load()),
	}
}

// Counters returns what was counted since the start.
func (t *Traffic) Counters() api.Counters {
	c := api.Counters{Requests: t.requests.Load(), Errors: t.faults.Load(), InFlight: int(t.inFlight.Load()), Latency: []api.LatencyCount{}}
	for b := range t.all {
		if n := t.all[b].Load(); n > 0 {
			c.Latency = append(c.Latency, api.LatencyCount{UpToMS: bucketEnd(b), Requests: n})
		}
	}
	return c
}

// hundredths rounds to two decimal places; nobody reads more.
func hundredths(f float64) float64 { return math.Round(f*100) / 100 }

// Totals are the requests and faults since the start.
func (t *Traffic) Totals() (requests, faults uint64) { return t.requests.Load(), t.faults.Load() }

func percentile(latencies *[bucketCount]uint64, q float64) float64 {
	var total uint64
	for _, n := range latencies {
		total += n
	}
	if total == 0 {
		return 0
	}
	rank := uint64(q * float64(total-1))
	for b, n := range latencies {
		if rank < n {
			return bucketMid(b)
		}
		rank -= n
	}
	return bucketMid(bucketCount - 1)
}
