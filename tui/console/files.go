package console

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"shardeck/tui/copyas"
	"shardeck/tui/editor"
	"shardeck/tui/regular"
	"shardeck/tui/screen"
	"shardeck/tui/widget"
)

// fileMsg is the outcome of reading or writing a file.
type fileMsg struct {
	message any // for the Query screen
	err     error
	save    *saveFile // that failed, or that awaits an answer to the question
	found   *conflict // the question, nil for none
}

// askPath asks for a path and reads the file or saves the text to it.
func (m *model) askPath(in screen.AskPath) {
	if in.Save {
		m.askSavePath(in, in.Path, "")
		return
	}
	m.push(screen.NewPrompt("Open a file", "The path of a file of T-SQL, in UTF-8. It opens in a tab of its own.", in.Path, func(path string) screen.Intent {
		return openFile{path: path}
	}))
}

// openFile is the intent of the prompt for a file to open.
type openFile struct{ path string }

// home returns a path with ~ for the user's home directory replaced.
func home(path string) string {
	path = strings.TrimSpace(path)
	if rest, ok := strings.CutPrefix(path, "~/"); ok {
		if dir, err := os.UserHomeDir(); err == nil {
			return filepath.Join(dir, rest)
		}
	}
	return path
}

func readFileCmd(path string) tea.Cmd {
	path = home(path)
	return func() tea.Msg {
		text, err := readText(path)
		if err != nil {
			return fileMsg{err: err}
		}
		return fileMsg{message: screen.FileRead{Path: path, Text: text}}
	}
}

// readText reads a file of at most what an editor holds, in UTF-8, without the mark of its encoding
// at its beginning.
func readText(path string) (string, error) {
	b, err := readBytes(path)
	if err != nil {
		return "", err
	}
	return decodeText(path, b)
}

// readBytes reads a file of at most what an editor holds, and the mark of its encoding.
func readBytes(path string) ([]byte, error) {
	f, err := regular.Open(path, os.O_RDONLY, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, int64(editor.MaxText+len(utf8Mark)+1)))
	switch {
	case err != nil:
		return nil, err
	case len(bytes.TrimPrefix(b, utf8Mark)) > editor.MaxText:
		return nil, fmt.Errorf("%s is longer than the %s that the editor holds; run it with shardeck query --file", path, widget.Bytes(editor.MaxText))
	}
	return b, nil
}

// filed handles a file that was read or written, or the question before one is replaced.
func (m *model) filed(msg fileMsg) tea.Cmd {
	switch {
	case msg.found != nil:
		m.askReplace(*msg.save, msg.found)
	case msg.err != nil && msg.save != nil:
		m.askSavePath(msg.save.asked, msg.save.path, "not saved: "+msg.err.Error())
	case msg.err != nil:
		m.say(msg.err.Error())
	default:
		return m.act(m.query.Update(msg.message))
	}
	return nil
}

// exportRows asks for a path and writes rows to it.
func (m *model) exportRows(in screen.ExportRows) {
	m.askExport(in, "result"+in.Format.Extension(), "")
}

// askExport asks for the path, again if the last one was not possible.
func (m *model) askExport(in screen.ExportRows, name, fault string) {
	m.push(screen.NewPrompt("Export as "+string(in.Format), "The path of the file. A file that exists is not replaced.", name, func(path string) screen.Intent {
		return exportTo{path: home(path), rows: in}
	}).Faulty(fault))
}

type exportTo struct {
	path string
	rows screen.ExportRows
}

// progress is how far an export is.
type progress struct {
	done, total int
	finished    string // what became of it, "" while it runs
	err         error
}

// export writes rows to a new file in the background, and shows its progress.
func (m *model) export(in exportTo) tea.Cmd {
	if m.exporting.active {
		m.say("an export is running")
		return nil
	}
	now := m.opts.Now
	dialog := screen.NewProgress("Export to "+in.path, now())
	m.push(dialog)
	return beginStream(m, &m.exporting, ExportTimeout, func(ctx context.Context, emit func(progress)) {
		err := writeRows(ctx, in, func(done, total int) { emit(progress{done: done, total: total}) })
		p := progress{err: err}
		switch {
		case errors.Is(err, context.Canceled):
			p.finished, p.err = "the export was cancelled; there is no file", nil
		case err == nil:
			p.finished = "exported to " + absolute(in.path)
		}
		emit(p)
	}, func(m *model, p progress) tea.Cmd {
		dialog.Update(screen.Progressed{Done: p.done, Total: p.total})
		if p.finished == "" && p.err == nil {
			return nil
		}
		m.remove(dialog)
		switch {
		case errors.Is(p.err, fs.ErrExist):
			m.askExport(in.rows, in.path, in.path+" exists; choose another name")
		case p.err != nil:
			m.askExport(in.rows, in.path, "not exported: "+p.err.Error())
		default:
			m.say(p.finished)
		}
		return nil
	}, func(*model) tea.Cmd { return nil })
}

type saveTextTo struct {
	path string
	text screen.SaveText
}

// askSaveText asks for the path of a text, again if the last one was not possible.
func (m *model) askSaveText(in screen.SaveText, name, fault string) {
	m.push(screen.NewPrompt(in.What, "The path of the file. A file that exists is not replaced.", name, func(path string) screen.Intent {
		return saveTextTo{path: home(path), text: in}
	}).Faulty(fault))
}

// saveText writes a text to a new file.
func (m *model) saveText(in saveTextTo) tea.Cmd {
	return begin(m, new(request), PollTimeout, func(context.Context) error {
		f, err := os.OpenFile(in.path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil {
			return err
		}
		_, err = f.WriteString(in.text.Text)
		if err = errors.Join(err, f.Close()); err != nil {
			return errors.Join(err, os.Remove(in.path))
		}
		return nil
	}, func(m *model, err error) tea.Cmd {
		switch {
		case errors.Is(err, fs.ErrExist):
			m.askSaveText(in.text, in.path, in.path+" exists; choose another name")
		case err != nil:
			m.askSaveText(in.text, in.path, "not saved: "+err.Error())
		default:
			m.say("saved as " + absolute(in.path))
		}
		return nil
	})
}

// absolute is a path as it can be found from anywhere.
func absolute(path string) string {
	if abs, err := filepath.Abs(path); err == nil {
		return abs
	}
	return path
}

// ExportTimeout bounds an export.
const ExportTimeout = 24 * time.Hour

// writeRows writes rows to a file that must not exist. A file that could not be completed is removed.
func writeRows(ctx context.Context, in exportTo, progress func(done, total int)) error {
	f, err := os.OpenFile(in.path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	buffered := bufio.NewWriterSize(f, 64<<10)
	w, err := copyas.New(in.rows.Format, buffered, in.rows.Options)
	if err == nil {
		err = copyas.Copy(ctx, w, in.rows.Rows, in.rows.Columns, progress)
	}
	if err = errors.Join(err, buffered.Flush(), f.Close()); err != nil {
		return errors.Join(err, os.Remove(in.path))
	}
	return nil
}
