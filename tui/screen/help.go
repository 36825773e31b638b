package screen

import (
	"github.com/charmbracelet/bubbles/key"

	"shardeck/tui/cluster"
	"shardeck/tui/theme"
	"shardeck/tui/widget"

	"shardeck/shared/api"
)

// Group is a titled part of the key map.
type Group struct {
	Title string
	Keys  []key.Binding
}

// Help shows the key map that the console obeys, and what the marks mean.
type Help struct{ groups []Group }

// NewHelp returns the help of a key map.
func NewHelp(groups []Group) *Help { return &Help{groups: groups} }

// Update closes on the keys that one tries.
func (h *Help) Update(msg any) (Screen, Intent) {
	if k, ok := msg.(Key); ok {
		switch k.Name {
		case "esc", "q", "?", "enter", "f1":
			return h, Close{}
		}
	}
	return h, nil
}

// keyWidth is the width of the column of keys.
const keyWidth = 8

// height is the lines that a group takes in a column of that width, with a blank one.
func (g *Group) height(width int) int {
	n := 2
	for _, k := range g.Keys {
		n += len(wrap(k.Help().Desc, width-keyWidth-1, 3))
	}
	return n
}

// Paint draws the groups, in two columns where there is room, and the legend.
func (h *Help) Paint(a widget.Area, _ *View) {
	width, columns := min(80, a.W)-4, 1
	if a.W >= 76 {
		columns, width = 2, width/2
	}
	total := 0
	for i := range h.groups {
		total += h.groups[i].height(width)
	}
	split, first := len(h.groups), total
	if columns == 2 {
		split, first = h.split(width, total)
	}
	in := a.Center(80, max(first, total-first)+6).Dialog("Help", "Esc close")
	keys := in.Sub(0, 0, in.W, max(in.H-4, 0))
	paintGroups(keys.Sub(0, 0, width-1, keys.H), h.groups[:split])
	paintGroups(keys.Sub(width, 0, width, keys.H), h.groups[split:])
	legend(in.Sub(0, in.H-4, in.W, 4))
}

// split says how many groups to put into the first of two columns so that the
// higher one is as low as can be, and how high the first is.
func (h *Help) split(width, total int) (n, first int) {
	best, sum := total, 0
	for i := range h.groups {
		if higher := max(sum, total-sum); higher < best {
			n, first, best = i, sum, higher
		}
		sum += h.groups[i].height(width)
	}
	if n == 0 {
		return len(h.groups), total
	}
	return n, first
}

func paintGroups(a widget.Area, groups []Group) {
	y := 0
	for _, g := range groups {
		a.Text(0, y, theme.Title, g.Title)
		y++
		for _, k := range g.Keys {
			a.Text(1, y, theme.Key, k.Help().Key)
			y = max(paragraph(a, keyWidth+1, y, theme.Text, k.Help().Desc, 3), y+1)
		}
		y++
	}
}

// legend says what symbols mean.
func legend(a widget.Area) {
	a.Text(0, 0, theme.Title, "Marks")
	x := 1
	for _, st := range []api.ShardState{api.ShardUp, api.ShardSlow, api.ShardDown, api.ShardUnauthorized, api.ShardWrong, api.ShardUnknown} {
		symbol, word := cluster.ShardMark(st)
		x = a.Text(x, 1, stateRole(st), symbol+" "+word) + 2
	}
	a.Text(1, 2, theme.Muted, widget.Fit("denied: refuses the master's token · wrong: holds another shard", a.W-1))
	a.Text(1, 3, theme.Muted, widget.Fit("~ ▒ last known, not fresh · ┆ mean of the shards · sparkline: latency, 1/s", a.W-1))
}
