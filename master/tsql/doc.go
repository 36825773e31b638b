// Package tsql reads the subset of T-SQL that Shardeck speaks: statements, and
// alone search conditions, ORDER BY lists and column definitions, become syntax
// trees. Comments and @parameters belong to statements only. The tokens are
// shared/tsqltoken's.
//
// What is outside the subset is refused by name, with what to write instead.
// Every error is an *api.Problem (syntax_error, unsupported or too_complex) with
// the byte offset of the fault. Work is linear in the text, and the text, the
// depth of nesting and the length of a list are bounded.
//
// The package is pure: it has no knowledge of tables, resolves no names and assigns
// no types (see master/planner), and it renders nothing for an engine (see
// master/dialect).
package tsql
