// Package demo runs a whole Shardeck cluster on this machine and shows it: three workers,
// a primary master and a backup, each a child process that re-executes this binary, so
// that a single file is enough.
//
// It is the composition root: the only package under tui that may import worker and
// master, and only to start them in the children. Everything else (loading students,
// traffic, the guided tour) goes through the public API, like any client.
//
// No child outlives the parent, however the parent ends: each child reads a pipe whose
// other end only the parent holds, and stops when it closes. This works on Linux, macOS
// and Windows, and also if the parent is killed.
package demo
