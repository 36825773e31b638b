// Package planner turns a request into a plan: which shards it touches and why, what
// each of them is to do, and how their answers become one.
//
// Planning binds the request's expressions (package bind), routes by equality and IN on
// the shard key, and takes apart what needs more than the rows of the shards one after
// another: the workers group, count and sum what each of them has, and a [plan.Final]
// says what becomes of their partial results. Tables are joined where their shard keys
// are equal, so that every shard can join its own rows; other joins are refused.
//
// [Statement] plans a statement of T-SQL; [Select], [Insert] and their kin plan the
// requests that say the same in JSON, by the same means.
//
// The package is pure: no I/O, no clock, no state; the same request, table and slot map
// always give the same plan. All errors are *api.Problem and name the field at fault.
package planner
