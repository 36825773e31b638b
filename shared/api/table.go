package api

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"

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
	// Indexes make reads faster; no statement means anything else because of one.
	Indexes []IndexDef `json:"indexes,omitempty"`
}

// IndexDef is an index that CREATE INDEX has made. It does not make values unique.
type IndexDef struct {
	Name    string        `json:"name"` // unique within its table
	Columns []IndexColumn `json:"columns"`
}

// IndexColumn is a column of an index, in ascending order unless Descending.
type IndexColumn struct {
	Name       string `json:"name"`
	Descending bool   `json:"descending,omitzero"`
}

// Distribution is how a table's rows are placed, if not by its shard key or the hash of the row.
type Distribution string

// Replicate keeps all of a table's rows on every shard: a reference table.
const Replicate Distribution = "replicate"

// Replicated reports whether every shard has all of the table's rows.
func (t *TableDef) Replicated() bool { return t.Distribution == Replicate }

// Version identifies the definition without its indexes, so that statements remain valid when one
// comes or goes: 16 hex digits of the SHA-256 of its JSON. Two shards agree on the columns and keys
// of a table exactly if their versions are equal.
func (t *TableDef) Version() string {
	bare := *t
	bare.Indexes = nil
	b, err := json.Marshal(&bare, json.Deterministic(true))
	if err != nil {
		// Strings, booleans and slices always marshal, unless a string is not valid UTF-8, which no
		// name or type can be.
		panic("api: table definition does not marshal: " + err.Error())
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:8])
}

// Extends reports whether the definition is one of that version to which only columns have been
// added since. A statement for that version then means the same here.
func (t *TableDef) Extends(version string) bool {
	before := *t
	for n := len(t.Columns) - 1; n > 0; n-- {
		before.Columns = t.Columns[:n]
		if before.Version() == version {
			return true
		}
	}
	return false
}

// SameIndexes reports whether two definitions have the same indexes, in any order.
func (t *TableDef) SameIndexes(other *TableDef) bool {
	if len(t.Indexes) != len(other.Indexes) {
		return false
	}
	for i := range t.Indexes {
		at, _ := other.Index(t.Indexes[i].Name)
		if at == nil || !slices.Equal(at.Columns, t.Indexes[i].Columns) {
			return false
		}
	}
	return true
}

// Index returns the index with that name (see [SameName]) and its position, or nil and -1.
func (t *TableDef) Index(name string) (*IndexDef, int) {
	for i := range t.Indexes {
		if SameName(t.Indexes[i].Name, name) {
			return &t.Indexes[i], i
		}
	}
	return nil, -1
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
