package sqlite

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"shardeck/shared/api"
	"shardeck/worker/engine"
	"shardeck/worker/engine/contract"
	"shardeck/worker/engine/sqlite/internal/raw"
	"shardeck/worker/engine/storage"
)

var _ engine.Engine = (*Engine)(nil)

// Config says where the engine keeps its files and sets its limits. Only Dir is required.
type Config struct {
	// Dir is the data directory; it is created if missing. Only one engine can own it at a time.
	Dir string
	// Suffix is added to a logical database name to get the physical one.
	Suffix string
	// Logger receives errors that no caller can be told; nil discards.
	Logger *slog.Logger

	// Readers bounds the queries of each database that run at once; 0 is 48.
	Readers int
	// QueueLength and QueueBytes bound the writes of a database that wait for its writer; further
	// ones are refused with overloaded. 0 is 4096 and 64 MiB.
	QueueLength int
	QueueBytes  int64
	// ExecTimeout bounds the wait for a write to begin if the request sets no bound; 0 is 10 s.
	ExecTimeout time.Duration
	// IdempotencyTTL is how long the response to a keyed request is kept; 0 is 24 h.
	IdempotencyTTL time.Duration
	// DropTimeout bounds how long DropDB and Close wait for readers that they have interrupted; 0 is 5 s.
	DropTimeout time.Duration
	// Now is the clock of idempotency records; nil is time.Now.
	Now func() time.Time
	// Running is how long the engine has been running, by a clock that nobody sets. Idempotency
	// records are kept until IdempotencyTTL has passed by this one, too. nil is the time since Open.
	Running func() time.Duration
	// WatchEvery is how often the files are checked; 0 is 1 s.
	WatchEvery time.Duration
}

