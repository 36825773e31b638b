package service

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"shardeck/master/catalog"
	"shardeck/master/dialect"
	"shardeck/master/failover"
	"shardeck/master/health"
	"shardeck/master/intent"
	"shardeck/master/lease"
	"shardeck/master/scatter"
	"shardeck/shared/api"
	"shardeck/shared/client"
	"shardeck/shared/daemon"
	"shardeck/shared/httpserve"
	"shardeck/shared/sharding"
)

// Version is the version that this master reports.
const Version = daemon.Version

// refreshGap is the minimum interval between probes of all workers that are triggered by
// requests for tables that are unknown or stale.
const refreshGap = 100 * time.Millisecond

// probeGap is the minimum interval between probes of all workers that are triggered by changes of
// leadership.
const probeGap = 20 * time.Millisecond

// Service is one master. Its handlers are safe for concurrent use.
type Service struct {
	cfg      *settings
	logger   *slog.Logger
	self     string // base URL
	cluster  string // see api.ClusterID
	started  time.Time
	slots    *sharding.Map
	labels   []string // by shard, such as "0/3"
	workers  []*client.Worker
	peers    []*client.Master
	prober   *health.Prober
	lease    lease.Lease
	coord    *failover.Coordinator
	scatter  *scatter.Scatter
	clients  scatter.Traffic // requests of clients
	recent   recent
	events   *hub
	metrics  *meters
	drift    *driftWatch
	probed   []*api.WorkerStats // by shard, as of the last build of the catalog; used only by the prober's callback
	catalog  atomic.Pointer[catalog.Snapshot]
	running  runningQueries
	intents  *intents
	copies   *copies
	copyTurn atomic.Uint64 // counts reads of reference tables, which shards serve in turn
	checking sync.Mutex    // held while a security check is running
	ddl      chan struct{} // semaphore with one token, held while changing the schema
	draining atomic.Bool   // this master is handing over
	stopping chan struct{} // closed when the master stops, to end the event streams
}

// Run runs a master until ctx ends. It prints "listening on URL" to stdout once
// it accepts requests; that does not wait for the workers.
func Run(ctx context.Context, cfg Config, stdout io.Writer, logger *slog.Logger) error {
	set, err := cfg.check()
	if err != nil {
		return &daemon.UsageError{Err: err}
	}
	var handler lateHandler
	server, err := httpserve.Listen(ctx, httpserve.Config{
		Handler:     &handler,
		Logger:      logger,
		Host:        set.Host,
		Port:        set.Port,
		PortSetting: "--port or MASTER_PORT",
		Protected:   set.apiToken != "",
		ProtectHint: "set MASTER_API_TOKEN or MASTER_API_TOKEN_FILE",
		Origins:     set.CORSOrigins,
	})
	if err != nil {
		return err
	}
	self := set.Advertise
	if self == "" {
		self = server.URL()
	}
	held, err := set.open(ctx, logger)
	if err != nil {
		return errors.Join(err, server.Close())
	}
	s, err := newService(set, self, held, logger)
	if err != nil {
		return errors.Join(err, held.Close(), server.Close())
	}
	handler.Handler = s.routes()
	logger.Info("master is up", "url", self, "role", set.role, "workers", len(set.Workers), "peers", len(s.peers))
	return s.run(ctx, server, stdout)
}

// lateHandler is a placeholder for the routes until the master knows its own address,
// which requires that it listens. It is set before the first request is accepted.
type lateHandler struct{ http.Handler }

