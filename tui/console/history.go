package console

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	tea "github.com/charmbracelet/bubbletea"

	"shardeck/tui/history"
	"shardeck/tui/widget"
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

// saveDrafts saves the texts that were written and not run to the history file, if there is one, at
// the end of the console. What cannot be saved there is left in a temporary file, which the error
// names.
func (m *model) saveDrafts() error {
	path := m.opts.HistoryFile
	if path == "" {
		return nil
	}
	m.saving.Lock() // after the statements that are being saved
	defer m.saving.Unlock()
	var lost []error
	for _, text := range m.query.Drafts() {
		e := history.Entry{ID: newID(), SQL: text, DB: m.db, Cluster: m.clusterID(), At: m.opts.Now()}
		err := saveDraft(path, e)
		if err == nil {
			continue
		}
		kept, keptErr := writeTemporary(os.TempDir(), text)
		if keptErr != nil {
			lost = append(lost, fmt.Errorf("a draft is lost: %w", errors.Join(err, keptErr)))
			continue
		}
		lost = append(lost, fmt.Errorf("a draft could not be saved to the history and is in %s: %w", kept, err))
	}
	return errors.Join(lost...)
}

// saveDraft saves a draft to the history file, or to a file beside it to which the history refers if
// it is not one that a line can hold.
func saveDraft(path string, e history.Entry) error {
	if history.Holds(e.SQL) {
		return history.Append(path, history.Drafted(&e))
	}
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	file, err := writeTemporary(dir, e.SQL)
	if err != nil {
		return err
	}
	e.SQL = fmt.Sprintf("-- a draft of %s, in %s", widget.Bytes(int64(len(e.SQL))), file)
	if err := history.Append(path, history.Drafted(&e)); err != nil {
		return errors.Join(err, os.Remove(file))
	}
	return nil
}
