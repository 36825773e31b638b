package api

import "time"

// Role is a master's current role.
type Role string

// The roles.
const (
	RolePrimary Role = "primary"
	RoleBackup  Role = "backup"
)

// ShardState is a shard's state by the latest probes.
type ShardState string

// The states of a shard, from good to bad.
const (
	ShardUp           ShardState = "up"
	ShardSlow         ShardState = "slow"         // answers, but late
	ShardFailing      ShardState = "failing"      // answers, and reports that its storage fails
	ShardDown         ShardState = "down"         // does not answer
	ShardUnauthorized ShardState = "unauthorized" // does not prove that it knows the cluster's token, or refuses it
	ShardEmptied      ShardState = "emptied"      // has lost its data while other shards hold theirs
	ShardWrong        ShardState = "wrong_shard"  // holds a different shard than configured, or implements another dialect than the master's
	ShardUnknown      ShardState = "unknown"      // not probed yet
)

// Status summarizes a cluster.
type Status string

// The statuses.
const (
	StatusOK       Status = "ok"
	StatusDegraded Status = "degraded" // some shards can serve
	StatusDown     Status = "down"     // none can
)

// Health is the response of GET /health, built from the latest probes without waiting.
type Health struct {
	Status        Status        `json:"status"`
	Reasons       []string      `json:"reasons"` // why Status is not ok, for people
	Role          Role          `json:"role"`
	Term          uint64        `json:"term"`
	Primary       string        `json:"primary"` // base URL, empty if unknown
	Cluster       string        `json:"cluster"` // see [ClusterID]
	Lease         string        `json:"lease"`   // the kind, as in [LeaseInfo]
	Version       string        `json:"version"`
	UptimeSeconds float64       `json:"uptime_seconds"`
	Shards        []ShardHealth `json:"shards"`
}

// ShardHealth is one shard's entry in Health.
type ShardHealth struct {
	Shard     int        `json:"shard"`
	Worker    string     `json:"worker"`
	State     ShardState `json:"state"`
	LatencyMS float64    `json:"latency_ms"` // of the latest successful probe
	AgeMS     float64    `json:"age_ms"`     // since that probe; -1: never
}

// Metadata is the response of GET /metadata, built from the latest probes without waiting.
type Metadata struct {
	Master    MasterInfo     `json:"master"`
	Peers     []PeerInfo     `json:"peers"`
	Workers   []WorkerInfo   `json:"workers"`
	Databases []DatabaseInfo `json:"databases"`
	Drift     []Drift        `json:"drift"`
	At        time.Time      `json:"at"`
}

// MasterInfo describes the responding master.
type MasterInfo struct {
	URL           string    `json:"url"`
	Role          Role      `json:"role"`
	Term          uint64    `json:"term"`
	Primary       string    `json:"primary"`
	MapVersion    uint64    `json:"map_version"`
	Slots         int       `json:"slots"` // total
	Shards        int       `json:"shards"`
	Version       string    `json:"version"`
	StartedAt     time.Time `json:"started_at"`
	UptimeSeconds float64   `json:"uptime_seconds"`
	PID           int       `json:"pid"`
	Cluster       string    `json:"cluster"` // see [ClusterID]
	Lease         LeaseInfo `json:"lease"`
}

// LeaseInfo is the lease by which masters agree on who leads, as last observed.
type LeaseInfo struct {
	Kind string `json:"kind"` // "manual", "sqlitefile", "etcd"
	// Known is set if the lease's store answers; what follows is otherwise what was last known.
	Known       bool    `json:"known"`
	Holder      string  `json:"holder,omitempty"` // base URL; empty with a manual lease
	Term        uint64  `json:"term,omitzero"`
	Free        bool    `json:"free,omitzero"` // a backup may take it now
	ExpiresInMS float64 `json:"expires_in_ms,omitzero"`
}

