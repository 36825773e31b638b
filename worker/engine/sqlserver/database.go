package sqlserver

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"shardeck/shared/api"
	"shardeck/worker/engine/contract"
	"shardeck/worker/engine/sqlserver/batch"
)

// database is one physical database: its connections and the work in progress on it.
type database struct {
	e              *Engine
	name, physical string
	pool           *pool

	// ended is done once the database is dropped or the engine closed; its cause, a *api.Problem,
	// is returned to callers from then on.
	ended context.Context
	end   context.CancelCauseFunc

	mu   sync.Mutex // serializes begin and close: nothing begins once ended is done
	work sync.WaitGroup

	nextPrune atomic.Int64 // running time of the next pruning of idempotency records, in milliseconds
	keysMu    sync.Mutex
	keysReady bool // guarded by keysMu; see prepareKeys
}

func newDatabase(e *Engine, name, physical string) *database {
	db := &database{e: e, name: name, physical: physical, pool: e.server.open(physical)}
	db.ended, db.end = context.WithCancelCause(context.Background())
	return db
}

// begin registers work on the database. The returned context ends with ctx, with the database, or
// with the call of done, which the caller must make.
func (db *database) begin(ctx context.Context) (_ context.Context, done func(), _ error) {
	db.mu.Lock()
	defer db.mu.Unlock()
	if p := db.refusal(); p != nil {
		return nil, nil, p
	}
	db.work.Add(1)
	ctx, cancel := context.WithCancelCause(ctx)
	stop := context.AfterFunc(db.ended, func() { cancel(context.Cause(db.ended)) })
	return ctx, func() {
		stop()
		cancel(nil)
		db.work.Done()
	}, nil
}

// refusal is the error for callers once the database is dropped or the engine closed; otherwise
// nil.
func (db *database) refusal() *api.Problem {
	if db.ended.Err() == nil {
		return nil
	}
	return api.AsProblem(context.Cause(db.ended))
}

// close ends the work on the database and its connections. Work that does not end in time has its
// connections cut, which also ends it at the server.
func (db *database) close(wait time.Duration, reason *api.Problem) error {
	db.mu.Lock()
	db.end(reason)
	db.mu.Unlock()
	ended := make(chan struct{})
	go func() {
		db.work.Wait()
		close(ended)
	}()
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-ended:
	case <-timer.C:
		db.pool.sever()
	}
	return db.pool.Close()
}

// lost maps an error that may have been caused by the database's removal, by another process or
// by this one meanwhile.
func (db *database) lost(ctx context.Context, err error) error {
	if p := db.refusal(); p != nil {
		return p
	}
	if !isDatabaseGone(err) {
		return err
	}
	r, rerr := db.e.record(ctx, db.name)
	if rerr != nil || r != nil && r.state == batch.RecordReady && r.physical == db.physical {
		return err
	}
	db.e.forget(db)
	_ = db.close(0, contract.UnknownDatabase(db.name))
	return contract.UnknownDatabase(db.name)
}
