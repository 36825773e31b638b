package sqlserver

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"shardeck/shared/api"
	"shardeck/worker/engine"
	"shardeck/worker/engine/contract"
	"shardeck/worker/engine/sqlserver/batch"
	"shardeck/worker/engine/storage"
)

var _ engine.Engine = (*Engine)(nil)

// Config says which server the engine uses and sets its limits. Only DSN is required.
type Config struct {
	// DSN is the connection string, in one of the driver's forms. It may contain a password and
	// must not be logged.
	DSN string
	// Suffix is added to a logical database name to get the physical one, and names the worker's
	// own database. Workers on one server must have different ones.
	Suffix string
	// Logger receives errors that no caller can be told; nil discards.
	Logger *slog.Logger
	// Collation is the collation of new databases; empty is the engine's choice (see
	// collation.go).
	Collation string

	// Connections bounds the connections to each database; 0 is 64.
	Connections int
	// ConnectTimeout bounds connecting; 0 is 15 s.
	ConnectTimeout time.Duration
	// CancelWait is how long the server may take to acknowledge the cancellation of a query before
	// its connection is cut; 0 is 1 s.
	CancelWait time.Duration

	// ExecTimeout bounds the wait for a write to begin if the request sets no bound; 0 is 10 s.
	ExecTimeout time.Duration
	// WriteTimeout bounds a write that has begun, including all retries; 0 is 60 s. The outcome of
	// one that takes longer is unknown.
	WriteTimeout time.Duration
	// IdempotencyTTL is how long the response to a keyed request is kept; 0 is 24 h.
	IdempotencyTTL time.Duration
	// DropTimeout bounds how long DropDB waits for queries that it has cancelled,
	// and then for the server to drop the database; 0 is 5 s each.
	DropTimeout time.Duration
	// Now is the clock of idempotency records; nil is time.Now.
	Now func() time.Time
	// Running is how long the engine has been running, by a clock that nobody sets. Idempotency
	// records are kept until IdempotencyTTL has passed by this one, too. nil is the time since Open.
	Running func() time.Duration
	// WatchEvery is how often the server is asked whether it can read the databases; 0 is 1 s.
	WatchEvery time.Duration
}

func (c Config) withDefaults() Config {
	c.ExecTimeout = cmp.Or(c.ExecTimeout, 10*time.Second)
	c.WriteTimeout = cmp.Or(c.WriteTimeout, 60*time.Second)
	c.IdempotencyTTL = cmp.Or(c.IdempotencyTTL, 24*time.Hour)
	c.DropTimeout = cmp.Or(c.DropTimeout, 5*time.Second)
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Running == nil {
		start := time.Now()
		c.Running = func() time.Duration { return time.Since(start) }
	}
	c.WatchEvery = cmp.Or(c.WatchEvery, time.Second)
	return c
}

// Engine is engine.Engine over the databases of one SQL Server that have the suffix. Several
// engines may use the same databases, as when one worker process replaces another: everything
// they must agree on is decided by the server.
type Engine struct {
	cfg       Config
	server    *server
	state     *pool // of the worker's own database
	own       string
	version   string
	collation string
	// ranBefore is the running time as stored at the start.
	ranBefore time.Duration

	health  *storage.Health
	watcher *watcher // nil until the engine is open

	// gate is held for reading by writes in progress, and for writing by changes of the fence and
	// drops. It keeps this process's own work from being refused or cut off midway; other
	// processes are kept out by locks in the server.
	gate   sync.RWMutex
	closed bool // guarded by gate

	// ddl is held while a database is created or dropped.
	ddl sync.Mutex
	// dbs holds the databases by their lower-case logical names. The map is never modified, only
	// replaced (with dbsMu held). It caches what the server was last seen to have, for the pools.
	dbsMu sync.Mutex
	dbs   atomic.Pointer[map[string]*database]
}

// Open connects to the server, creates the worker's own database if missing, finishes interrupted
// drops and undoes interrupted creations.
func Open(ctx context.Context, cfg Config) (*Engine, error) {
	cfg = cfg.withDefaults()
	if err := contract.CheckSuffix(cfg.Suffix); err != nil {
		return nil, fmt.Errorf("sqlserver: %w", err)
	}
	srv, err := parseServer(cfg.DSN, poolOptions{
		Connections: cfg.Connections, ConnectTimeout: cfg.ConnectTimeout, CancelWait: cfg.CancelWait,
	})
	if err != nil {
		return nil, fmt.Errorf("sqlserver: %w", err)
	}
	e := &Engine{cfg: cfg, server: srv, own: batch.OwnDatabase(cfg.Suffix), health: storage.New(cfg.Logger)}
	e.dbs.Store(&map[string]*database{})
	if err := e.prepare(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("sqlserver: %w", err), e.Close())
	}
	e.watcher = e.startWatching()
	return e, nil
}

