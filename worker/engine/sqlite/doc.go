// Package sqlite is the engine over embedded SQLite: one file per physical database in a
// directory that the process owns exclusively.
//
// Each database has one writer goroutine with the only connection that writes, and a few
// connections that read. Requests waiting for the writer share a transaction, and so its fsync
// (group commit); each is answered after the commit. A failed request undoes only its own work.
// Row counts, definitions and idempotency records are rows of the same transaction.
//
// The fence (term and slot map version) is shared by all databases of the engine. A writer holds
// it from comparing a request's fence until its transaction has ended, and changing it waits for
// those writers; so once SetState has returned, nothing older can commit.
//
// The package runs the SQL it is given (see master/dialect) and parses none of it. Statements
// that access more than their table (ATTACH, PRAGMA, transaction control, the engine's own
// tables) are refused when they are prepared.
package sqlite
