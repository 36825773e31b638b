package screen

import (
	"shardeck/shared/sharding"
	"shardeck/tui/theme"
	"shardeck/tui/widget"
)

// paintSlots draws all slots as a strip over the width of a, each cell in the colour of the shard
// that has most of the slots that it stands for. Those of shard only are filled, all if that is
// below 0. The cell of slot hit, if it is one, is marked.
func paintSlots(a widget.Area, m *sharding.Map, shard, hit int) {
	for x := range a.W {
		from, to := x*sharding.Slots/a.W, max((x+1)*sharding.Slots/a.W, x*sharding.Slots/a.W+1)
		owner := m.Shard((from + to) / 2 % sharding.Slots)
		text, role := "█", theme.Series(owner)
		switch {
		case hit >= from && hit < to:
			text, role = "▲", theme.Key
		case shard >= 0 && owner != shard:
			text, role = "·", theme.Muted
		}
		a.Text(x, 0, role, text)
	}
}
