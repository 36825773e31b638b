package screen

import (
	"time"

	"shardeck/tui/keymap"
	"shardeck/tui/theme"
	"shardeck/tui/widget"
)

// TypeName asks for a name to be typed before something is changed in production.
type TypeName struct {
	guard guard
	what  string // what would be done
	name  string
	text  string
	wrong bool
	then  Intent
}

// NewTypeName returns the dialog. Typing name and Enter act on then.
func NewTypeName(now time.Time, what, name string, then Intent) *TypeName {
	return &TypeName{guard: newGuard(now, quietOpening), what: what, name: name, then: then}
}

func (t *TypeName) absorbs(at time.Time) bool { return t.guard.absorbs(at) }

// Writing is always true.
func (t *TypeName) Writing() bool { return true }

// Insert adds to the text.
func (t *TypeName) Insert(text string) Intent {
	t.text, t.wrong = t.text+text, false
	return nil
}

// Typed takes what was typed fast.
func (t *TypeName) Typed(text keymap.Typed) Intent { return t.Insert(text.Text) }

// Pasted refuses a paste: the name is to be typed.
func (t *TypeName) Pasted(string) Intent {
	return keymap.Say{Text: "type the name; a paste is not a second thought"}
}

// Commands lists the keys.
func (t *TypeName) Commands(*View) []keymap.Command {
	all := []keymap.Command{
		{Name: "do it", Label: "do it", Group: groupDialog, Keys: []string{"enter"}, Do: func() Intent {
			if t.text != t.name {
				t.wrong = true
				return nil
			}
			return CloseAnd{Then: t.then}
		}},
		{Name: "close and change nothing", Label: "cancel", Group: groupDialog, Keys: []string{"esc", "ctrl+c"}, Do: asks(Close{})},
	}
	return append(all, erasing(&t.text, "", "", func() { t.wrong = false })...)
}

// Update ignores messages.
func (t *TypeName) Update(any) Intent { return nil }

// Paint draws the question.
func (t *TypeName) Paint(a widget.Area, _ *View) {
	width := min(72, a.W) - 4
	lines := wrapLines(t.what, width, 8)
	in := a.Center(width+4, len(lines)+7).Dialog("This is production", "")
	y := 1
	for _, line := range lines {
		in.Text(0, y, theme.Text, line)
		y++
	}
	x := in.Text(0, y+1, theme.Text, "Type ")
	x = in.Text(x, y+1, theme.Strong, t.name)
	in.Text(x, y+1, theme.Text, " and Enter to do it.")
	x = in.Text(0, y+2, theme.Key, "> ")
	x = in.Text(x, y+2, theme.Text, widget.Data(t.text))
	x = in.Text(x, y+2, theme.ButtonFocus, " ")
	if t.wrong {
		in.Text(x+1, y+2, theme.Bad, widget.Fit("✗ that is not the name; nothing was done", in.W-x-1))
	}
}
