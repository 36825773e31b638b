// Package plan says what a plan is: what each shard does for one request and how the
// shards' answers become one.
//
// A [Plan] is plain data without SQL text. It marshals to JSON, so that EXPLAIN and the
// golden files of the tests show the same thing. Its [Expr] are bound: names are known
// columns, values have T-SQL types, and conversions stand where T-SQL makes them.
// They may be compared, simplified and printed here; what they come to is computed by
// an engine or by package eval.
//
// Plans are made by package planner, written for an engine by package dialect, and
// finished by package gather. The latter two need no more than this package: neither
// tables, nor text, nor how a plan came about.
//
// The package does no I/O. A plan must not be changed once it is shared.
package plan
