// Package endtoend holds the tests of what Shardeck promises about writes while
// everything around them fails: real masters and workers are killed, paused and
// failed over at random under load, and afterwards every acknowledged write is
// there exactly once, no refused one is there at all, and the shards agree.
//
// It is tests alone, over the public API and shared/testcluster. It does not test
// what single requests answer (master/service and worker/conformance do) nor how
// fast (tui bench does).
//
// Each random test prints its seed; SHARDECK_SEED=<number> repeats its schedule, as
// far as the timing of processes can be repeated. SHARDECK_LONG=1 makes the
// tests run for minutes in place of seconds.
package endtoend
