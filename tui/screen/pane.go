package screen

import (
	"fmt"

	"shardeck/tui/keymap"
	"shardeck/tui/widget"
)

// longQuestion bounds the lines of a question: those of any statement that a master accepts.
const longQuestion = 1 << 20

// pane is a part of a dialog that scrolls if its content is taller than the part.
type pane struct {
	top          int
	height, seen int // of the content and of the part, when last painted
}

// hidden is the number of lines that do not fit.
func (p *pane) hidden() int { return max(p.height-p.seen, 0) }

func (p *pane) scroll(by int) { p.top = min(max(p.top+by, 0), p.hidden()) }

// commands lists the keys that scroll; none if everything is visible.
func (p *pane) commands() []keymap.Command {
	if p.hidden() == 0 {
		return nil
	}
	return []keymap.Command{
		{Name: "scroll down", Label: "scroll", Group: groupDialog, Keys: []string{"down", "j"}, Shown: "↑↓", Do: does(func() { p.scroll(1) })},
		{Name: "scroll up", Group: groupDialog, Keys: []string{"up", "k"}, Do: does(func() { p.scroll(-1) })},
		{Name: "scroll down a page", Group: groupDialog, Keys: []string{"pgdown", "ctrl+f"}, Do: does(func() { p.scroll(max(p.seen-1, 1)) })},
		{Name: "scroll up a page", Group: groupDialog, Keys: []string{"pgup", "ctrl+b"}, Do: does(func() { p.scroll(-max(p.seen-1, 1)) })},
		{Name: "scroll to the beginning", Group: groupDialog, Keys: []string{"home", "g"}, Do: does(func() { p.scroll(-p.top) })},
		{Name: "scroll to the end", Group: groupDialog, Keys: []string{"end", "G"}, Do: does(func() { p.scroll(p.hidden()) })},
	}
}

// note says which lines are visible, "" if all are.
func (p *pane) note() string {
	if p.hidden() == 0 {
		return ""
	}
	return fmt.Sprintf("↑↓ %d–%d of %d", p.top+1, p.top+p.seen, p.height)
}

// paint draws the visible part of a content of that height.
func (p *pane) paint(in widget.Area, height int, draw func(widget.Area)) {
	p.height, p.seen = height, in.H
	p.scroll(0)
	if p.hidden() == 0 {
		draw(in)
		return
	}
	c := widget.NewCanvas(in.W, height)
	draw(c.Area())
	in.Copy(c, p.top)
}
