// Package sqlite is the engine over embedded SQLite: one file for each
// physical database in a directory that the process owns alone.
//
// Each database has one writer goroutine with the one connection that writes,
// and a few connections that read. Requests that wait for the writer share a
// transaction, and so its fsync (group commit); each is answered after the
// commit. A request that fails undoes its own work and no other's. Row counts,
// definitions and idempotency records are rows of the same transaction.
//
// The fence (term and slot map version) is one for all databases of the engine.
// A writer holds it from the moment it compares a request's fence until its
// transaction has ended, and whoever changes it waits for those writers; so once
// SetState has returned, nothing older can commit.
//
// The package runs the SQL it is given (see master/dialect) and parses none of
// it. Statements that reach beyond their table (ATTACH, PRAGMA, transaction
// control, the engine's own tables) are refused when they are prepared.
package sqlite
