// Package copyas writes rows as text for people and programs: tab-separated text, CSV, JSON,
// Markdown, and INSERT statements. A [Writer] takes one row after another; [Copy] passes it
// those of a table, in bounded memory, for an export of any size.
//
// # CSV
//
// The CSV is RFC 4180: a header line, lines that end in CR LF, and quotation marks around what
// requires them. It tells NULL from an empty string, as PostgreSQL's COPY does: NULL is a field
// without anything, the empty string is "". There is one exception: in a table of one column such
// a line would be blank, and readers skip blank lines, so that a row would be lost. There NULL is
// the word NULL without quotation marks, and the text "NULL" has them, in any table.
//
// The package computes only; where the text goes is up to the caller.
package copyas
