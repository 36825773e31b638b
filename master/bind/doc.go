// Package bind gives the syntax trees of package tsql their meaning over tables: it
// resolves names, gives each expression the type that T-SQL gives it, puts conversions
// where T-SQL makes them, folds constants by package eval, and refuses what T-SQL
// refuses, with SQL Server's number.
//
// A [Table] is a table's definition made ready for it; a [Scope] are the tables whose
// columns a name may mean; a [Binder] binds the expressions of one request, whose field
// and offset its refusals name. NOT is moved down to the comparisons, and UNKNOWN is
// folded to FALSE: a filter treats the two alike once no NOT is left above it.
//
// The functions are those of package sqlfunc. Which shards a condition leads to, and what
// the shards and the master each do, is decided by package planner.
//
// The package does no I/O. Tables and scopes that are shared do not change; a Binder
// serves one goroutine. All errors are *api.Problem.
package bind
