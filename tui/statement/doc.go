// Package statement divides a text into statements, as an editor and a script need it: at
// semicolons and at lines that are GO, outside strings, delimited names and comments. It also
// tells by the first keywords what kind of statement one is, so that the user can be asked
// before a write. Whether a statement is valid, the master decides.
//
// GO is a line of its own, perhaps with a count and a comment, as in sqlcmd:
// https://learn.microsoft.com/sql/t-sql/language-elements/sql-server-utilities-statements-go
//
// The bytes of a file or an argument become a text only as they are, in UTF-8: a statement of
// which a character was replaced would still run, and store something else.
//
// An [Index] follows a text that is being edited, and reads anew only what a change affects.
//
// The package is pure: no I/O and no global state.
package statement
