package cluster

import (
	"math"
	"slices"
	"time"

	"shardeck/shared/api"
)

// TrafficObservation is what one master says it was asked, or why it does not say.
type TrafficObservation struct {
	At     time.Time
	Master string // base URL that was asked
	Report *api.TrafficReport
	Err    error
}

// Rates are what clients saw during a window of time, summed over all masters.
type Rates struct {
	Requests, Errors float64 // per second
	P50, P99         float64 // milliseconds; NaN if there was no request
	InFlight         int
	Known            bool // at least one master has told its counters twice
}

// Traffic keeps what the masters say of their traffic. A State carries it; its zero value knows
// nothing. Rates are differences of counters, so that a change of the master that is polled changes
// nothing, and a master that is gone adds what it had counted until then.
type Traffic struct {
	masters []masterTraffic
	Total   []Rates             // of each sample period, the oldest first
	Shards  [][]api.Counters    // by shard: what was counted in each sample period, the oldest first
	spans   []time.Duration     // how long each of them was
	Recent  []api.RecentRequest // of all masters, the oldest first
	window  []api.Counters      // of the latest periods, for percentiles
	last    time.Time           // when Total was last extended
	pending api.Counters        // counted since then
	shards  []api.Counters      // the same by shard
	byShard []api.Traffic       // by shard, of the latest periods
}

// masterTraffic is the latest report of a master.
type masterTraffic struct {
	url    string
	report *api.TrafficReport
	at     time.Time // when it arrived
}

// The bounds of a Traffic.
const (
	recentKept    = 200
	percentileFor = 10 // sample periods that percentiles are of
)

// Seen returns the number of the latest recent request that a master has told.
func (t *Traffic) Seen(master string) uint64 {
	for i := range t.masters {
		if r := t.masters[i].report; t.masters[i].url == master && r != nil && len(r.Recent) > 0 {
			return r.Recent[len(r.Recent)-1].Seq
		}
	}
	return 0
}

// ApplyTraffic returns the state with what a master said of its traffic.
func (s State) ApplyTraffic(o TrafficObservation) State {
	period := s.SamplePeriod()
	t := s.Clients
	t.masters = slices.Clone(t.masters)
	t.Recent = slices.Clone(t.Recent)
	t.shards = slices.Clone(t.shards)
	if o.Report != nil {
		t.take(&o, period)
	}
	slices.SortStableFunc(t.Recent, func(a, b api.RecentRequest) int { return a.At.Compare(b.At) })
	t.Recent = t.Recent[max(len(t.Recent)-recentKept, 0):]
	// What a master that is gone would have said must not end a period before the others have said it.
	if o.Report != nil || o.At.Sub(t.last) >= 2*period {
		t.sample(o.At, period)
	}
	s.Clients = t
	return s
}

// take adds what a master has counted since its last report. Its first one only begins the count:
// what happened before this console was opened was not in this period.
func (t *Traffic) take(o *TrafficObservation, period time.Duration) {
	i := slices.IndexFunc(t.masters, func(m masterTraffic) bool { return m.url == o.Master })
	if i < 0 {
		i = len(t.masters)
		t.masters = append(t.masters, masterTraffic{url: o.Master})
	}
	before, now := t.masters[i].report, bounded(o)
	t.Recent = append(t.Recent, now.Recent...)
	if before != nil {
		// What it counted while this console could not ask it was spread over that time: only the part of
		// the present sample belongs into it.
		part := 1.0
		if gap := o.At.Sub(t.masters[i].at); gap > 2*period {
			part = min(float64(max(o.At.Sub(t.last), period))/float64(gap), 1)
		}
		from := before
		if !before.StartedAt.Equal(now.StartedAt) {
			from = &api.TrafficReport{} // it was restarted, and counts from 0
		}
		since := scaled(now.Clients.Since(&from.Clients), part)
		t.pending = t.pending.Plus(&since)
		for k := range now.Shards {
			var earlier api.Counters
			if k < len(from.Shards) {
				earlier = from.Shards[k]
			}
			if k >= len(t.shards) {
				t.shards = append(t.shards, api.Counters{})
			}
			since := scaled(now.Shards[k].Since(&earlier), part)
			t.shards[k] = t.shards[k].Plus(&since)
		}
	}
	kept := *now
	if len(kept.Recent) == 0 && before != nil {
		kept.Recent = before.Recent
	}
	kept.Recent = slices.Clone(kept.Recent[max(len(kept.Recent)-1, 0):]) // for Seen
	t.masters[i].report, t.masters[i].at = &kept, o.At
}

// The bounds of what is taken of one report, which a master that is not what it seems cannot exceed.
const (
	maxShards  = 1024
	maxBuckets = 512
)

// bounded is a report of a size that a master can have. The times of its requests are those of this
// console's clock.
func bounded(o *TrafficObservation) *api.TrafficReport {
	r := *o.Report
	cut := func(c api.Counters) api.Counters {
		c.Latency = c.Latency[:min(len(c.Latency), maxBuckets)]
		return c
	}
	r.Clients = cut(r.Clients)
	r.Shards = slices.Clone(r.Shards[:min(len(r.Shards), maxShards)])
	for i := range r.Shards {
		r.Shards[i] = cut(r.Shards[i])
	}
	r.Recent = slices.Clone(r.Recent[max(len(r.Recent)-recentKept, 0):])
	ahead := time.Duration(0)
	if !r.At.IsZero() {
		ahead = o.At.Sub(r.At)
	}
	for i := range r.Recent {
		r.Recent[i].At = r.Recent[i].At.Add(ahead)
	}
	return &r
}

