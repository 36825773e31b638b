// Package sqltypes implements T-SQL's column types and their values: parsing types, validating
// and converting values, the JSON wire form, comparison, and the results of operators and
// functions.
//
// These are the only implementations of those operations: the planner folds constants with them,
// the master evaluates what no shard can with them, and the embedded engine's SQL functions call
// them.
//
// A JSON value for a column is read as the T-SQL literal it resembles (a number, a string, a BIT)
// and converted as an assignment to that column would: a fraction is truncated for an integer
// column and rounded for a decimal one, excess trailing spaces are dropped, and anything else
// that does not fit is refused with SQL Server's error number. Each value has exactly one wire
// form (see [AppendJSON]), which the samples in shared/api/testdata/golden/values.json pin for
// other languages.
//
// Strings are read as dates where the language is us_english and the order month, day, year; a
// time zone does not change the local time, as in T-SQL.
//
// Where the package supports less than SQL Server it refuses and never guesses: a DECIMAL, a
// float or a date does not convert to a binary value, and text does only in ASCII or UTF-16. Where SQL Server has several numbers for one error (220, 232, 244, 248 for an
// integer out of range) it uses one (8115).
//
// The package is pure: no I/O, no state, no knowledge of tables, engines or HTTP. It is small
// enough to link into programs that are not services. Failures are an [Error], which shared/api
// turns into a problem document. Everything is safe for concurrent use.
package sqltypes
