package screen

import (
	"fmt"
	"strings"

	"shardeck/tui/keymap"
	"shardeck/tui/theme"
	"shardeck/tui/tour"
	"shardeck/tui/widget"
)

// TourBar is the bar of a guided tour, below whatever is shown.
type TourBar struct {
	*tour.Snapshot
	ShowNotes bool // the speaker's notes
	Bindings  keymap.Bindings
	// EnterTaken says that the screen above has a use for Enter of its own, Writing that letters are
	// text there.
	EnterTaken, Writing bool
}

// TourMove is what the user wants of a tour.
type TourMove uint8

// The moves. Each is an intent.
const (
	TourNext TourMove = iota
	TourBack
	TourNotes
	TourPause
	TourResume
)

const groupTour = "Tour"

// TourCommands lists the keys of a tour. They come before those of the screen that is shown. While
// the user writes, letters are text, and while the tour is paused all keys but one are the screen's.
func TourCommands(paused, writing, enterTaken bool) []keymap.Command {
	keys := func(writable []string, letters ...string) []string {
		if writing {
			return writable
		}
		return append(writable, letters...)
	}
	if paused {
		resume := []string{"f9"}
		if !enterTaken && !writing {
			resume = []string{"enter", "f9"}
		}
		return []keymap.Command{{Name: "go on with the tour", Label: "go on", Group: groupTour, Keys: resume, Do: asks(TourResume)}}
	}
	all := []keymap.Command{
		{Name: "go to the next step of the tour", Label: "next", Group: groupTour, Keys: keys([]string{"pgdown", "right"}, "n", "enter"), Do: asks(TourNext)},
		{Name: "show the step before again", Label: "back", Group: groupTour, Keys: keys([]string{"pgup", "left"}, "b"), Do: asks(TourBack)},
	}
	if !writing {
		all = append(all, keymap.Command{Name: "show or hide the speaker's notes", Label: "notes", Group: groupTour, Keys: []string{"N"}, Do: asks(TourNotes)})
	}
	return append(all, keymap.Command{Name: "take over from the tour", Label: "take over", Group: groupTour, Keys: []string{"esc"}, Do: asks(TourPause)})
}

// The sizes of the bar.
const (
	tourFrom       = 12 // the height of a frame from which the bar takes rows of its own
	tourRows       = 4  // at least, so that the panels do not move with each step
	captionLines   = 4
	tourCheckLines = 3
	noteLines      = 8
)

// tourLine is a line of the bar.
type tourLine struct {
	role theme.Role
	text string
}

// height is the rows that the bar wants in a frame; what is above keeps enough for its panels.
func (b *TourBar) height(width, height int) int {
	if height < tourFrom {
		return min(1, height)
	}
	return min(max(1+len(b.lines(width-2)), tourRows), height*3/10)
}

// lines are the lines below the heading.
func (b *TourBar) lines(width int) []tourLine {
	var all []tourLine
	add := func(role theme.Role, text string, limit int) {
		for _, line := range wrap(text, width, limit) {
			all = append(all, tourLine{role, line})
		}
	}
	add(theme.Strong, b.Caption, captionLines)
	if b.Key != nil {
		add(theme.Info, keyRoute(b.Key), 1)
	}
	for _, f := range b.Faults {
		add(theme.Bad, "✗ "+f, 1)
	}
	for _, line := range packed(b.checks(), width, tourCheckLines) {
		all = append(all, tourLine{b.checkRole(), line})
	}
	if b.ShowNotes {
		text := b.Notes
		if text == "" {
			text = "This step has no notes."
		}
		add(theme.Info, "Notes: "+text, noteLines)
	}
	return all
}

// packed puts texts into at most limit lines, several in one where they have room. None is broken.
func packed(texts []string, width, limit int) (lines []string) {
	const gap = "   "
	for i, text := range texts {
		last := len(lines) - 1
		switch {
		case last >= 0 && widget.Width(lines[last]+gap+text) <= width:
			lines[last] += gap + text
		case len(lines) < limit:
			lines = append(lines, widget.Fit(text, width))
		default:
			more := fmt.Sprintf("%s%d more", gap, len(texts)-i)
			lines[last] = widget.Fit(lines[last], width-len(more)) + more
			return lines
		}
	}
	return lines
}

