package console

import (
	"context"

	tea "github.com/charmbracelet/bubbletea"

	"shardeck/tui/screen"
)

// goTo shows a place over the dashboard, instead of whatever was there.
func (m *model) goTo(p screen.Place) tea.Cmd {
	for len(m.stack) > 1 {
		m.pop()
	}
	if s := m.places[p]; s != nil {
		m.push(s)
	}
	return m.renew()
}

// renew asks the screens that are shown what they need now, at every tick.
func (m *model) renew() tea.Cmd {
	var all []tea.Cmd
	for _, s := range m.stack {
		if cmd := m.act(screen.Renew(s, m.view())); cmd != nil {
			all = append(all, cmd)
		}
	}
	return tea.Batch(all...)
}

// readLog reads the end of a worker's log for the screen that asks for it.
func (m *model) readLog(worker string) tea.Cmd {
	read := m.opts.Log
	return begin(m, new(request), PollTimeout, func(ctx context.Context) screen.LogRead {
		lines, err := read(ctx, worker)
		return screen.LogRead{URL: worker, Lines: lines, Err: err}
	}, func(m *model, r screen.LogRead) tea.Cmd {
		return m.act(m.places[screen.ShardsPlace].Update(r))
	})
}
