package sqlserver

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	mssql "github.com/microsoft/go-mssqldb"

	"shardeck/shared/api"
	"shardeck/shared/mssqlerr"
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
}

// databaseTables are the engine's tables in each database. An idempotency key is stored as its
// SHA-256: it may contain any bytes, and is compared bytewise.
var databaseTables = []ownTable{
	{name: "_sd_tables", columns: `name ` + names + ` NOT NULL PRIMARY KEY, definition NVARCHAR(MAX) NOT NULL, version VARCHAR(16) NOT NULL`},
	{name: "_sd_rows", columns: `table_name ` + names + ` NOT NULL, stripe INT NOT NULL, row_count BIGINT NOT NULL, PRIMARY KEY (table_name, stripe)`},
	{name: "_sd_idempotency", columns: `key_hash BINARY(32) NOT NULL PRIMARY KEY, request_hash NVARCHAR(128) NOT NULL,
		rows_affected VARCHAR(2000) NOT NULL, [at] BIGINT NOT NULL`, index: "at"},
}

type ownTable struct {
	name, columns string
	index         string // a column with its own index
}

// createOwnTables creates the missing tables of the worker's own database.
func createOwnTables(ctx context.Context, db *sql.DB) error {
	if err := createTables(ctx, db, ownTables); err != nil {
		return err
	}
	_, err := db.ExecContext(ctx, `INSERT INTO dbo._sd_state (id, term, map_version, leader, shard)
		SELECT 1, 0, 0, N'', N'' WHERE NOT EXISTS (SELECT * FROM dbo._sd_state)`)
	if n := sqlNumber(err); n == mssqlerr.DuplicateKey || n == mssqlerr.DuplicateIndexKey {
		err = nil // another worker won the race
	}
	return problemOrNil(err)
}

// createTables creates missing tables, in one round trip.
func createTables(ctx context.Context, db *sql.DB, tables []ownTable) error {
	var text strings.Builder
	for _, t := range tables {
		fmt.Fprintf(&text, "IF OBJECT_ID(N'dbo.%s') IS NULL\nBEGIN\nCREATE TABLE dbo.%s (%s);\n", t.name, t.name, t.columns)
		if t.index != "" {
			fmt.Fprintf(&text, "CREATE INDEX ix%s_%s ON dbo.%s ([%s]);\n", t.name, t.index, t.name, t.index)
		}
		text.WriteString("END;\n")
	}
	for try := 1; ; try++ {
		_, err := db.ExecContext(ctx, text.String())
		if sqlNumber(err) == mssqlerr.ObjectExists && try < schemaTries {
			continue // another worker created one of them first
		}
		if err != nil {
			return fmt.Errorf("create the engine's tables: %w", problem(err, phaseIdle))
		}
		return nil
	}
}

// unmappedByBabelfish is the number of a PostgreSQL error in Babelfish that has no equivalent in
// SQL Server.
const unmappedByBabelfish = 33557097

// sqlNumber returns SQL Server's number of an error, including connection errors; 0 if there is
// none.
func sqlNumber(err error) int32 {
	if e, ok := errors.AsType[mssql.Error](err); ok {
		return rootError(e).Number
	}
	if p, ok := errors.AsType[*api.Problem](err); ok {
		return int32(p.SQLNumber)
	}
	return 0
}

// isDatabaseGone reports whether an error may mean that the database does not exist.
func isDatabaseGone(err error) bool {
	n := sqlNumber(err)
	return n == mssqlerr.CannotOpenDatabase || n == mssqlerr.UnknownDatabase
}

// problemOrNil is problem for one of the engine's own steps.
func problemOrNil(err error) error {
	if err == nil {
		return nil
	}
	return problem(err, phaseIdle)
}

// quoteName quotes a name as a T-SQL identifier.
func quoteName(name string) string { return "[" + strings.ReplaceAll(name, "]", "]]") + "]" }

// quoteText quotes a text as a T-SQL literal.
func quoteText(text string) string { return "N'" + strings.ReplaceAll(text, "'", "''") + "'" }
