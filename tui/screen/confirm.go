package screen

import (
	"time"
	"unicode"
	"unicode/utf8"

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

// update moves the focus without wrapping around: right is always the action, left
// always Cancel.
func (b *buttons) update(name string) {
	switch name {
	case "right", "l":
		b.onAct = b.enabled
	case "left", "h":
		b.onAct = false
	case "tab", "shift+tab":
		b.onAct = !b.onAct && b.enabled
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
	key     string // the action's key, for the intent
	buttons buttons
}

// NewConfirm returns the confirmation of the action with that key.
func NewConfirm(now time.Time, key, title, text, act string) *Confirm {
	return &Confirm{guard: newGuard(now, quietOpening), title: title, text: text, key: key, buttons: buttons{act: capital(act), enabled: true}}
}

// capital capitalises a label, as for a button.
func capital(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	return string(unicode.ToUpper(r)) + s[n:]
}

// Update moves between the buttons.
func (c *Confirm) Update(msg any) (Screen, Intent) {
	k, ok := msg.(Key)
	if !ok {
		return c, nil
	}
	next := *c
	if k.Name == "esc" {
		return c, Close{}
	}
	if next.guard.absorbs(k.At) {
		return &next, nil
	}
	if k.Name == "enter" {
		if c.buttons.onAct {
			return c, RunAction{Key: c.key}
		}
		return c, Close{}
	}
	next.buttons.update(k.Name)
	return &next, nil
}

// Paint draws the question.
func (c *Confirm) Paint(a widget.Area, _ *View) {
	lines := wrap(c.text, min(64, a.W)-4, 6)
	in := a.Center(64, len(lines)+5).Dialog(capital(c.title), "")
	for i, line := range lines {
		in.Text(0, i+1, theme.Text, line)
	}
	c.buttons.paint(in, in.H-1)
}
