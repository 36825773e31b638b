// Package bench measures Shardeck against baselines measured in the same run, and prints
// ratios: how much of what the machine can do reaches the user. It starts a real cluster
// (tui/demo's) and the baselines' processes, and drives both with the same load
// generator, in alternating rounds so that a noisy neighbour disturbs both alike.
//
// How long a failover takes is measured in seconds instead, with each lease that expires.
//
// It is not a test: it asserts nothing about time. A missed target is printed as such and
// the command still succeeds; only a wrong answer or a failed request makes it fail.
package bench
