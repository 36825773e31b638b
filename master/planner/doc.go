// Package planner turns a request into a plan: which shards it touches and why,
// what each of them is to do, and how their answers become one.
//
// A [Plan] is plain data without SQL text. It marshals to JSON, so that EXPLAIN
// and the golden files of the tests show the same thing. Planning binds names
// against a [Table], or against several that are joined, gives every expression a
// T-SQL type, folds constants, and routes by equality and IN on the shard key.
//
// [Statement] plans a statement of T-SQL; [Select], [Insert] and their kin plan the
// requests that say the same in JSON, by the same means. What needs more than the
// rows of the shards one after another is taken apart: the workers group, count and sum
// what each of them has, and a [Final] says what becomes of their partial results.
// Tables are joined where their shard keys are equal, so that every shard can join its
// own rows; other joins are refused.
//
// The package is pure: no I/O, no clock, no state; the same request, table and
// slot map always give the same plan. Text for an engine is made of a plan by
// master/dialect; the shards are asked by master/scatter and their rows joined
// by master/gather. All errors are *api.Problem and name the field at fault.
package planner
