package api

// A stream of rows is NDJSON: one [StreamHead], then one JSON array a row, then
// exactly one [StreamEnd] or [StreamError]. A line is a row exactly when its first
// byte is '['; no row holds a raw newline. A stream without its last record was
// cut and must never be taken for a whole one. A worker's stream has no head: the
// master that asked knows the columns.
type (
	// StreamHead is the first line.
	StreamHead struct {
		Columns []Column `json:"columns"`
	}

	// StreamEnd is the last line of a whole stream.
	StreamEnd struct {
		End EndInfo `json:"end"`
	}

	// StreamError is the last line of a stream that failed after it began.
	StreamError struct {
		Error *Problem `json:"error"`
	}
)

// EndInfo is what is known once all rows are sent. A worker fills in Rows alone.
type EndInfo struct {
	Rows    int64          `json:"rows"`
	Route   *Route         `json:"route,omitempty"`
	Shards  []ShardResult  `json:"shards,omitempty"`
	Partial []Problem      `json:"partial,omitempty"` // shards left out, with allow_partial
	Query   *StatementInfo `json:"query,omitempty"`   // of POST /query alone
}

// StatementInfo is what an answer of POST /query says besides.
type StatementInfo struct {
	Statement string `json:"statement,omitempty"` // the verb, as "SELECT"
	QueryID   string `json:"query_id,omitempty"`
	// Truncated says that there are more rows than max_rows let through.
	Truncated bool    `json:"truncated,omitzero"`
	MS        float64 `json:"ms,omitzero"` // at the master, to the last row
}
