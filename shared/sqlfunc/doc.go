// Package sqlfunc is the one table of T-SQL's functions. A function is one row of it:
// name, parameters, the type of the result, what it computes, what it is called in SQLite
// and in T-SQL, and a line of help.
//
// Whoever deals with functions reads that row: the parser and the binder of statements,
// the evaluator, both dialects and EXPLAIN at the master, the embedded engine when it
// registers what SQLite lacks ([Natives]), the console's colours, the list in
// docs/queries.md, and the golden vectors for workers in other languages. To add a scalar
// function is to add its row to a table of this package; a test walks every row through
// all of them, and fails where one is incomplete.
//
// Three classes of functions stand in the table. A [Scalar] is computed from the values of
// its arguments, by its row alone. An [Aggregate] is computed over the rows of a group, of
// which each shard contributes a part. A [Form] has a grammar or an evaluation of its own,
// as CAST and COALESCE have: its row says what it is called and what it is for, and the
// binder has its meaning.
//
// The package is pure: no I/O and no state; nobody changes a row. Everything in it is safe
// for concurrent use.
package sqlfunc