func (c Config) withDefaults() Config {
	c.Readers = cmp.Or(c.Readers, defaultReaders)
	c.QueueLength = cmp.Or(c.QueueLength, 4096)
	c.QueueBytes = cmp.Or(c.QueueBytes, 64<<20)
	c.ExecTimeout = cmp.Or(c.ExecTimeout, 10*time.Second)
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

// Engine is engine.Engine over a directory of SQLite files.
type Engine struct {
	cfg     Config
	fence   *fence
	health  *storage.Health
	watcher *watcher // nil until the databases are open

	// ddl is held while a database is created or dropped and while the engine closes.
	ddl    sync.Mutex
	closed bool // guarded by ddl
	// dbs holds the databases by their lower-case logical names. The map is never modified, only
	// replaced (under ddl), so that readers need no lock.
	dbs atomic.Pointer[map[string]*database]
}

// Open opens the directory and every database in it. It fails if another engine, of this process
// or another, owns the directory.
func Open(ctx context.Context, cfg Config) (*Engine, error) {
	cfg = cfg.withDefaults()
	if cfg.Dir == "" {
		return nil, errors.New("sqlite: no data directory is configured")
	}
	if err := contract.CheckSuffix(cfg.Suffix); err != nil {
		return nil, fmt.Errorf("sqlite: %w", err)
	}
	if err := os.MkdirAll(cfg.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("sqlite: create the data directory: %w", err)
	}
	health := storage.New(cfg.Logger)
	f, err := openFence(filepath.Join(cfg.Dir, stateFile), health.Add(""))
	if err != nil {
		return nil, fmt.Errorf("sqlite: open the data directory %s: %w", cfg.Dir, err)
	}
	e := &Engine{cfg: cfg, fence: f, health: health}
	e.dbs.Store(&map[string]*database{})
	if err := e.openAll(ctx); err != nil {
		return nil, errors.Join(err, e.Close())
	}
	if err := f.adoptSuffix(cfg.Suffix, e.checkSuffix); err != nil {
		return nil, errors.Join(fmt.Errorf("sqlite: open the data directory %s: %w", cfg.Dir, err), e.Close())
	}
	e.watcher = e.startWatching()
	return e, nil
}

// openAll opens the complete databases, finishes interrupted drops and undoes interrupted
// creations.
func (e *Engine) openAll(ctx context.Context) error {
	left, err := e.fence.discarded()
	if err != nil {
		return err
	}
	for _, physical := range left {
		if err := e.removeFiles(physical); err != nil {
			return err
		}
	}
	names, err := filepath.Glob(filepath.Join(e.cfg.Dir, "*"+fileExt))
	if err != nil {
		return err
	}
	dbs := map[string]*database{}
	defer func() { e.dbs.Store(&dbs) }()
	for _, path := range names {
		if filepath.Base(path) == stateFile {
			continue
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		db, err := openDatabase(e, path)
		if err != nil {
			return fmt.Errorf("sqlite: open %s: %w", path, err)
		}
		if other, ok := dbs[strings.ToLower(db.name)]; ok {
			return errors.Join(fmt.Errorf("sqlite: %s and %s are both the database %s", path, other.path, db.name), db.close())
		}
		dbs[strings.ToLower(db.name)] = db
	}
	return nil
}

// checkSuffix returns an error unless all databases have the configured suffix.
func (e *Engine) checkSuffix() error {
	for _, db := range *e.dbs.Load() {
		if db.physical != db.name+e.cfg.Suffix {
			return fmt.Errorf("the file of database %s is %s, which does not have the suffix %q: set WORKER_DB_SUFFIX to the suffix that the directory was made with",
				db.name, db.path, e.cfg.Suffix)
		}
	}
	return nil
}

// Name implements engine.Engine.
func (e *Engine) Name() string { return "sqlite" }

// Dialect implements engine.Engine.
func (e *Engine) Dialect() string { return api.SQLiteDialect }

// Version implements engine.Engine.
func (e *Engine) Version() string { return raw.Version() }

func (e *Engine) database(name string) (*database, error) {
	if db, ok := (*e.dbs.Load())[strings.ToLower(name)]; ok {
		if p := db.store.Refusal(); p != nil {
			return nil, p
		}
		return db, nil
	}
	if p := api.CheckIdentifier("db_name", name); p != nil {
		return nil, p
	}
	return nil, contract.UnknownDatabase(name)
}

// CreateDB implements engine.Engine.
func (e *Engine) CreateDB(ctx context.Context, name string, f api.Fence) (string, error) {
	if p := api.CheckIdentifier("db_name", name); p != nil {
		return "", p
	}
	e.ddl.Lock()
	defer e.ddl.Unlock()
	if err := e.admit(ctx, f); err != nil {
		return "", err
	}
	e.fence.hold()
	defer e.fence.release()
	if p := e.fence.check(f); p != nil {
		return "", p
	}
	if _, ok := (*e.dbs.Load())[strings.ToLower(name)]; ok {
		return "", contract.DatabaseExists(name)
	}
	for _, db := range *e.dbs.Load() {
		if strings.EqualFold(db.physical, name+e.cfg.Suffix) { // its file would be replaced
			return "", contract.PhysicalExists(name, db.physical, db.name)
		}
	}
	db, err := createDatabase(e, name)
	if err != nil {
		return "", storageProblem(fmt.Errorf("create database %s: %w", name, err), e.cfg.Logger)
	}
	dbs := maps.Clone(*e.dbs.Load())
	dbs[strings.ToLower(name)] = db
	e.dbs.Store(&dbs)
	return db.physical, nil
}

// DropDB implements engine.Engine.
func (e *Engine) DropDB(ctx context.Context, name string, f api.Fence) (string, error) {
	e.ddl.Lock()
	defer e.ddl.Unlock()
	db, err := e.database(name)
	if err != nil {
		return "", err
	}
	if err := e.admit(ctx, f); err != nil {
		return "", err
	}
	if err := e.forget(db, f); err != nil {
		return "", storageProblem(err, e.cfg.Logger)
	}
	if err := db.remove(); err != nil {
		// For every caller it is gone; only its files still exist.
		e.cfg.Logger.Warn("the files of a dropped database are removed at the next start", "database", db.physical, "error", err)
	}
	return db.physical, nil
}

// forget makes the drop durable and removes the database from memory, with no writer in a
// transaction.
func (e *Engine) forget(db *database, f api.Fence) error {
	e.fence.gate.Lock()
	defer e.fence.gate.Unlock()
	if p := e.fence.check(f); p != nil {
		return p
	}
	if err := e.fence.discard(db.physical); err != nil {
		return fmt.Errorf("drop database %s: %w", db.name, err)
	}
	db.gone.Store(true)
	e.health.Remove(db.store)
	dbs := maps.Clone(*e.dbs.Load())
	delete(dbs, strings.ToLower(db.name))
	e.dbs.Store(&dbs)
	return nil
}

// admit performs the checks that precede holding the fence for a database operation.
func (e *Engine) admit(ctx context.Context, f api.Fence) error {
	if e.closed {
		return contract.Closed()
	}
	if err := ctx.Err(); err != nil {
		return contract.ContextProblem(err)
	}
	if p := contract.CheckTerm("fence.term", f.Term); p != nil {
		return p
	}
	if p := e.fence.store.Refusal(); p != nil {
		return p
	}
	if err := e.fence.raise(f); err != nil {
		return storageProblem(err, e.cfg.Logger)
	}
	return nil
}

// Stats implements engine.Engine. It only reads memory and does not block.
func (e *Engine) Stats(context.Context) ([]api.DatabaseStats, error) {
	dbs := *e.dbs.Load()
	all := make([]api.DatabaseStats, 0, len(dbs))
	for _, db := range dbs {
		all = append(all, db.stats())
	}
	slices.SortFunc(all, func(a, b api.DatabaseStats) int { return strings.Compare(a.Name, b.Name) })
	return all, nil
}

// Storage implements engine.Engine.
func (e *Engine) Storage() []api.StorageFailure { return e.health.Failures() }

// State implements engine.Engine.
func (e *Engine) State(context.Context) (api.WorkerState, error) { return e.fence.state(), nil }

// SetState implements engine.Engine.
func (e *Engine) SetState(ctx context.Context, up api.StateUpdate) (api.WorkerState, error) {
	if err := ctx.Err(); err != nil {
		return api.WorkerState{}, contract.ContextProblem(err)
	}
	if p := e.fence.store.Refusal(); p != nil {
		return api.WorkerState{}, p
	}
	st, err := e.fence.set(up)
	if err != nil {
		return st, storageProblem(err, e.cfg.Logger)
	}
	return st, nil
}

// Close implements engine.Engine. Writes that have begun are finished, others are refused;
// readers are interrupted. It may be called again.
func (e *Engine) Close() error {
	e.ddl.Lock()
	defer e.ddl.Unlock()
	if e.closed {
		return nil
	}
	e.closed = true
	if e.watcher != nil {
		e.watcher.stop()
	}
	var errs []error
	for _, db := range *e.dbs.Load() {
		if err := db.close(); err != nil {
			errs = append(errs, fmt.Errorf("sqlite: close %s: %w", db.physical, err))
		}
	}
	return errors.Join(append(errs, e.fence.close())...)
}
