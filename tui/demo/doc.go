// Package demo brings up a whole Shardeck cluster on this machine and shows it:
// three workers, a primary master and a backup, each a child process made by
// re-executing this very binary, so that one file is all there is to ship.
//
// It is the composition root: the only package of the console's side that may
// import worker and master, and it does so only to start them in the children.
// Everything it then does to the cluster (loading students, traffic, the guided
// tour) goes through the public API, as any user's program would.
//
// No child outlives the parent, however the parent ends: each child reads a pipe
// whose other end the parent alone holds, and stops when it closes. This works
// the same on Linux, macOS and Windows, and also when the parent is killed.
package demo
