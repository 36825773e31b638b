// Package endtoend tests what Shardeck promises about writes under failures: real masters and
// workers are killed, paused and failed over at random under load, and afterwards every
// acknowledged write exists exactly once, no refused one exists, and the shards agree. Proxies
// between masters and workers delay, lose and falsify requests and answers; storage is taken away
// or fills up. Histories of single rows are checked for linearizability, and no term may ever have
// two holders.
//
// It contains only tests, using the public API and shared/testcluster. It does not test the
// responses to single requests (master/service and worker/conformance do) nor performance (tui
// bench does).
//
// Each random test logs its seed; SHARDECK_SEED=<number> repeats its schedule, as far as the
// timing of processes can be repeated. SHARDECK_LONG=1 makes the tests run for minutes instead of
// seconds.
package endtoend
