package sqlserver

import (
	"context"
	"time"

	"shardeck/worker/engine/sqlserver/batch"
)

// Expired idempotency records are deleted along with other work, a bounded number at a time, at
// most once a minute, or with the next keyed write while there are more.
const (
	pruneRecords = 500
	pruneEvery   = time.Minute
	pruneTimeout = 10 * time.Second
)

// pruneSoon deletes expired records in the background if that is due. Of concurrent writes, only
// one does it.
func (db *database) pruneSoon() {
	age := db.e.age()
	due := db.nextPrune.Load()
	if age.Ran.Milliseconds() < due || !db.nextPrune.CompareAndSwap(due, (age.Ran+pruneEvery).Milliseconds()) {
		return
	}
	ctx, done, err := db.begin(context.Background())
	if err != nil {
		return
	}
	go func() {
		defer done()
		ctx, cancel := context.WithTimeout(ctx, pruneTimeout)
		defer cancel()
		n, err := db.prune(ctx, age)
		switch {
		case err != nil && ctx.Err() == nil:
			db.e.cfg.Logger.Warn("expired idempotency records could not be deleted", "database", db.physical, "error", err)
		case n >= pruneRecords:
			db.nextPrune.Store(0)
		}
	}()
}

// prune deletes some of the expired records.
func (db *database) prune(ctx context.Context, age batch.Age) (int64, error) {
	res, err := execCall(ctx, db.pool, batch.Prune(pruneRecords, age))
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

// age is the current time by both clocks.
func (e *Engine) age() batch.Age {
	return batch.Age{Now: e.cfg.Now(), Ran: e.ranBefore + e.cfg.Running(), TTL: e.cfg.IdempotencyTTL}
}

// prepareKeys gives the idempotency records of an earlier version's database a running time, once.
// It comes before the first keyed write rather than at the start, which it would slow down.
func (db *database) prepareKeys(ctx context.Context) error {
	db.keysMu.Lock()
	defer db.keysMu.Unlock()
	if db.keysReady {
		return nil
	}
	_, done, err := db.begin(ctx)
	if err != nil {
		return err
	}
	defer done()
	if err := createTables(ctx, db.pool.DB, batch.CreateDatabaseTables()); err != nil {
		return err
	}
	db.keysReady = true
	return nil
}
