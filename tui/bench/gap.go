package bench

import (
	"bytes"
	"context"
	"net/http"
	"slices"
	"sync"
	"time"
)

const (
	// impatience is how long a client waits for an answer before it tries elsewhere.
	impatience = 300 * time.Millisecond
	// failedPause is between the attempts of a client that gets no answer anywhere.
	failedPause = 5 * time.Millisecond
)

// gapClient writes one row after another. If a server fails, or does not answer in time, it sends
// the row to the next one.
type gapClient struct {
	http    *http.Client
	servers int
	// write is the request of the n-th row to a server.
	write func(server, n int) request

	mu      sync.Mutex
	done    []time.Time // of the rows
	retries []int       // for each of the rows
}

func newGapClient(servers int, write func(server, n int) request) *gapClient {
	return &gapClient{http: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 16}, Timeout: impatience}, servers: servers, write: write}
}

// run writes until ctx ends, to the given server at first.
func (g *gapClient) run(ctx context.Context, server int) {
	defer g.http.CloseIdleConnections()
	var buf bytes.Buffer
	for n := 0; ctx.Err() == nil; n++ {
		for retry := 0; ctx.Err() == nil; retry++ {
			err := send(ctx, g.http, g.write(server, n), &buf)
			if err == nil {
				g.mu.Lock()
				g.done, g.retries = append(g.done, time.Now()), append(g.retries, retry)
				g.mu.Unlock()
				break
			}
			if server = (server + 1) % g.servers; retry > 0 {
				time.Sleep(failedPause)
			}
		}
	}
}

// rows is the number of rows so far.
func (g *gapClient) rows() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.done)
}

// longest returns the longest time between two rows, or between start and the first, and the most
// retries that one took.
func (g *gapClient) longest(start time.Time) (time.Duration, int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	var most time.Duration
	last := start
	for _, t := range g.done {
		most, last = max(most, t.Sub(last)), t
	}
	return most, slices.Max(append(g.retries, 0))
}
