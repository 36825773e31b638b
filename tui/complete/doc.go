// Package complete finds what a word in a SQL text could become: tables, columns, functions,
// keywords, parameters, types and parts of dates, by where the word stands. It also finds
// the function whose arguments are being written.
//
// Words and functions come from the tables of packages tsqltoken and sqlfunc, so that
// nothing is suggested that the master does not know. It reads tokens rather than a syntax
// tree, since a text is rarely valid while it is being written.
//
// The package is pure: no I/O and no state.
package complete
