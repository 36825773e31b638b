// Package childproc runs programs as child processes: it starts one, waits until it announces
// where it listens, asks it to stop and, if it does not, kills it. The demo, the tests and the
// benchmarks use it.
//
// A child's standard input ties the two together. Closing it asks the child to stop, and it
// closes by itself when the parent dies for whatever reason: a service started with
// --exit-with-parent never outlives its parent. A parent that wants to tell the two cases apart
// first sends a word (see [Spec.StopWord]).
//
// A child runs in its own process group, so that a Ctrl-C in the terminal reaches only the
// parent, which decides the order of shutdown. Its standard output is always drained; [Tail]
// keeps a bounded part of it.
package childproc
