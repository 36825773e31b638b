// Package plan defines plans: what each shard does for one request, and how the
// shards' answers are combined into one.
//
// A [Plan] is plain data without SQL text. It marshals to JSON, so that EXPLAIN and the
// golden files of the tests show the same thing. Its expressions are bound: names are
// resolved to columns, values have T-SQL types, and T-SQL's implicit conversions are
// explicit. This package compares, simplifies and prints them; an engine or package
// eval evaluates them.
//
// Package planner makes plans, package dialect renders them as an engine's SQL, and
// package gather executes the master's part. The latter two depend only on this package,
// not on tables, statement text or the planner.
//
// The package does no I/O. A plan must not be changed once it is shared.
package plan
