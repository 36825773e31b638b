// Package query asks real clusters T-SQL, over HTTP, and holds the answers to what is
// written here: what statements over shards must not get wrong, each by its name; the
// forms of answers; and how statements end that fail, are cancelled or outlive a worker.
//
// Each answer is asked of three shards and of one, which must agree in everything. What
// is random is in package differential; what one engine does with values is in parity.
//
// The package has tests alone.
package query
