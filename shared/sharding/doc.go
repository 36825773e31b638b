// Package sharding determines a row's shard: from the value of its shard key to the canonical
// key, by FNV-1a-32 to one of 5040 slots, and through the slot map to a shard.
//
// 5040 is divisible by 1 to 10, 12, 14, 15 and 16, so that for these numbers of shards the
// initial map, slot modulo shards, places a row on hash modulo shards. Moving slots between
// shards later changes only the map, never hashes or slots.
//
// The package is pure. The samples in shared/api/testdata/golden/keys.json pin its results for
// workers in other languages.
package sharding
