package sqlserver

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	mssql "github.com/microsoft/go-mssqldb"

	"shardeck/shared/api"
	"shardeck/shared/mssqlerr"
	"shardeck/worker/engine/sqlserver/batch"
)

// execer runs one of the engine's own statements: a pool, a connection or a transaction.
type execer interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}

func execCall(ctx context.Context, on execer, c *batch.Call) (sql.Result, error) {
	return on.ExecContext(ctx, c.Text, named(c)...)
}

// querier runs one of the engine's own queries for a row.
type querier interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

func queryRow(ctx context.Context, on querier, c *batch.Call) *sql.Row {
	return on.QueryRowContext(ctx, c.Text, named(c)...)
}

// createOwnTables creates the missing tables of the worker's own database.
func createOwnTables(ctx context.Context, db *sql.DB) error {
	if err := createTables(ctx, db, batch.CreateOwnTables()); err != nil {
		return err
	}
	_, err := execCall(ctx, db, batch.FirstState())
	if batch.IsDuplicate(sqlNumber(err)) {
		err = nil // another worker won the race
	}
	return problemOrNil(err)
}

// createTables creates missing tables, in one round trip.
func createTables(ctx context.Context, db *sql.DB, create *batch.Call) error {
	for try := 1; ; try++ {
		_, err := execCall(ctx, db, create)
		if sqlNumber(err) == mssqlerr.ObjectExists && try < batch.SchemaTries {
			continue // another worker created one of them first
		}
		if err != nil {
			return fmt.Errorf("create the engine's tables: %w", problem(err, batch.PhaseIdle))
		}
		return nil
	}
}

// sqlNumber returns SQL Server's number of an error, including connection errors; 0 if there is
// none.
func sqlNumber(err error) int32 {
	if e, ok := errors.AsType[mssql.Error](err); ok {
		return rootError(e).Number
	}
	if p, ok := errors.AsType[*api.Problem](err); ok {
		return int32(p.SQLNumber)
	}
	return 0
}

// isDatabaseGone reports whether an error may mean that the database does not exist.
func isDatabaseGone(err error) bool {
	return batch.IsDatabaseGone(sqlNumber(err))
}

// problemOrNil is problem for one of the engine's own steps.
func problemOrNil(err error) error {
	if err == nil {
		return nil
	}
	return problem(err, batch.PhaseIdle)
}
