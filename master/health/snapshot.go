package health

import (
	"fmt"
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
	// Misses counts consecutive probes that timed out, each of which began after the one before had.
	Misses   int
	missedAt time.Time // when the latest of them did
	// RefusedSince is when Refusal began to refuse; zero while it does not.
	RefusedSince time.Time
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
	case s.State == api.ShardWrong, s.State == api.ShardEmptied:
		return s.Problem
	case s.State == api.ShardDown:
		return s.refusal("has been down")
	case s.Silent():
		return s.refusal("has not answered probes")
	}
	return nil
}

// Silent reports whether the latest probe had no answer in time. Such a shard accepts connections, and
// whoever asks it anything waits.
func (s *Shard) Silent() bool {
	return s.Misses > 0 && (s.State == api.ShardSlow || s.State == api.ShardDown)
}

// Hung reports whether so many probes in a row had no answer in time that none is expected any more.
func (s *Shard) Hung() bool { return s.Silent() && s.Misses >= missesUntilDown }

// refusal is why a request is not sent to a shard that does not answer.
func (s *Shard) refusal(state string) *api.Problem {
	if s.Problem == nil {
		return api.NewProblem(api.CodeShardUnavailable, "shard %d (%s) %s", s.Shard, s.Name(), state).On(s.Shard, s.Name())
	}
	p := *s.Problem
	p.Detail = fmt.Sprintf("shard %d (%s) %s since %s: %s", s.Shard, s.Name(), state, s.RefusedSince.UTC().Format("15:04:05 UTC"), s.Problem.Detail)
	if p.Code == api.CodeShardTimeout {
		p.Hint = "check whether it is overloaded or paused" // to allow more time would not help
	}
	if p.Hint != "" {
		p.Hint += " (it is used again once it answers a probe)"
	}
	return &p
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
