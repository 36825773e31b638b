// Package raw is a thin binding of the parts of SQLite's C interface that the engine needs, over
// the same pure Go translation of SQLite (package lib) that modernc.org/sqlite wraps for
// database/sql.
//
// It avoids the cost of database/sql/driver on the engine's hot paths: there, every column of
// every row is boxed in an interface and every text copied, every execution allocates, a
// cancellable context starts a goroutine per execution, and sqlite3_interrupt is not available.
// Here a row is read as views of SQLite's own memory, and a statement binds and steps without
// allocating, which makes a scan about three times and a bulk insert about one and a half times
// as fast (see the engine's benchmarks).
//
// It is not a general driver: one statement per text, no incremental blobs, no virtual tables, no
// backup. A Conn and its Stmts are for one goroutine at a time; only [Conn.Interrupt] may be
// called from any.
//
// All of the engine's use of package unsafe is in this package.
package raw
