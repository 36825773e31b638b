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
	now := db.e.cfg.Now()
	due := db.nextPrune.Load()
	if now.UnixMilli() < due || !db.nextPrune.CompareAndSwap(due, now.Add(pruneEvery).UnixMilli()) {
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
		n, err := db.prune(ctx, now.Add(-db.e.cfg.IdempotencyTTL))
		switch {
		case err != nil && ctx.Err() == nil:
			db.e.cfg.Logger.Warn("expired idempotency records could not be deleted", "database", db.physical, "error", err)
		case n >= pruneRecords:
			db.nextPrune.Store(0)
		}
	}()
}

// prune deletes some of the records up to cutoff.
func (db *database) prune(ctx context.Context, cutoff time.Time) (int64, error) {
	res, err := execCall(ctx, db.pool, batch.Prune(pruneRecords, cutoff))
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}
