package console

import (
	tea "github.com/charmbracelet/bubbletea"

	"shardeck/tui/terminal"
)

// Signals are how the console calls for attention while nobody looks at it.
type Signals struct {
	Bell   string `enum:"never,worse,change" default:"never" env:"SHARDECK_BELL" help:"Ring the terminal's bell when the cluster gets worse, or at every change of its state: never, worse or change."`
	Notify string `enum:"none,osc9,osc777" default:"none" env:"SHARDECK_NOTIFY" help:"Have the terminal show a notification when the state changes, by the sequence that it understands: none, osc9 or osc777."`
	Title  bool   `default:"true" negatable:"" env:"SHARDECK_TITLE" help:"Show the state in the window's title."`
}

// signal tells the terminal about a change of the cluster's state.
func (m *model) signal() tea.Cmd {
	now := m.state.Verdict()
	before := m.signalled
	if now == before {
		return nil
	}
	m.signalled = now
	var s terminal.Signal
	if m.opts.Signals.Title {
		s.Title = "shardeck: " + now.Text
		if m.opts.Profile.Name != "" {
			s.Title += " (" + m.opts.Profile.Name + ")"
		}
	}
	first := before.Text == "" || before.Text == "connecting"
	worse := now.Badness > before.Badness
	if !first || worse {
		s.Bell = m.opts.Signals.Bell == "change" || m.opts.Signals.Bell == "worse" && worse
		s.Notify, s.Text = m.opts.Signals.Notify, s.Title
		if s.Text == "" {
			s.Text = "shardeck: " + now.Text
		}
	}
	return terminal.Send(s)
}
