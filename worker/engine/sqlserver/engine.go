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
)

var _ engine.Engine = (*Engine)(nil)

// Config says which server the engine works on and what it may use. Only DSN is needed.
type Config struct {
	// DSN is the connection string, in one of the driver's forms. It may hold a
	// password: it must not be logged.
	DSN string
	// Suffix is added to a logical database name to get the physical one, and
	// names the worker's own database. Workers on one server have different ones.
	Suffix string
	// Logger takes what no caller can be told; nil discards.
	Logger *slog.Logger
	// Collation is what databases are created with; empty is the engine's choice
	// (see collation.go).
	Collation string

	// Connections bounds the connections to each database; 0 is 64.
	Connections int
	// ConnectTimeout bounds how long a connection may take to be made; 0 is 15 s.
	ConnectTimeout time.Duration
	// CancelWait is how long the server may take to acknowledge that it has
	// cancelled a query, before its connection is cut; 0 is 1 s.
	CancelWait time.Duration

	// ExecTimeout bounds the wait for a write to begin where the request sets none; 0 is 10 s.
	ExecTimeout time.Duration
	// WriteTimeout bounds a write that has begun, all its repetitions included; 0 is
	// 60 s. What becomes of one that takes longer is not known.
	WriteTimeout time.Duration
	// IdempotencyTTL is how long the answer to a keyed request is kept; 0 is 24 h.
	IdempotencyTTL time.Duration
	// DropTimeout bounds how long DropDB waits for queries that it has cancelled,
	// and then for the server to drop the database; 0 is 5 s each.
	DropTimeout time.Duration
	// Now is the clock of idempotency records; nil is time.Now.
	Now func() time.Time
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
	return c
}

// Engine is engine.Engine over the databases of one SQL Server that have the
// suffix. Several engines may work on the same databases, as two worker processes
// do while one replaces the other: what they must agree on is decided by the server.
type Engine struct {
	cfg       Config
	server    *server
	state     *pool // of the worker's own database
	own       string
	version   string
	collation string

	// gate is held for reading by writes while they are under way, and for writing
	// by whoever changes the fence or drops a database. It saves this process's own
	// work from being refused or cut in the middle; what other processes do is held
	// off by locks in the server.
	gate   sync.RWMutex
	closed bool // guarded by gate

	// ddl is held while a database is created or dropped.
	ddl sync.Mutex
	// dbs holds the databases by their lower-case logical names. The map is never
	// changed, only replaced (with dbsMu held). It is a memory of what the server was
	// last seen to have, for the sake of the pools.
	dbsMu sync.Mutex
	dbs   atomic.Pointer[map[string]*database]
}

// Open connects to the server, makes the worker's own database if it is not
// there, and finishes the drops and undoes the creations that were cut short.
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
	e := &Engine{cfg: cfg, server: srv, own: ownDatabase(cfg.Suffix)}
	e.dbs.Store(&map[string]*database{})
	if err := e.prepare(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("sqlserver: %w", err), e.Close())
	}
	return e, nil
}

// ownConnections is what the worker's own database has in connections at least.
const ownConnections = 8

// ownDatabase is the name of the worker's own database. No database of a
// request's can be called so: names begin with a letter.
func ownDatabase(suffix string) string {
	if suffix == "" {
		return "_shardeck"
	}
	return "_shardeck_" + suffix
}

// prepare brings the server to where the engine can work.
func (e *Engine) prepare(ctx context.Context) error {
	if err := e.prepareServer(ctx); err != nil {
		return err
	}
	e.state = e.server.open(e.own)
	// Creating a database needs some at once; they are never many.
	e.state.SetMaxOpenConns(max(ownConnections, e.server.options.Connections))
	if err := createOwnTables(ctx, e.state.DB); err != nil {
		return err
	}
	return e.recover(ctx)
}

// prepareServer looks at the server, on a connection that it does not keep, and
// makes the worker's own database.
func (e *Engine) prepareServer(ctx context.Context) error {
	p := e.server.open("")
	defer p.Close()
	if err := p.QueryRowContext(ctx, "SELECT @@VERSION").Scan(&e.version); err != nil {
		return problem(err, phaseIdle)
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

// database returns the database of a logical name. One that this process does not
// know is looked for in the server: another process may have made it.
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
		return nil, problem(err, phaseIdle)
	}
	if r == nil || r.state != stateReady {
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

// forget removes a database from those that are known here, if it is still the one.
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

// admit refuses work that comes after Close or from a context that has ended.
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

// Close implements engine.Engine. Writes that have begun are finished, the
// others are refused; queries are cancelled. It may be called again.
func (e *Engine) Close() error {
	e.ddl.Lock() // a creation or a drop that has begun is finished first
	defer e.ddl.Unlock()
	e.gate.Lock()
	if e.closed {
		e.gate.Unlock()
		return nil
	}
	e.closed = true
	e.gate.Unlock()
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
