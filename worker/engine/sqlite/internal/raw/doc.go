// Package raw is a thin binding of the parts of SQLite's C interface that the
// engine needs, over the same pure Go translation of SQLite that
// modernc.org/sqlite wraps for database/sql (its package lib).
//
// It exists because of what database/sql/driver costs on the engine's hot paths:
// every column of every row is boxed in an interface and every text copied, every
// execution allocates, a cancellable context starts a goroutine for each
// execution, and nothing reaches sqlite3_interrupt. Here a row is read as views
// of SQLite's own memory and a statement binds and steps without allocating,
// which makes a scan about three times and a bulk insert about one and a half
// times as fast (see the engine's benchmarks).
//
// It is no general driver: one statement a text, no incremental blobs, no virtual
// tables, no backup. A Conn and its Stmts are for one goroutine at a time;
// [Conn.Interrupt] alone may be called from any.
//
// All of the engine's use of package unsafe is in this package.
package raw
