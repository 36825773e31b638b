package console

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/go-json-experiment/json"
)

// The bounds of the history file.
const (
	historyLoaded    = 200      // statements
	historyFileBytes = 1 << 20  // beyond this the older half is dropped
	historyStatement = 64 << 10 // bytes; longer statements are not saved
)

// historyLine is a line of the history file.
type historyLine struct {
	SQL string `json:"sql"`
}

// HistoryFile is the path of the user's statement history, in the directory for
// programs' state; "" if there is none.
func HistoryFile(getenv func(string) string) string {
	dir := getenv("XDG_STATE_HOME")
	switch {
	case filepath.IsAbs(dir):
	case runtime.GOOS == "windows":
		if dir = getenv("LOCALAPPDATA"); dir == "" {
			return ""
		}
	default:
		home := getenv("HOME")
		if home == "" {
			return ""
		}
		dir = filepath.Join(home, ".local", "state")
	}
	return filepath.Join(dir, "shardeck", "statements.jsonl")
}

func loadHistoryCmd(path string) tea.Cmd {
	return func() tea.Msg {
		statements, err := loadHistory(path)
		if err != nil {
			return historyFailedMsg{err}
		}
		return historyLoadedMsg{statements}
	}
}

func saveCmd(path, sql string) tea.Cmd {
	return func() tea.Msg {
		if err := saveStatement(path, sql); err != nil {
			return historyFailedMsg{err}
		}
		return nil
	}
}

// loadHistory reads the latest statements, the oldest first. A missing file is empty,
// and lines that cannot be decoded are skipped.
func loadHistory(path string) ([]string, error) {
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var all []string
	for line := range bytes.Lines(b) {
		var l historyLine
		if json.Unmarshal(bytes.TrimSpace(line), &l) != nil || l.SQL == "" {
			continue
		}
		if n := len(all); n == 0 || all[n-1] != l.SQL {
			all = append(all, l.SQL)
		}
	}
	return all[max(len(all)-historyLoaded, 0):], nil
}

// saveStatement appends a statement to the file, which only the user can read, since
// statements contain data. A file that has grown too long loses its older half.
func saveStatement(path, sql string) error {
	if len(sql) > historyStatement {
		return nil
	}
	line, err := json.Marshal(historyLine{SQL: sql})
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	if info, err := os.Stat(path); err == nil && info.Size() > historyFileBytes {
		if err := halveHistory(path); err != nil {
			return err
		}
	}
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	// Each line is one write, so that concurrent consoles do not interleave theirs.
	_, err = f.Write(append(line, '\n'))
	return errors.Join(err, f.Close())
}

func halveHistory(path string) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	b = b[len(b)/2:]
	if i := bytes.IndexByte(b, '\n'); i >= 0 {
		b = b[i+1:]
	}
	shorter := path + ".new"
	if err := os.WriteFile(shorter, b, 0o600); err != nil {
		return err
	}
	return os.Rename(shorter, path)
}
