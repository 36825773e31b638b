package api

import (
	"crypto/sha256"
	"encoding/hex"

	"github.com/go-json-experiment/json"
)

// Column is a result column.
type Column struct {
	Name string `json:"name"`
	Type string `json:"type"` // in the spelling of shared/sqltypes, such as "NVARCHAR(50)"
}

// ColumnDef is a table's column.
type ColumnDef struct {
	Name     string `json:"name"`
	Type     string `json:"type"`
	Nullable bool   `json:"nullable"`
	// Default is the T-SQL literal of the DEFAULT in canonical spelling; empty if there is none.
	Default string `json:"default,omitempty"`
}

// TableDef is a table as defined by its creator, without Shardeck's hidden _slot column.
type TableDef struct {
	Name       string      `json:"name"`
	Columns    []ColumnDef `json:"columns"`
	PrimaryKey []string    `json:"primary_key,omitempty"`
	Unique     [][]string  `json:"unique,omitempty"`
	// ShardKey is the column that determines a row's shard; empty: rows are spread by row hash, or
	// if Distribution says so, not at all.
	ShardKey     string       `json:"shard_key,omitempty"`
	Distribution Distribution `json:"distribution,omitempty"`
}

// Distribution is how a table's rows are placed, if not by its shard key or the hash of the row.
type Distribution string

// Replicate keeps all of a table's rows on every shard: a reference table.
const Replicate Distribution = "replicate"

// Replicated reports whether every shard has all of the table's rows.
func (t *TableDef) Replicated() bool { return t.Distribution == Replicate }

// Version identifies the definition: 16 hex digits of the SHA-256 of its JSON. Two shards agree
// on a table exactly if their versions are equal.
func (t *TableDef) Version() string {
	b, err := json.Marshal(t, json.Deterministic(true))
	if err != nil {
		// Strings, booleans and slices always marshal, unless a string is not valid UTF-8, which no
		// name or type can be.
		panic("api: table definition does not marshal: " + err.Error())
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:8])
}

// Column returns the column with that name (see [SameName]) and its position, or nil and -1.
func (t *TableDef) Column(name string) (*ColumnDef, int) {
	for i := range t.Columns {
		if SameName(t.Columns[i].Name, name) {
			return &t.Columns[i], i
		}
	}
	return nil, -1
}
