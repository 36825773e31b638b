// Package parity holds a corpus of T-SQL statements with their results, and the tests that run it
// on every kind of cluster: one SQLite shard (where nothing is merged), three SQLite shards, and
// three SQL Server shards if SHARDECK_TEST_SQLSERVER names a server. The results must be the
// same: values, types, order, rows affected, error codes and SQL Server's numbers.
//
// The corpus is testdata/*.slt. A file runs from top to bottom in a database of its
// own. Records are separated by blank lines; lines that begin with # are comments:
//
//	statement ok            the statement succeeds
//	statement ok 2          and affects two rows
//	statement error duplicate_key 2627
//	                        it is refused with this code, and this number if one is given
//	query ordered           the rows come in this order
//	query unordered         the rows come in any order, and are written sorted
//	query unordered fold    and texts that the collation treats as equal are interchangeable
//
// Then follows the text, up to a blank line or, for a query, up to ----. After that
// come the columns with their types, and each row in its wire form. A record may
// begin with conditions:
//
//	onlyif sqlserver time-scale   only on this engine; time-scale is a row in the
//	                              table of differences in docs/sql-server.md
//	skipif babelfish              not on this server, which a comment explains
//	skipif endpoints              not as a request of an endpoint, which cannot express it
//
// The texts are T-SQL. Each file runs twice: once with its texts translated by the tests' parser
// into requests of the endpoints for each kind of statement, and once as they are through POST
// /query. A table's shard key is its column user_id; a table without such a column is spread by
// row hash.
//
// The results follow Microsoft's documentation, not whatever an engine happened to return:
// -update rewrites them from the run on one SQLite shard, for review.
//
// The package contains only tests. Other aspects of single requests (routes, hints, fields) are
// tested in master/service.
package parity
