// Package sqlfunc is the single table of supported T-SQL functions. A function is one row
// of it: name, parameters, type of the result, implementation, name in SQLite, and a line
// of help.
//
// Everything that deals with functions uses that row: the parser and the binder of
// statements, the evaluator, both dialects and EXPLAIN at the master, the embedded engine
// when it registers functions that SQLite lacks ([Natives]), the console's colours, the
// list in docs/queries.md, and the golden vectors for workers in other languages. To add
// a scalar function, add its row to a table of this package; a test exercises every row
// in all of these places, and fails if it is incomplete.
//
// There are three classes of functions. A [Scalar] is computed from the values of its
// arguments by its row alone. An [Aggregate] is computed over the rows of a group, from
// partial results of each shard. A [Form] has syntax or evaluation rules of its own, like
// CAST and COALESCE: its row has only name and help, and the binder implements it.
//
// The package is pure: no I/O and no state; rows are immutable. Everything in it is safe
// for concurrent use.
package sqlfunc
