package sqlserver

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"shardeck/shared/api"
	"shardeck/shared/mssqlerr"
	"shardeck/worker/engine/contract"
	"shardeck/worker/engine/sqlserver/batch"
)

// record is a row of _sd_databases.
type record struct{ name, physical, state string }

// record returns the record of a logical name; nil if there is none.
func (e *Engine) record(ctx context.Context, name string) (*record, error) {
	r := &record{}
	err := queryRow(ctx, e.state, batch.Record(name)).Scan(&r.name, &r.physical, &r.state)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return r, err
}

// records lists all records.
func (e *Engine) records(ctx context.Context) ([]record, error) {
	rows, err := e.state.QueryContext(ctx, batch.Records().Text)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []record
	for rows.Next() {
		var r record
		if err := rows.Scan(&r.name, &r.physical, &r.state); err != nil {
			return nil, err
		}
		all = append(all, r)
	}
	return all, rows.Err()
}

func (e *Engine) setRecord(ctx context.Context, name, state string) error {
	_, err := execCall(ctx, e.state, batch.SetRecord(name, state))
	return err
}

func (e *Engine) addRecord(ctx context.Context, r record) error {
	_, err := execCall(ctx, e.state, batch.AddRecord(r.name, r.physical, r.state))
	return err
}

func (e *Engine) deleteRecord(ctx context.Context, name string) error {
	_, err := execCall(ctx, e.state, batch.DeleteRecord(name))
	return err
}

// createOwnDatabase creates the worker's own database if it does not exist.
func (e *Engine) createOwnDatabase(ctx context.Context, db *sql.DB) error {
	there, err := databaseExists(ctx, db, e.own)
	if err != nil || there {
		return problemOrNil(err)
	}
	if err = create(ctx, db, batch.CreateDatabase(e.own, "")); err == nil {
		return nil
	}
	if there, look := databaseExists(ctx, db, e.own); look == nil && there {
		return nil // another worker won the race
	}
	return fmt.Errorf("create the worker's database %s: %w", e.own, problem(err, batch.PhaseIdle))
}

// databaseExists reports whether the server has a database, whoever created it.
func databaseExists(ctx context.Context, db *sql.DB, physical string) (bool, error) {
	var id sql.NullInt64
	err := queryRow(ctx, db, batch.DatabaseID(physical)).Scan(&id)
	return id.Valid, err
}

