package cluster

import (
	"fmt"
	"math"
	"slices"
	"time"

	"shardeck/shared/api"
)

// A shard is an outlier if the median of its latest probes is several times that of its peers, and
// worth a person's attention at all.
const (
	outlierSamples = 5
	outlierFactor  = 4
	outlierMS      = 40
	outlierHold    = 3 * time.Second
)

// latencyOutliers are shards that answer several times slower than their peers.
func latencyOutliers(s *State) []Alarm {
	recent := make([]float64, len(s.Shards))
	for i := range s.Shards {
		h := s.Shards[i].Latency
		recent[i] = math.NaN()
		if len(h) >= outlierSamples {
			recent[i] = median(h[len(h)-outlierSamples:])
		}
	}
	var all []Alarm
	for i := range min(len(recent), len(s.Meta.Workers)) {
		w := &s.Meta.Workers[i]
		if w.State != api.ShardUp {
			continue // said already
		}
		peers := median(slices.Concat(recent[:i], recent[i+1:]))
		if len(recent) < 3 || !(recent[i] >= outlierMS && recent[i] >= outlierFactor*peers) {
			continue // a comparison with NaN is false
		}
		all = append(all, Alarm{Key: fmt.Sprintf("outlier/%d", w.Shard), Level: api.LevelWarn, Shard: w.Shard, hold: outlierHold,
			What: ShardName(w) + " is an outlier", Why: fmt.Sprintf("its latency is %.0f ms, the median of the others %.1f ms", recent[i], peers)})
	}
	return all
}

// median returns the median of the samples, NaN if there is none. NaNs are left out.
func median(samples []float64) float64 {
	known := slices.DeleteFunc(slices.Clone(samples), math.IsNaN)
	if len(known) == 0 {
		return math.NaN()
	}
	slices.Sort(known)
	if n := len(known); n%2 == 0 {
		return (known[n/2-1] + known[n/2]) / 2
	}
	return known[len(known)/2]
}

// A shard's rows are skewed if a hash that spreads keys evenly would hardly ever give as many, and
// the difference is worth attention. Each row falls on a shard with the probability of the shard's
// share of the slots, so that the rows of a shard follow a binomial distribution.
const (
	skewSigmas  = 6
	skewPart    = 0.10
	skewMinRows = 1000
)

// skewAlarms are tables of which a shard holds more rows than a fair hash would give it.
func skewAlarms(s *State) []Alarm {
	var all []Alarm
	for i := range s.Meta.Databases {
		d := &s.Meta.Databases[i]
		for j := range d.Tables {
			if a, skewed := s.skewOf(d.Name, &d.Tables[j]); skewed {
				all = append(all, a)
			}
		}
	}
	return all
}

func (s *State) skewOf(db string, t *api.TableInfo) (Alarm, bool) {
	slots := 0
	for i := range s.Meta.Workers {
		slots += s.Meta.Workers[i].Slots
	}
	if t.Definition.Replicated() || t.Rows < skewMinRows || slots == 0 || len(t.RowsPerShard) != len(s.Meta.Workers) {
		return Alarm{}, false
	}
	worst, excess := -1, 0.0
	for i, r := range t.RowsPerShard {
		if r == nil {
			return Alarm{}, false // the total is not known
		}
		n, p := float64(t.Rows), float64(s.Meta.Workers[i].Slots)/float64(slots)
		over := float64(*r) - n*p
		if over > skewSigmas*math.Sqrt(n*p*(1-p)) && over > skewPart*n*p && over > excess {
			worst, excess = i, over
		}
	}
	if worst < 0 {
		return Alarm{}, false
	}
	w := &s.Meta.Workers[worst]
	return Alarm{Key: "skew/" + db + "." + t.Name, Level: api.LevelWarn, Shard: -1,
		What: fmt.Sprintf("%s.%s is skewed", db, t.Name),
		Why: fmt.Sprintf("%s holds %.0f %% of its rows, where a fair hash gives %.0f %%; look for a shard key with few values",
			ShardName(w), 100*float64(*t.RowsPerShard[worst])/float64(t.Rows), 100*float64(w.Slots)/float64(slots))}, true
}

// Requests pile up at a shard if more are in flight with most of the latest samples, and at least twice
// as many at their end.
const (
	queueSamples = 8
	queueLeast   = 16
	queueRises   = 5 // of the seven steps between the samples
)

// rises counts how often a sample is greater than the one before.
func rises(samples []float64) int {
	n := 0
	for i := 1; i < len(samples); i++ {
		if samples[i] > samples[i-1] {
			n++
		}
	}
	return n
}

// queueAlarms are shards at which requests arrive faster than they are answered.
func queueAlarms(s *State) []Alarm {
	var all []Alarm
	for i := range min(len(s.Shards), len(s.Meta.Workers)) {
		h := s.Shards[i].InFlight
		if len(h) < queueSamples {
			continue
		}
		h = h[len(h)-queueSamples:]
		if rises(h) < queueRises || !(h[len(h)-1] >= queueLeast && h[len(h)-1] >= 2*h[0]) {
			continue // a comparison with NaN is false
		}
		w := &s.Meta.Workers[i]
		all = append(all, Alarm{Key: fmt.Sprintf("queue/%d", w.Shard), Level: api.LevelWarn, Shard: w.Shard,
			What: "requests pile up at " + ShardName(w), Why: fmt.Sprintf("%.0f are in flight, and more each second", h[len(h)-1])})
	}
	return all
}
