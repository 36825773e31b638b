// Package grid shows a table of any size: a frozen header, frozen columns, a cell cursor,
// selection, columns and rows found by typing, and sorting and filtering in place.
//
// A [Grid] reads its [Source] a row at a time and holds only what it shows, and for a sorted or
// filtered table the numbers of its rows. What takes time (ordering many rows) it hands out as
// an intent, [Prepare], for the program to run in the background. What concerns the rest of a
// screen (a detail pane, the clipboard, a plot) are intents as well.
//
// The package is pure. A Grid is not safe for concurrent use; the Source must be, if Prepare runs
// while the grid is used.
package grid
