package batch

import (
	"fmt"
	"strings"
	"time"

	"shardeck/shared/api"
	"shardeck/shared/sqltypes"
)

// A statement is a call with a fixed text, or one that depends on names alone.
func statement(text string, args ...Arg) *Call {
	types := make([]string, len(args))
	for i, a := range args {
		types[i] = "@" + a.Name + " " + a.Type.String()
	}
	return &Call{Text: text, Declarations: strings.Join(types, ", "), Args: args}
}

func words(name, text string) Arg {
	return Arg{name, sqltypes.Type{Kind: sqltypes.NVarChar, Length: 2000}, sqltypes.Text(text)}
}

func number(name string, n int64) Arg { return Arg{name, sqltypes.BigIntType, sqltypes.Int64(n)} }

// Begin begins the transaction of a write in parts, for drivers that would begin one implicitly:
// with the first part, within its call of sp_executesql, whose end then finds a transaction that
// its beginning did not.
func Begin() *Call { return statement("BEGIN TRANSACTION") }

// Commit ends a transaction.
func Commit() *Call { return statement("COMMIT TRANSACTION") }

// Rollback undoes a transaction, unless the server has.
func Rollback() *Call { return statement("IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION") }

// ServerVersion selects the server's version, of which the first line is shown.
func ServerVersion() *Call { return statement("SELECT @@VERSION") }

// HasCollation selects 1 if the server has a collation, and 0 if not.
func HasCollation(name string) *Call {
	return statement("SELECT COUNT(*) FROM sys.fn_helpcollations() WHERE name = @name", words("name", name))
}

// PreferredCollation is the collation of new databases if the server has it, as SQL Server does
// since 2019: case-insensitive, accent-sensitive, with VARCHAR in UTF-8.
const PreferredCollation = "Latin1_General_100_CI_AS_KS_WS_SC_UTF8"

