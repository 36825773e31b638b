package health

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"shardeck/shared/api"
)

// Target is the part of a worker that is probed.
type Target interface {
	Health(ctx context.Context) (*api.WorkerHealth, error)
	Stats(ctx context.Context) (*api.WorkerStats, error)
}

// PeerTarget is the part of another master that is probed.
type PeerTarget interface {
	Health(ctx context.Context) (*api.Health, error)
}

// missesUntilDown is how many consecutive probes must time out before a shard that
// still accepts connections counts as down rather than slow.
const missesUntilDown = 3

// downProbeFactor is how many times more often a shard that is down is probed.
const downProbeFactor = 4

// nudgeProbeFactor is how many times more often than usual nudges can trigger probes.
const nudgeProbeFactor = 20

// Config says what to probe and how often. Zero durations take the defaults.
type Config struct {
	Targets []Target // by shard
	URLs    []string // of the targets
	Labels  []string // the shard each target must report, as "0/3"
	// Accept refuses a worker that this master cannot work with; nil accepts all.
	Accept   func(*api.WorkerHealth) error
	Peers    []PeerTarget
	PeerURLs []string

	Interval time.Duration // between two probes of one target; 1 s
	Timeout  time.Duration // of one probe; 2 s
	Slow     time.Duration // an answer later than this is slow; 500 ms

	// OnShard is called on each change of a shard's state, OnProbe on each probe
	// of a shard that was applied to the snapshot. Both are called one at a time,
	// in order, after the snapshot holds the change; of the prober they may call
	// Snapshot only.
	OnShard func(before, after Shard)
	// OnPeer is called when probes of another master begin to fail, fail otherwise, or succeed again.
	OnPeer  func(url string, err error)
	OnProbe func(snap *Snapshot, shard int)
}

// Prober probes each target independently: one that hangs does not delay the others.
// Its methods are safe for concurrent use.
type Prober struct {
	cfg   Config
	snap  atomic.Pointer[Snapshot]
	begun []atomic.Uint64 // by shard: the number of probes and edits begun
	nudge []chan struct{} // by shard: probe again now
	first []chan struct{} // by shard: closed once probed

	mu      sync.Mutex // held while the snapshot is replaced
	applied []uint64   // by shard: the newest begun number in the snapshot

	accepted []bool // by shard: that it is empty was accepted

	life context.Context // ends with Run
	end  context.CancelFunc
	bg   sync.WaitGroup // rounds of Refresh, which Run waits for

	refreshMu sync.Mutex
	round     *round // the latest; nil before the first
}

// New returns a prober that has probed nothing yet: every shard is unknown.
func New(cfg Config) *Prober {
	cfg.Interval = orDefault(cfg.Interval, time.Second)
	cfg.Timeout = orDefault(cfg.Timeout, 2*time.Second)
	cfg.Slow = orDefault(cfg.Slow, 500*time.Millisecond)
	n := len(cfg.Targets)
	p := &Prober{
		cfg:     cfg,
		begun:   make([]atomic.Uint64, n),
		applied: make([]uint64, n),

		accepted: make([]bool, n),
	}
	p.life, p.end = context.WithCancel(context.Background())
	snap := &Snapshot{Shards: make([]Shard, n), Peers: make([]Peer, len(cfg.Peers))}
	for i := range snap.Shards {
		snap.Shards[i] = Shard{Shard: i, URL: cfg.URLs[i], State: api.ShardUnknown}
		p.nudge = append(p.nudge, make(chan struct{}, 1))
		p.first = append(p.first, make(chan struct{}))
	}
	for i := range snap.Peers {
		snap.Peers[i] = Peer{URL: cfg.PeerURLs[i]}
	}
	p.snap.Store(snap)
	return p
}

func orDefault(d, def time.Duration) time.Duration {
	if d <= 0 {
		return def
	}
	return d
}

// Snapshot returns what is known now. It never blocks.
func (p *Prober) Snapshot() *Snapshot { return p.snap.Load() }

