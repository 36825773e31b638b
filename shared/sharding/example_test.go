package sharding_test

import (
	"fmt"

	"shardeck/shared/sharding"
	"shardeck/shared/sqltypes"
)

// A key's value has one canonical text, whose hash determines the slot, which the map assigns to
// a shard.
func ExampleMap_Route() {
	slots, err := sharding.NewMap(3)
	if err != nil {
		fmt.Println(err)
		return
	}
	bigint, err := sqltypes.Parse("BIGINT")
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, input := range []string{`1`, `"01"`} {
		v, err := sqltypes.DecodeJSON(bigint, []byte(input))
		if err != nil {
			fmt.Println(err)
			return
		}
		key, err := sharding.CanonicalKey(bigint, v)
		if err != nil {
			fmt.Println(err)
			return
		}
		r := slots.Route(key)
		fmt.Printf("%s: key %s, hash %d, slot %d, shard %d\n", input, r.Key, r.Hash, r.Slot, r.Shard)
	}
	// Output:
	// 1: key 1, hash 873244444, slot 3964, shard 1
	// "01": key 1, hash 873244444, slot 3964, shard 1
}

// The initial map distributes the slots evenly if the number of shards divides them.
func ExampleMap_SlotsOf() {
	slots, err := sharding.NewMap(7)
	if err != nil {
		fmt.Println(err)
		return
	}
	for shard := range slots.Shards() {
		fmt.Print(slots.SlotsOf(shard), " ")
	}
	fmt.Println("of", sharding.Slots)
	// Output:
	// 720 720 720 720 720 720 720 of 5040
}
