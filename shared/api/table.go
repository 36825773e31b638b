package api

import (
	"crypto/sha256"
	"encoding/hex"

	"github.com/go-json-experiment/json"
)

// Column is a result column.
type Column struct {
	Name string `json:"name"`
	Type string `json:"type"` // as shared/sqltypes writes it, such as "NVARCHAR(50)"
}

// ColumnDef is a table's column.
type ColumnDef struct {
	Name     string `json:"name"`
	Type     string `json:"type"`
	Nullable bool   `json:"nullable"`
	// Default is the DEFAULT's T-SQL literal in canonical spelling; empty for none.
	Default string `json:"default,omitempty"`
}

// TableDef is a table as its creator defined it, without Shardeck's own _slot column.
type TableDef struct {
	Name       string      `json:"name"`
	Columns    []ColumnDef `json:"columns"`
	PrimaryKey []string    `json:"primary_key,omitempty"`
	Unique     [][]string  `json:"unique,omitempty"`
	// ShardKey is the column whose value places a row; empty: rows are spread by row hash.
	ShardKey string `json:"shard_key,omitempty"`
}

// Version identifies the definition: 16 hex digits of the SHA-256 of its JSON.
// Two shards whose tables have the same version agree on the table.
func (t *TableDef) Version() string {
	b, err := json.Marshal(t, json.Deterministic(true))
	if err != nil {
		// Strings, booleans and slices always marshal, unless a string is not
		// UTF-8, which no name or type can be.
		panic("api: table definition does not marshal: " + err.Error())
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:8])
}

// Column returns the column of that name (see [SameName]) and its position, or nil and -1.
func (t *TableDef) Column(name string) (*ColumnDef, int) {
	for i := range t.Columns {
		if SameName(t.Columns[i].Name, name) {
			return &t.Columns[i], i
		}
	}
	return nil, -1
}
