package api

import (
	"slices"
	"time"
)

// TrafficReport is the response of GET /traffic: what clients asked of the responding master, and
// what it asked of the shards, since it started. All counters only rise, so that the difference of two
// answers is what happened in between, whatever else is asking; see [Counters.Since].
type TrafficReport struct {
	Master    string          `json:"master"`     // base URL
	StartedAt time.Time       `json:"started_at"` // another one means that the counters began anew
	At        time.Time       `json:"at"`
	Clients   Counters        `json:"clients"` // requests that read or write rows or change the schema
	Shards    []Counters      `json:"shards"`  // by shard number: requests of this master
	Recent    []RecentRequest `json:"recent"`  // after ?after=seq, the oldest first
}

// Counters count requests and how long they took.
type Counters struct {
	Requests uint64 `json:"requests"` // answered, well or not
	// Errors are answers with a status of 500 and above, and those that broke off. A request that is
	// refused because of what it asks is none.
	Errors   uint64         `json:"errors"`
	InFlight int            `json:"in_flight"` // now
	Latency  []LatencyCount `json:"latency"`   // in the order of UpToMS, without empty ones
}

// LatencyCount is the number of requests that took at most UpToMS, and more than the next smaller
// bound: eight bounds for each power of two microseconds.
type LatencyCount struct {
	UpToMS   float64 `json:"up_to_ms"`
	Requests uint64  `json:"requests"`
}

// RecentRequest is a request that a master has carried out.
type RecentRequest struct {
	Seq    uint64    `json:"seq"` // from 1; numbers that are missing were too many to keep
	At     time.Time `json:"at"`  // when it was done
	Op     string    `json:"op"`  // "select", "insert", ...
	DB     string    `json:"db_name"`
	Table  string    `json:"table"`
	Key    *RouteKey `json:"key,omitempty"` // the shard key, if there is exactly one; cut to 64 bytes
	Shards []int     `json:"shards"`
	MS     float64   `json:"ms"`
	Code   Code      `json:"code,omitempty"` // why it failed
}

// Since returns what was counted after an earlier answer of the same run of the same master.
func (c *Counters) Since(earlier *Counters) Counters {
	return c.merge(earlier, func(now, before uint64) uint64 { return now - min(before, now) })
}

// Plus returns the sum of two masters' counters.
func (c *Counters) Plus(other *Counters) Counters {
	sum := c.merge(other, func(a, b uint64) uint64 { return a + b })
	sum.InFlight += other.InFlight
	return sum
}

func (c *Counters) merge(other *Counters, join func(a, b uint64) uint64) Counters {
	out := Counters{Requests: join(c.Requests, other.Requests), Errors: join(c.Errors, other.Errors), InFlight: c.InFlight}
	a, b := c.Latency, other.Latency
	for len(a) > 0 || len(b) > 0 {
		var l LatencyCount
		switch {
		case len(b) == 0 || len(a) > 0 && a[0].UpToMS < b[0].UpToMS:
			l = LatencyCount{a[0].UpToMS, join(a[0].Requests, 0)}
			a = a[1:]
		case len(a) == 0 || b[0].UpToMS < a[0].UpToMS:
			l = LatencyCount{b[0].UpToMS, join(0, b[0].Requests)}
			b = b[1:]
		default:
			l = LatencyCount{a[0].UpToMS, join(a[0].Requests, b[0].Requests)}
			a, b = a[1:], b[1:]
		}
		if l.Requests > 0 {
			out.Latency = append(out.Latency, l)
		}
	}
	return out
}

// Percentile returns a time in milliseconds within which the part q, from 0 to 1, of the requests were
// answered, to about 6 %; ok is false if there are none.
func (c *Counters) Percentile(q float64) (ms float64, ok bool) {
	var total uint64
	for _, l := range c.Latency {
		total += l.Requests
	}
	if total == 0 {
		return 0, false
	}
	rank := uint64(q * float64(total-1))
	i := slices.IndexFunc(c.Latency, func(l LatencyCount) bool {
		if rank < l.Requests {
			return true
		}
		rank -= l.Requests
		return false
	})
	up := c.Latency[i].UpToMS
	// The middle of the bucket: its width is between an eighth and a fifteenth of its upper bound.
	return up - up/22, true
}
