// Package service is the master: the public API over HTTP, and the composition of the
// packages that do the work. A request passes through master/catalog (look up the table),
// master/planner (which shards, and why), master/dialect (what they run), master/scatter
// (run it) and master/gather (combine the results into one answer).
//
// It contains no SQL and no routing rules, and never accesses a database. All routes are
// in routes.go.
package service
