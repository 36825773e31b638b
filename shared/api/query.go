package api

import (
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// Paths for T-SQL statements: run one, list those running, cancel one.
const (
	PathQuery   = "/query"
	PathQueries = "/queries"
	// PathQueriesID is a route pattern: the last segment is the id.
	PathQueriesID = "/queries/{id}"
)

// MediaCSV requests the rows of POST /query as RFC 4180 CSV with a header line.
const MediaCSV = "text/csv"

// HeaderQueryID carries the id of a running statement, see [RunningQuery].
const HeaderQueryID = "X-Query-Id"

// TrailerTruncated is the trailer of a CSV response truncated by max_rows.
const TrailerTruncated = "X-Truncated"

// SQLRequest runs one T-SQL statement over the sharded database.
type SQLRequest struct {
	DB  string `json:"db_name"`
	SQL string `json:"sql"`
	// Params are the values of @name in SQL, by name without the @, in wire form.
	Params Object[jsontext.Value] `json:"params,omitempty"`
	// Explain requests the plan instead of the result. With Analyze, a SELECT is run, its rows are
	// counted and discarded, and the plan includes what each step did.
	Explain bool `json:"explain,omitzero"`
	Analyze bool `json:"analyze,omitzero"`
	// MaxRows bounds the rows of the result; a truncated one says so. Nil: no bound.
	MaxRows *int64 `json:"max_rows,omitempty"`
	// AllowPartial lets a SELECT succeed without the shards that fail, and name them.
	AllowPartial bool `json:"allow_partial,omitzero"`
	// AllShards lets an UPDATE or DELETE without a shard key go to every shard.
	AllShards bool `json:"all_shards,omitzero"`
	// TimeoutMS bounds the statement, in milliseconds; it cannot exceed the master's own bound. 0
	// means that bound.
	TimeoutMS int64 `json:"timeout_ms,omitzero"`
}

// IsSelect reports whether the text is one query: it is read-only, and its result can be streamed. It
// errs on the side of caution: a text that could be several statements, or assign to a variable, is none.
func (q *SQLRequest) IsSelect() bool { return isQuery(q.SQL) }

// ChangesSchema reports whether the text is one CREATE, ALTER or DROP, which takes no Idempotency-Key.
func (q *SQLRequest) ChangesSchema() bool { return isDefinition(q.SQL) }

// SQLResponse is the JSON response to a statement. A SELECT has Columns, Rows and RowCount;
// INSERT, UPDATE and DELETE have RowsAffected, and with OUTPUT what a SELECT has; CREATE TABLE has
// Definition.
type SQLResponse struct {
	Columns []Column         `json:"columns,omitempty"`
	Rows    []jsontext.Value `json:"rows,omitzero"` // JSON arrays
	EndInfoJSON
	RowsAffected *int64    `json:"rows_affected,omitempty"`
	Replayed     bool      `json:"replayed,omitzero"`
	Definition   *TableDef `json:"definition,omitempty"`
	Explain      *Explain  `json:"explain,omitempty"`
	// Results are the responses to several statements, each with its Statement; nothing else is set then,
	// apart from Error and a route to nowhere. Statements such as SET have none.
	Results []SQLResponse `json:"results,omitempty"`
	// Statement is the number, from 1, of the statement among several.
	Statement int `json:"statement,omitzero"`
	// Error is set only if the response failed after it began; the connection is then closed as well.
	Error *Problem `json:"error,omitempty"`
}

// Explain is a plan: what each shard is sent, and what the master does with the results.
type Explain struct {
	// Plan is the planner's plan, as data.
	Plan      jsontext.Value    `json:"plan"`
	Fragments []ExplainFragment `json:"fragments"`
	// Steps are the master's, in order.
	Steps []ExplainStep `json:"steps"`
	// Before are the parts of the statement that are run before it is planned, in the order in which
	// they are run. The first is "step 1" in the plan, and so on.
	Before []Explain `json:"before,omitempty"`
}

// ExplainFragment is what one shard is sent.
type ExplainFragment struct {
	Shard  int    `json:"shard"`
	Worker string `json:"worker"`
	Engine string `json:"engine"`
	// EngineComputes lists, in words, what the engine computes by rules of its own: it is
	// there with SQL Server, whose arithmetic, conversions and collations are used.
	EngineComputes []string `json:"engine_computes,omitempty"`
	// Statements run in one transaction; a SELECT is a single one.
	Statements []ExplainStatement `json:"statements"`
	// Rows, FirstMS and MS are set with analyze, as in [ShardResult].
	Rows    *int64   `json:"rows,omitempty"`
	FirstMS *float64 `json:"first_ms,omitempty"`
	MS      *float64 `json:"ms,omitempty"`
}

// ExplainStatement is SQL text in the dialect of the shard's engine.
type ExplainStatement struct {
	SQL   string   `json:"sql"`
	Types []string `json:"types,omitempty"`
	// Params are rows of parameters, JSON arrays; the first few of an insert.
	Params     []jsontext.Value `json:"params,omitempty"`
	ParamsRows int              `json:"params_rows,omitzero"` // the total, if Params is truncated
}

// ExplainStep is one of the master's steps.
type ExplainStep struct {
	Name   string `json:"name"` // "route", "scatter", "concat", "merge", "group", "having", "sort", "limit", ...
	Detail string `json:"detail"`
	// Rows and MS are set with analyze: rows produced, and the time the step took.
	Rows *int64   `json:"rows,omitempty"`
	MS   *float64 `json:"ms,omitempty"`
}

// QueriesResponse lists the statements running at a master, oldest first.
type QueriesResponse struct {
	Queries []RunningQuery `json:"queries"`
}

// PartState is how far one shard's part of a running statement is.
type PartState string

// The states. Rows may have come in each of the last four.
const (
	PartPending   PartState = "pending"   // not sent to the shard yet
	PartAwaited   PartState = "awaited"   // the master waits for the shard's answer, or for more of its rows
	PartAnswering PartState = "answering" // the shard has answered, and the master has not asked for more yet
	PartDone      PartState = "done"
	PartFailed    PartState = "failed"
)

// RunningPart is one shard's part of a running statement: the rows so far, and the time that the
// master has spent waiting for this shard, including the current wait.
type RunningPart struct {
	ShardResult
	State PartState `json:"state"`
	// WaitingMS is the length of the current wait; only if the shard is awaited.
	WaitingMS float64 `json:"waiting_ms,omitzero"`
}

// RunningQuery is a running statement.
type RunningQuery struct {
	ID string `json:"id"`
	// RequestID is the client's own if it sent one in [HeaderRequestID], so that it can find its statement.
	RequestID string        `json:"request_id"`
	DB        string        `json:"db_name"`
	Statement string        `json:"statement"`       // its verb
	SQL       string        `json:"sql"`             // its first 1,000 bytes
	Route     *Route        `json:"route,omitempty"` // nil until it is planned
	Shards    []int         `json:"shards"`
	Parts     []RunningPart `json:"parts"` // of the shards that it is, or will be, sent to; none for a schema change
	Started   time.Time     `json:"started"`
	MS        float64       `json:"ms"`
	Rows      int64         `json:"rows"` // sent to the client so far
	Canceled  bool          `json:"canceled,omitzero"`
}