func newService(set *settings, self string, held lease.Lease, logger *slog.Logger) (*Service, error) {
	slots, err := sharding.NewMap(len(set.Workers))
	if err != nil {
		return nil, err
	}
	s := &Service{
		cfg: set, lease: held, logger: logger, self: self, cluster: api.ClusterID(set.token), started: time.Now(), slots: slots,
		events: newHub(), drift: &driftWatch{changed: true}, probed: make([]*api.WorkerStats, len(set.Workers)),
		ddl: make(chan struct{}, 1), stopping: make(chan struct{}),
	}
	s.ddl <- struct{}{}
	for i, url := range set.Workers {
		label := fmt.Sprintf("%d/%d", i, len(set.Workers))
		s.workers = append(s.workers, client.NewWorker(url, set.token, client.OfShard(label)))
		s.labels = append(s.labels, label)
	}
	for _, url := range set.Peers {
		if url == self {
			continue
		}
		s.peers = append(s.peers, client.NewMaster(url, client.WithAPIToken(set.apiToken)))
	}
	s.prober = s.newProber()
	s.catalog.Store(catalog.Build(nil, nil, logger))
	s.scatter = scatter.New(scatter.Config{
		Workers: s.workers,
		Name:    s.workerName,
		Admit:   s.admit,
		Fault:   s.prober.Nudge,
		Timeout: set.RequestTimeout,
	})
	s.intents = newIntents(s)
	s.copies = &copies{s: s, tables: map[string]*copyTable{}, known: map[string]*copyState{}}
	s.coord = s.newCoordinator()
	s.metrics = newMeters(s)
	return s, nil
}

func (s *Service) newProber() *health.Prober {
	cfg := health.Config{
		URLs:     s.cfg.Workers,
		Labels:   s.labels,
		Interval: s.cfg.ProbeInterval,
		Timeout:  s.cfg.ProbeTimeout,
		Accept:   dialect.Check,
		OnShard:  s.shardChanged,
		OnProbe:  s.shardProbed,
		OnPeer:   s.peerChanged,
	}
	for _, w := range s.workers {
		cfg.Targets = append(cfg.Targets, workerTarget{w})
	}
	for _, p := range s.peers {
		cfg.Peers = append(cfg.Peers, peerTarget{s, p})
		cfg.PeerURLs = append(cfg.PeerURLs, p.URL())
	}
	return health.New(cfg)
}

// workerTarget and workerMember expose to the prober and the lease only the methods of a
// worker's client that they use.
type workerTarget struct{ w *client.Worker }

func (t workerTarget) Health(ctx context.Context) (*api.WorkerHealth, error) { return t.w.Health(ctx) }

// Stats is where all stats enter the master, and where they lose its own log.
func (t workerTarget) Stats(ctx context.Context) (*api.WorkerStats, error) {
	st, err := t.w.Stats(ctx)
	if err == nil {
		intent.Take(st)
	}
	return st, err
}

type workerMember struct{ w *client.Worker }

// peerTarget is another master as the prober sees it.
type peerTarget struct {
	s *Service
	m *client.Master
}

// Health fails for a master of another cluster: masters find each other by address, where another
// one may listen.
func (t peerTarget) Health(ctx context.Context) (*api.Health, error) {
	h, err := t.m.Health(ctx)
	if err == nil && h.Cluster != t.s.cluster {
		return nil, api.NewProblem(api.CodeForbidden, "the master at %s belongs to another cluster", t.m.URL()).
			Hinted("check MASTER_PEERS, and that both masters have the same MASTER_TOKEN")
	}
	return h, err
}

func (m workerMember) State(ctx context.Context) (*api.WorkerState, error) { return m.w.State(ctx) }
func (m workerMember) SetState(ctx context.Context, up *api.StateUpdate) (*api.WorkerState, error) {
	return m.w.SetState(ctx, up)
}

func (s *Service) newCoordinator() *failover.Coordinator {
	members := lease.Members{MapVersion: s.slots.Version(), Timeout: s.cfg.ProbeTimeout}
	for i, w := range s.workers {
		members.List = append(members.List, lease.Member{
			Shard:  i,
			Worker: workerMember{w},
			Name:   func() string { return s.workerName(i) },
			Label:  s.labels[i],
			Admit:  func(st *api.WorkerState) *api.Problem { return s.admitTerm(i, st) },
		})
	}
	cfg := failover.Config{
		Self:       s.self,
		Configured: s.cfg.role,
		Lease:      s.lease,
		Members:    members,
		Workers:    s.fences,
		Seen:       s.mastersSeen,
		Probe:      func(ctx context.Context) { s.prober.Refresh(ctx, probeGap) },
		ProbePeers: s.prober.ProbePeers,
		Checks:     s.failoverChecks,
		Drain:      s.drainDDL,
		Verify:     s.verifyShard,
		Event:      s.events.publish,
		Logger:     s.logger,
	}
	for _, p := range s.peers {
		cfg.Peers = append(cfg.Peers, failover.Peer{
			URL: p.URL(),
			StepDown: func(ctx context.Context, req *api.StepDownRequest) error {
				return p.StepDown(ctx, s.cfg.token, req)
			},
		})
	}
	return failover.New(cfg)
}

