// Package bind resolves and type-checks the syntax trees of package tsql against tables:
// it resolves names, gives each expression its T-SQL type, inserts T-SQL's implicit
// conversions, folds constants with package eval, and rejects what T-SQL rejects, with
// SQL Server's error number.
//
// A [Table] is a table's definition prepared for binding; a [Scope] holds the tables that
// column names resolve against; a [Binder] binds the expressions of one request, and its
// errors name the request's field and the offset in it. NOT is pushed down to the
// comparisons, and UNKNOWN is folded to FALSE: a filter treats the two alike once no NOT
// is left above it.
//
// The functions are those of package sqlfunc. Package planner decides which shards a
// condition routes to, and what the shards and the master each do.
//
// The package does no I/O. Shared tables and scopes are immutable; a Binder must not be
// used concurrently. All errors are *api.Problem.
package bind
