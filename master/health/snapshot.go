package health

import (
	"time"

	"shardeck/shared/api"
)

// Snapshot is the result of the latest probes. It is immutable: every slice and
// pointer in it may be read without a lock and must not be written to.
type Snapshot struct {
	Shards []Shard
	Peers  []Peer
}

// Shard is what is known of one shard.
type Shard struct {
	Shard int
	URL   string
	State api.ShardState
	// Problem says why State is not up; nil when it is.
	Problem *api.Problem
	// Info is the worker's last answer to /health; its zero value before the first.
	Info api.WorkerHealth
	// Stats is the worker's last answer to /stats; nil before the first.
	Stats *api.WorkerStats
	// Latency is how long the latest answered probe of /health took.
	Latency time.Duration
	// AnsweredAt is when that was; zero before the first.
	AnsweredAt time.Time
	// Misses counts consecutive probes that timed out.
	Misses int
}

// Name is the worker's own name or, until it has answered once, its URL.
func (s *Shard) Name() string {
	if s.Info.Name != "" {
		return s.Info.Name
	}
	return s.URL
}

// Refusal returns why no request may be sent to the shard, or nil. A shard that is down, or
// whose latest probe had no answer, is not waited for: the next probe finds out whether it is
// back. One that holds another shard's rows, or has lost its own, must not be used.
func (s *Shard) Refusal() *api.Problem {
	switch {
	case s.State == api.ShardWrong, s.State == api.ShardEmptied, s.State == api.ShardDown:
		return s.Problem
	case s.State == api.ShardSlow && s.Misses > 0:
		return s.Problem
	}
	return nil
}

// Peer is what is known of another master.
type Peer struct {
	URL        string
	Reachable  bool
	Err        error      // of the last probe
	Health     api.Health // the last answer
	Latency    time.Duration
	AnsweredAt time.Time // zero: never
	LedAt      time.Time // when it last answered as primary; zero: never
}

// Age is the time since at in milliseconds, -1 if at is zero: the wire form of ages.
func Age(now, at time.Time) float64 {
	if at.IsZero() {
		return -1
	}
	return max(0, Milliseconds(now.Sub(at)))
}

// Milliseconds is d in milliseconds with microsecond precision.
func Milliseconds(d time.Duration) float64 {
	return float64(d.Round(time.Microsecond)) / float64(time.Millisecond)
}

// Status summarizes the shards.
func (s *Snapshot) Status() api.Status {
	serving := 0
	good := 0
	for i := range s.Shards {
		switch s.Shards[i].State {
		case api.ShardUp:
			serving++
			good++
		case api.ShardSlow, api.ShardFailing:
			serving++
		}
	}
	switch {
	case good == len(s.Shards):
		return api.StatusOK
	case serving > 0:
		return api.StatusDegraded
	}
	return api.StatusDown
}
