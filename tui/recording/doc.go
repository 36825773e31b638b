// Package recording keeps a session of the console as a file of JSON lines, and plays it back: a
// [Writer] of what the console was told by the masters, a reader that refuses what it does not
// understand, and a [Player] that gives the state of the console at any time of the session.
//
// It is pure: it reads and writes streams that it is given, and asks no clock. Tokens are in none of
// the masters' answers, and neither are rows of tables.
package recording
