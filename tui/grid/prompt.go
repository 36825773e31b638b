package grid

import (
	"fmt"
	"strconv"
	"strings"

	"shardeck/tui/keymap"
	"shardeck/tui/widget"
)

// prompt is the line in which something is typed.
type prompt struct {
	kind  promptKind
	text  string
	from  int // the column at which it began
	fault string
}

type promptKind int8

const (
	noPrompt promptKind = iota
	filterPrompt
	columnPrompt
	rowPrompt
)

// maxPrompt bounds what can be typed, in bytes.
const maxPrompt = 1000

// Typing reports whether text is being typed, so that no letter is a command.
func (g *Grid) Typing() bool { return g.prompt.kind != noPrompt }

func (g *Grid) ask(k promptKind) func() keymap.Intent {
	return func() keymap.Intent {
		g.prompt = prompt{kind: k, from: g.col}
		if k == filterPrompt && g.want.filter != nil {
			g.prompt.text = g.want.filter.text
		}
		return nil
	}
}

// Insert adds typed or pasted text to what is being typed. Outside of that it does nothing.
func (g *Grid) Insert(text string) keymap.Intent {
	p := &g.prompt
	if p.kind == noPrompt {
		return nil
	}
	text = strings.NewReplacer("\r\n", " ", "\n", " ", "\r", " ", "\t", " ").Replace(text)
	if len(p.text)+len(text) > maxPrompt {
		return keymap.Say{Text: fmt.Sprintf("that is longer than %d bytes", maxPrompt)}
	}
	p.text += text
	g.typed()
	return nil
}

// typed follows what was typed: it moves to the column that the name begins.
func (g *Grid) typed() {
	p := &g.prompt
	p.fault = ""
	if p.kind != columnPrompt {
		return
	}
	g.col = p.from
	if p.text != "" && !g.nextColumn(0) {
		p.fault = "no such column"
	}
}

// nextColumn moves to the first column, from skip columns after the cursor on, whose name
// begins with what was typed, or else contains it.
func (g *Grid) nextColumn(skip int) bool {
	want := strings.ToLower(g.prompt.text)
	for _, fits := range []func(a, b string) bool{strings.HasPrefix, strings.Contains} {
		for n := range g.display {
			i := (g.col + skip + n) % len(g.display)
			if fits(strings.ToLower(g.columns[g.display[i]].Name), want) {
				g.col = i
				return true
			}
		}
	}
	return false
}

func (g *Grid) promptCommands() []keymap.Command {
	p := &g.prompt
	commands := []keymap.Command{
		{Name: "accept", Group: groupMove, Label: "accept", Keys: []string{"enter"}, Do: g.accept},
		{Name: "leave it", Group: groupMove, Label: "leave", Keys: []string{"esc", "ctrl+g"}, Do: func() keymap.Intent {
			if p.kind == columnPrompt {
				g.col = p.from
			}
			g.prompt = prompt{}
			return nil
		}},
		{Name: "delete a character", Group: groupMove, Keys: []string{"backspace", "ctrl+h"}, Do: func() keymap.Intent {
			p.text = dropLast(p.text)
			g.typed()
			return nil
		}},
		{Name: "delete all of it", Group: groupMove, Keys: []string{"ctrl+u"}, Do: func() keymap.Intent {
			p.text = ""
			g.typed()
			return nil
		}},
	}
	if p.kind == columnPrompt {
		commands = append(commands, keymap.Command{Name: "next column that fits", Group: groupMove, Label: "next", Keys: []string{"tab", "down"},
			Do: func() keymap.Intent { g.nextColumn(1); return nil }})
	}
	return commands
}

// dropLast returns s without its last cluster.
func dropLast(s string) string {
	for at := 0; at < len(s); {
		_, _, n := widget.NextCluster(s[at:])
		if at+n >= len(s) {
			return s[:at]
		}
		at += n
	}
	return ""
}

// accept acts on what was typed. If it cannot, the prompt stays and says why.
func (g *Grid) accept() keymap.Intent {
	p := g.prompt
	switch p.kind {
	case filterPrompt:
		intent := g.filterBy(p.text)
		if say, bad := intent.(keymap.Say); bad {
			g.prompt.fault = say.Text
			return nil
		}
		g.prompt = prompt{}
		return intent
	case rowPrompt:
		n, err := strconv.Atoi(strings.ReplaceAll(strings.TrimSpace(p.text), ",", ""))
		switch {
		case err != nil || n < 1 || n > g.source.Len():
			g.prompt.fault = fmt.Sprintf("rows are numbered from 1 to %s", widget.Thousands(int64(g.source.Len())))
			return nil
		case !g.show(n - 1):
			g.prompt.fault = fmt.Sprintf("row %s is filtered out", widget.Thousands(int64(n)))
			return nil
		}
	case columnPrompt:
		if p.fault != "" {
			return nil
		}
	}
	g.prompt = prompt{}
	return nil
}

// label is what stands before the text that is typed.
func (p *prompt) label() string {
	switch p.kind {
	case filterPrompt:
		return "filter: "
	case columnPrompt:
		return "column: "
	}
	return "row: "
}
