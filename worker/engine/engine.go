// Package engine defines what a worker requires of its database: one interface, implemented over
// embedded SQLite in engine/sqlite and over SQL Server in engine/sqlserver. Every implementation
// must pass the suite in engine/enginetest.
//
// It knows nothing of HTTP, of routing or of other shards.
package engine

import (
	"context"

	"shardeck/shared/api"
)

// Engine owns one worker's physical databases. All methods are safe for concurrent use. Errors
// are *api.Problem if the cause is known: a refused row (duplicate_key, value_too_long, ... with
// SQL Server's number), a stale fence, a missing database, a write of unknown outcome.
type Engine interface {
	// Name is the engine's name on the wire, such as "sqlite".
	Name() string
	// Dialect is the version of the SQL that the engine takes, as api.SQLiteDialect.
	Dialect() string
	// Version is the version of the database software.
	Version() string

	// CreateDB creates the physical database of a logical name and returns the physical name.
	// Errors: database_exists, or stale_term from the fence.
	CreateDB(ctx context.Context, name string, fence api.Fence) (string, error)
	// DropDB removes it and waits only so long for its readers; unknown_database if it does not exist.
	DropDB(ctx context.Context, name string, fence api.Fence) (string, error)

	// Exec runs the statements in one transaction and returns once they are
	// durable. The fence, the schema version, the row counts and the idempotency
	// record are all checked and changed inside that transaction.
	Exec(ctx context.Context, req *api.ExecRequest) (*api.ExecResponse, error)

	// Query runs one SELECT and passes each row to row as a JSON array in wire form without a
	// newline. The slice is only valid during the call. An error of row ends the query and is
	// returned. Memory does not grow with the result.
	Query(ctx context.Context, req *api.QueryRequest, row func(line []byte) error) error

	// Stats lists the databases and tables with exact row counts, in time that
	// does not depend on the number of rows.
	Stats(ctx context.Context) ([]api.DatabaseStats, error)

	// Storage lists the current failures of the storage, the worst first. It only reads memory and
	// does not block.
	Storage() []api.StorageFailure

	// State returns the stored fence; SetState changes it by the rules of api.StateUpdate.
	// Once SetState has returned, no transaction of an older term can commit.
	State(ctx context.Context) (api.WorkerState, error)
	SetState(ctx context.Context, up api.StateUpdate) (api.WorkerState, error)

	// Close ends all work and closes the databases.
	Close() error
}