// Run probes until ctx ends, and returns once every probe has ended.
func (p *Prober) Run(ctx context.Context) {
	var wg sync.WaitGroup
	for i := range p.cfg.Targets {
		wg.Go(func() {
			p.every(ctx, p.nudge[i], func() { p.probe(ctx, i) }, func() time.Duration { return p.pause(i) })
		})
	}
	for i := range p.cfg.Peers {
		wg.Go(func() {
			p.every(ctx, nil, func() { p.probePeer(ctx, i) }, func() time.Duration {
				if !p.Snapshot().Peers[i].Reachable {
					return p.cfg.Interval / downProbeFactor
				}
				return p.cfg.Interval
			})
		})
	}
	wg.Wait()
	p.end()
	p.bg.Wait()
}

// every probes repeatedly, waiting in between for pause or a nudge.
func (p *Prober) every(ctx context.Context, nudge <-chan struct{}, probe func(), pause func() time.Duration) {
	tick := time.NewTimer(0)
	defer tick.Stop()
	for ctx.Err() == nil {
		probe()
		tick.Reset(pause())
		select {
		case <-ctx.Done():
		case <-tick.C:
		case <-nudge:
			// Many requests that fail at the same time must not cause as many probes.
			tick.Reset(p.cfg.Interval / nudgeProbeFactor)
			select {
			case <-ctx.Done():
			case <-tick.C:
			}
		}
	}
}

// pause is how long to wait before the next probe of a shard. One that refuses
// connections is probed more often: such a probe costs next to nothing, and its
// recovery should be noticed soon.
func (p *Prober) pause(i int) time.Duration {
	if sh := &p.Snapshot().Shards[i]; sh.State == api.ShardDown && sh.Misses == 0 {
		return p.cfg.Interval / downProbeFactor
	}
	return p.cfg.Interval
}

// Nudge requests a probe of the shard soon, for example because a request to it
// failed. It does not block.
func (p *Prober) Nudge(shard int) {
	select {
	case p.nudge[shard] <- struct{}{}:
	default:
	}
}