// run starts the prober, the coordinator and the server, and stops them in reverse order,
// so that requests have what they need until the end.
func (s *Service) run(ctx context.Context, server *httpserve.Server, stdout io.Writer) error {
	work, stopWork := context.WithCancel(context.WithoutCancel(ctx))
	var wg sync.WaitGroup
	wg.Go(func() { s.prober.Run(work) })
	coordinate, stopLeading := context.WithCancel(work)
	defer stopLeading()
	wg.Go(func() { s.coord.Run(coordinate) })
	wg.Go(func() { s.intents.forget(work) })
	wg.Go(func() { s.intents.recover(work) })
	wg.Go(func() { s.copies.watch(work) })
	stop := context.AfterFunc(ctx, func() { close(s.stopping) })
	err := server.Run(ctx, stdout)
	if stop() {
		close(s.stopping) // the server failed by itself
	}
	stopWork()
	wg.Wait()
	s.workers[0].Close() // they share one transport
	for _, p := range s.peers {
		p.Close()
	}
	return errors.Join(err, s.lease.Close())
}

// fences returns the workers' state for the coordinator.
func (s *Service) fences() []failover.Worker {
	snap := s.prober.Snapshot()
	list := make([]failover.Worker, len(snap.Shards))
	for i := range snap.Shards {
		sh := &snap.Shards[i]
		if sh.Stats == nil {
			continue
		}
		list[i] = failover.Worker{
			Reachable: ready(sh) || sh.State == api.ShardFailing,
			State:     sh.Stats.State,
		}
	}
	return list
}

func (s *Service) workerName(shard int) string { return s.prober.Snapshot().Shards[shard].Name() }

// admitTerm rejects a worker that has lost the shard's rows: with a term and a shard it would
// look like one that never had any.
func (s *Service) admitTerm(shard int, st *api.WorkerState) *api.Problem {
	sh := &s.prober.Snapshot().Shards[shard]
	switch {
	case sh.State == api.ShardEmptied:
		return sh.Problem
	case st.Shard == "" && sh.Stats != nil && sh.Stats.State.Shard != "":
		s.prober.Nudge(shard)
		return api.NewProblem(api.CodeShardEmptied, "the worker held shard %s, and is empty now", sh.Stats.State.Shard)
	}
	return nil
}

// admit rejects a shard that must not be used or is known not to answer. It waits for the first
// probe of a worker, so that a master that has just started does not write to a wrong one.
func (s *Service) admit(ctx context.Context, shard int) *api.Problem {
	sh := &s.prober.Snapshot().Shards[shard]
	if sh.State == api.ShardUnknown {
		if s.prober.AwaitFirst(ctx, shard) != nil {
			return api.NewProblem(api.CodeShardTimeout, "the worker has not responded yet")
		}
		sh = &s.prober.Snapshot().Shards[shard]
	}
	return sh.Refusal()
}

// fence returns the fence of row writes.
func (s *Service) fence() api.Fence {
	return api.Fence{Term: s.coord.Current().Term, MapVersion: s.slots.Version()}
}

// dialectOf returns the dialect of a shard's engine, or if its worker has not responded
// yet, that of the other workers.
func (s *Service) dialectOf(shard int) (dialect.Dialect, error) {
	snap := s.prober.Snapshot()
	engine := snap.Shards[shard].Info.Engine
	for i := 0; engine == "" && i < len(snap.Shards); i++ {
		engine = snap.Shards[i].Info.Engine
	}
	if engine == "" {
		return nil, api.NewProblem(api.CodeShardUnavailable, "no worker has answered yet").
			Hinted("start the workers, or check MASTER_WORKERS").On(shard, s.workerName(shard))
	}
	d, err := dialect.For(engine)
	if err != nil {
		return nil, api.AsProblem(err).On(shard, s.workerName(shard))
	}
	return d, nil
}
