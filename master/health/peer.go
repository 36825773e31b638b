package health

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"shardeck/shared/api"
)

// ProbePeer probes another master now, for example because it has just called.
func (p *Prober) ProbePeer(ctx context.Context, url string) {
	for i, u := range p.cfg.PeerURLs {
		if u == url {
			p.probePeer(ctx, i)
		}
	}
}

// ProbePeers probes all other masters now, in parallel.
func (p *Prober) ProbePeers(ctx context.Context) {
	var wg sync.WaitGroup
	for i := range p.cfg.Peers {
		wg.Go(func() { p.probePeer(ctx, i) })
	}
	wg.Wait()
}

func (p *Prober) probePeer(ctx context.Context, i int) {
	pctx, cancel := context.WithTimeout(ctx, p.cfg.Timeout)
	defer cancel()
	start := time.Now()
	h, err := p.cfg.Peers[i].Health(pctx)
	if errors.Is(ctx.Err(), context.Canceled) {
		return // the prober is stopping; the master did not fail
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	old := p.snap.Load()
	next := &Snapshot{Shards: old.Shards, Peers: slices.Clone(old.Peers)}
	peer := &next.Peers[i]
	if p.cfg.OnPeer != nil && api.CodeOf(err) != api.CodeOf(peer.Err) {
		p.cfg.OnPeer(peer.URL, err)
	}
	peer.Reachable, peer.Err = err == nil, err
	if err == nil {
		peer.Health, peer.Latency, peer.AnsweredAt = *h, time.Since(start), time.Now()
		if h.Role == api.RolePrimary {
			peer.LedAt = peer.AnsweredAt
		}
	}
	p.snap.Store(next)
}
