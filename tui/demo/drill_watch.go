package demo

import (
	"context"
	"sync"
	"time"

	"shardeck/shared/api"
)

const (
	// watchPause is the pause between two polls of a master.
	watchPause = 100 * time.Millisecond
	// watchTimeout bounds a poll.
	watchTimeout = time.Second
)

// sight is the latest poll of a master.
type sight struct {
	at   time.Time // when it was sent
	meta *api.Metadata
	err  error
}

// watcher polls every master, each on its own, as long as a drill runs.
type watcher struct {
	cancel context.CancelFunc
	ended  sync.WaitGroup

	mu     sync.Mutex
	sights []sight // by master
}

// watch starts the polls.
func (c *Cluster) watch(ctx context.Context) *watcher {
	ctx, cancel := context.WithCancel(ctx)
	w := &watcher{cancel: cancel, sights: make([]sight, len(c.clients))}
	for i, m := range c.clients {
		w.ended.Go(func() {
			for pause(ctx, watchPause) {
				s := sight{at: time.Now()}
				poll, done := context.WithTimeout(ctx, watchTimeout)
				s.meta, s.err = m.Metadata(poll)
				done()
				w.mu.Lock()
				w.sights[i] = s
				w.mu.Unlock()
			}
		})
	}
	return w
}

func (w *watcher) end() {
	w.cancel()
	w.ended.Wait()
}

// latest returns the latest poll of each master.
func (w *watcher) latest() []sight {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]sight(nil), w.sights...)
}

// answers returns the metadata of the masters that answered their latest poll.
func (w *watcher) answers() []*api.Metadata {
	var all []*api.Metadata
	for _, s := range w.latest() {
		if s.err == nil && s.meta != nil {
			all = append(all, s.meta)
		}
	}
	return all
}

// healthySince reports whether every master has answered a poll that was sent after a time, with
// all shards up and one of them primary.
func (w *watcher) healthySince(at time.Time) bool {
	primaries := 0
	for _, s := range w.latest() {
		if s.meta == nil || s.err != nil || !s.at.After(at) || len(s.meta.Workers) != workerCount {
			return false
		}
		for i := range s.meta.Workers {
			if s.meta.Workers[i].State != api.ShardUp {
				return false
			}
		}
		if s.meta.Master.Role == api.RolePrimary {
			primaries++
		}
	}
	return primaries == 1
}

// leader returns the primary with the newest term, as the masters say of themselves.
func (w *watcher) leader() (url string, term uint64) {
	for _, m := range w.answers() {
		if m.Master.Role == api.RolePrimary && m.Master.Term > term {
			url, term = m.Master.URL, m.Master.Term
		}
	}
	return url, term
}

// rates are the requests per second of each shard, summed over the masters.
func (w *watcher) rates() [workerCount]float64 {
	var sum [workerCount]float64
	for _, m := range w.answers() {
		for i := range m.Workers {
			if s := m.Workers[i].Shard; s >= 0 && s < workerCount {
				sum[s] += m.Workers[i].Traffic.RequestsPerSecond
			}
		}
	}
	return sum
}
