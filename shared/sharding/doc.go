// Package sharding says where a row lives: from the value of its shard key to
// the canonical key, from there by FNV-1a-32 to one of 5040 slots, and through the
// slot map to a shard.
//
// 5040 is divisible by 1 to 10, 12, 14, 15 and 16, so with the first map, slot
// modulo shards, a row of so many shards lives on hash modulo shards. Moving slots
// between shards later changes the map alone, neither hashes nor slots.
//
// The package is pure. The samples in shared/api/testdata/golden/keys.json pin
// what it computes for workers in other languages.
package sharding
