// Package sqltypes knows the column types of T-SQL and their values: how a type
// is written, what it accepts, what it makes of an input, how a value travels as
// JSON, how two values compare, and what operators and functions make of values.
//
// Those operations are the only ones there are: the planner folds constants by
// them, the master computes with them what no shard can, and the embedded engine's
// SQL functions call them.
//
// A JSON value that arrives for a column is taken as the T-SQL literal it looks
// like (a number, a string, a BIT) and converted as an assignment to that
// column would: a fraction is cut off for an integer column and rounded for a
// decimal one, trailing spaces that do not fit are cut, anything else that does
// not fit is refused with the number SQL Server uses. Each value has exactly one
// wire form (see [AppendJSON]), which the samples in
// shared/api/testdata/golden/values.json pin for other languages.
//
// Where it is narrower than SQL Server it refuses and never guesses: dates are
// read in ISO 8601 alone, a time zone other than Z is refused, numbers and binary
// values do not turn into each other. Where SQL Server has several numbers for
// one refusal (220, 232, 244, 248 for an integer out of range) it uses one (8115).
//
// The package is pure: no I/O, no state, no knowledge of tables, engines or HTTP.
// It is small enough to be linked into programs that are not services. A refusal
// is an [Error], which shared/api turns into a problem at a service's edge.
// Everything in it is safe for concurrent use.
package sqltypes
