package endtoend_test

import (
	"context"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"shardeck/shared/api"
	"shardeck/shared/client"
)

// chronicle is what happened in a test, shown if it fails. It is safe for concurrent use.
type chronicle struct {
	start time.Time
	mu    sync.Mutex
	lines []string
}

func newChronicle(t *testing.T) *chronicle {
	c := &chronicle{start: time.Now()}
	t.Cleanup(func() {
		if t.Failed() {
			c.mu.Lock()
			defer c.mu.Unlock()
			t.Logf("what happened:\n%s", strings.Join(c.lines, "\n"))
		}
	})
	return c
}

func (c *chronicle) note(format string, args ...any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lines = append(c.lines, fmt.Sprintf("%8.3fs  ", time.Since(c.start).Seconds())+fmt.Sprintf(format, args...))
}

// watchEvery is the interval at which masters and workers are asked for their term.
const watchEvery = 25 * time.Millisecond

// watch records who is said to hold which term: by masters of themselves, and by workers.
type watch struct {
	*rig
	chronicle *chronicle
	cancel    context.CancelFunc
	done      sync.WaitGroup

	mu      sync.Mutex
	holders map[uint64]map[string]string // by term and holder, who said so first
}

func newWatch(r *rig, c *chronicle) *watch {
	w := &watch{rig: r, chronicle: c, holders: map[uint64]map[string]string{}}
	var ctx context.Context
	ctx, w.cancel = context.WithCancel(r.t.Context())
	r.t.Cleanup(w.stop)
	for i, m := range r.masters {
		w.follow(ctx, func(ctx context.Context) { w.askMaster(ctx, i, m) })
	}
	for i, m := range r.shards {
		w.follow(ctx, func(ctx context.Context) {
			// A worker learns of a term without its holder from a write under it.
			if st, err := m.State(ctx); err == nil && st.Leader != "" {
				w.add(st.Term, st.Leader, r.c.Workers[i].Name)
			}
		})
	}
	return w
}

func (w *watch) follow(ctx context.Context, ask func(context.Context)) {
	w.done.Go(func() {
		for ctx.Err() == nil {
			asking, cancel := context.WithTimeout(ctx, callTimeout)
			ask(asking)
			cancel()
			select {
			case <-time.After(watchEvery):
			case <-ctx.Done():
			}
		}
	})
}

func (w *watch) askMaster(ctx context.Context, i int, m *client.Master) {
	if h, err := m.Health(ctx); err == nil && h.Role == api.RolePrimary {
		w.add(h.Term, w.c.Masters[i].URL, w.c.Masters[i].Name)
	}
}

func (w *watch) add(term uint64, holder, source string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.holders[term] == nil {
		w.holders[term] = map[string]string{}
	}
	if w.holders[term][holder] == "" {
		w.holders[term][holder] = source
		w.chronicle.note("term %d is held by %s, says %s", term, w.master(holder), source)
	}
}

// master is the name of the master with a URL.
func (w *watch) master(url string) string {
	for _, n := range w.c.Masters {
		if n.URL == url {
			return n.Name
		}
	}
	return url
}

func (w *watch) stop() {
	w.cancel()
	w.done.Wait()
}

var leads = regexp.MustCompile(`msg=role role=primary term=(\d+) leader=(\S+)`)

// verify ends the watch. With a lease that expires, no term may ever have had two holders, in
// what was seen or in what the masters have logged. It returns the number of terms.
func (w *watch) verify() int {
	w.t.Helper()
	w.stop()
	for _, n := range w.c.Masters {
		for _, match := range leads.FindAllStringSubmatch(n.Log(), -1) {
			term, err := strconv.ParseUint(match[1], 10, 64)
			if err != nil || match[2] != n.URL {
				w.t.Errorf("%s logs %q, %v", n.Name, match[0], err)
			}
			w.add(term, match[2], "the log of "+n.Name)
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, term := range slices.Sorted(maps.Keys(w.holders)) {
		if len(w.holders[term]) > 1 {
			w.t.Errorf("term %d had several holders (with who says so): %v", term, w.holders[term])
		}
	}
	return len(w.holders)
}
