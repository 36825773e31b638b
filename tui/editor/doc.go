// Package editor is a text editor for SQL in a terminal: the text with its cursor,
// selection, undo and kill ring, the commands that its keys run, and its drawing.
//
// The text is held byte for byte. Tabs, control characters and bytes that are not UTF-8
// are only drawn differently, so that a statement is sent exactly as it was written. The
// cursor moves and deletes by what a reader takes for one character (a grapheme cluster,
// Unicode Standard Annex 29).
//
// A key costs about as much in a long text as in a short one: line starts and the places
// where a token begins are updated rather than found again, and only rows that are seen are
// laid out.
//
// The package does no I/O and does not know which statement runs where; see package
// statement for splitting a text and package complete for completion.
package editor
