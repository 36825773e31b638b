package client

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"iter"
	"mime"
	"net/http"

	"github.com/go-json-experiment/json"

	"shardeck/shared/api"
)

// maxEvent bounds an event, in bytes.
const maxEvent = 1 << 20

// Events follows what happens in the cluster, beginning with the latest events
// that the master keeps. It goes on until ctx ends, the loop is left, or the
// connection breaks, which comes as the last pair's error; connecting again is the
// caller's affair (events carry numbers, so none need be shown twice).
func (m *Master) Events(ctx context.Context) iter.Seq2[api.Event, error] {
	return func(yield func(api.Event, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		k := &call{method: http.MethodGet, path: api.PathEvents, accept: "text/event-stream"}
		resp, err := m.c.send(ctx, k)
		if err != nil {
			yield(api.Event{}, err)
			return
		}
		defer resp.Body.Close()
		if media, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type")); media != "text/event-stream" {
			yield(api.Event{}, m.c.garbage(k, resp, "it is not a stream of events"))
			return
		}
		lines := bufio.NewScanner(resp.Body)
		lines.Buffer(make([]byte, 0, 4096), maxEvent)
		for lines.Scan() {
			// The master sends an event's data on one line; ids and comments say nothing new.
			data, ok := bytes.CutPrefix(lines.Bytes(), []byte("data:"))
			if !ok {
				continue
			}
			var e api.Event
			if err := json.Unmarshal(bytes.TrimSpace(data), &e); err != nil {
				yield(api.Event{}, m.c.garbage(k, resp, "an event cannot be read: %v", err))
				return
			}
			if !yield(e, nil) {
				return
			}
		}
		err = lines.Err()
		if err == nil {
			err = io.EOF
		}
		yield(api.Event{}, m.c.unanswered(ctx, err))
	}
}
