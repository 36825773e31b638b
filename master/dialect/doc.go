// Package dialect writes plans as SQL text for the engines of the workers.
//
// Values travel as typed parameters @p1, @p2, ... and never as text; names are
// those of the catalog, quoted. Where an engine's own operators differ from
// T-SQL's (overflow, integer division, decimals, LIKE, collations) the text calls
// what has T-SQL's meaning. A dialect decides how something is said, never what:
// types, conversions and routes are the planner's.
//
// The package is pure and its dialects are safe for concurrent use.
package dialect