// PlainName reports whether a name needs no quoting: a collation's cannot be quoted.
func PlainName(name string) bool {
	return name != "" && strings.Trim(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_") == ""
}

// The worker's state is a row of its own database.

// holdRow locks a row that was read against changes until the transaction ends. Babelfish ignores
// it: between processes, a fence is only checked there, not held.
const holdRow = " WITH (REPEATABLEREAD)"

const stateTable = "dbo._sd_state"

// FirstState stores the first state and running time if there are none. Of two workers that do so
// at the same time, one gets DuplicateKey, which does not matter.
func FirstState() *Call {
	return statement(`INSERT INTO dbo._sd_clock (id, ran) SELECT 1, 0 WHERE NOT EXISTS (SELECT * FROM dbo._sd_clock);
		INSERT INTO dbo._sd_state (id, term, map_version, leader, shard)
		SELECT 1, 0, 0, N'', N'' WHERE NOT EXISTS (SELECT * FROM dbo._sd_state)`)
}

// RunningTime selects the running time in milliseconds: how long workers have used the server, by
// their monotonic clocks, as last stored.
func RunningTime() *Call { return statement("SELECT ran FROM dbo._sd_clock WHERE id = 1") }

// SaveRunningTime stores the running time. Of several workers, as when one replaces another, the
// greatest counts.
func SaveRunningTime(ran time.Duration) *Call {
	return statement("UPDATE dbo._sd_clock SET ran = @ran WHERE id = 1 AND ran < @ran", number("ran", ran.Milliseconds()))
}

// Probe selects one row from a database if the server can read it.
func Probe(physical string) *Call {
	return statement("SELECT COUNT(*) FROM " + QuoteName(physical) + ".dbo._sd_tables WHERE name = ''")
}

// State selects the worker's state: term, map version, leader and shard.
func State() *Call { return readState("") }

// HeldState is State for a transaction, until whose end the row is locked against changes, but
// not reads.
func HeldState() *Call { return readState(holdRow) }

func readState(hint string) *Call {
	return statement("SELECT term, map_version, leader, shard FROM " + stateTable + hint + " WHERE id = 1")
}

// StoreState replaces the state cur by next; it changes no row if the state is no longer cur.
// Terms and versions only grow, and a leader is only ever added to a term: if all three are equal
// the state is the same except for the shard, which is set once.
func StoreState(cur, next api.WorkerState) *Call {
	return statement(`UPDATE `+stateTable+` SET term = @term, map_version = @map, leader = @leader, shard = @shard
		WHERE id = 1 AND term = @was_term AND map_version = @was_map AND leader = @was_leader AND shard = @was_shard`,
		number("term", int64(next.Term)), number("map", int64(next.MapVersion)), words("leader", next.Leader), words("shard", next.Shard),
		number("was_term", int64(cur.Term)), number("was_map", int64(cur.MapVersion)), words("was_leader", cur.Leader), words("was_shard", cur.Shard))
}

// LockRecords keeps other processes from creating, dropping and recovering databases until the
// session ends. It selects a negative number if it waited in vain.
func LockRecords(wait time.Duration) *Call {
	return statement(`DECLARE @got INT;
		EXEC @got = sp_getapplock @Resource = N'_sd_databases', @LockMode = 'Exclusive', @LockOwner = 'Session', @LockTimeout = @wait;
		SELECT @got`, number("wait", wait.Milliseconds()))
}

// The states of a database's record. CREATE DATABASE and DROP DATABASE cannot be part of a
// transaction: the record states the intention beforehand, so that whoever finds it can finish or
// undo what a crash interrupted.
const (
	RecordCreating = "creating"
	RecordReady    = "ready"
	RecordDropping = "dropping"
)

// Record selects the record of a logical name: the name as given, the physical name, the state.
func Record(name string) *Call {
	return statement("SELECT given, physical, state FROM dbo._sd_databases WHERE name = @name", words("name", OwnName(name)))
}

// Records selects all records.
func Records() *Call {
	return statement("SELECT given, physical, state FROM dbo._sd_databases ORDER BY name")
}

// SetRecord changes the state of a record.
func SetRecord(name, state string) *Call {
	return statement("UPDATE dbo._sd_databases SET state = @state WHERE name = @name", words("state", state), words("name", OwnName(name)))
}

// AddRecord adds a record.
func AddRecord(name, physical, state string) *Call {
	return statement("INSERT INTO dbo._sd_databases (name, given, physical, state) VALUES (@name, @given, @physical, @state)",
		words("name", OwnName(name)), words("given", name), words("physical", physical), words("state", state))
}

// DeleteRecord deletes a record.
func DeleteRecord(name string) *Call {
	return statement("DELETE FROM dbo._sd_databases WHERE name = @name", words("name", OwnName(name)))
}

// DatabaseID selects the id of a database, whoever created it; NULL if it does not exist.
func DatabaseID(physical string) *Call {
	return statement("SELECT DB_ID(@name)", words("name", physical))
}

// ForeignTables counts the tables of a database that its creation does not put there.
func ForeignTables(physical string) *Call {
	return statement("SELECT COUNT(*) FROM " + QuoteName(physical) + ".sys.tables WHERE name NOT LIKE '[_]sd[_]%'")
}

// CreateDatabase creates a database, with the server's own collation if that is empty.
func CreateDatabase(physical, collation string) *Call {
	text := "CREATE DATABASE " + QuoteName(physical)
	if collation != "" {
		text += " COLLATE " + collation
	}
	return statement(text)
}

// ReadCommittedSnapshot keeps readers from waiting for writers. Without ROLLBACK IMMEDIATE the
// server waits for any other new connection.
func ReadCommittedSnapshot(physical string) *Call {
	return statement("ALTER DATABASE " + QuoteName(physical) + " SET READ_COMMITTED_SNAPSHOT ON WITH ROLLBACK IMMEDIATE")
}

// CompatibilityLevel raises the level of a database where it is lower than that of SQL Server
// 2019: it then lacks OPENJSON, which long lists need, and errors that name the column.
func CompatibilityLevel(physical string) *Call {
	return statement("IF EXISTS (SELECT 1 FROM sys.databases WHERE database_id = DB_ID(" + quoteText(physical) +
		") AND compatibility_level < 150)\nALTER DATABASE " + QuoteName(physical) + " SET COMPATIBILITY_LEVEL = 150")
}

// DropDatabase drops a database.
func DropDatabase(physical string) *Call { return statement("DROP DATABASE " + QuoteName(physical)) }

// DropDatabaseInUse ends the sessions that use a database and drops it, in one batch so that
// nobody else becomes the single user in between. Babelfish and Azure SQL Managed Instance do not
// support it: sessions there end with their connections.
func DropDatabaseInUse(physical string) *Call {
	return statement("ALTER DATABASE " + QuoteName(physical) + " SET SINGLE_USER WITH ROLLBACK IMMEDIATE;\nDROP DATABASE " + QuoteName(physical))
}

// Prune deletes at most n of the expired idempotency records. They are never replayed, so it does
// not matter which are left.
func Prune(n int64, a Age) *Call {
	return statement("DELETE TOP (@n) FROM dbo._sd_idempotency WHERE ([at] <= @old OR [at] > @now) AND ran <= @old_ran",
		number("n", n), number("old", a.oldest()), number("now", a.Now.UnixMilli()), number("old_ran", a.oldestRan()))
}

// TableStats selects the tables of databases: the index of the database, the table's definition
// and its count, which is maintained by writes.
func TableStats(physical []string) *Call {
	texts := make([]string, len(physical))
	for i := range physical {
		// Each table's count is summed separately, as a definition is too long to group by.
		// Databases may have different collations, but a union needs a single one.
		db := QuoteName(physical[i])
		texts[i] = fmt.Sprintf(`SELECT %d AS db, t.definition COLLATE Latin1_General_BIN2 AS definition, (SELECT COALESCE(SUM(r.row_count), 0) FROM %s.dbo._sd_rows AS r WHERE r.table_name = t.name) AS row_count
			FROM %s.dbo._sd_tables AS t`, i, db, db)
	}
	return statement(strings.Join(texts, "\nUNION ALL\n"))
}

// FileSizes selects the names of all databases and the sizes of their files in bytes, as far as
// the server lets the login see them. Babelfish has none.
func FileSizes() *Call {
	return statement(`SELECT DB_NAME(database_id), SUM(CAST(size AS BIGINT)) * 8192 FROM sys.master_files GROUP BY database_id`)
}
