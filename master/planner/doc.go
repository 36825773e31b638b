// Package planner turns a request into a plan: which shards it touches and why, what
// each of them does, and how their answers are combined into one.
//
// Planning binds the request's expressions (package bind), routes by equality and IN on
// the shard key, and splits aggregation into two stages: the workers group, count and sum
// their own rows, and a [plan.Final] describes how the master combines the partial
// results. Only co-located joins are supported: ON must require equal shard keys, so that
// each shard joins its own rows.
//
// [Statement] plans a T-SQL statement; [Select], [Insert] and so on plan the equivalent
// JSON requests, using the same code.
//
// The package is pure: no I/O, no clock, no state; the same request, table and slot map
// always give the same plan. All errors are *api.Problem and name the invalid field.
package planner
