// Package childproc runs other programs of this system as child processes: it starts
// one, waits until it says where it listens, asks it to end and, when it does not,
// kills it. The demo, the tests and the measurements start their processes by it.
//
// A child's standard input is how the two know of each other. Its end asks the child
// to stop, and it ends too when the parent is gone, however that came about: a
// service started with --exit-with-parent outlives nobody. A parent that wants the
// two told apart sends a word first (see [Spec.StopWord]).
//
// A child is in a process group of its own, so that a Ctrl-C in the terminal reaches
// the parent alone, which decides who ends when. What it writes to standard output is
// always read; [Tail] keeps a bounded part of it.
package childproc
