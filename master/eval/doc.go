// Package eval computes bound expressions over rows that the master holds in
// memory: HAVING, expressions over aggregates and the last columns of groups, which
// no single shard can compute. It gives what an engine would: each operation is
// the one that package bind folds constants by and that the
// embedded engine's functions call.
//
// It neither parses nor types anything (package bind has done so), aggregates
// nothing, and does no I/O. Everything in it is safe for concurrent use.
package eval