// PeerInfo is another master as seen by this one.
type PeerInfo struct {
	URL       string  `json:"url"`
	Reachable bool    `json:"reachable"`
	Role      Role    `json:"role,omitempty"`
	Term      uint64  `json:"term,omitzero"`
	LatencyMS float64 `json:"latency_ms"`
	AgeMS     float64 `json:"age_ms"` // since its last response; -1: never
}

// WorkerInfo is one shard and its worker. Numbers that need a live worker are the last known
// ones; AgeMS is their age.
type WorkerInfo struct {
	Shard         int        `json:"shard"`
	URL           string     `json:"url"`
	Name          string     `json:"name"`
	State         ShardState `json:"state"`
	Problem       *Problem   `json:"problem,omitempty"` // why the state is not up
	Language      string     `json:"language"`
	Engine        string     `json:"engine"`
	EngineVersion string     `json:"engine_version"`
	Version       string     `json:"version"`
	UptimeSeconds float64    `json:"uptime_seconds"`
	LatencyMS     float64    `json:"latency_ms"`
	AgeMS         float64    `json:"age_ms"` // -1: never responded
	Slots         int        `json:"slots"`  // owned
	Databases     int        `json:"databases"`
	Tables        int        `json:"tables"`
	Rows          int64      `json:"rows"`
	SizeBytes     int64      `json:"size_bytes"`
	Traffic       Traffic    `json:"traffic"`
}

// Traffic is what this master recently sent to a shard, over a sliding window of ten seconds.
type Traffic struct {
	RequestsPerSecond float64 `json:"requests_per_second"`
	ErrorsPerSecond   float64 `json:"errors_per_second"`
	P50MS             float64 `json:"p50_ms"`
	P99MS             float64 `json:"p99_ms"`
	InFlight          int     `json:"in_flight"`
}

// DatabaseInfo is one logical database.
type DatabaseInfo struct {
	Name   string      `json:"name"`
	Shards []int       `json:"shards"` // that have it
	Tables []TableInfo `json:"tables"`
}

// TableInfo is a table aggregated over all shards.
type TableInfo struct {
	Name       string   `json:"name"`
	Definition TableDef `json:"definition"`
	Rows       int64    `json:"rows"` // sum of the known counts
	// RowsPerShard is indexed by shard number; nil if the shard never responded or lacks the table.
	RowsPerShard []*int64 `json:"rows_per_shard"`
	// Skew is the fullest shard's rows divided by the mean; 1 is even, 0 an empty table.
	Skew float64 `json:"skew"`
}

// Drift is a difference between shards that should be identical.
type Drift struct {
	DB     string `json:"db_name"`
	Table  string `json:"table,omitempty"`
	Kind   string `json:"kind"` // "missing_database", "missing_table", "definition", "indexes", "copy"
	Shards []int  `json:"shards"`
	Detail string `json:"detail"`
}

// EventKind is the kind of an Event.
type EventKind string

// The kinds of event.
const (
	EventShard    EventKind = "shard"    // a shard changed state
	EventRole     EventKind = "role"     // this master changed role or saw a new primary
	EventDDL      EventKind = "ddl"      // a database or table was created or dropped
	EventWrite    EventKind = "write"    // the primary completed a write that was left unfinished
	EventFailover EventKind = "failover" // a step of a failover
	EventSecurity EventKind = "security" // a security check finished
	EventDrift    EventKind = "drift"    // drift appeared or was resolved
)

// Level is the severity of an Event.
type Level string

// The levels.
const (
	LevelInfo  Level = "info"
	LevelGood  Level = "good"
	LevelWarn  Level = "warn"
	LevelError Level = "error"
)

// Event is something that happened, streamed by GET /events (SSE: id is Seq, data is the event in
// JSON). A subscriber first receives the latest events.
type Event struct {
	Seq   uint64    `json:"seq"` // from 1, without gaps
	At    time.Time `json:"at"`
	Kind  EventKind `json:"kind"`
	Level Level     `json:"level"`
	Shard *int      `json:"shard,omitempty"`
	Text  string    `json:"text"`
}
