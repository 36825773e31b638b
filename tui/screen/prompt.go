package screen

import (
	"shardeck/tui/keymap"
	"shardeck/tui/theme"
	"shardeck/tui/widget"
)

// Prompt asks for one line of text.
type Prompt struct {
	title, help string
	text        string
	null        bool // the value is NULL rather than text
	nullable    bool
	value       bool // it may have lines and tabs, which are kept
	then        func(text string, null bool) Intent
	fault       string // why the text was not accepted
}

// NewPrompt returns a prompt with a text to begin with. Enter acts on what then returns.
func NewPrompt(title, help, text string, then func(text string) Intent) *Prompt {
	return &Prompt{title: title, help: help, text: text, then: func(text string, _ bool) Intent { return then(text) }}
}

// NewValuePrompt returns a prompt for a value, which may be NULL if nullable.
func NewValuePrompt(title, help, text string, null, nullable bool, then func(text string, null bool) Intent) *Prompt {
	return &Prompt{title: title, help: help, text: text, null: null, nullable: nullable, value: true, then: then}
}

// Writing is always true.
func (p *Prompt) Writing() bool { return true }

// Insert adds to the text.
func (p *Prompt) Insert(text string) Intent {
	if p.null {
		p.null, p.text = false, ""
	}
	p.text += text
	return nil
}

// Pasted adds pasted text: as it is to a value, which may have lines and tabs, else in one line.
func (p *Prompt) Pasted(text string) Intent {
	if !p.value {
		text = inOneLine(text)
	}
	return p.Insert(text)
}

// Commands lists the keys of the line.
func (p *Prompt) Commands(*View) []keymap.Command {
	all := []keymap.Command{
		{Name: "accept", Label: "accept", Group: groupDialog, Keys: []string{"enter"}, Do: p.accept},
		{Name: "close and change nothing", Label: "cancel", Group: groupDialog, Keys: []string{"esc"}, Do: asks(Close{})},
	}
	all = append(all, erasing(&p.text, "", "clear", func() { p.null = false })...)
	if p.nullable {
		all = append(all, keymap.Command{Name: "make it NULL", Label: "NULL", Group: groupDialog, Keys: []string{"ctrl+n"}, Do: does(func() { p.text, p.null = "", true })})
	}
	return all
}

// accept closes the prompt, unless the text is refused.
func (p *Prompt) accept() Intent {
	in := p.then(p.text, p.null)
	if say, ok := in.(keymap.Say); ok {
		p.fault = say.Text
		return nil
	}
	return CloseAnd{Then: in}
}

// Faulty sets why the text was not accepted.
func (p *Prompt) Faulty(why string) *Prompt {
	p.fault = why
	return p
}

// Update ignores messages.
func (p *Prompt) Update(any) Intent { return nil }

// Paint draws the line with its end in view.
func (p *Prompt) Paint(a widget.Area, _ *View) {
	width := min(76, a.W)
	help, role := p.help, theme.Muted
	if p.fault != "" {
		help, role = "✗ "+p.fault, theme.Bad
	}
	lines := wrap(help, width-4, 6)
	in := a.Center(width, len(lines)+5).Dialog(p.title, "")
	for i, line := range lines {
		in.Text(0, i, role, line)
	}
	text, role := widget.Data(p.text), theme.Text
	if p.null {
		text, role = "NULL", theme.Stale
	}
	if over := widget.Width(text) - (in.W - 4); over > 0 {
		text = "…" + dropCells(text, over+1)
	}
	y := min(len(lines)+1, in.H-1)
	x := in.Text(0, y, theme.Key, "> ")
	x = in.Text(x, y, role, text)
	in.Text(x, y, theme.ButtonFocus, " ")
}
