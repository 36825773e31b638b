package screen

import (
	"slices"
	"strings"

	"shardeck/shared/api"
	"shardeck/tui/cluster"
	"shardeck/tui/keymap"
	"shardeck/tui/theme"
	"shardeck/tui/widget"
)

// Help lists the commands of a screen and, for the dashboard, the meaning of the marks.
type Help struct {
	groups []group
	marks  bool
	pane   pane
}

// group is the commands under one heading.
type group struct {
	title    string
	commands []keymap.Command
}

// NewHelp returns the help of these commands. marks adds the legend of the dashboard.
func NewHelp(commands []keymap.Command, marks bool) *Help {
	h := &Help{marks: marks}
	for _, c := range commands {
		if c.KeyText() == "" {
			continue
		}
		i := slices.IndexFunc(h.groups, func(g group) bool { return g.title == c.Group })
		if i < 0 {
			i = len(h.groups)
			h.groups = append(h.groups, group{title: c.Group})
		}
		h.groups[i].commands = append(h.groups[i].commands, c)
	}
	// The program's own are the same everywhere and come last.
	slices.SortStableFunc(h.groups, func(a, b group) int { return rank(a.title) - rank(b.title) })
	return h
}

func rank(title string) int {
	if title == groupProgram {
		return 1
	}
	return 0
}

// Commands closes the help on any key likely to be tried.
func (h *Help) Commands(*View) []keymap.Command {
	return append([]keymap.Command{
		{Name: "close", Label: "close", Group: groupDialog, Keys: []string{"esc", "q", "?", "enter", "f1"}, Do: asks(Close{})},
	}, h.pane.commands()...)
}

// Update ignores messages.
func (h *Help) Update(any) Intent { return nil }

// keyWidth is the minimum width of the column of keys.
const keyWidth = 8

// keysOf is how the keys of a command are listed: at most two.
func keysOf(c *keymap.Command) string {
	if c.Shown != "" && (len(c.Keys) == 0 || !strings.ContainsAny(c.Shown, "↑↓←→")) {
		return c.Shown // arrows stand for several commands in the footer
	}
	labels := c.Labels()
	return strings.Join(labels[:min(len(labels), 2)], " ")
}

// keyColumn is the width of the column of keys.
func (h *Help) keyColumn() int {
	w := keyWidth
	for i := range h.groups {
		for j := range h.groups[i].commands {
			w = max(w, widget.Width(widget.Clean(keysOf(&h.groups[i].commands[j])))+1)
		}
	}
	return min(w, 22)
}

// height is the number of lines of a group in a column of that width, including a blank one.
func (h *Help) height(g *group, width int) int {
	n := 2
	for i := range g.commands {
		n += max(len(wrap(g.commands[i].Name, width-h.keyColumn()-1, 3)), 1)
	}
	return n
}

// Paint draws the groups, in two columns if there is room, and the legend.
func (h *Help) Paint(a widget.Area, _ *View) {
	most := 104
	if h.marks {
		most = 80
	}
	width, columns := min(most, a.W)-4, 1
	if a.W >= 76 && (h.marks || a.W >= 100) {
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
	tallest := max(first, total-first)
	in := a.Center(most, tallest+2+below).Dialog("Help", h.pane.note())
	keys := in.Sub(0, 0, in.W, max(in.H-below, 0))
	h.pane.paint(keys, max(tallest-1, 0), func(keys widget.Area) {
		h.paintGroups(keys.Sub(0, 0, width-1, keys.H), h.groups[:split])
		h.paintGroups(keys.Sub(width, 0, width, keys.H), h.groups[split:])
	})
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

func (h *Help) paintGroups(a widget.Area, groups []group) {
	y, column := 0, h.keyColumn()
	for _, g := range groups {
		a.Text(0, y, theme.Title, g.title)
		y++
		for i := range g.commands {
			c := &g.commands[i]
			a.Text(1, y, theme.Key, widget.Fit(keysOf(c), column-1))
			y = max(paragraph(a, column+1, y, theme.Text, c.Name, 3), y+1)
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
