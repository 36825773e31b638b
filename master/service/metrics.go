package service

import (
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"shardeck/shared/api"
	"shardeck/shared/httpserve"
)

// meters are the master's metrics. They are in a set of their own, so that two masters
// in one process do not mix.
type meters struct {
	set  *metrics.Set
	held held
}

func newMeters(s *Service) *meters {
	m := &meters{set: metrics.NewSet()}
	m.held = newHeld(m.set)
	m.set.NewGauge("shardeck_master_uptime_seconds", func() float64 { return time.Since(s.started).Seconds() })
	m.set.NewGauge("shardeck_master_term", func() float64 { return float64(s.coord.Current().Term) })
	m.set.NewGauge("shardeck_master_primary", func() float64 { return boolGauge(s.coord.Current().Role == api.RolePrimary) })
	for i := range s.workers {
		label := fmt.Sprintf("{shard=%q}", strconv.Itoa(i))
		t := s.scatter.Traffic(i)
		m.set.NewGauge("shardeck_shard_up"+label, func() float64 {
			return boolGauge(s.prober.Snapshot().Shards[i].State == api.ShardUp)
		})
		m.set.NewGauge("shardeck_shard_probe_seconds"+label, func() float64 {
			return s.prober.Snapshot().Shards[i].Latency.Seconds()
		})
		m.set.NewGauge("shardeck_shard_in_flight"+label, func() float64 {
			return float64(t.Snapshot(time.Now()).InFlight)
		})
		m.set.NewGauge("shardeck_shard_requests_total"+label, func() float64 {
			n, _ := t.Totals()
			return float64(n)
		})
		m.set.NewGauge("shardeck_shard_faults_total"+label, func() float64 {
			_, n := t.Totals()
			return float64(n)
		})
	}
	return m
}

func boolGauge(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// route counts the requests of a path by outcome and measures their duration. Metrics are
// looked up by name only once, not for each request.
func (m *meters) route(path string, next httpserve.Handler) httpserve.Handler {
	took := m.set.GetOrCreateHistogram(fmt.Sprintf("shardeck_master_request_seconds{path=%q}", path))
	count := func(outcome string) *metrics.Counter {
		return m.set.GetOrCreateCounter(fmt.Sprintf("shardeck_master_requests_total{path=%q,outcome=%q}", path, outcome))
	}
	done, refused, failed := count("done"), count("refused"), count("failed")
	return func(w http.ResponseWriter, r *http.Request) error {
		start := time.Now()
		aborted := true // remains set if the handler aborts the connection by panicking
		defer func() {
			took.UpdateDuration(start)
			if aborted {
				failed.Inc()
			}
		}()
		err := next(w, r)
		aborted = false
		switch {
		case err == nil:
			done.Inc()
		case api.CodeOf(err).Status() < http.StatusInternalServerError:
			refused.Inc()
		default:
			failed.Inc()
		}
		return err
	}
}

func (s *Service) writeMetrics(w http.ResponseWriter, _ *http.Request) error {
	w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	s.metrics.set.WritePrometheus(w)
	return nil
}
