package service

import (
	"net/http"
	"strconv"
	"time"

	"github.com/go-json-experiment/json"

	"shardeck/shared/api"
)

const (
	// eventHeartbeat is how often a quiet stream shows that it is alive.
	eventHeartbeat = 15 * time.Second
	// eventWriteTimeout bounds how long a subscriber may take to accept an event.
	eventWriteTimeout = 10 * time.Second
)

// streamEvents answers with server-sent events until the client or the master
// goes. A client that reconnects names the last event it saw in Last-Event-ID.
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
	out := []byte(": the latest events, then those to come\n\n")
	for {
		events, more := s.events.since(seen)
		for i := range events {
			out = appendEvent(out, &events[i])
			seen = events[i].Seq
		}
		_ = rc.SetWriteDeadline(time.Now().Add(eventWriteTimeout)) // a recorder in a test has none
		if _, err := w.Write(out); err != nil {
			return nil // the subscriber has gone
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
		return out // only text that is not UTF-8 does not marshal; its number shows that it is missing
	}
	out = append(out, "id: "...)
	out = strconv.AppendUint(out, e.Seq, 10)
	out = append(out, "\ndata: "...)
	out = append(out, b...)
	return append(out, "\n\n"...)
}
