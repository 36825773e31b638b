// Package gather combines the shards' row streams into one answer: it concatenates them
// as they arrive, merges sorted ones, applies limit and offset, and combines counts and
// partial aggregates.
//
// It reads from Sources, writes to a Sink and does no other I/O, so it does not depend on
// HTTP or on where the rows come from. It buffers one block for each shard and one for
// the answer, whatever the number of rows. Only the groups of a count, groups to sort and
// values of DISTINCT aggregates are held in memory, within fixed limits.
package gather
