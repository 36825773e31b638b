// Package tsql parses the subset of T-SQL that Shardeck supports into syntax trees:
// statements, and search conditions, ORDER BY lists and column definitions on their
// own. Only statements may have comments and @parameters. Its tokens are those of
// package tsqltoken.
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