// checks are the step's expectations, each with its mark.
func (b *TourBar) checks() []string {
	var all []string
	if b.Doing != "" {
		all = append(all, "▸ "+b.Doing)
	}
	for _, c := range b.Checks {
		switch c.Verdict {
		case tour.Met:
			all = append(all, "✓ "+c.Text)
		case tour.Failed:
			all = append(all, "✗ "+c.Text+" (it is "+c.Is+")")
		default:
			all = append(all, "… "+c.Text)
		}
	}
	return all
}

// checkRole is that of the worst check.
func (b *TourBar) checkRole() theme.Role {
	role := theme.Good
	if b.Doing != "" {
		role = theme.Muted
	}
	for _, c := range b.Checks {
		switch {
		case c.Verdict == tour.Failed:
			return theme.Bad
		case c.Verdict == tour.Pending:
			role = theme.Muted
		}
	}
	return role
}

// heading is what the first line says: where the tour is, and what the keys do.
func (b *TourBar) heading(width int) (role theme.Role, step, text string) {
	step = fmt.Sprintf(" %d/%d ", b.Number, b.Of)
	var keys []string
	for _, c := range b.Bindings.Apply(TourCommands(b.Paused, b.Writing, b.EnterTaken)) {
		if c.Label != "" {
			keys = append(keys, c.KeyText()+" "+c.Label)
		}
	}
	switch {
	case b.Paused:
		text = "paused: " + strings.TrimSuffix(keys[0], " go on") + " goes on"
		return theme.WarnBadge, step, text
	case b.Ended:
		return theme.GoodBadge, step, b.Title + " · the end · " + strings.Join(keys[1:], " · ")
	case b.Queued:
		text = "goes on when that is done; " + strings.TrimSuffix(keys[0], " next") + " again does not wait"
	case b.Again:
		text = "shown again: nothing is done twice, and nothing is undone"
	}
	if text == "" {
		text = b.Title
	}
	if with := text + " · " + strings.Join(keys, " · "); widget.Width(with) <= width-widget.Width(step)-2 {
		text = with
	}
	return theme.Brand, step, text
}

// paint draws the bar.
func (b *TourBar) paint(a widget.Area) {
	a.Clear()
	role, step, text := b.heading(a.W)
	x := a.Text(0, 0, role, step)
	look := theme.Muted
	if b.Paused {
		look = theme.Warn
	}
	x = a.Text(x+1, 0, look, widget.Fit(text, max(a.W-x-2, 0)))
	if x+2 < a.W {
		a.Text(x+1, 0, theme.Border, strings.Repeat("─", a.W-x-1))
	}
	lines := b.lines(a.W - 2)
	for y, line := range lines {
		text := line.text
		if y == a.H-2 && len(lines) > a.H-1 {
			text = widget.Fit(text+" …", a.W-2)
		}
		a.Text(1, y+1, line.role, text)
	}
}

// FocusResult moves the focus from the editor to the result, so that letters are not text.
func (q *Query) FocusResult() { q.onGrid = q.shown() != nil }

// paintWithTour draws the frame with the bar above its footer: the screens get a frame that is as
// much smaller.
func paintWithTour(c *widget.Canvas, width, height int, v *View, stack []Screen) {
	rows := v.Tour.height(width, height)
	if _, ok := stack[baseOf(stack)].(*Dashboard); ok && height >= smallHeight && height < tallHeight {
		rows = min(rows, height/4) // else a panel has no room at all
	}
	above := widget.NewCanvas(width, height-rows)
	paintStack(above, width, height-rows, v, stack)
	foot := min(footerRows(width, height-rows, v, stack), height-rows)
	body := height - rows - foot
	all := c.Area()
	all.Sub(0, 0, width, body).Copy(above, 0)
	v.Tour.paint(all.Sub(0, body, width, rows))
	all.Sub(0, body+rows, width, foot).Copy(above, body)
}

// footerRows is how many rows the keys have at the bottom of a frame.
func footerRows(width, height int, v *View, stack []Screen) int {
	switch base := stack[baseOf(stack)].(type) {
	case *Query:
		return 1
	case *Dashboard:
		if width < smallWidth || height < smallHeight {
			return 1
		}
		return len(layoutKeys(base.Commands(v), width, height).rows)
	}
	return len(layoutKeys(v.Keys, width, height).rows)
}