// scaled is a part, from 0 to 1, of what was counted.
func scaled(c api.Counters, part float64) api.Counters {
	if part >= 1 {
		return c
	}
	of := func(n uint64) uint64 { return uint64(math.Round(float64(n) * part)) }
	out := api.Counters{Requests: of(c.Requests), Errors: of(c.Errors), InFlight: c.InFlight}
	for _, l := range c.Latency {
		if n := of(l.Requests); n > 0 {
			out.Latency = append(out.Latency, api.LatencyCount{UpToMS: l.UpToMS, Requests: n})
		}
	}
	return out
}

// sample ends a sample period, if it is over.
func (t *Traffic) sample(at time.Time, period time.Duration) {
	if t.last.IsZero() {
		t.last = at
		return
	}
	span := at.Sub(t.last)
	if span < period*9/10 {
		return
	}
	t.last = at
	t.window = append(slices.Clone(t.window[max(len(t.window)-percentileFor+1, 0):]), t.pending)
	var all api.Counters
	for i := range t.window {
		all = all.Plus(&t.window[i])
	}
	r := Rates{Requests: float64(t.pending.Requests) / span.Seconds(), Errors: float64(t.pending.Errors) / span.Seconds(),
		P50: math.NaN(), P99: math.NaN(), Known: true}
	for i := range t.masters {
		if m := &t.masters[i]; at.Sub(m.at) < 3*period {
			r.InFlight += m.report.Clients.InFlight
		}
	}
	if ms, ok := all.Percentile(0.5); ok {
		r.P50 = ms
	}
	if ms, ok := all.Percentile(0.99); ok {
		r.P99 = ms
	}
	t.Total = append(slices.Clone(t.Total[max(len(t.Total)-HistoryLen+1, 0):]), r)
	t.Shards = slices.Clone(t.Shards)
	t.spans = append(slices.Clone(t.spans[max(len(t.spans)-shardWindow+1, 0):]), span)
	for k := range t.shards {
		if k >= len(t.Shards) {
			t.Shards = append(t.Shards, nil)
		}
		t.Shards[k] = append(slices.Clone(t.Shards[k][max(len(t.Shards[k])-shardWindow+1, 0):]), t.shards[k])
	}
	t.byShard = make([]api.Traffic, len(t.Shards))
	for k := range t.byShard {
		t.byShard[k] = t.latest(k, at, period)
	}
	t.pending, t.shards = api.Counters{}, make([]api.Counters, len(t.shards))
}

// shardWindow is how many sample periods of a shard's counters are kept, for its histogram.
const shardWindow = 60

// Now returns the rates of the latest periods: a mean of some seconds, so that they can be read.
func (t *Traffic) Now() Rates {
	const smooth = 3
	n := len(t.Total)
	if n == 0 {
		return Rates{P50: math.NaN(), P99: math.NaN()}
	}
	r := t.Total[n-1]
	r.Requests, r.Errors = 0, 0
	latest := t.Total[max(n-smooth, 0):]
	for i := range latest {
		r.Requests += latest[i].Requests / float64(len(latest))
		r.Errors += latest[i].Errors / float64(len(latest))
	}
	return r
}

// OfShardNow returns a shard's traffic of the latest periods, of the masters together; ok is false if
// that is not known.
func (t *Traffic) OfShardNow(shard int) (now *api.Traffic, ok bool) {
	if shard < 0 || shard >= len(t.byShard) {
		return nil, false
	}
	return &t.byShard[shard], true
}

// latest computes a shard's traffic of the latest periods.
func (t *Traffic) latest(shard int, at time.Time, period time.Duration) api.Traffic {
	latest := t.Shards[shard][max(len(t.Shards[shard])-percentileFor, 0):]
	var sum api.Counters
	for i := range latest {
		sum = sum.Plus(&latest[i])
	}
	var long time.Duration
	for _, s := range t.spans[max(len(t.spans)-len(latest), 0):] {
		long += s
	}
	seconds := max(long, time.Millisecond).Seconds()
	now := api.Traffic{RequestsPerSecond: float64(sum.Requests) / seconds, ErrorsPerSecond: float64(sum.Errors) / seconds}
	now.P50MS, _ = sum.Percentile(0.5)
	now.P99MS, _ = sum.Percentile(0.99)
	for i := range t.masters {
		if r := t.masters[i].report; shard < len(r.Shards) && at.Sub(t.masters[i].at) < 3*period {
			now.InFlight += r.Shards[shard].InFlight
		}
	}
	return now
}

// OfShard sums what was counted of a shard in the latest minute of samples.
func (t *Traffic) OfShard(shard int) api.Counters {
	var sum api.Counters
	if shard >= 0 && shard < len(t.Shards) {
		for i := range t.Shards[shard] {
			sum = sum.Plus(&t.Shards[shard][i])
		}
	}
	return sum
}

// Series returns the requests and the errors per second of each sample period.
func (t *Traffic) Series() (requests, errors []float64) {
	for i := range t.Total {
		requests, errors = append(requests, t.Total[i].Requests), append(errors, t.Total[i].Errors)
	}
	return requests, errors
}
