// Package query sends T-SQL to real clusters over HTTP and compares the results with expected
// ones: named cases that sharding must not get wrong, the response formats, and how statements
// end that fail, are cancelled or lose a worker.
//
// Each query runs on three shards and on one, which must agree in everything. Random statements
// are in package differential; how one engine treats values is in parity.
//
// The package contains only tests.
package query
