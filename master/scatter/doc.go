// Package scatter sends a plan's fragments to their workers in parallel and returns
// each shard's answer, row stream or problem. A problem always names its shard. Each
// shard has the request's whole deadline; one that is slow or unreachable does not
// delay the others. It records the traffic of each shard over the last ten seconds.
//
// It has no knowledge of SQL and does not combine answers; that is master/gather.
package scatter
