package api

import (
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// Paths of the master's public API.
const (
	PathCreateDB       = "/create-db"
	PathDropDB         = "/drop-db"
	PathCreateTable    = "/create-table"
	PathDeleteTable    = "/delete-table"
	PathRepairTable    = "/repair-table"
	PathInsert         = "/insert"
	PathSelect         = "/select"
	PathUpdate         = "/update"
	PathDelete         = "/delete"
	PathMapReduceCount = "/map-reduce-count"
	PathSecurityCheck  = "/security-check"
	PathFailover       = "/failover"
	PathMetadata       = "/metadata"
	PathHealth         = "/health"
	PathEvents         = "/events"
	PathMetrics        = "/metrics"
	PathTraffic        = "/traffic" // see [TrafficReport]
	PathOpenAPI        = "/openapi.yaml"
)

// CreateDBRequest creates a database on every shard; DropDBRequest drops it.
type (
	CreateDBRequest struct {
		DB string `json:"db_name"`
		// AcceptEmptyShards lists emptied shards whose lost rows are given up: they are treated like
		// shards that never held any.
		AcceptEmptyShards []int `json:"accept_empty_shards,omitempty"`
	}
	DropDBRequest struct {
		DB string `json:"db_name"`
	}
)

// CreateTableRequest creates a table on every shard. Columns maps a name to a type with its
// constraints, as in {"gpa": "DECIMAL(3,2) NOT NULL DEFAULT 0"}; their order is kept. Columns
// marked PRIMARY KEY together form the primary key. ShardKey names the column that determines a
// row's shard. If it is empty, a column named student_id or user_id is used; without one, rows
// are spread by row hash. With Distribution [Replicate] every shard has all rows, and there is no
// shard key.
type CreateTableRequest struct {
	DB       string         `json:"db_name"`
	Table    string         `json:"table"`
	Columns  Object[string] `json:"columns"`
	ShardKey string         `json:"shard_key,omitempty"`
	// Distribution is empty or [Replicate].
	Distribution Distribution `json:"distribution,omitempty"`
}

// DeleteTableRequest drops a table on every shard.
type DeleteTableRequest struct {
	DB    string `json:"db_name"`
	Table string `json:"table"`
}

// RepairTableRequest compares the copies of a reference table, and makes those that differ from the
// right one equal to it. Writes to the table wait meanwhile.
type RepairTableRequest struct {
	DB    string `json:"db_name"`
	Table string `json:"table"`
	// FromShard is the shard whose copy is right. By default it is the copy that the majority of the
	// shards has, else that of the table's home if none is more common.
	FromShard *int `json:"from_shard,omitempty"`
	// DryRun only compares.
	DryRun bool `json:"dry_run,omitzero"`
}

// RepairTableResponse says how each copy differed, and what was done about it.
type RepairTableResponse struct {
	DB    string `json:"db_name"`
	Table string `json:"table"`
	// FromShard is the shard whose copy is right; nil with DryRun if that is not decided.
	FromShard *int `json:"from_shard,omitempty"`
	// Equal means that all copies are equal now.
	Equal  bool         `json:"equal"`
	Shards []CopyResult `json:"shards"`
}

// CopyResult is one shard's copy of a reference table, before it was repaired, and the repair.
type CopyResult struct {
	Shard  int    `json:"shard"`
	Worker string `json:"worker"`
	Rows   int64  `json:"rows"`
	// Missing, Extra and Different count the rows that the copy lacks, those that it alone has, and
	// those that have another content under the same key.
	Missing   int64 `json:"missing"`
	Extra     int64 `json:"extra"`
	Different int64 `json:"different"`
	Deleted   int64 `json:"deleted"`
	Inserted  int64 `json:"inserted"`
	// Problem is why the copy is not equal to the right one after the repair.
	Problem *Problem `json:"problem,omitempty"`
}

// DDLResponse answers the requests that create and drop databases and tables.
type DDLResponse struct {
	DB     string        `json:"db_name"`
	Table  string        `json:"table,omitempty"`
	Shards []ShardResult `json:"shards"`
	// Definition is the table as parsed, with create-table.
	Definition *TableDef `json:"definition,omitempty"`
}

// InsertRequest inserts one row (Data) or many (Rows): exactly one of the two. Each row maps
// column names to values in their wire form. ShardKey, if given, must match each row's own shard
// key; for a table without one it places the rows.
type InsertRequest struct {
	DB       string                   `json:"db_name"`
	Table    string                   `json:"table"`
	Data     Object[jsontext.Value]   `json:"data,omitempty"`
	Rows     []Object[jsontext.Value] `json:"rows,omitempty"`
	ShardKey jsontext.Value           `json:"shard_key,omitempty"`
}

// SelectRequest reads rows. Condition is a T-SQL search condition. ShardKey restricts the result
// to the rows with that shard key, and so to one shard. OrderBy is a T-SQL ORDER BY list, such as
// "gpa DESC, student_id". Offset requires OrderBy.
type SelectRequest struct {
	DB           string         `json:"db_name"`
	Table        string         `json:"table"`
	Columns      NameList       `json:"columns,omitempty"`
	Condition    string         `json:"condition,omitempty"`
	ShardKey     jsontext.Value `json:"shard_key,omitempty"`
	OrderBy      string         `json:"order_by,omitempty"`
	Limit        *int64         `json:"limit,omitempty"`
	Offset       *int64         `json:"offset,omitempty"`
	AllowPartial bool           `json:"allow_partial,omitzero"`
}

// UpdateRequest changes rows. Set maps columns to new values. The shard key must be given, or
// fixed by Condition through equality or IN.
type UpdateRequest struct {
	DB        string                 `json:"db_name"`
	Table     string                 `json:"table"`
	Set       Object[jsontext.Value] `json:"set"`
	Condition string                 `json:"condition"`
	ShardKey  jsontext.Value         `json:"shard_key,omitempty"`
}

// DeleteRequest deletes rows, with the same rule for the shard key.
type DeleteRequest struct {
	DB        string         `json:"db_name"`
	Table     string         `json:"table"`
	Condition string         `json:"condition"`
	ShardKey  jsontext.Value `json:"shard_key,omitempty"`
}

// WriteResponse answers insert, update and delete.
type WriteResponse struct {
	RowsAffected int64         `json:"rows_affected"`
	Route        Route         `json:"route"`
	Shards       []ShardResult `json:"shards"`
	// Replayed is set if every shard had already applied this request under the same Idempotency-Key.
	Replayed bool `json:"replayed,omitzero"`
}

// SelectResponse is the JSON response of select. With Accept: application/x-ndjson the response
// is a stream instead, see [StreamHead].
type SelectResponse struct {
	Columns []Column         `json:"columns"`
	Rows    []jsontext.Value `json:"rows"` // JSON arrays
	EndInfoJSON
	// Error is set only if the response failed after it began; the connection is then closed as well.
	Error *Problem `json:"error,omitempty"`
}

// EndInfoJSON is [EndInfo] as embedded in a SelectResponse.
type EndInfoJSON struct {
	RowCount int64          `json:"row_count"`
	Route    Route          `json:"route"`
	Shards   []ShardResult  `json:"shards"`
	Partial  []Problem      `json:"partial,omitempty"`
	Query    *StatementInfo `json:"query,omitempty"` // POST /query only
}

// RouteKind says how many shards a statement touches.
type RouteKind string

// The kinds of route.
const (
	RouteNone    RouteKind = "none"    // the condition is never true: no shard
	RoutePoint   RouteKind = "point"   // one shard key, one shard
	RouteSubset  RouteKind = "subset"  // some keys, the shards that hold them
	RouteScatter RouteKind = "scatter" // every shard
	RouteCopy    RouteKind = "copy"    // any one shard: each has all rows of a reference table
)

// Route says which shards a statement was sent to and why.
type Route struct {
	Kind   RouteKind `json:"kind"`
	Shards []int     `json:"shards"`
	// Keys are the shard keys that determine the route, at most [MaxRouteKeys] of them.
	Keys []RouteKey `json:"keys,omitempty"`
	// KeysTotal is the total number of keys if Keys is truncated.
	KeysTotal int    `json:"keys_total,omitzero"`
	Why       string `json:"why"`
}

// MaxRouteKeys bounds Route.Keys.
const MaxRouteKeys = 8

// RouteKey is a shard key and its route: hash, then slot = hash % 5040, then shard.
type RouteKey struct {
	Key   string `json:"key"` // canonical
	Hash  uint32 `json:"hash"`
	Slot  int    `json:"slot"`
	Shard int    `json:"shard"`
}

// ShardResult is one shard's part of a response.
type ShardResult struct {
	Shard  int    `json:"shard"`
	Worker string `json:"worker"`
	Rows   int64  `json:"rows"` // sent, affected or counted
	// FirstMS is the shard's own time until the first byte of its answer, as seen by the master, which
	// awaits those of all shards at the same time. MS is FirstMS and the time that the master then spent
	// waiting for more of this shard's answer, never for another shard or for the client. What a shard does
	// while the master is not reading its rows cannot be told from waiting to be read, and is not counted:
	// MS is exact if the answer comes all at once, and otherwise the least that the shard took. FirstMS is
	// missing until the first byte; a write has one answer, and so the same in both.
	FirstMS float64 `json:"first_ms,omitzero"`
	MS      float64 `json:"ms"`
}

// MapReduceCountRequest counts rows at each shard and reduces the counts.
type MapReduceCountRequest struct {
	DB           string   `json:"db_name"`
	Table        string   `json:"table"`
	Condition    string   `json:"condition,omitempty"`
	GroupBy      NameList `json:"group_by,omitempty"` // one column name or a list
	AllowPartial bool     `json:"allow_partial,omitzero"`
}

// MapReduceCountResponse has each shard's part and the reduced total.
type MapReduceCountResponse struct {
	Total  int64         `json:"total"`
	Shards []ShardResult `json:"shards"`
	// GroupColumns and Groups are set with group_by; groups are ordered by key.
	GroupColumns []Column     `json:"group_columns,omitempty"`
	Groups       []CountGroup `json:"groups,omitempty"`
	Route        Route        `json:"route"`
	Partial      []Problem    `json:"partial,omitempty"`
	MapMS        float64      `json:"map_ms"`    // the slowest shard
	ReduceMS     float64      `json:"reduce_ms"` // the master's part
}

// CountGroup is one group of a count.
type CountGroup struct {
	Key    jsontext.Value `json:"key"` // a JSON array, one value per group column
	Count  int64          `json:"count"`
	Shards []int64        `json:"shards"` // by shard number
}

// SecurityCheckResponse is the matrix of probes.
type SecurityCheckResponse struct {
	OK      bool             `json:"ok"` // every probe had the expected result
	Probes  []SecurityProbe  `json:"probes"`
	Workers []SecurityWorker `json:"workers"`
}

// SecurityWorker summarizes one worker's probes.
type SecurityWorker struct {
	Shard   int      `json:"shard"`
	Worker  string   `json:"worker"`
	URL     string   `json:"url"`
	Proven  bool     `json:"proven"` // it proved that it knows the token
	OK      bool     `json:"ok"`
	Passed  int      `json:"passed"`
	Total   int      `json:"total"`
	Problem *Problem `json:"problem,omitempty"` // the worker could not be probed
}

// Credential is the token a security probe presents.
type Credential string

// The credentials probed.
const (
	CredentialNone      Credential = "none"
	CredentialEmpty     Credential = "empty"
	CredentialWrong     Credential = "wrong"
	CredentialBearer    Credential = "bearer"     // a wrong token as Authorization: Bearer
	CredentialNearMiss  Credential = "near_miss"  // the right token except for its last character
	CredentialOtherCase Credential = "other_case" // the right token with upper and lower case swapped
	CredentialPrefix    Credential = "prefix"     // the right token without its last character
	CredentialSuffix    Credential = "suffix"     // the right token and one more character
	CredentialRight     Credential = "right"      // the control: this one must be accepted
)

// CredentialGroup is a set of credentials that summaries show together.
type CredentialGroup struct {
	Name, Short string // such as "near" and "nm"
	Credentials []Credential
}

// CredentialGroups returns every credential in one group each, in the order of display.
func CredentialGroups() []CredentialGroup {
	return []CredentialGroup{
		{"none", "no", []Credential{CredentialNone}},
		{"empty", "em", []Credential{CredentialEmpty}},
		{"wrong", "wr", []Credential{CredentialWrong, CredentialBearer}},
		{"near", "nm", []Credential{CredentialNearMiss, CredentialOtherCase, CredentialPrefix, CredentialSuffix}},
		{"right", "rt", []Credential{CredentialRight}},
	}
}

// SecurityProbe is one request and its result.
type SecurityProbe struct {
	Shard      int        `json:"shard"`
	Worker     string     `json:"worker"`
	Endpoint   Endpoint   `json:"endpoint"`
	Credential Credential `json:"credential"`
	Expected   string     `json:"expected"` // "401" or "let in"
	Status     int        `json:"status"`   // 0 if there was no response
	OK         bool       `json:"ok"`
	MS         float64    `json:"ms"`
	Detail     string     `json:"detail,omitempty"`
}

// FailoverRequest asks for another primary. All fields are optional.
type FailoverRequest struct {
	// To is the base URL of the master that is to lead; by default the one that is asked. A master
	// asked for another passes the request on.
	To     string `json:"to,omitempty"`
	Reason string `json:"reason,omitempty"` // for people: kept in the history
	// Force goes ahead although checks that are forceable fail.
	Force bool `json:"force,omitzero"`
	// DryRun answers what the checks find, and changes nothing.
	DryRun bool `json:"dry_run,omitzero"`
}

// FailoverKind is how a failover came about.
type FailoverKind string

// The kinds of failover.
const (
	FailoverPlanned   FailoverKind = "planned"   // the old primary handed over
	FailoverForced    FailoverKind = "forced"    // the old primary did not answer, and was fenced
	FailoverAutomatic FailoverKind = "automatic" // the lease became free
	FailoverDryRun    FailoverKind = "dry_run"   // nothing was changed
)

// FailoverResponse reports what a failover did, step by step.
type FailoverResponse struct {
	Kind     FailoverKind    `json:"kind"`
	Reason   string          `json:"reason,omitempty"`
	At       time.Time       `json:"at"`       // when it began
	Primary  string          `json:"primary"`  // base URL of the new primary; with dry_run of the present one
	Term     uint64          `json:"term"`     // its term
	Previous string          `json:"previous"` // base URL of the old primary
	Checks   []FailoverCheck `json:"checks,omitempty"`
	Steps    []FailoverStep  `json:"steps"`
	TotalMS  float64         `json:"total_ms"`
	// Unavailable is how long there was no primary; row writes do not need one.
	Unavailable *Unavailability `json:"unavailable,omitempty"`
	// Problem is why it failed or, with dry_run, would fail.
	Problem *Problem `json:"problem,omitempty"`
}

// Unavailability bounds the time without a primary: nobody can know when a dead one died.
type Unavailability struct {
	AtLeastMS float64 `json:"at_least_ms"`
	// AtMostMS counts from the last answer of the old primary; nil if it never answered here.
	AtMostMS *float64 `json:"at_most_ms,omitempty"`
}

// FailoverCheck is one check of the preflight of a failover.
type FailoverCheck struct {
	Name   string `json:"name"`
	OK     bool   `json:"ok"`
	Detail string `json:"detail"`
	// Required means that the failover is refused if the check fails, unless it is also Forceable
	// and the request has force.
	Required  bool `json:"required"`
	Forceable bool `json:"forceable,omitzero"`
}

// FailoversResponse lists the failovers that a master has carried out since it started.
type FailoversResponse struct {
	Failovers []FailoverResponse `json:"failovers"` // newest first
}

// FailoverStep is one step of a failover.
type FailoverStep struct {
	Name   string  `json:"name"`
	Target string  `json:"target"`
	OK     bool    `json:"ok"`
	Detail string  `json:"detail"`
	AtMS   float64 `json:"at_ms"` // since the failover began
	MS     float64 `json:"ms"`
}

// StepDownPath is where a new primary notifies the old one. It requires the master token, which
// the masters share with the workers.
const StepDownPath = "/step-down"

// StepDownRequest tells a master that Leader holds Term. With Drain, it asks the primary, which
// leads under Term, to prepare to hand over to Leader.
type StepDownRequest struct {
	Term   uint64 `json:"term"`
	Leader string `json:"leader"`
	Drain  bool   `json:"drain,omitzero"`
}
