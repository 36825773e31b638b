// Package gather makes one answer of the shards' row streams: it joins them as
// they come, merges ordered ones, cuts out a limit and offset, and adds up counts.
//
// It reads from a Source and writes to a func and does no other I/O, so it knows
// neither HTTP nor where the rows come from. Its memory is one block for each
// shard and one for the answer, whatever the number of rows; only grouped counts
// are held as a whole, up to MaxGroups.
package gather
