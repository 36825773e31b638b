package console

import (
	tea "github.com/charmbracelet/bubbletea"

	"shardeck/tui/history"
)

// The messages of the commands for the history file.
type (
	historyLoadedMsg struct{ entries []history.Entry }
	historyFailedMsg struct{ err error }
)

// HistoryFile is the path of the user's history; see [history.Path].
func HistoryFile(getenv func(string) string) string { return history.Path(getenv) }

func (m *model) loadHistory() tea.Cmd {
	path := m.opts.HistoryFile
	return func() tea.Msg {
		entries, err := history.Load(path)
		if err != nil {
			return historyFailedMsg{err}
		}
		return historyLoadedMsg{entries}
	}
}

// saveHistory adds a line to the history file, nil if there is none. Lines are written in turn: a
// statement's end must not come before its beginning.
func (m *model) saveHistory(l history.Line) tea.Cmd {
	path, turn := m.opts.HistoryFile, m.saving
	if path == "" {
		return nil
	}
	return func() tea.Msg {
		turn.Lock()
		defer turn.Unlock()
		if err := history.Append(path, l); err != nil {
			return historyFailedMsg{err}
		}
		return nil
	}
}
