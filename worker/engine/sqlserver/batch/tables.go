package batch

import (
	"fmt"
	"strings"
)

// stripes is the number of rows over which a table's count is spread, so that concurrent writers
// do not wait for each other on a single row. The count is their sum.
const stripes = 16

// names is the type of columns of lower-case ASCII names.
const names = "VARCHAR(128) COLLATE Latin1_General_BIN2"

// ownTables are the tables of the worker's own database.
var ownTables = []ownTable{
	{name: "_sd_state", columns: `id INT NOT NULL PRIMARY KEY CHECK (id = 1), term BIGINT NOT NULL, map_version BIGINT NOT NULL,
		leader NVARCHAR(2000) NOT NULL, shard NVARCHAR(200) NOT NULL`},
	{name: "_sd_databases", columns: `name ` + names + ` NOT NULL PRIMARY KEY, given VARCHAR(128) NOT NULL, physical VARCHAR(256) NOT NULL,
		state VARCHAR(10) NOT NULL`},
	{name: "_sd_clock", columns: `id INT NOT NULL PRIMARY KEY CHECK (id = 1), ran BIGINT NOT NULL`},
}

// databaseTables are the worker's tables in each database. An idempotency key is stored as its
// SHA-256: it may contain any bytes, and is compared bytewise.
var databaseTables = []ownTable{
	{name: "_sd_tables", columns: `name ` + names + ` NOT NULL PRIMARY KEY, definition NVARCHAR(MAX) NOT NULL, version VARCHAR(16) NOT NULL`},
	{name: "_sd_rows", columns: `table_name ` + names + ` NOT NULL, stripe INT NOT NULL, row_count BIGINT NOT NULL, PRIMARY KEY (table_name, stripe)`},
	{name: "_sd_idempotency", columns: `key_hash BINARY(32) NOT NULL PRIMARY KEY, request_hash NVARCHAR(128) NOT NULL,
		rows_affected VARCHAR(2000) NOT NULL, [at] BIGINT NOT NULL, ran BIGINT NOT NULL DEFAULT 0`, index: "at", added: "ran"},
}

type ownTable struct {
	name, columns string
	index         string // a column with its own index
	added         string // a BIGINT that the tables of earlier versions lack, which then becomes 0
}

// CreateOwnTables creates the missing tables of the worker's own database. If another worker
// creates one of them at the same time, it fails with ObjectExists and can be repeated.
func CreateOwnTables() *Call { return createTables(ownTables) }

// CreateDatabaseTables creates the worker's missing tables in a database, as CreateOwnTables does,
// and adds what the tables of earlier versions lack. Earlier versions can still use them.
func CreateDatabaseTables() *Call { return createTables(databaseTables) }

func createTables(tables []ownTable) *Call {
	var text strings.Builder
	for _, t := range tables {
		fmt.Fprintf(&text, "IF OBJECT_ID(N'dbo.%s') IS NULL\nBEGIN\nCREATE TABLE dbo.%s (%s);\n", t.name, t.name, t.columns)
		if t.index != "" {
			fmt.Fprintf(&text, "CREATE INDEX ix%s_%s ON dbo.%s ([%s]);\n", t.name, t.index, t.name, t.index)
		}
		text.WriteString("END;\n")
		if t.added != "" {
			fmt.Fprintf(&text, "IF COL_LENGTH(N'dbo.%s', N'%s') IS NULL\nALTER TABLE dbo.%s ADD %s BIGINT NOT NULL DEFAULT 0;\n", t.name, t.added, t.name, t.added)
		}
	}
	return statement(text.String())
}

// OwnName is the spelling of a name in the worker's tables.
func OwnName(name string) string { return strings.ToLower(name) }

// QuoteName quotes a name as a T-SQL identifier.
func QuoteName(name string) string { return "[" + strings.ReplaceAll(name, "]", "]]") + "]" }

// quoteText quotes a text as a T-SQL literal.
func quoteText(text string) string { return "N'" + strings.ReplaceAll(text, "'", "''") + "'" }

// OwnDatabase is the name of the worker's own database. No request's database can have this name,
// as names begin with a letter.
func OwnDatabase(suffix string) string {
	if suffix == "" {
		return "_shardeck"
	}
	return "_shardeck_" + suffix
}
