// Package scatter sends a plan's fragments to their workers, all at once, and
// hands back each shard's answer, row stream or problem. A problem always names its
// shard. Each shard has the request's whole deadline; one that is late or lost
// takes nothing from the others. It keeps the traffic of each shard over the last
// ten seconds.
//
// It knows no SQL and does not combine answers; that is master/gather.
package scatter
