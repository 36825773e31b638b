package console

import (
	"slices"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"shardeck/tui/keymap"
	"shardeck/tui/screen"
)

// The intents of the keys that work on every screen.
type (
	interrupt struct{}
	suspend   struct{}
	repaint   struct{}
)

// programCommands are the keys that work on every screen, unless it uses them otherwise.
func programCommands() []keymap.Command {
	const program = "Program"
	asks := func(in keymap.Intent) func() keymap.Intent { return func() keymap.Intent { return in } }
	return []keymap.Command{
		{Name: "show the help", Label: "help", Group: program, Keys: []string{"f1"}, Do: asks(screen.ShowHelp{})},
		{Name: screen.PaletteName, Group: program, Keys: []string{"f2"}, Do: asks(screen.ShowPalette{})},
		{Name: "cancel the running statement; twice: quit", Group: program, Keys: []string{"ctrl+c"}, Do: asks(interrupt{})},
		{Name: "suspend to the shell", Group: program, Keys: []string{"ctrl+z"}, Do: asks(suspend{})},
		{Name: "repaint the screen", Group: program, Keys: []string{"ctrl+l"}, Do: asks(repaint{})},
	}
}

// commands lists what can be done now on the screen that has the focus.
func (m *model) commands() []keymap.Command {
	own := append(m.tourCommands(), screen.CommandsOf(m.top(), m.view())...)
	all := slices.Clip(own)
	for _, c := range m.opts.Bindings.Apply(programCommands()) {
		if keymap.Find(own, c.Keys[0]) == nil {
			all = append(all, c)
		}
	}
	return all
}

// press handles a key: what the screen on top does with it, else what the program does.
func (m *model) press(k keymap.Key) tea.Cmd {
	k.At = m.wall()
	m.flash = "" // it was about what was done before
	if k.Name != "ctrl+c" {
		m.quitUntil = time.Time{}
	}
	m.showPressed(k)
	if c := keymap.Find(m.tourCommands(), k.Name); c != nil {
		return m.act(c.Run())
	}
	in, handled := screen.Press(m.top(), m.view(), k)
	if !handled {
		c := keymap.Find(m.opts.Bindings.Apply(programCommands()), k.Name)
		if c == nil {
			return m.act(m.demoKey(k.Name))
		}
		in = c.Run()
	}
	m.takeOver()
	return m.act(in)
}

// typed handles several characters that arrived at once: text for an editor, else keys.
func (m *model) typed(t keymap.Typed) tea.Cmd {
	if screen.Writing(m.top()) {
		m.takeOver()
		return m.act(screen.Type(m.top(), t))
	}
	var all []tea.Cmd
	for _, k := range t.Keys() {
		all = append(all, m.press(k))
	}
	return tea.Batch(all...)
}

// interrupted handles Ctrl-C: it cancels the running statement wherever it is pressed; otherwise
// the second press quits.
func (m *model) interrupted() tea.Cmd {
	if in, handled := m.query.Stop(m.now); handled {
		return m.act(in)
	}
	if m.wall().Before(m.quitUntil) {
		return tea.Quit
	}
	m.quitUntil = m.wall().Add(quitWithin)
	text := "Ctrl-C again quits"
	if m.opts.QuitQuestion != "" {
		text = "Ctrl-C again ends the demo"
	}
	m.say(text)
	return nil
}

// quitWithin is how long the first Ctrl-C waits for the second.
const quitWithin = 3 * time.Second