// AwaitFirst returns once the shard has been probed, whatever the result, or ctx ends.
func (p *Prober) AwaitFirst(ctx context.Context, shard int) error {
	select {
	case <-p.first[shard]:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// ProbeAll probes every shard now, in parallel, and returns the snapshot with the
// results. It takes at most the probe timeout.
func (p *Prober) ProbeAll(ctx context.Context) *Snapshot {
	var wg sync.WaitGroup
	for i := range p.cfg.Targets {
		wg.Go(func() { p.probe(ctx, i) })
	}
	wg.Wait()
	return p.Snapshot()
}

// probe queries one worker and applies the answer to the snapshot, unless that has
// the result of a later probe or edit already.
func (p *Prober) probe(ctx context.Context, i int) {
	seq, began := p.begun[i].Add(1), time.Now()
	next := p.ask(ctx, i)
	if ctx.Err() != nil && next.State != api.ShardUp {
		return // the prober is stopping; the worker did not fail
	}
	p.replace(i, seq, func(old Shard) Shard {
		if next.AnsweredAt.IsZero() {
			next.AnsweredAt, next.Latency, next.Info = old.AnsweredAt, old.Latency, old.Info
		}
		if next.Stats == nil {
			next.Stats = old.Stats
		}
		if next.Misses > 0 {
			next.Misses, next.missedAt = 1+old.Misses, time.Now()
			if began.Before(old.missedAt) {
				// It ran at the same time as one that has been counted, and says no more than that.
				next.Misses, next.missedAt = max(1, old.Misses), old.missedAt
			}
			if next.Misses >= missesUntilDown {
				next.State = api.ShardDown
			}
		}
		return next
	})
}

func (p *Prober) ask(ctx context.Context, i int) Shard {
	next := Shard{Shard: i, URL: p.cfg.URLs[i], State: api.ShardUp}
	ctx, cancel := context.WithTimeout(ctx, p.cfg.Timeout)
	defer cancel()
	fail := func(err error) Shard {
		switch api.CodeOf(err) {
		case api.CodeShardTimeout:
			next.State, next.Misses = api.ShardSlow, 1
		case api.CodeUnauthorized, api.CodeWorkerUnproven:
			next.State = api.ShardUnauthorized
		case api.CodeWrongShard, api.CodeUnsupported:
			next.State = api.ShardWrong
		default:
			next.State = api.ShardDown
		}
		next.Problem = api.AsProblem(err).On(i, next.Info.Name)
		return next
	}
	start := time.Now()
	info, err := p.cfg.Targets[i].Health(ctx)
	if err != nil {
		return fail(err)
	}
	next.Info, next.Latency, next.AnsweredAt = *info, time.Since(start), time.Now()
	if p.cfg.Accept != nil {
		if err := p.cfg.Accept(info); err != nil {
			return fail(err)
		}
	}
	stats, err := p.cfg.Targets[i].Stats(ctx)
	switch {
	case err != nil && info.Storage != nil:
		next.State, next.Problem = api.ShardFailing, storageProblem(*info.Storage).On(i, next.Info.Name)
		return next
	case err != nil:
		return fail(err)
	}
	next.Stats = stats
	if got, want := stats.State.Shard, p.cfg.Labels[i]; got != "" && got != want {
		return fail(api.WrongShard(next.URL, got, want))
	}
	switch {
	case len(stats.Storage) > 0:
		worst := &stats.Storage[0]
		problem := storageProblem(worst.StorageProblem)
		if worst.DB != "" {
			problem.Detail += " (database " + worst.DB + ")"
		}
		next.State, next.Problem = api.ShardFailing, problem.On(i, next.Info.Name)
		return next
	case info.Storage != nil:
		next.State, next.Problem = api.ShardFailing, storageProblem(*info.Storage).On(i, next.Info.Name)
		return next
	}
	if next.Latency > p.cfg.Slow {
		next.State = api.ShardSlow
		next.Problem = api.NewProblem(api.CodeShardTimeout, "the probe took %d ms", next.Latency.Milliseconds()).On(i, next.Info.Name)
	}
	return next
}

func storageProblem(s api.StorageProblem) *api.Problem {
	return api.NewProblem(api.CodeStorageFailed, "the worker's storage fails since %s: %s", s.Since.UTC().Format("15:04:05 UTC"), s.Problem)
}

// replace installs a snapshot in which change has been applied to the shard.
func (p *Prober) replace(i int, seq uint64, change func(Shard) Shard) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.applied[i] > seq {
		return
	}
	p.applied[i] = seq
	old := p.snap.Load()
	next := &Snapshot{Shards: slices.Clone(old.Shards), Peers: old.Peers}
	next.Shards[i] = change(old.Shards[i])
	p.judge(next)
	noteRefusals(old, next, time.Now())
	p.snap.Store(next)
	if p.cfg.OnProbe != nil {
		p.cfg.OnProbe(next, i)
	}
	select {
	case <-p.first[i]:
	default:
		close(p.first[i])
	}
	for j := range next.Shards {
		if p.cfg.OnShard != nil && old.Shards[j].State != next.Shards[j].State {
			p.cfg.OnShard(old.Shards[j], next.Shards[j])
		}
	}
}

// noteRefusals notes since when each shard is refused.
func noteRefusals(old, next *Snapshot, now time.Time) {
	for i := range next.Shards {
		sh := &next.Shards[i]
		switch {
		case sh.Refusal() == nil:
			sh.RefusedSince = time.Time{}
		case old.Shards[i].RefusedSince.IsZero():
			sh.RefusedSince = now
		default:
			sh.RefusedSince = old.Shards[i].RefusedSince
		}
	}
}

// Edit updates the known databases of a shard after this master itself has changed
// them, ahead of the next probe. The results of probes in flight are dropped: they
// may have seen the shard as it was before. change gets a copy of the stats, whose
// slices it may replace but must not write to.
func (p *Prober) Edit(shard int, change func(*api.WorkerStats)) {
	seq := p.begun[shard].Add(1)
	p.replace(shard, seq, func(s Shard) Shard {
		var stats api.WorkerStats
		if s.Stats != nil {
			stats = *s.Stats
		}
		change(&stats)
		s.Stats = &stats
		return s
	})
}
