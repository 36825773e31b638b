package sqlserver

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"shardeck/shared/api"
	"shardeck/worker/engine/contract"
)

// database is one physical database: the connections to it and the work on them.
type database struct {
	e              *Engine
	name, physical string
	pool           *pool

	// ended is done once the database is dropped or the engine closed; its cause
	// is what callers are told from then on, a *api.Problem.
	ended context.Context
	end   context.CancelCauseFunc

	mu   sync.Mutex // orders begin and close: nothing begins once ended is done
	work sync.WaitGroup

	nextPrune atomic.Int64 // when old idempotency records are next looked for, as Unix milliseconds
}

func newDatabase(e *Engine, name, physical string) *database {
	db := &database{e: e, name: name, physical: physical, pool: e.server.open(physical)}
	db.ended, db.end = context.WithCancelCause(context.Background())
	return db
}

// begin notes that work on the database begins. The context it returns ends with
// ctx, with the database, and with the call of done that the caller owes.
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

// refusal is what callers are told once the database is gone or the engine
// closed; nil while neither is.
func (db *database) refusal() *api.Problem {
	if db.ended.Err() == nil {
		return nil
	}
	return api.AsProblem(context.Cause(db.ended))
}

// close ends the work on the database and its connections. Work that does not
// end in time has its connections cut, which ends it at the server too.
func (db *database) close(wait time.Duration, told *api.Problem) error {
	db.mu.Lock()
	db.end(told)
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

// lost returns what a caller is told of an error that may have come of the
// database's being gone: dropped by another process, or by this one meanwhile.
func (db *database) lost(ctx context.Context, err error) error {
	if p := db.refusal(); p != nil {
		return p
	}
	if !isDatabaseGone(err) {
		return err
	}
	r, rerr := db.e.record(ctx, db.name)
	if rerr != nil || r != nil && r.state == stateReady && r.physical == db.physical {
		return err
	}
	db.e.forget(db)
	_ = db.close(0, contract.UnknownDatabase(db.name))
	return contract.UnknownDatabase(db.name)
}