// recover finishes interrupted drops, undoes interrupted creations, and creates the pools of the
// other databases.
func (e *Engine) recover(ctx context.Context) error {
	unlock, err := e.lockRecords(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	all, err := e.records(ctx)
	if err != nil {
		return problem(err, batch.PhaseIdle)
	}
	for i := range all {
		r := &all[i]
		if r.state == batch.RecordReady {
			e.adopt(r)
			continue
		}
		if err := e.discard(ctx, r); err != nil {
			// It is hidden from every caller, and removed when its name is next used.
			e.cfg.Logger.Warn("a database with a pending drop still exists", "database", r.physical, "error", err)
		}
	}
	return nil
}

// discard drops what exists of a database that is being created or dropped, and deletes its
// record. The caller holds the lock on the records.
func (e *Engine) discard(ctx context.Context, r *record) error {
	there, err := databaseExists(ctx, e.state.DB, r.physical)
	if err != nil {
		return problem(err, batch.PhaseIdle)
	}
	if there && r.state == batch.RecordCreating {
		// A database created by someone else between our check and our CREATE is not ours to drop.
		if there, err = e.onlyOwnTables(ctx, r.physical); err != nil {
			return problem(err, batch.PhaseIdle)
		}
	}
	if there {
		if err := e.dropPhysical(ctx, r.physical); err != nil {
			return err
		}
	}
	return problemOrNil(e.deleteRecord(ctx, r.name))
}

// onlyOwnTables reports whether a database contains only what its creation puts there.
func (e *Engine) onlyOwnTables(ctx context.Context, physical string) (bool, error) {
	var n int
	err := queryRow(ctx, e.state, batch.ForeignTables(physical)).Scan(&n)
	return n == 0, err
}

// CreateDB implements engine.Engine.
func (e *Engine) CreateDB(ctx context.Context, name string, f api.Fence) (string, error) {
	if p := api.CheckIdentifier("db_name", name); p != nil {
		return "", p
	}
	e.ddl.Lock()
	defer e.ddl.Unlock()
	if err := e.admit(ctx); err != nil {
		return "", err
	}
	physical := name + e.cfg.Suffix
	err := e.underFence(ctx, f, func(ctx context.Context) error {
		return e.createDatabase(ctx, record{name: name, physical: physical, state: batch.RecordCreating})
	})
	if err != nil {
		return "", err
	}
	return physical, nil
}

func (e *Engine) createDatabase(ctx context.Context, r record) error {
	unlock, err := e.lockRecords(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	old, err := e.record(ctx, r.name)
	if err != nil {
		return problem(err, batch.PhaseIdle)
	}
	if old != nil && old.state == batch.RecordReady {
		return contract.DatabaseExists(r.name)
	}
	if old != nil {
		if err := e.discard(ctx, old); err != nil {
			return err
		}
	}
	there, err := databaseExists(ctx, e.state.DB, r.physical)
	if err != nil {
		return problem(err, batch.PhaseIdle)
	}
	if there {
		return errForeignDatabase(r.physical)
	}
	if err := e.addRecord(ctx, r); err != nil {
		return problem(err, batch.PhaseIdle)
	}
	if err := e.createPhysical(ctx, r.physical); err != nil {
		// The context may be the cause of the failure.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), e.cfg.DropTimeout)
		defer cancel()
		if derr := e.discard(ctx, &r); derr != nil {
			e.cfg.Logger.Warn("a partially created database is removed at the next start", "database", r.physical, "error", derr)
		}
		return err
	}
	if err := e.setRecord(ctx, r.name, batch.RecordReady); err != nil {
		return problem(err, batch.PhaseWrite)
	}
	e.adopt(&r)
	return nil
}

func errForeignDatabase(physical string) *api.Problem {
	return api.NewProblem(api.CodeDatabaseExists, "the server has a database %s that this worker did not create", physical).At("db_name").
		Hinted("choose another name, or give the worker a suffix of its own")
}

// createPhysical creates a database with the engine's tables.
func (e *Engine) createPhysical(ctx context.Context, physical string) error {
	if err := create(ctx, e.state.DB, batch.CreateDatabase(physical, e.collation)); err != nil {
		if sqlNumber(err) == mssqlerr.DatabaseExists {
			return errForeignDatabase(physical)
		}
		return problem(err, batch.PhaseIdle)
	}
	// Readers must not wait for writers. Babelfish, where they never do, does not support the
	// option.
	if _, err := execCall(ctx, e.state, batch.ReadCommittedSnapshot(physical)); err != nil {
		e.cfg.Logger.Warn("the isolation level could not be changed; readers may wait for writers", "database", physical, "error", err)
	}
	// An upgraded server may create databases with an older compatibility level.
	if _, err := execCall(ctx, e.state, batch.CompatibilityLevel(physical)); err != nil {
		e.cfg.Logger.Debug("the compatibility level could not be changed", "database", physical, "error", err)
	}
	p := e.server.open(physical)
	defer p.Close()
	return createTables(ctx, p.DB, batch.CreateDatabaseTables())
}

// createRetry is the delay before retrying a creation that conflicted with another one.
const createRetry = 100 * time.Millisecond

// create runs a CREATE DATABASE. A server creates one at a time and refuses concurrent ones, such
// as those of a cluster's workers on one server; they retry until ctx ends.
func create(ctx context.Context, db *sql.DB, c *batch.Call) error {
	for {
		_, err := execCall(ctx, db, c)
		if sqlNumber(err) != mssqlerr.ModelInUse {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(createRetry):
		}
	}
}

// DropDB implements engine.Engine.
func (e *Engine) DropDB(ctx context.Context, name string, f api.Fence) (string, error) {
	e.ddl.Lock()
	defer e.ddl.Unlock()
	db, err := e.database(ctx, name)
	if err != nil {
		return "", err
	}
	if err := e.admit(ctx); err != nil {
		return "", err
	}
	err = e.underFence(ctx, f, func(ctx context.Context) error { return e.dropDatabase(ctx, db) })
	if err != nil {
		return "", db.lost(ctx, err)
	}
	return db.physical, nil
}

// dropDatabase makes the drop durable, and then executes it.
func (e *Engine) dropDatabase(ctx context.Context, db *database) error {
	unlock, err := e.lockRecords(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	r, err := e.record(ctx, db.name)
	if err != nil {
		return problem(err, batch.PhaseIdle)
	}
	if r == nil || r.state != batch.RecordReady {
		e.forget(db)
		_ = db.close(0, contract.UnknownDatabase(db.name))
		return contract.UnknownDatabase(db.name)
	}
	if err := e.setRecord(ctx, db.name, batch.RecordDropping); err != nil {
		return problem(err, batch.PhaseWrite)
	}
	e.forget(db)
	if err := db.close(e.cfg.DropTimeout, contract.UnknownDatabase(db.name)); err != nil {
		e.cfg.Logger.Warn("closing the connections to a dropped database failed", "database", db.physical, "error", err)
	}
	r.state = batch.RecordDropping
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), e.cfg.DropTimeout)
	defer cancel()
	if err := e.discard(ctx, r); err != nil {
		// For every caller it is gone; only its files still exist.
		e.cfg.Logger.Warn("a dropped database is removed when its name is next used, or at the next start",
			"database", db.physical, "error", err)
	}
	return nil
}

// dropRetry is the delay before retrying to drop a database that is in use.
const dropRetry = 50 * time.Millisecond

// dropPhysical drops a database despite open connections, retrying until ctx ends.
func (e *Engine) dropPhysical(ctx context.Context, physical string) error {
	for {
		_, err := execCall(ctx, e.state, batch.DropDatabaseInUse(physical))
		if err == nil {
			return nil
		}
		e.cfg.Logger.Debug("the database cannot be set to single-user mode", "database", physical, "error", err)
		if _, err = execCall(ctx, e.state, batch.DropDatabase(physical)); err == nil {
			return nil
		}
		if there, look := databaseExists(ctx, e.state.DB, physical); look == nil && !there {
			return nil
		}
		select {
		case <-ctx.Done():
			return problem(err, batch.PhaseIdle)
		case <-time.After(dropRetry):
		}
	}
}
