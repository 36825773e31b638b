package api

import "shardeck/shared/sqltypes"

// A row stream is NDJSON: one [StreamHead], one JSON array per row, then exactly one [StreamEnd]
// or [StreamError]. A line is a row exactly if its first byte is '['; rows never contain a raw
// newline. A stream without its last record is truncated and must not be treated as complete. A
// worker's stream has no head: the master that sent the query knows the columns.
type (
	// StreamHead is the first line.
	StreamHead struct {
		Columns []Column `json:"columns"`
	}

	// StreamEnd is the last line of a complete stream.
	StreamEnd struct {
		End EndInfo `json:"end"`
	}

	// StreamError is the last line of a stream that failed after it began.
	StreamError struct {
		Error *Problem `json:"error"`
	}
)

// MaxRow bounds a row of a stream, in bytes with its newline. A server answers [RowTooLarge]
// instead of a larger one.
const MaxRow = sqltypes.MaxRow

// RowTooLarge is the problem for a row that exceeds [MaxRow].
func RowTooLarge() *Problem { return AsProblem(sqltypes.RowTooLarge()) }

// EndInfo is what is known after the last row. A worker sets Rows only.
type EndInfo struct {
	Rows    int64          `json:"rows"`
	Route   *Route         `json:"route,omitempty"`
	Shards  []ShardResult  `json:"shards,omitempty"`
	Partial []Problem      `json:"partial,omitempty"` // shards left out, with allow_partial
	Query   *StatementInfo `json:"query,omitempty"`   // POST /query only
}

// StatementInfo is additional information in a response of POST /query.
type StatementInfo struct {
	Statement string `json:"statement,omitempty"` // the verb, such as "SELECT"
	QueryID   string `json:"query_id,omitempty"`
	// Truncated is set if max_rows cut off further rows.
	Truncated bool    `json:"truncated,omitzero"`
	MS        float64 `json:"ms,omitzero"` // at the master, to the last row
	// Notes say what of the statement has no effect, such as hints.
	Notes []string `json:"notes,omitempty"`
}
