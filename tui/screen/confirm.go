package screen

import (
	"time"
	"unicode"
	"unicode/utf8"

	"shardeck/tui/keymap"
	"shardeck/tui/theme"
	"shardeck/tui/widget"
)

// buttons are Cancel and an action, or Close alone while the action is not enabled.
// Cancel has the focus first.
type buttons struct {
	act     string
	enabled bool
	onAct   bool
}

// commands move the focus without wrapping around: right is always the action, left
// always Cancel. Enter runs act or closes, whichever has the focus.
func (b *buttons) commands(act func() Intent) []keymap.Command {
	enter := keymap.Command{Name: "close and change nothing", Label: "cancel", Group: groupDialog, Keys: []string{"enter"}, Do: asks(Close{})}
	if b.onAct {
		enter.Name, enter.Label, enter.Do = b.act, "confirm", act
	}
	esc := keymap.Command{Name: "close and change nothing", Label: "cancel", Group: groupDialog, Keys: []string{"esc", "ctrl+c"}, Do: asks(Close{})}
	if !b.onAct {
		esc.Label = "" // as Enter does
	}
	if !b.enabled {
		enter.Name, enter.Label = "close", "close"
		return []keymap.Command{enter, esc}
	}
	return []keymap.Command{
		{Name: "choose " + b.act, Label: "choose", Group: groupDialog, Keys: []string{"right", "l"}, Shown: "←→", Do: does(func() { b.onAct = true })},
		{Name: "choose Cancel", Group: groupDialog, Keys: []string{"left", "h"}, Do: does(func() { b.onAct = false })},
		{Name: "choose the other button", Group: groupDialog, Keys: []string{"tab", "shift+tab"}, Do: does(func() { b.onAct = !b.onAct })},
		enter, esc,
	}
}

func (b *buttons) paint(a widget.Area, y int) {
	if !b.enabled { // an impossible action is not offered
		x := a.Text(0, y, theme.ButtonFocus, "▸ Close  ")
		a.Text(x+2, y, theme.Muted, "Enter or Esc")
		return
	}
	cancel, act := theme.ButtonFocus, theme.Button
	cancelText, actText := "▸ Cancel  ", "  "+b.act+"  "
	if b.onAct {
		cancel, act = theme.Button, theme.ButtonDanger
		cancelText, actText = "  Cancel  ", "▸ "+b.act+"  "
	}
	x := a.Text(0, y, cancel, cancelText)
	x = a.Text(x+2, y, act, actText)
	for _, hint := range []string{"←→ choose · Enter confirm · Esc close", "←→ Enter · Esc"} {
		if x+2+widget.Width(hint) <= a.W {
			a.Text(x+2, y, theme.Muted, hint)
			break
		}
	}
}

// Confirm asks for confirmation before an action that cannot be undone.
type Confirm struct {
	guard   guard
	title   string
	text    string
	act     Intent
	buttons buttons
	pane    pane
	runs    bool // F5 and Alt-Enter answer it
}

// NewConfirm returns the confirmation of an intent. The label of its button is label.
func NewConfirm(now time.Time, title, text, label string, act Intent) *Confirm {
	return &Confirm{guard: newGuard(now, quietOpening), title: title, text: text, act: act, buttons: buttons{act: capital(label), enabled: true}}
}

// NewQuestion is NewConfirm for what the user has just asked for with F5 or Alt-Enter, which answer
// it too.
func NewQuestion(now time.Time, title, text, label string, act Intent) *Confirm {
	c := NewConfirm(now, title, text, label, act)
	// A key that is held down must not answer what it has asked for, so that the pause outlasts the
	// delay before it repeats.
	c.runs, c.guard = true, newGuard(now, quietResult)
	return c
}

// NewNotice returns a text to be read, which the user closes.
func NewNotice(now time.Time, title, text string) *Confirm {
	return &Confirm{guard: newGuard(now, quietOpening), title: title, text: text}
}

// capital capitalises a label, as for a button.
func capital(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	return string(unicode.ToUpper(r)) + s[n:]
}

func (c *Confirm) absorbs(at time.Time) bool { return c.guard.absorbs(at) }

// Commands lists the buttons' keys.
func (c *Confirm) Commands(*View) []keymap.Command {
	all := append(c.buttons.commands(asks(CloseAnd{Then: c.act})), c.pane.commands()...)
	if c.runs {
		all = append([]keymap.Command{{Name: c.buttons.act, Label: c.buttons.act, Group: groupDialog, Keys: []string{"f5", "alt+enter"}, Do: asks(CloseAnd{Then: c.act})}}, all...)
	}
	return all
}

// Update ignores messages.
func (c *Confirm) Update(any) Intent { return nil }

// Paint draws the question.
func (c *Confirm) Paint(a widget.Area, _ *View) {
	width := min(72, a.W) - 4
	lines := wrapLines(c.text, width, longQuestion)
	in := a.Center(width+4, len(lines)+5).Dialog(capital(c.title), c.pane.note())
	c.pane.paint(in.Sub(0, 1, in.W, max(in.H-3, 0)), len(lines), func(a widget.Area) {
		for i, line := range lines {
			a.Text(0, i, theme.Text, line)
		}
	})
	c.buttons.paint(in, in.H-1)
}