// ownConnections is the minimum number of connections to the worker's own database.
const ownConnections = 8

// prepare prepares the server for the engine.
func (e *Engine) prepare(ctx context.Context) error {
	if err := e.prepareServer(ctx); err != nil {
		return err
	}
	e.state = e.server.open(e.own)
	// Creating a database needs several at once, but never many.
	e.state.SetMaxOpenConns(max(ownConnections, e.server.options.Connections))
	if err := createOwnTables(ctx, e.state.DB); err != nil {
		return err
	}
	var ran int64
	if err := queryRow(ctx, e.state, batch.RunningTime()).Scan(&ran); err != nil {
		return fmt.Errorf("read the running time: %w", problem(err, batch.PhaseIdle))
	}
	e.ranBefore = time.Duration(ran) * time.Millisecond
	return e.recover(ctx)
}

// prepareServer inspects the server on a temporary connection, and creates the worker's own
// database.
func (e *Engine) prepareServer(ctx context.Context) error {
	p := e.server.open("")
	defer p.Close()
	if err := queryRow(ctx, p, batch.ServerVersion()).Scan(&e.version); err != nil {
		return problem(err, batch.PhaseIdle)
	}
	e.version, _, _ = strings.Cut(strings.TrimSpace(e.version), "\n")
	e.version = strings.TrimSpace(e.version)
	var err error
	if e.collation, err = chooseCollation(ctx, p.DB, e.cfg); err != nil {
		return err
	}
	return e.createOwnDatabase(ctx, p.DB)
}

// Name implements engine.Engine.
func (e *Engine) Name() string { return "sqlserver" }

// Dialect implements engine.Engine.
func (e *Engine) Dialect() string { return api.SQLServerDialect }

// Version implements engine.Engine.
func (e *Engine) Version() string { return e.version }

// Storage implements engine.Engine.
func (e *Engine) Storage() []api.StorageFailure { return e.health.Failures() }

// database returns the database of a logical name. An unknown one is looked up on the server, as
// another process may have created it.
func (e *Engine) database(ctx context.Context, name string) (*database, error) {
	if db, ok := (*e.dbs.Load())[strings.ToLower(name)]; ok {
		return db, nil
	}
	if p := api.CheckIdentifier("db_name", name); p != nil {
		return nil, p
	}
	if err := e.admit(ctx); err != nil {
		return nil, err
	}
	r, err := e.record(ctx, name)
	if err != nil {
		return nil, problem(err, batch.PhaseIdle)
	}
	if r == nil || r.state != batch.RecordReady {
		return nil, contract.UnknownDatabase(name)
	}
	return e.adopt(r), nil
}

// adopt returns the database of a record, with its pool.
func (e *Engine) adopt(r *record) *database {
	e.dbsMu.Lock()
	defer e.dbsMu.Unlock()
	key := strings.ToLower(r.name)
	if db, ok := (*e.dbs.Load())[key]; ok {
		return db
	}
	db := newDatabase(e, r.name, r.physical)
	dbs := maps.Clone(*e.dbs.Load())
	dbs[key] = db
	e.dbs.Store(&dbs)
	return db
}

// forget removes a database from the map, if it is still the current one.
func (e *Engine) forget(db *database) {
	e.dbsMu.Lock()
	defer e.dbsMu.Unlock()
	key := strings.ToLower(db.name)
	if (*e.dbs.Load())[key] != db {
		return
	}
	dbs := maps.Clone(*e.dbs.Load())
	delete(dbs, key)
	e.dbs.Store(&dbs)
}

// admit refuses work after Close or with an ended context.
func (e *Engine) admit(ctx context.Context) error {
	e.gate.RLock()
	defer e.gate.RUnlock()
	if e.closed {
		return contract.Closed()
	}
	if err := ctx.Err(); err != nil {
		return contract.ContextProblem(err)
	}
	return nil
}

// Close implements engine.Engine. Writes that have begun are finished, others are refused;
// queries are cancelled. It may be called again.
func (e *Engine) Close() error {
	e.ddl.Lock() // waits for a creation or drop in progress
	defer e.ddl.Unlock()
	e.gate.Lock()
	if e.closed {
		e.gate.Unlock()
		return nil
	}
	e.closed = true
	e.gate.Unlock()
	if e.watcher != nil {
		e.watcher.stop()
	}
	e.dbsMu.Lock()
	defer e.dbsMu.Unlock()
	var errs []error
	for _, db := range *e.dbs.Load() {
		if err := db.close(e.cfg.DropTimeout, contract.Closed()); err != nil {
			errs = append(errs, fmt.Errorf("sqlserver: close %s: %w", db.physical, err))
		}
	}
	if e.state != nil {
		errs = append(errs, e.state.Close())
	}
	return errors.Join(errs...)
}
