package api

import (
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// Paths of the worker contract. Only WorkerHealthPath is open; the others need
// the master's token in HeaderToken.
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

// GuardedWorkerEndpoints lists every endpoint of a worker that must refuse a
// request without the right token. The security check probes each.
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

// Fence is what a write carries so that a worker can refuse a master that has
// been replaced (an older term) or that routes by an older slot map. The worker
// compares it with its stored fence inside the write's own transaction: an older
// one is refused (stale_term, stale_map), a newer one is stored.
type Fence struct {
	Term       uint64 `json:"term"`
	MapVersion uint64 `json:"map_version"`
}

// Idempotency makes a write repeatable. The worker stores Key, Hash and the
// response in the write's transaction. The same Key and Hash again gets the stored
// response; the same Key with another Hash gets idempotency_mismatch.
type Idempotency struct {
	// Key is the client's Idempotency-Key, 1 to 255 bytes.
	Key string `json:"key"`
	// Hash identifies the request the key was first used for: lower-case hex SHA-256.
	Hash string `json:"hash"`
}

// WorkerHealth answers GET /health, open to all, and so says nothing about data.
type WorkerHealth struct {
	Status   string `json:"status"` // "ok"
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
}

// DBRequest creates or drops a database. DB is the logical name: the worker adds
// its suffix to get the physical one.
type DBRequest struct {
	DB    string `json:"db_name"`
	Fence Fence  `json:"fence"`
}

// DBResponse answers create-db and drop-db.
type DBResponse struct {
	DB       string `json:"db_name"`
	Physical string `json:"physical"`
}

// The versions of the SQL that masters write and workers take, functions, collations and
// the names of constraints included (see docs/sqlite-dialect.md). A change that a
// worker has to know of gives it a new number.
const (
	SQLiteDialect    = "sqlite/1"
	SQLServerDialect = "sqlserver/1"
)

// Effect says what a statement does to its table, so that the worker can keep
// exact row counts and its list of tables without parsing SQL.
type Effect string

// The effects.
const (
	EffectInsert      Effect = "insert"
	EffectUpdate      Effect = "update"
	EffectDelete      Effect = "delete"
	EffectCreateTable Effect = "create_table"
	EffectDropTable   Effect = "drop_table"
	EffectCreateIndex Effect = "create_index" // it changes no rows
)

// Statement is one SQL statement in the dialect of the worker's engine, run once
// for each row of parameters (once, when it takes none).
type Statement struct {
	SQL string `json:"sql"`
	// Table is the one table the statement writes.
	Table string `json:"table"`
	// SchemaVersion is the [TableDef.Version] the statement was made for. A worker
	// that holds another refuses the statement with stale_schema. Empty with create_table.
	SchemaVersion string `json:"schema_version,omitempty"`
	Effect        Effect `json:"effect"`
	// Types are the SQL types of the parameters @p1, @p2, ... as shared/sqltypes
	// writes them. A value is converted to its type as T-SQL would on assignment,
	// or refused as T-SQL would refuse it.
	Types []string `json:"types,omitempty"`
	// Columns are the columns of an insert that takes parameters: @p1 goes into the
	// first, @p2 into the second, and no other column gets a value. There are as many
	// as Types, so that a worker can name the column of a value that is refused, or
	// send the values another way than by SQL.
	Columns []string `json:"columns,omitempty"`
	// Rows are JSON arrays, each of len(Types) values in their wire form.
	Rows []jsontext.Value `json:"rows,omitempty"`
	// Definition is the table's definition, with create_table.
	Definition *TableDef `json:"definition,omitempty"`
}

// ExecRequest runs statements in one transaction: all of them or none. With an
// Idempotency it may have no statements at all: it then only stores the key, so
// that another request under the same key is refused here.
type ExecRequest struct {
	DB          string       `json:"db_name"`
	Fence       Fence        `json:"fence"`
	Idempotency *Idempotency `json:"idempotency,omitempty"`
	Statements  []Statement  `json:"statements"`
	// TimeoutMS bounds the wait for the transaction to begin, in milliseconds;
	// 0 is the worker's own bound.
	TimeoutMS int64 `json:"timeout_ms,omitzero"`
}

// ExecResponse answers exec, after the transaction is durable.
type ExecResponse struct {
	// RowsAffected has one number a statement.
	RowsAffected []int64 `json:"rows_affected"`
	// Replayed says that this is the stored answer to an earlier request with the same Idempotency-Key.
	Replayed bool `json:"replayed,omitzero"`
}

// QueryRequest runs one SELECT. The answer is a stream of rows without a
// [StreamHead]: what columns they have is the master's to know.
type QueryRequest struct {
	DB     string         `json:"db_name"`
	SQL    string         `json:"sql"`
	Types  []string       `json:"types,omitempty"`
	Params jsontext.Value `json:"params,omitempty"` // a JSON array of len(Types) values
	// ResultTypes are the types of the result's columns. They decide the rows' wire
	// form; a worker refuses a statement that has another number of columns.
	ResultTypes []string `json:"result_types"`
	// Schemas are the [TableDef.Version] of the tables the text was made for, by table name.
	Schemas   map[string]string `json:"schemas,omitempty"`
	TimeoutMS int64             `json:"timeout_ms,omitzero"`
}

// WorkerState answers GET and POST /state.
type WorkerState struct {
	Fence
	// Leader is the base URL of the master that took Term; empty before the first.
	Leader string `json:"leader"`
	// Shard is the shard this worker was first given, as "0/3". A master whose
	// configuration says otherwise must not use the worker: its rows would be misplaced.
	Shard string `json:"shard"`
}

// StateUpdate is how a master takes a term on a worker. The worker takes it when
// Term is newer than its own, or is its own and Leader is the same; anything else is
// refused with stale_term. A MapVersion older than the stored one is refused with
// stale_map. A Shard other than the stored one, once one is stored, is refused with wrong_shard.
type StateUpdate struct {
	Fence
	Leader string `json:"leader"`
	Shard  string `json:"shard"`
}

// WorkerStats answers GET /stats. Row counts are exact and cost nothing to read.
type WorkerStats struct {
	State     WorkerState     `json:"state"`
	Databases []DatabaseStats `json:"databases"`
	At        time.Time       `json:"at"`
}

// DatabaseStats is one physical database of a worker.
type DatabaseStats struct {
	Name      string       `json:"name"`     // logical, as "SchoolDB"
	Physical  string       `json:"physical"` // as "SchoolDBGO"
	SizeBytes int64        `json:"size_bytes"`
	Tables    []TableStats `json:"tables"`
}

// TableStats is one table of a worker's database.
type TableStats struct {
	Definition TableDef `json:"definition"`
	Rows       int64    `json:"rows"`
}
