// Package engine is what a worker needs of the database under it: one interface,
// implemented over embedded SQLite in engine/sqlite, and proven by the one suite
// in engine/enginetest that every implementation must pass.
//
// It knows nothing of HTTP, of routing or of other shards.
package engine

import (
	"context"

	"shardeck/shared/api"
)

// Engine owns one worker's physical databases. All methods are safe for
// concurrent use. Errors are *api.Problem wherever the cause is known: a refused
// row (duplicate_key, value_too_long, ... with SQL Server's number), a stale
// fence, a missing database, a write whose outcome is not known.
type Engine interface {
	// Name is the engine's name on the wire, as "sqlite".
	Name() string
	// Dialect is the version of the SQL that the engine takes, as api.SQLiteDialect.
	Dialect() string
	// Version is the version of the database software.
	Version() string

	// CreateDB creates the physical database of a logical name and returns the
	// physical name. It refuses with database_exists, or stale_term by the fence.
	CreateDB(ctx context.Context, name string, fence api.Fence) (string, error)
	// DropDB removes it and does not wait for its readers for ever; unknown_database when it is not there.
	DropDB(ctx context.Context, name string, fence api.Fence) (string, error)

	// Exec runs the statements in one transaction and returns once they are
	// durable. The fence, the schema version, the row counts and the idempotency
	// record are all checked and changed inside that transaction.
	Exec(ctx context.Context, req *api.ExecRequest) (*api.ExecResponse, error)

	// Query runs one SELECT and hands each row to row as a JSON array in wire
	// form without a newline. The slice is only valid during the call. An error
	// of row ends the query and is returned. Memory does not grow with the result.
	Query(ctx context.Context, req *api.QueryRequest, row func(line []byte) error) error

	// Stats lists the databases and tables with exact row counts, in time that
	// does not depend on the number of rows.
	Stats(ctx context.Context) ([]api.DatabaseStats, error)

	// State returns the stored fence; SetState changes it by the rules of api.StateUpdate.
	// Once SetState has returned, no transaction of an older term can commit any more.
	State(ctx context.Context) (api.WorkerState, error)
	SetState(ctx context.Context, up api.StateUpdate) (api.WorkerState, error)

	// Close ends all work and releases the databases.
	Close() error
}
