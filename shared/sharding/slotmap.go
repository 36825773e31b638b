package sharding

import (
	"shardeck/shared/api"
)

// MaxShards is the maximum number of shards of a map.
const MaxShards = 64

// Map assigns each slot to a shard. It is immutable and safe for concurrent use.
type Map struct {
	version uint64
	shards  int
	owner   [Slots]uint8
	slots   [MaxShards]int
}

// NewMap returns the initial map, version 1: slot modulo shards. It refuses fewer than 1 and more
// than [MaxShards] shards.
func NewMap(shards int) (*Map, error) {
	if shards < 1 || shards > MaxShards {
		return nil, api.NewProblem(api.CodeInvalidField, "the number of shards, %d, is not between 1 and %d", shards, MaxShards).
			Hinted("configure 1 to %d workers", MaxShards)
	}
	m := &Map{version: 1, shards: shards}
	for slot := range m.owner {
		shard := slot % shards
		m.owner[slot] = uint8(shard)
		m.slots[shard]++
	}
	return m, nil
}

// Version identifies the map; a newer map has a higher version.
func (m *Map) Version() uint64 { return m.version }

// Shards returns the number of shards.
func (m *Map) Shards() int { return m.shards }

// Shard returns the shard, from 0, that owns slot, which must be 0 to Slots-1.
func (m *Map) Shard(slot int) int { return int(m.owner[slot]) }

// SlotsOf returns the number of slots that shard owns; 0 for a shard that is not in the map.
func (m *Map) SlotsOf(shard int) int {
	if shard < 0 || shard >= m.shards {
		return 0
	}
	return m.slots[shard]
}

// Route returns the route of a canonical key, with each step.
func (m *Map) Route(key string) api.RouteKey {
	h := Hash(key)
	slot := int(h % Slots)
	return api.RouteKey{Key: key, Hash: h, Slot: slot, Shard: m.Shard(slot)}
}
