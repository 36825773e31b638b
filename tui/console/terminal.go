package console

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	tea "github.com/charmbracelet/bubbletea"

	"shardeck/shared/api"
	"shardeck/tui/copyas"
	"shardeck/tui/keymap"
	"shardeck/tui/screen"
	"shardeck/tui/statement"
	"shardeck/tui/terminal"
	"shardeck/tui/theme"
)

// keyboard handles keys and text.
func (m *model) keyboard(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case keymap.Key:
		return m.press(msg)
	case keymap.Typed:
		return m.typed(msg)
	case keymap.Paste:
		if screen.Writing(m.top()) {
			m.takeOver()
		}
		return m.act(screen.Paste(m.top(), msg.Text))
	}
	return nil
}

// fromTerminal handles the terminal's answers, and what became of leaving it.
func (m *model) fromTerminal(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case terminal.PasteTooLong:
		m.say(msg.Error())
	case terminal.Background:
		m.background(msg.Dark)
	case terminal.Resumed:
		m.due = m.now
	case terminal.CannotSuspend:
		m.say("cannot suspend: " + msg.Why)
	case terminal.Copied:
		m.copied(msg)
	case terminal.Edited:
		return m.edited(msg)
	}
	return nil
}

// followsBackground reports whether the theme is to follow the terminal's background.
func (m *model) followsBackground() bool {
	return (m.opts.Theme == "" || m.opts.Theme == theme.Auto) && m.theme.Name() == theme.Dark
}

// background chooses the theme by the terminal's background, unless the user has chosen one.
func (m *model) background(dark bool) {
	if dark || !m.followsBackground() || m.themeChosen {
		return
	}
	if t, err := theme.New(theme.Light, m.themeOptions); err == nil {
		m.theme = t
	}
}

// copyText puts a text onto the clipboard.
func (m *model) copyText(in keymap.Copy) tea.Cmd {
	m.copyWhat = in.What
	return terminal.Copy(in.Text)
}

// copyRows writes rows as text, in the background, and puts it onto the clipboard.
func (m *model) copyRows(in screen.CopyRows) tea.Cmd {
	return begin(m, &m.copying, ExportTimeout, call(func(ctx context.Context) (string, error) {
		return copyas.String(ctx, in.Format, in.Options, in.Rows, in.Columns, terminal.MaxCopy)
	}), func(m *model, r reply[string]) tea.Cmd {
		if r.err != nil {
			m.say("not copied: " + r.err.Error() + "; x exports to a file")
			return nil
		}
		return m.copyText(keymap.Copy{Text: r.value, What: in.What})
	})
}

func (m *model) copied(msg terminal.Copied) {
	if msg.Err != nil {
		m.say("not copied: " + msg.Err.Error())
		return
	}
	m.say(fmt.Sprintf("copied %s to %s", m.copyWhat, msg.How))
}

// editOutside opens a text in the user's own editor.
func (m *model) editOutside(text string) tea.Cmd {
	return func() tea.Msg {
		path, err := writeTemporary(os.TempDir(), text)
		if err != nil {
			return terminal.Edited{Err: err}
		}
		return terminal.Edit(path)()
	}
}

// writeTemporary writes a text to a new file that only the user can read, since statements contain
// data.
func writeTemporary(dir, text string) (path string, err error) {
	f, err := os.CreateTemp(dir, "shardeck-*.sql")
	if err != nil {
		return "", err
	}
	_, err = f.WriteString(text)
	if err = errors.Join(err, f.Close()); err != nil {
		return "", errors.Join(err, os.Remove(f.Name()))
	}
	return f.Name(), nil
}

// edited takes over the text from the user's own editor. The file goes only when the console has
// what is in it.
func (m *model) edited(msg terminal.Edited) tea.Cmd {
	if msg.Path == "" {
		m.say("the editor failed: " + msg.Err.Error())
		return nil
	}
	path := msg.Path
	remove := func() tea.Msg {
		_ = os.Remove(path) // at worst a private temporary file is left
		return nil
	}
	b, err := readBytes(path)
	switch {
	case err == nil && string(b) == m.query.Text():
		if msg.Err != nil {
			m.say("the editor failed: " + msg.Err.Error())
		}
		return remove
	case errors.Is(err, fs.ErrNotExist):
		m.say("the editor has removed the file; the text is as it was")
		return nil
	case msg.Err != nil:
		m.left(path, "The editor failed: "+msg.Err.Error()+".")
		return nil
	}
	text := ""
	if err == nil {
		text, err = decodeText(path, b)
	}
	if err != nil {
		m.left(path, "The text was not taken over: "+err.Error()+".")
		return nil
	}
	in := m.query.Update(screen.Edited{Text: text})
	if m.query.Text() != text { // refused; the intent says why
		m.left(path, "The text was not taken over.")
		return m.act(in)
	}
	return tea.Batch(remove, m.act(in))
}

// left says where the text is that could not be taken over, until the user has read it.
func (m *model) left(path, why string) {
	m.note(api.LevelWarn, "what you wrote is in "+path)
	m.push(screen.NewNotice(m.now, "Your text is kept", why+" What you wrote is in\n\n"+path))
}

// decodeText is the text of a file, which must be in UTF-8.
func decodeText(path string, b []byte) (string, error) {
	text, err := statement.Decode(b)
	if err != nil {
		return "", fmt.Errorf("%s: %w", path, err)
	}
	return text, nil
}
