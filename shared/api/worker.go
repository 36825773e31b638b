package api

import (
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// Paths of the worker contract. Only WorkerHealthPath is open; the others require the master
// token in HeaderToken.
const (
	WorkerHealthPath   = "/health"
	WorkerCreateDBPath = "/create-db"
	WorkerDropDBPath   = "/drop-db"
	WorkerExecPath     = "/exec"
	WorkerQueryPath    = "/query"
	WorkerStatsPath    = "/stats"
	WorkerStatePath    = "/state"
)

// Endpoint is a method and path of a contract.
type Endpoint struct {
	Method string `json:"method"`
	Path   string `json:"path"`
}

// GuardedWorkerEndpoints lists every worker endpoint that must refuse a request without the right
// token. The security check probes each.
func GuardedWorkerEndpoints() []Endpoint {
	return []Endpoint{
		{"POST", WorkerCreateDBPath},
		{"POST", WorkerDropDBPath},
		{"POST", WorkerExecPath},
		{"POST", WorkerQueryPath},
		{"GET", WorkerStatsPath},
		{"GET", WorkerStatePath},
		{"POST", WorkerStatePath},
	}
}

// Header names.
const (
	HeaderToken          = "X-Master-Token"
	HeaderRequestID      = "X-Request-Id"
	HeaderIdempotencyKey = "Idempotency-Key"
)

// Media types.
const (
	MediaJSON    = "application/json"
	MediaProblem = "application/problem+json"
	MediaNDJSON  = "application/x-ndjson"
)

// MaxTerm is the greatest term. Every JSON library reads it exactly, and no cluster gets there.
// Workers refuse a greater one.
const MaxTerm = 1<<53 - 1

// Fence accompanies a write so that a worker can refuse a demoted master (an older term) or one
// with an outdated slot map. The worker compares it with its stored fence inside the write's
// transaction: an older one is refused (stale_term, stale_map), a newer one is stored.
type Fence struct {
	Term       uint64 `json:"term"`
	MapVersion uint64 `json:"map_version"`
}

// Idempotency makes a write repeatable. The worker stores Key, Hash and the response in the
// write's transaction. The same Key and Hash again returns the stored response; the same Key with
// a different Hash is an idempotency_mismatch.
type Idempotency struct {
	// Key is the client's Idempotency-Key, 1 to 255 bytes.
	Key string `json:"key"`
	// Hash identifies the request that first used the key: lower-case hex SHA-256.
	Hash string `json:"hash"`
}

// WorkerHealth is the response of GET /health. The endpoint is open to all, so it reveals nothing
// about data.
type WorkerHealth struct {
	Status   string `json:"status"` // [WorkerOK] or [WorkerFailing]
	Name     string `json:"name"`
	Language string `json:"language"` // "go", "python", "node"
	Engine   string `json:"engine"`   // "sqlite", "sqlserver"
	// Dialect is the version of the SQL that the worker takes: [SQLiteDialect] or
	// [SQLServerDialect]. A master refuses a worker of another.
	Dialect string `json:"dialect"`
	// Shard is the shard that the worker was first given, as "0/3"; empty before.
	Shard         string  `json:"shard"`
	EngineVersion string  `json:"engine_version"`
	Version       string  `json:"version"`
	UptimeSeconds float64 `json:"uptime_seconds"`
	// Storage is why the worker is failing; nil if it is not.
	Storage *StorageProblem `json:"storage,omitempty"`
}

// DBRequest creates or drops a database. DB is the logical name; the worker appends its suffix to
// get the physical one.
type DBRequest struct {
	DB    string `json:"db_name"`
	Fence Fence  `json:"fence"`
}

// DBResponse answers create-db and drop-db.
type DBResponse struct {
	DB       string `json:"db_name"`
	Physical string `json:"physical"`
}

// The versions of the SQL that masters send and workers run, including functions, collations and
// the names of constraints (docs/sqlite-dialect.md). An incompatible change increments the number.
const (
	SQLiteDialect    = "sqlite/2"
	SQLServerDialect = "sqlserver/1"
)

// Effect says what a statement does to its table, so that the worker can keep exact row counts
// and its list of tables without parsing SQL.
type Effect string

// The effects.
const (
	EffectInsert      Effect = "insert"
	EffectUpdate      Effect = "update"
	EffectDelete      Effect = "delete"
	EffectCreateTable Effect = "create_table"
	EffectDropTable   Effect = "drop_table"
	EffectCreateIndex Effect = "create_index" // it changes no rows
	// EffectAlterTable adds a column, or creates or drops an index, and replaces the definition. A
	// request with it has no other effect.
	EffectAlterTable Effect = "alter_table"
)

// Statement is one SQL statement in the dialect of the worker's engine, run once for each row of
// parameters (once if it has none).
type Statement struct {
	SQL string `json:"sql"`
	// Table is the one table the statement writes.
	Table string `json:"table"`
	// SchemaVersion is the [TableDef.Version] the statement was built for. A worker with a
	// different version refuses the statement with stale_schema. Empty with create_table.
	SchemaVersion string `json:"schema_version,omitempty"`
	Effect        Effect `json:"effect"`
	// Types are the SQL types of the parameters @p1, @p2, ... as spelled by shared/sqltypes. A
	// value is converted to its type, or refused, as T-SQL would on assignment.
	Types []string `json:"types,omitempty"`
	// Columns are the columns of an insert with parameters: @p1 goes into the first, @p2 into the
	// second, and no other column gets a value. There are as many as Types, so that a worker can
	// name the column of a refused value, or use bulk copy instead of SQL.
	Columns []string `json:"columns,omitempty"`
	// Rows are JSON arrays, each of len(Types) values in their wire form.
	Rows []jsontext.Value `json:"rows,omitempty"`
	// Definition is the table's definition, with create_table, or what it becomes, with alter_table.
	Definition *TableDef `json:"definition,omitempty"`
}

// ExecRequest runs statements in one transaction: all or none. With an Idempotency it may have no
// statements: it then only stores the key, so that a different request under the same key is
// refused here.
type ExecRequest struct {
	DB          string       `json:"db_name"`
	Fence       Fence        `json:"fence"`
	Idempotency *Idempotency `json:"idempotency,omitempty"`
	Statements  []Statement  `json:"statements"`
	// TimeoutMS bounds the wait for the transaction to begin, in milliseconds; 0 means the
	// worker's own bound.
	TimeoutMS int64 `json:"timeout_ms,omitzero"`
}

// ExecResponse answers exec once the transaction is durable.
type ExecResponse struct {
	// RowsAffected has one number per statement.
	RowsAffected []int64 `json:"rows_affected"`
	// Replayed is set if this is the stored response to an earlier request with the same Idempotency-Key.
	Replayed bool `json:"replayed,omitzero"`
}

// Rows is the number of rows that all statements affected.
func (r *ExecResponse) Rows() (rows int64) {
	for _, n := range r.RowsAffected {
		rows += n
	}
	return rows
}

// QueryRequest runs one SELECT. The response is a row stream without a [StreamHead], since the
// master already knows the columns.
type QueryRequest struct {
	DB     string         `json:"db_name"`
	SQL    string         `json:"sql"`
	Types  []string       `json:"types,omitempty"`
	Params jsontext.Value `json:"params,omitempty"` // a JSON array of len(Types) values
	// ResultTypes are the types of the result's columns. They determine the rows' wire form; a
	// statement with a different number of columns is refused.
	ResultTypes []string `json:"result_types"`
	// Schemas are the [TableDef.Version] of the tables the SQL was built for, by table name.
	Schemas   map[string]string `json:"schemas,omitempty"`
	TimeoutMS int64             `json:"timeout_ms,omitzero"`
}

// WorkerState answers GET and POST /state.
type WorkerState struct {
	Fence
	// Leader is the base URL of the master that took Term; empty before the first.
	Leader string `json:"leader"`
	// Shard is the shard this worker was first assigned, such as "0/3". A master configured
	// otherwise must not use the worker: its rows would be misplaced.
	Shard string `json:"shard"`
}

// StateUpdate is how a master acquires a term on a worker. The worker accepts it if Term is newer
// than its own, or is its own and Leader is the same; anything else is refused with stale_term. A
// MapVersion older than the stored one is refused with stale_map. A Shard that differs from the
// stored one is refused with wrong_shard.
type StateUpdate struct {
	Fence
	Leader string `json:"leader"`
	Shard  string `json:"shard"`
}

// WorkerStats answers GET /stats. Row counts are exact and O(1) to read.
type WorkerStats struct {
	State     WorkerState     `json:"state"`
	Databases []DatabaseStats `json:"databases"`
	At        time.Time       `json:"at"`
	// Storage lists the current storage failures, the worst first.
	Storage []StorageFailure `json:"storage,omitempty"`
}

// DatabaseStats is one physical database of a worker.
type DatabaseStats struct {
	Name      string       `json:"name"`     // logical, such as "SchoolDB"
	Physical  string       `json:"physical"` // such as "SchoolDBGO"
	SizeBytes int64        `json:"size_bytes"`
	Tables    []TableStats `json:"tables"`
	// Log is the masters' log of unfinished statements, nil if the database has none. To a worker
	// it is one of Tables; a master moves it here.
	Log *TableStats `json:"-"`
}

// TableStats is one table of a worker's database.
type TableStats struct {
	Definition TableDef `json:"definition"`
	Rows       int64    `json:"rows"`
}
