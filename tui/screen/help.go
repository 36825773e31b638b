package screen

import (
	"github.com/charmbracelet/bubbles/key"

	"shardeck/tui/cluster"
	"shardeck/tui/theme"
	"shardeck/tui/widget"

	"shardeck/shared/api"
)

// Group is a titled group of the key map.
type Group struct {
	Title string
	Keys  []key.Binding
}

// Help shows a screen's key map and, for the dashboard, the meaning of the marks.
type Help struct {
	groups []Group
	marks  bool
}

// NewHelp returns the help of the dashboard's key map.
func NewHelp(groups []Group) *Help { return &Help{groups: groups, marks: true} }

// NewQueryHelp returns the help of the Query screen's key map.
func NewQueryHelp(groups []Group) *Help { return &Help{groups: groups} }

// Update closes the help on any key likely to be tried.
func (h *Help) Update(msg any) (Screen, Intent) {
	if k, ok := msg.(Key); ok {
		switch k.Name {
		case "esc", "q", "?", "enter", "f1":
			return h, Close{}
		}
	}
	return h, nil
}

// keyWidth is the minimum width of the column of keys.
const keyWidth = 8

// keyColumn is the width of the column of keys.
func (h *Help) keyColumn() int {
	w := keyWidth
	for i := range h.groups {
		for _, k := range h.groups[i].Keys {
			w = max(w, widget.Width(widget.Clean(k.Help().Key))+1)
		}
	}
	return w
}

// height is the number of lines of a group in a column of that width, including a blank one.
func (h *Help) height(g *Group, width int) int {
	n := 2
	for _, k := range g.Keys {
		n += max(len(wrap(k.Help().Desc, width-h.keyColumn()-1, 3)), 1)
	}
	return n
}

// Paint draws the groups, in two columns if there is room, and the legend.
func (h *Help) Paint(a widget.Area, _ *View) {
	width, columns := min(80, a.W)-4, 1
	if a.W >= 76 {
		columns, width = 2, width/2
	}
	total := 0
	for i := range h.groups {
		total += h.height(&h.groups[i], width)
	}
	split, first := len(h.groups), total
	if columns == 2 {
		split, first = h.split(width, total)
	}
	below := 0
	if h.marks {
		below = 5
	}
	in := a.Center(80, max(first, total-first)+2+below).Dialog("Help", "Esc close")
	keys := in.Sub(0, 0, in.W, max(in.H-below, 0))
	h.paintGroups(keys.Sub(0, 0, width-1, keys.H), h.groups[:split])
	h.paintGroups(keys.Sub(width, 0, width, keys.H), h.groups[split:])
	if h.marks {
		legend(in.Sub(0, in.H-below, in.W, below))
	}
}

// split returns how many groups to put into the first of two columns so that the taller
// column is as short as possible, and the height of the first.
func (h *Help) split(width, total int) (n, first int) {
	best, sum := total, 0
	for i := range h.groups {
		if taller := max(sum, total-sum); taller < best {
			n, first, best = i, sum, taller
		}
		sum += h.height(&h.groups[i], width)
	}
	if n == 0 {
		return len(h.groups), total
	}
	return n, first
}

func (h *Help) paintGroups(a widget.Area, groups []Group) {
	y, column := 0, h.keyColumn()
	for _, g := range groups {
		a.Text(0, y, theme.Title, g.Title)
		y++
		for _, k := range g.Keys {
			a.Text(1, y, theme.Key, k.Help().Key)
			y = max(paragraph(a, column+1, y, theme.Text, k.Help().Desc, 3), y+1)
		}
		y++
	}
}

// marked are the states that the legend explains, from good to bad.
var marked = [...]api.ShardState{api.ShardUp, api.ShardSlow, api.ShardFailing, api.ShardDown, api.ShardUnauthorized, api.ShardEmptied, api.ShardWrong, api.ShardUnknown}

// legend explains the symbols.
func legend(a widget.Area) {
	a.Text(0, 0, theme.Title, "Marks")
	x := 1
	for _, st := range marked {
		symbol, word := cluster.ShardMark(st)
		x = a.Text(x, 1, stateRole(st), symbol+" "+word) + 2
	}
	a.Text(1, 2, theme.Muted, widget.Fit("failing: its storage fails · denied: refuses the master's token", a.W-1))
	a.Text(1, 3, theme.Muted, widget.Fit("emptied: has lost its rows, and is not used · wrong: holds another shard", a.W-1))
	a.Text(1, 4, theme.Muted, widget.Fit("~ ▒ last known, stale · ┆ mean of the shards · sparkline: latency, 1/s", a.W-1))
}
