package api

import (
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"shardeck/shared/tsqltoken"
)

// Paths of T-SQL statements: to run one, to list those under way, to end one of them.
const (
	PathQuery   = "/query"
	PathQueries = "/queries"
	// PathQueriesID is a route: the last segment stands for the id.
	PathQueriesID = "/queries/{id}"
)

// MediaCSV asks POST /query for its rows as RFC 4180 CSV with a line of names.
const MediaCSV = "text/csv"

// HeaderQueryID tells the id of a statement under way, see [RunningQuery].
const HeaderQueryID = "X-Query-Id"

// TrailerTruncated is the trailer of a CSV answer that max_rows has cut short.
const TrailerTruncated = "X-Truncated"

// SQLRequest runs one T-SQL statement over the sharded database.
type SQLRequest struct {
	DB  string `json:"db_name"`
	SQL string `json:"sql"`
	// Params are the values of @name in SQL, by name without the @, in wire form.
	Params Object[jsontext.Value] `json:"params,omitempty"`
	// Explain asks for the plan instead of the answer; with Analyze, a SELECT is run,
	// its rows are counted and dropped, and the plan comes with what each step did.
	Explain bool `json:"explain,omitzero"`
	Analyze bool `json:"analyze,omitzero"`
	// MaxRows bounds the rows of the answer; one that is cut short says so. Nil: no bound.
	MaxRows *int64 `json:"max_rows,omitempty"`
	// AllowPartial lets a SELECT answer without the shards that fail, and name them.
	AllowPartial bool `json:"allow_partial,omitzero"`
	// AllShards lets an UPDATE or DELETE that names no shard key go to every shard.
	AllShards bool `json:"all_shards,omitzero"`
	// TimeoutMS bounds the statement, in milliseconds; 0 is the master's own bound,
	// which it cannot exceed.
	TimeoutMS int64 `json:"timeout_ms,omitzero"`
}

// IsSelect says whether the statement's first word is SELECT: then it changes
// nothing, and its answer can be a stream of rows. Comments and semicolons before it
// are passed over.
func (q *SQLRequest) IsSelect() bool {
	scan := tsqltoken.NewScanner(q.SQL)
	var t tsqltoken.Token
	for scan.Next(&t) {
		if t.Kind != tsqltoken.KindComment && t.Op != ';' {
			break
		}
	}
	return t.Keyword == tsqltoken.Select
}

// SQLResponse answers a statement in JSON. A SELECT has Columns, Rows and RowCount;
// INSERT, UPDATE and DELETE have RowsAffected; CREATE TABLE has Definition.
type SQLResponse struct {
	Columns []Column         `json:"columns,omitempty"`
	Rows    []jsontext.Value `json:"rows,omitempty"` // JSON arrays
	EndInfoJSON
	RowsAffected *int64    `json:"rows_affected,omitempty"`
	Replayed     bool      `json:"replayed,omitzero"`
	Definition   *TableDef `json:"definition,omitempty"`
	Explain      *Explain  `json:"explain,omitempty"`
	// Error is there only when the answer broke after it began; the connection is then cut as well.
	Error *Problem `json:"error,omitempty"`
}

// Explain is a plan: what each shard is sent, and what the master does with the answers.
type Explain struct {
	// Plan is the planner's own, as data.
	Plan      jsontext.Value    `json:"plan"`
	Fragments []ExplainFragment `json:"fragments"`
	// Steps are the master's, first to last.
	Steps []ExplainStep `json:"steps"`
}

// ExplainFragment is what one shard is sent.
type ExplainFragment struct {
	Shard  int    `json:"shard"`
	Worker string `json:"worker"`
	Engine string `json:"engine"`
	// EngineComputes lists, in words, what the engine computes by rules of its own: it is
	// there with SQL Server, whose arithmetic, conversions and collations are used.
	EngineComputes []string `json:"engine_computes,omitempty"`
	// Statements are run in one transaction; a SELECT is one.
	Statements []ExplainStatement `json:"statements"`
	// Rows and MS are there with analyze: rows sent, and time to the last of them.
	Rows *int64   `json:"rows,omitempty"`
	MS   *float64 `json:"ms,omitempty"`
}

// ExplainStatement is a text in the dialect of the shard's engine.
type ExplainStatement struct {
	SQL   string   `json:"sql"`
	Types []string `json:"types,omitempty"`
	// Params are rows of parameters, JSON arrays; the first few of an insert.
	Params     []jsontext.Value `json:"params,omitempty"`
	ParamsRows int              `json:"params_rows,omitzero"` // how many there are, when Params has not all
}

// ExplainStep is one step of the master's.
type ExplainStep struct {
	Name   string `json:"name"` // "route", "scatter", "concat", "merge", "group", "having", "sort", "limit", ...
	Detail string `json:"detail"`
	// Rows and MS are there with analyze: rows that came out, and the time the step took.
	Rows *int64   `json:"rows,omitempty"`
	MS   *float64 `json:"ms,omitempty"`
}

// QueriesResponse lists the statements under way at a master, oldest first.
type QueriesResponse struct {
	Queries []RunningQuery `json:"queries"`
}

// RunningQuery is a statement under way.
type RunningQuery struct {
	ID        string    `json:"id"`
	RequestID string    `json:"request_id"`
	DB        string    `json:"db_name"`
	Statement string    `json:"statement"` // its verb
	SQL       string    `json:"sql"`       // its first 1,000 bytes
	Shards    []int     `json:"shards"`
	Started   time.Time `json:"started"`
	MS        float64   `json:"ms"`
	Rows      int64     `json:"rows"` // sent to the client so far
	Canceled  bool      `json:"canceled,omitzero"`
}
