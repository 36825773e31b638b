// Package eval evaluates bound expressions over rows in the master's memory: HAVING and
// expressions over the aggregates of groups, which no single shard can compute. Its
// results are those of an engine: package bind folds constants with the same operations,
// and the embedded engine's functions call them.
//
// It does no parsing, typing (see package bind), aggregation or I/O. Everything in it is
// safe for concurrent use.
package eval
