// Package tour is a guided tour: the file that describes one, and a runner that decides what
// happens next. The runner does nothing itself. Whoever drives it, the console or a test without
// one, observes the cluster, carries out the orders it is given and reports when they are done, so
// that both run the same file in the same way.
package tour
