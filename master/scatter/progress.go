package scatter

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"shardeck/shared/api"
)

// Progress is what the shards of one statement have done so far. It is safe for concurrent use, and
// a nil Progress records nothing.
type Progress struct {
	mu    sync.Mutex
	parts []*Part
}

// Part is one shard's share of a Progress. Those who talk to the shard record into it: once for each
// answer or block of rows, never for each row. A nil Part records nothing.
type Part struct {
	shard  int
	worker string

	mu     sync.Mutex
	state  api.PartState
	rows   int64
	first  time.Duration // until its first answer; 0 before
	waited time.Duration // for this shard, without the current wait
	asked  time.Time     // when the current wait began; only while awaited
}

// Part returns the part of a shard, which is pending if it is new.
func (p *Progress) Part(shard int, worker string) *Part {
	if p == nil {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, part := range p.parts {
		if part.shard == shard {
			return part
		}
	}
	part := &Part{shard: shard, worker: worker, state: api.PartPending}
	p.parts = append(p.parts, part)
	return part
}

// At describes the parts as of now, in the order of the shards. It is not nil.
func (p *Progress) At(now time.Time) []api.RunningPart {
	if p == nil {
		return []api.RunningPart{}
	}
	p.mu.Lock()
	parts := slices.Clone(p.parts)
	p.mu.Unlock()
	all := make([]api.RunningPart, len(parts))
	for i, part := range parts {
		all[i] = part.at(now)
	}
	slices.SortFunc(all, func(a, b api.RunningPart) int { return cmp.Compare(a.Shard, b.Shard) })
	return all
}

func (p *Part) at(now time.Time) api.RunningPart {
	p.mu.Lock()
	defer p.mu.Unlock()
	r := api.RunningPart{State: p.state}
	waited := p.waited
	if p.state == api.PartAwaited {
		waiting := max(now.Sub(p.asked), 0)
		waited += waiting
		r.WaitingMS = Milliseconds(waiting)
	}
	r.ShardResult = api.ShardResult{Shard: p.shard, Worker: p.worker, Rows: p.rows, FirstMS: Milliseconds(p.first), MS: Milliseconds(waited)}
	return r
}

// await records that the shard is asked for an answer, or for more rows.
func (p *Part) await(now time.Time) {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.state, p.asked = api.PartAwaited, now
}

// answered ends a wait of took. rows are all of the shard's so far.
func (p *Part) answered(took time.Duration, state api.PartState, rows int64) {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.waited += took
	if p.first == 0 && state != api.PartFailed {
		p.first = p.waited
	}
	p.state, p.rows = state, rows
}
