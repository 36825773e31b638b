package screen

import (
	"strings"

	"shardeck/tui/keymap"
	"shardeck/tui/theme"
	"shardeck/tui/widget"
)

// Palette is the list of the commands of the screen below it, filtered by what is typed.
type Palette struct {
	commands []keymap.Command
	filter   string
	cursor   int
}

// NewPalette returns the palette of these commands.
func NewPalette(commands []keymap.Command) *Palette {
	p := &Palette{}
	for _, c := range commands {
		if c.Name != PaletteName {
			p.commands = append(p.commands, c)
		}
	}
	return p
}

// PaletteName is the name of the commands that open the palette, which it does not list.
const PaletteName = "choose a command from a list"

// matching are the commands whose name, group or key has every word of the filter.
func (p *Palette) matching() []*keymap.Command {
	words := strings.Fields(strings.ToLower(p.filter))
	var out []*keymap.Command
	for i := range p.commands {
		c := &p.commands[i]
		text := strings.ToLower(c.Name + " " + c.Group + " " + keysOf(c))
		all := true
		for _, w := range words {
			all = all && strings.Contains(text, w)
		}
		if all {
			out = append(out, c)
		}
	}
	return out
}

// Writing is always true: letters filter the list.
func (p *Palette) Writing() bool { return true }

// Insert adds to the filter.
func (p *Palette) Insert(text string) Intent {
	p.filter, p.cursor = p.filter+widget.Clean(text), 0
	return nil
}

func (p *Palette) move(by int) {
	p.cursor = min(max(p.cursor+by, 0), max(len(p.matching())-1, 0))
}

// Commands lists the keys of the list.
func (p *Palette) Commands(*View) []keymap.Command {
	all := []keymap.Command{
		{Name: "run the command", Label: "run", Group: groupDialog, Keys: []string{"enter"}, Do: p.choose},
		{Name: "go down", Label: "move", Group: groupDialog, Keys: []string{"down", "ctrl+n"}, Shown: "↑↓", Do: does(func() { p.move(1) })},
		{Name: "go up", Group: groupDialog, Keys: []string{"up", "ctrl+p"}, Do: does(func() { p.move(-1) })},
		{Name: "go down a page", Group: groupDialog, Keys: []string{"pgdown"}, Do: does(func() { p.move(10) })},
		{Name: "go up a page", Group: groupDialog, Keys: []string{"pgup"}, Do: does(func() { p.move(-10) })},
	}
	all = append(all, erasing(&p.filter, "filter", "", func() { p.cursor = 0 })...)
	return append(all, keymap.Command{Name: "close", Label: "close", Group: groupDialog, Keys: []string{"esc", "f2"}, Do: asks(Close{})})
}

func (p *Palette) choose() Intent {
	all := p.matching()
	if p.cursor >= len(all) {
		return Close{}
	}
	return CloseAnd{Then: all[p.cursor].Run()}
}

// Update ignores messages.
func (p *Palette) Update(any) Intent { return nil }

// Paint draws the filter and the list.
func (p *Palette) Paint(a widget.Area, _ *View) {
	all := p.matching()
	in := a.Center(76, len(p.commands)+4).Dialog("Commands", "type to filter")
	x := in.Text(0, 0, theme.Key, "> ")
	x = in.Text(x, 0, theme.Text, widget.Fit(p.filter, in.W-4))
	in.Text(x, 0, theme.ButtonFocus, " ")
	room := max(in.H-1, 0)
	first := max(p.cursor-room+1, 0)
	for y := 0; y < room && first+y < len(all); y++ {
		c, line := all[first+y], in.Sub(0, y+1, in.W, 1)
		role, muted := theme.Text, theme.Key
		if c.Off != "" {
			role, muted = theme.Muted, theme.Muted
		}
		if first+y == p.cursor {
			role, muted = theme.Selected, theme.Selected
			line.Fill(role)
			line.Text(0, 0, role, "▸")
		}
		keys := keysOf(c)
		line.Text(2, 0, role, widget.Fit(c.Name, in.W-4-widget.Width(keys)))
		line.TextRight(in.W, 0, muted, keys)
	}
	if len(all) == 0 && room > 0 {
		in.Text(2, 1, theme.Muted, "no command matches")
	}
}
