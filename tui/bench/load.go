package bench

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"sort"
	"sync"
	"sync/atomic"
	"time"

	"shardeck/shared/api"
)

// request is one HTTP request of a closed-loop client: a POST, unless get is set. check, if set,
// verifies a 200 answer.
type request struct {
	url   string
	get   bool
	key   string // Idempotency-Key; "" for none
	body  []byte
	check func(answer []byte) error
}

// requestFunc returns the n-th request of a client.
type requestFunc func(client, n int) request

// newLoadClient returns an HTTP client that keeps a connection open for each concurrent
// client, so that neither side of a ratio includes the cost of dialling.
func newLoadClient() *http.Client {
	return &http.Client{Transport: &http.Transport{
		MaxIdleConns:        512,
		MaxIdleConnsPerHost: 512,
		DisableCompression:  true,
	}}
}

// throughput runs clients in a closed loop for d and returns requests per second.
// The first failed or wrong answer ends it with an error.
func throughput(ctx context.Context, hc *http.Client, clients int, d time.Duration, next requestFunc) (float64, error) {
	ctx, cancel := context.WithTimeout(ctx, d+30*time.Second)
	defer cancel()
	var done atomic.Bool
	var total atomic.Int64
	var firstErr error
	var once sync.Once
	var wg sync.WaitGroup
	start := time.Now()
	timer := time.AfterFunc(d, func() { done.Store(true) })
	defer timer.Stop()
	for c := range clients {
		wg.Go(func() {
			var buf bytes.Buffer
			for n := 0; !done.Load(); n++ {
				if err := send(ctx, hc, next(c, n), &buf); err != nil {
					once.Do(func() { firstErr = err })
					done.Store(true)
					return
				}
				total.Add(1)
			}
		})
	}
	wg.Wait()
	if firstErr != nil {
		return 0, firstErr
	}
	return float64(total.Load()) / time.Since(start).Seconds(), nil
}

// send sends one request and checks its answer.
func send(ctx context.Context, hc *http.Client, r request, buf *bytes.Buffer) error {
	method := http.MethodPost
	if r.get {
		method = http.MethodGet
	}
	req, err := http.NewRequestWithContext(ctx, method, r.url, bytes.NewReader(r.body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	if r.key != "" {
		req.Header.Set(api.HeaderIdempotencyKey, r.key)
	}
	resp, err := hc.Do(req)
	if err != nil {
		return err
	}
	buf.Reset()
	_, err = io.Copy(buf, resp.Body)
	resp.Body.Close()
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answered %d: %.300s", r.url, resp.StatusCode, buf)
	}
	if r.check != nil {
		return r.check(buf.Bytes())
	}
	return nil
}

// ratios runs ours and the baseline in alternating rounds and returns the ratio of each
// round, sorted.
func ratios(rounds int, ours, baseline func() (float64, error)) ([]float64, error) {
	out := make([]float64, 0, rounds)
	for i := range rounds {
		// The order alternates so that neither side always runs on a warmer machine.
		a, b := ours, baseline
		if i%2 == 1 {
			a, b = baseline, ours
		}
		x, err := a()
		if err != nil {
			return nil, err
		}
		y, err := b()
		if err != nil {
			return nil, err
		}
		if i%2 == 1 {
			x, y = y, x
		}
		out = append(out, x/y)
	}
	sort.Float64s(out)
	return out, nil
}

// median returns the median of a sorted, non-empty slice.
func median(sorted []float64) float64 { return sorted[len(sorted)/2] }
