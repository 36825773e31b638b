package terminal

import (
	"strings"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/x/ansi"
)

// Signal is what a terminal shows beside the screen.
type Signal struct {
	Title  string // of the window; "" leaves it
	Bell   bool
	Notify string // "osc9", "osc777", or anything else for no notification
	Text   string // of the notification
}

type signalRequest struct{ Signal }

// Send returns a command that passes a signal to the terminal.
func Send(s Signal) tea.Cmd { return func() tea.Msg { return signalRequest{s} } }

// maxSignal bounds a title or a notification, in characters.
const maxSignal = 200

// plainText is a text without what could end a control sequence, or begin one.
func plainText(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "?"))
	if r := []rune(s); len(r) > maxSignal {
		s = string(r[:maxSignal]) + "…"
	}
	return s
}

// sequences are the control sequences of a signal. tmux passes on a title and a bell itself, and a
// notification only in a wrapping of its own, if allow-passthrough is on.
func (s Signal) sequences(getenv func(string) string) string {
	out := ""
	if s.Title != "" {
		out += ansi.SetWindowTitle(plainText(s.Title))
	}
	if s.Bell {
		out += "\a"
	}
	note := ""
	switch s.Notify {
	case "osc9":
		note = "\x1b]9;" + plainText(s.Text) + "\a"
	case "osc777":
		note = "\x1b]777;notify;Shardeck;" + strings.ReplaceAll(plainText(s.Text), ";", ",") + "\a"
	}
	if note != "" && getenv("TMUX") != "" {
		note = ansi.TmuxPassthrough(note)
	}
	return out + note
}

// The window's title is saved before the first change, and restored at the end (xterm's stack).
const (
	saveTitle    = "\x1b[22;2t"
	restoreTitle = "\x1b[23;2t"
)

// send passes a signal to the terminal.
func (s *session) send(sig Signal) {
	text := sig.sequences(s.getenv)
	if sig.Title != "" && !s.titled {
		s.titled = true
		text = saveTitle + text
	}
	if s.painter != nil && text != "" {
		_ = s.painter.Pass(text) // a terminal that cannot be written to has other troubles
	}
}
