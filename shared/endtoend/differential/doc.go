// Package differential runs random T-SQL on one plain SQLite database, without any Shardeck code,
// and through masters over 1, 2, 3 and 7 shards, and compares: the rows, their order if there is
// one, the counts of rows changed, and which statements are refused.
//
// Each statement is generated once and written in two dialects: T-SQL, and SQLite's own over
// columns whose SQLite semantics match T-SQL's (a DECIMAL is a number of cents there, text is
// compared by its lower case). What that cannot express, such as overflow or trailing spaces of
// text, is in the parity corpus.
//
// The package contains only tests.
package differential
