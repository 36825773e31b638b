package service

import (
	"sync"
	"time"

	"shardeck/shared/api"
)

// keptEvents is the number of recent events that a new subscriber receives.
const keptEvents = 256

// hub keeps the latest events and lets any number of subscribers follow. It never waits
// for a subscriber: a slow one misses events, and can tell by the gap in their numbers.
type hub struct {
	mu     sync.Mutex
	events []api.Event   // the latest, oldest first
	seq    uint64        // of the newest
	more   chan struct{} // closed on the next event
}

func newHub() *hub { return &hub{more: make(chan struct{})} }

// publish adds an event.
func (h *hub) publish(kind api.EventKind, level api.Level, shard *int, text string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.seq++
	if len(h.events) == keptEvents {
		h.events = append(h.events[:0], h.events[1:]...)
	}
	h.events = append(h.events, api.Event{Seq: h.seq, At: time.Now().UTC(), Kind: kind, Level: level, Shard: shard, Text: text})
	close(h.more)
	h.more = make(chan struct{})
}

// since returns the kept events after number seq, and a channel that is closed when
// there are more. For a number that was never assigned, because the master was
// restarted, it returns all.
func (h *hub) since(seq uint64) ([]api.Event, <-chan struct{}) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if seq > h.seq {
		seq = 0
	}
	i := 0
	for i < len(h.events) && h.events[i].Seq <= seq {
		i++
	}
	return append([]api.Event(nil), h.events[i:]...), h.more
}
