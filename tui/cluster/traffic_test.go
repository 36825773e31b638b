package cluster

import (
	"math"
	"testing"
	"time"

	"shardeck/shared/api"
)

// said is what a master says after n requests of clients, e of which failed, each of 2 ms.
func said(seconds float64, master string, n, e uint64) TrafficObservation {
	c := api.Counters{Requests: n, Errors: e, Latency: []api.LatencyCount{{UpToMS: 2, Requests: n}}}
	return TrafficObservation{At: at(seconds), Master: master, Report: &api.TrafficReport{Master: master, StartedAt: start, Clients: c, Shards: []api.Counters{c}}}
}

func heard(obs ...TrafficObservation) State {
	s := New([]string{a, b}, start).Every(time.Second)
	for _, o := range obs {
		s = s.ApplyTraffic(o)
	}
	return s
}

func TestTrafficIsTheSumOfAllMasters(t *testing.T) {
	s := heard(said(0, a, 1000, 0), said(0, b, 500, 0), said(1, a, 1010, 0), said(1, b, 505, 1), said(2, a, 1020, 0), said(2, b, 510, 2))
	r := s.Clients.Now()
	if !r.Known || math.Abs(r.Requests-15) > 3 || math.Abs(r.Errors-1) > 0.6 {
		t.Errorf("ten and five a second, one of which fails, are %+v", r)
	}
	if r.P50 < 1.8 || r.P50 > 2 || r.P99 < 1.8 || r.P99 > 2 {
		t.Errorf("percentiles are %v and %v", r.P50, r.P99)
	}
	if now, ok := s.Clients.OfShardNow(0); !ok || math.Abs(now.RequestsPerSecond-15) > 6 {
		t.Errorf("the shard has %+v", now)
	}
	if c := s.Clients.OfShard(0); c.Requests != 20+10-5 && c.Requests != 20+10 {
		t.Errorf("the shard's histogram has %d requests", c.Requests)
	}
}

// The requests go on through the other master, which the sum shows without a dip; the counters of the
// one that is gone are not subtracted.
func TestTrafficHasNoDipAfterAChangeOfMaster(t *testing.T) {
	obs := []TrafficObservation{}
	for i := range 10 {
		obs = append(obs, said(float64(i), a, uint64(100*i), 0), said(float64(i)+0.1, b, 0, 0))
	}
	for i := range 10 { // a is gone from second 10 on
		obs = append(obs, TrafficObservation{At: at(float64(10 + i)), Master: a, Err: api.NewProblem(api.CodeShardUnavailable, "refused")},
			said(float64(10+i)+0.1, b, uint64(100*(i+1)), 0))
	}
	s := heard(obs...)
	requests, _ := s.Clients.Series()
	for i, r := range requests[2:] {
		if r < 80 || r > 120 {
			t.Errorf("sample %d has %.0f requests/s, not about 100: %v", i+2, r, requests)
		}
	}
}

func TestARestartedMasterCountsFromNothing(t *testing.T) {
	again := said(2, a, 7, 0)
	again.Report.StartedAt = start.Add(time.Second)
	s := heard(said(0, a, 1000, 0), said(1, a, 1010, 0), again)
	requests, _ := s.Clients.Series()
	if n := len(requests); n != 2 || math.Abs(requests[1]-7) > 0.1 {
		t.Errorf("rates are %v, not 10 and 7", requests)
	}
}

func TestRecentRequestsOfAllMastersAreInTheOrderOfTime(t *testing.T) {
	with := func(o TrafficObservation, seq uint64, seconds float64) TrafficObservation {
		o.Report.Recent = []api.RecentRequest{{Seq: seq, At: at(seconds), Table: o.Master}}
		return o
	}
	s := heard(with(said(1, a, 1, 0), 4, 0.9), with(said(1, b, 1, 0), 9, 0.5), said(2, a, 1, 0))
	r := s.Clients.Recent
	if len(r) != 2 || r[0].Table != b || r[1].Table != a {
		t.Errorf("recent requests are %+v", r)
	}
	if s.Clients.Seen(a) != 4 || s.Clients.Seen(b) != 9 || s.Clients.Seen("other") != 0 {
		t.Errorf("seen %d of a and %d of b", s.Clients.Seen(a), s.Clients.Seen(b))
	}
}

// A master that could not be asked for a while has gone on counting; that is no burst when it answers.
func TestTrafficHasNoSpikeAfterSilence(t *testing.T) {
	obs := []TrafficObservation{said(0, a, 0, 0), said(0, b, 0, 0)}
	for i := 1; i <= 30; i++ {
		if i <= 5 || i > 20 { // a is not reachable in between, and serves 100 a second all the time
			obs = append(obs, said(float64(i), a, uint64(100*i), 0))
		}
		obs = append(obs, said(float64(i), b, uint64(10*i), 0))
	}
	s := heard(obs...)
	requests, _ := s.Clients.Series()
	for i, r := range requests {
		if r > 130 {
			t.Errorf("sample %d has %.0f requests/s, more than there ever were: %.0f", i, r, requests)
		}
	}
}
