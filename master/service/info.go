package service

import (
	"fmt"
	"net/http"
	"os"
	"slices"
	"time"

	"shardeck/master/catalog"
	"shardeck/master/health"
	"shardeck/shared/api"
	"shardeck/shared/httpserve"
	"shardeck/shared/sharding"
)

// health answers from the latest snapshot, without requests to workers.
func (s *Service) health(w http.ResponseWriter, _ *http.Request) error {
	return httpserve.WriteJSON(w, http.StatusOK, s.describeHealth(time.Now()))
}

func (s *Service) describeHealth(now time.Time) *api.Health {
	snap, role := s.prober.Snapshot(), s.coord.Current()
	status, reasons := s.status(snap)
	h := &api.Health{
		Status: status, Reasons: reasons, Role: role.Role, Term: role.Term, Primary: role.Leader, Cluster: s.cluster, Lease: s.cfg.Lease,
		Version: Version, UptimeSeconds: now.Sub(s.started).Round(time.Millisecond).Seconds(),
		Shards: make([]api.ShardHealth, len(snap.Shards)),
	}
	for i := range snap.Shards {
		sh := &snap.Shards[i]
		h.Shards[i] = api.ShardHealth{Shard: i, Worker: sh.Name(), State: sh.State,
			LatencyMS: health.Milliseconds(sh.Latency), AgeMS: health.Age(now, sh.AnsweredAt)}
	}
	return h
}

// status sums up whether the cluster can do all it should, and says why not: a shard that is not
// up, a primary that is missing or does not answer, shards that disagree on the schema, a lease
// that cannot be read.
func (s *Service) status(snap *health.Snapshot) (api.Status, []string) {
	status, reasons := snap.Status(), []string{}
	for i := range snap.Shards {
		if sh := &snap.Shards[i]; sh.State != api.ShardUp {
			reason := fmt.Sprintf("shard %d (%s) is %s", i, sh.Name(), sh.State)
			if sh.Problem != nil {
				reason += ": " + sh.Problem.Detail
			}
			reasons = append(reasons, reason)
		}
	}
	role := s.coord.Current()
	peer := slices.IndexFunc(snap.Peers, func(p health.Peer) bool { return p.URL == role.Leader })
	switch {
	case role.Role == api.RolePrimary:
	case role.Leader == "":
		reasons = append(reasons, "no master leads: databases and tables cannot be created or dropped")
	case peer < 0 || !snap.Peers[peer].Reachable:
		reasons = append(reasons, "the primary, "+role.Leader+", does not answer")
	}
	if _, known := s.coord.Lease(); !known && s.cfg.Lease != leaseManual {
		reasons = append(reasons, "the lease cannot be read, so no backup can take over")
	}
	for i := range snap.Peers {
		if p := &snap.Peers[i]; p.Reachable && p.Health.Lease != s.cfg.Lease {
			reasons = append(reasons, fmt.Sprintf("the master at %s has MASTER_LEASE=%s and this one %s: they would not agree on who leads", p.URL, p.Health.Lease, s.cfg.Lease))
		}
	}
	for _, detail := range s.drift.reported() {
		reasons = append(reasons, "schema drift: "+detail)
	}
	if len(reasons) > 0 && status == api.StatusOK {
		status = api.StatusDegraded
	}
	return status, reasons
}

func (s *Service) describeLease() api.LeaseInfo {
	held, known := s.coord.Lease()
	return api.LeaseInfo{Kind: s.cfg.Lease, Known: known, Holder: held.Holder, Term: held.Term, Free: held.Free,
		ExpiresInMS: health.Milliseconds(held.ExpiresIn)}
}

// metadata answers from the latest snapshot, without requests to workers.
func (s *Service) metadata(w http.ResponseWriter, _ *http.Request) error {
	now := time.Now()
	snap, role := s.prober.Snapshot(), s.coord.Current()
	m := &api.Metadata{
		Master: api.MasterInfo{
			URL: s.self, Role: role.Role, Term: role.Term, Primary: role.Leader,
			MapVersion: s.slots.Version(), Slots: sharding.Slots, Shards: s.slots.Shards(),
			Version: Version, StartedAt: s.started.UTC(), UptimeSeconds: now.Sub(s.started).Round(time.Millisecond).Seconds(), PID: os.Getpid(),
			Cluster: s.cluster, Lease: s.describeLease(),
		},
		Peers:   make([]api.PeerInfo, len(snap.Peers)),
		Workers: make([]api.WorkerInfo, len(snap.Shards)),
		At:      now.UTC(),
	}
	for i := range snap.Peers {
		p := &snap.Peers[i]
		m.Peers[i] = api.PeerInfo{URL: p.URL, Reachable: p.Reachable, Role: p.Health.Role, Term: p.Health.Term,
			LatencyMS: health.Milliseconds(p.Latency), AgeMS: health.Age(now, p.AnsweredAt)}
	}
	for i := range snap.Shards {
		m.Workers[i] = s.describeWorker(now, &snap.Shards[i])
	}
	m.Databases, m.Drift = catalog.Describe(statsOf(snap))
	m.Drift = append(m.Drift, s.copies.drift(now)...)
	return httpserve.WriteJSON(w, http.StatusOK, m)
}

func (s *Service) describeWorker(now time.Time, sh *health.Shard) api.WorkerInfo {
	info := api.WorkerInfo{
		Shard: sh.Shard, URL: sh.URL, Name: sh.Name(), State: sh.State, Problem: sh.Problem,
		Language: sh.Info.Language, Engine: sh.Info.Engine, EngineVersion: sh.Info.EngineVersion,
		Version: sh.Info.Version, UptimeSeconds: sh.Info.UptimeSeconds,
		LatencyMS: health.Milliseconds(sh.Latency), AgeMS: health.Age(now, sh.AnsweredAt),
		Slots:   s.slots.SlotsOf(sh.Shard),
		Traffic: s.scatter.Traffic(sh.Shard).Snapshot(now),
	}
	if sh.Stats == nil {
		return info
	}
	info.Databases = len(sh.Stats.Databases)
	for i := range sh.Stats.Databases {
		d := &sh.Stats.Databases[i]
		info.Tables += len(d.Tables)
		info.SizeBytes += d.SizeBytes
		for j := range d.Tables {
			info.Rows += d.Tables[j].Rows
		}
	}
	return info
}

func (s *Service) openAPI(w http.ResponseWriter, _ *http.Request) error {
	w.Header().Set("Content-Type", "application/yaml")
	_, _ = w.Write(api.MasterOpenAPI()) // an error means that the client has disconnected
	return nil
}
