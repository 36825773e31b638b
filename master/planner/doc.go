// Package planner turns a request into a plan: which shards it touches and why,
// what each of them is to do, and how their answers become one.
//
// A [Plan] is plain data without SQL text. It marshals to JSON, so that EXPLAIN
// and the golden files of the tests show the same thing. Planning binds names
// against a [Table], gives every expression a T-SQL type, folds constants, and
// routes by equality and IN on the shard key.
//
// The package is pure: no I/O, no clock, no state; the same request, table and
// slot map always give the same plan. Text for an engine is made of a plan by
// master/dialect; the shards are asked by master/scatter and their rows joined
// by master/gather. All errors are *api.Problem and name the field at fault.
package planner
