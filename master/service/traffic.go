package service

import (
	"net/http"
	"strconv"
	"sync"
	"time"

	"shardeck/master/plan"
	"shardeck/master/scatter"
	"shardeck/shared/api"
	"shardeck/shared/httpserve"
)

const (
	// keptRequests is the number of recent requests that are kept.
	keptRequests = 128
	// noted bounds how many requests are kept each second: nobody reads more, and a burst must not
	// slow down those that cause it.
	notedPerSecond = 64
	// maxNotedKey is the length of a shard key that is kept, in bytes.
	maxNotedKey = 64
)

// recent are the latest requests. It is safe for concurrent use.
type recent struct {
	mu     sync.Mutex
	all    []api.RecentRequest // the oldest first
	seq    uint64
	second int64 // the Unix time that noted counts
	noted  int
}

// note adds a request that was carried out by a plan, unless there are too many.
func (r *recent) note(began time.Time, p *plan.Plan, err error) {
	now := time.Now()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.seq++
	if second := now.Unix(); second != r.second {
		r.second, r.noted = second, 0
	}
	if r.noted >= notedPerSecond {
		return
	}
	r.noted++
	n := api.RecentRequest{Seq: r.seq, At: now.UTC(), Op: string(p.Op), DB: p.DB, Table: p.Table, Shards: p.Route.Shards,
		MS: scatter.Milliseconds(now.Sub(began))}
	if err != nil {
		n.Code = api.CodeOf(err)
	}
	if len(p.Route.Keys) == 1 && p.Route.KeysTotal <= 1 {
		key := p.Route.Keys[0]
		key.Key = clipText(key.Key, maxNotedKey)
		n.Key = &key
	}
	if len(r.all) == keptRequests {
		copy(r.all, r.all[1:])
		r.all = r.all[:keptRequests-1]
	}
	r.all = append(r.all, n)
}

// after returns the kept requests after number seq. For a number that was never assigned, because
// the master was restarted, it returns all.
func (r *recent) after(seq uint64) []api.RecentRequest {
	r.mu.Lock()
	defer r.mu.Unlock()
	if seq > r.seq {
		seq = 0
	}
	i := len(r.all)
	for i > 0 && r.all[i-1].Seq > seq {
		i--
	}
	return append([]api.RecentRequest{}, r.all[i:]...)
}

// traffic answers from counters, without requests to workers.
func (s *Service) traffic(w http.ResponseWriter, r *http.Request) error {
	var after uint64
	if text := r.URL.Query().Get("after"); text != "" {
		n, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			return api.NewProblem(api.CodeInvalidField, "after is not the number of a request").At("after").
				Hinted("send the seq of the last request that you have seen")
		}
		after = n
	}
	report := &api.TrafficReport{Master: s.self, StartedAt: s.started.UTC(), At: time.Now().UTC(), Clients: s.clients.Counters(),
		Shards: make([]api.Counters, len(s.workers)), Recent: s.recent.after(after)}
	for i := range report.Shards {
		report.Shards[i] = s.scatter.Traffic(i).Counters()
	}
	return httpserve.WriteJSON(w, http.StatusOK, report)
}

// counted counts the requests of clients by their outcome.
func (s *Service) counted(next httpserve.Handler) httpserve.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		began := time.Now()
		s.clients.Begin()
		fault := true // remains set if the handler aborts the connection by panicking
		defer func() {
			s.clients.Done()
			now := time.Now()
			s.clients.Record(now, now.Sub(began), fault)
		}()
		err := next(w, r)
		fault = err != nil && api.CodeOf(err).Status() >= http.StatusInternalServerError
		return err
	}
}
