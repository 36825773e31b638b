package service

import (
	"net/http"
	"strconv"
	"time"

	"github.com/go-json-experiment/json"

	"shardeck/shared/api"
)

const (
	// eventHeartbeat is the interval of heartbeats on an idle stream.
	eventHeartbeat = 15 * time.Second
	// eventWriteTimeout is the timeout for writing an event to a subscriber.
	eventWriteTimeout = 10 * time.Second
)

// streamEvents sends server-sent events until the client disconnects or the master
// stops. A client that reconnects sends the last event it saw in Last-Event-ID.
func (s *Service) streamEvents(w http.ResponseWriter, r *http.Request) error {
	var seen uint64
	if last := r.Header.Get("Last-Event-ID"); last != "" {
		n, err := strconv.ParseUint(last, 10, 64)
		if err != nil {
			return api.NewProblem(api.CodeInvalidField, "the header Last-Event-ID is not the id of an event").At("Last-Event-ID")
		}
		seen = n
	}
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	if r.Method == http.MethodHead {
		return nil
	}
	rc := http.NewResponseController(w)
	beat := time.NewTicker(eventHeartbeat)
	defer beat.Stop()
	out := []byte(": recent events, followed by new ones\n\n")
	for {
		events, more := s.events.since(seen)
		for i := range events {
			out = appendEvent(out, &events[i])
			seen = events[i].Seq
		}
		_ = rc.SetWriteDeadline(time.Now().Add(eventWriteTimeout)) // unsupported by recorders in tests
		if _, err := w.Write(out); err != nil {
			return nil // the subscriber has disconnected
		}
		if err := rc.Flush(); err != nil {
			return nil
		}
		out = out[:0]
		select {
		case <-more:
		case <-beat.C:
			out = append(out, ":\n\n"...)
		case <-r.Context().Done():
			return nil
		case <-s.stopping:
			return nil
		}
	}
}

func appendEvent(out []byte, e *api.Event) []byte {
	b, err := json.Marshal(e)
	if err != nil {
		return out // only invalid UTF-8 fails to marshal; the gap in the numbers shows the loss
	}
	out = append(out, "id: "...)
	out = strconv.AppendUint(out, e.Seq, 10)
	out = append(out, "\ndata: "...)
	out = append(out, b...)
	return append(out, "\n\n"...)
}
