package console

import (
	tea "github.com/charmbracelet/bubbletea"

	"shardeck/shared/api"
	"shardeck/tui/cluster"
	"shardeck/tui/terminal"
	"shardeck/tui/widget"
)

// Signals are how the console calls for attention while nobody looks at it.
type Signals struct {
	Bell   string `enum:"never,worse,change" default:"never" env:"SHARDECK_BELL" help:"Ring the terminal's bell when the cluster gets worse, or at every change of its state: never, worse or change."`
	Notify string `enum:"none,osc9,osc777" default:"none" env:"SHARDECK_NOTIFY" help:"Have the terminal show a notification when the state changes, by the sequence that it understands: none, osc9 or osc777."`
	Title  bool   `default:"true" negatable:"" env:"SHARDECK_TITLE" help:"Show the state in the window's title."`
}

// state is what is worth a signal: how bad it is, and in a few words what.
type state struct {
	badness int
	text    string
}

// stateOf sums up the cluster for somebody who sees one line of it.
func stateOf(s *cluster.State) state {
	switch {
	case s.Link == cluster.Connecting:
		return state{0, "connecting"}
	case s.Link == cluster.Lost:
		return state{4, "NO MASTER"}
	}
	up, all := s.Serving()
	_, primary := s.Primary()
	switch s.Status() {
	case api.StatusDown:
		return state{3, "DOWN"}
	case api.StatusDegraded:
		return state{2, widget.Thousands(int64(up)) + " of " + widget.Thousands(int64(all)) + " shards"}
	}
	if !primary {
		return state{2, "no primary"}
	}
	for _, a := range s.Alarms(s.MetaAt) {
		if a.Level == api.LevelError || a.Level == api.LevelWarn {
			return state{1, a.What}
		}
	}
	return state{0, "healthy"}
}

// signal tells the terminal about a change of the cluster's state.
func (m *model) signal() tea.Cmd {
	now := stateOf(&m.state)
	before := m.signalled
	if now == before {
		return nil
	}
	m.signalled = now
	var s terminal.Signal
	if m.opts.Signals.Title {
		s.Title = "shardeck: " + now.text
		if m.opts.Profile.Name != "" {
			s.Title += " (" + m.opts.Profile.Name + ")"
		}
	}
	first := before.text == "" || before.text == "connecting"
	worse := now.badness > before.badness
	if !first || worse {
		s.Bell = m.opts.Signals.Bell == "change" || m.opts.Signals.Bell == "worse" && worse
		s.Notify, s.Text = m.opts.Signals.Notify, s.Title
		if s.Text == "" {
			s.Text = "shardeck: " + now.text
		}
	}
	return terminal.Send(s)
}
