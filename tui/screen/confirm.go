package screen

import (
	"time"
	"unicode"
	"unicode/utf8"

	"shardeck/tui/theme"
	"shardeck/tui/widget"
)

// buttons are Cancel and one that acts, or, while that is not enabled, Close alone.
// Cancel is focused first.
type buttons struct {
	act     string
	enabled bool
	onAct   bool
}

// update moves the focus. There is no way around: right is always the button that
// acts, left always Cancel.
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
	if !b.enabled { // what cannot work is not offered
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

// Confirm asks before an action that cannot be taken back.
type Confirm struct {
	guard   guard
	title   string
	text    string
	key     string // of the action, for its intent
	buttons buttons
}

// NewConfirm asks whether to run the action with that key.
func NewConfirm(now time.Time, key, title, text, act string) *Confirm {
	return &Confirm{guard: newGuard(now, quietOpening), title: title, text: text, key: key, buttons: buttons{act: capital(act), enabled: true}}
}

// capital begins a label with an upper-case letter, as buttons do.
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
