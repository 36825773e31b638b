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

// Paint draws the groups, in two columns where there is room, and the legend.
func (h *Help) Paint(a widget.Area, _ *View) {
	lines := 0
	for _, g := range h.groups {
		lines += len(g.Keys) + 2
	}
	two := a.W >= 76
	height := lines
	if two {
		height = (lines + 3) / 2
		for _, g := range h.groups {
			height = max(height, len(g.Keys)+2)
		}
	}
	in := a.Center(78, height+7).Dialog("Help", "Esc close")
	keys := in.Sub(0, 0, in.W, max(in.H-4, 0))
	h.paintKeys(keys, two, height)
	legend(in.Sub(0, in.H-4, in.W, 4))
}

func (h *Help) paintKeys(in widget.Area, two bool, height int) {
	width, x, y := in.W, 0, 0
	if two {
		width = in.W / 2
	}
	for _, g := range h.groups {
		if two && x == 0 && y > 0 && y+len(g.Keys)+1 > height {
			x, y = width, 0
		}
		col := in.Sub(x, 0, width-1, in.H)
		col.Text(0, y, theme.Title, g.Title)
		y++
		for _, k := range g.Keys {
			help := k.Help()
			col.Text(1, y, theme.Key, help.Key)
			col.Text(9, y, theme.Text, widget.Fit(help.Desc, col.W-9))
			y++
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
	a.Text(1, 3, theme.Muted, widget.Fit("~ ▒ last known, not fresh · sparkline: latency, one sample a second", a.W-1))
}
