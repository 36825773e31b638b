// Package dialect renders plans as SQL for the workers' engines.
//
// Values are passed as typed parameters @p1, @p2, ... and never as text; names are those
// of the catalog, quoted. Where an engine's own operators differ from T-SQL's (overflow,
// integer division, decimals, LIKE, collations), the SQL calls functions with T-SQL's
// semantics. A dialect decides only how a plan is expressed: types, conversions and
// routes are up to the planner.
//
// The package is pure and its dialects are safe for concurrent use.
package dialect
