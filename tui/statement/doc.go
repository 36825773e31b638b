// Package statement divides a text into statements, as an editor and a script need it: at
// semicolons and at lines that are GO, outside strings, delimited names and comments. It also
// tells by the first keywords what kind of statement one is, so that the user can be asked
// before a write. Whether a statement is valid, the master decides.
//
// GO is a line of its own, perhaps with a count and a comment, as in sqlcmd:
// https://learn.microsoft.com/sql/t-sql/language-elements/sql-server-utilities-statements-go
//
// The package is pure: no I/O and no state.
package statement
