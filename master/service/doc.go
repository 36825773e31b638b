// Package service is a master: the public API over HTTP, and the composition of
// the packages that do the work. A request goes through master/catalog (what is
// the table?), master/planner (which shards, and why?), master/dialect (what do
// they run?), master/scatter (run it) and master/gather (make one answer of it).
//
// It holds no SQL and no routing rule, and it never touches a database. All
// routes are in routes.go.
package service
