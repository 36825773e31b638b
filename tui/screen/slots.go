package screen

import (
	"shardeck/shared/sharding"
	"shardeck/tui/theme"
	"shardeck/tui/widget"
)

// paintSlots draws the slots from first on, one a cell, in the colours of the shards that own them.
// Those of one shard are filled, all of them if that is below 0, and slot hit is marked, if it is
// one of them.
func paintSlots(a widget.Area, m *sharding.Map, first, shard, hit int) {
	for x := range min(a.W, sharding.Slots-first) {
		owner := m.Shard(first + x)
		text, role := "█", theme.Series(owner)
		switch {
		case first+x == hit:
			text, role = "▲", theme.Key
		case shard >= 0 && owner != shard:
			text, role = "·", theme.Muted
		}
		a.Text(x, 0, role, text)
	}
}
