// Package journal keeps lines in a private file of bounded size, to which several programs may
// append at the same time: one JSON value a line, the newest last.
//
// Everyone who writes holds a lock on the file itself, which is never replaced by another one. A
// line is whole or absent, also if a writer dies.
package journal
